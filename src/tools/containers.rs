//! Docker and Podman: docker(1), docker-compose. What a command does inside a container does not affect this machine.

mod advice;
pub(crate) mod projects;
mod purpose;
mod says;

pub(super) use advice::advice;
pub(crate) use purpose::{is_of_tests, is_rebuilt, names_test_project};
pub(super) use says::{lists, succeeds};
pub(crate) use says::{may_list, passes_ids};

use crate::shell::argv::{Arg, Argv, Stdin};
use crate::shell::value::Value;
use crate::shell::wrappers::container::{COMPOSE, GLOBAL, RUN};
use crate::tools::draft::{Draft, NEW, nothing, role, word};
use crate::tools::effect::{Again, Change, Deed, Ecosystem, Effect, Resource, Role};
use crate::tools::serves::served::{Language, Left, Serves, Stays};
use crate::tools::signals;
use crate::tools::thing::Thing;

/// True for docker(1) and podman(1).
pub(crate) fn is_runtime(name: &str) -> bool {
    matches!(name, "docker" | "podman")
}

/// True for Compose as a program of its own.
pub(crate) fn is_compose(name: &str) -> bool {
    matches!(name, "docker-compose" | "podman-compose")
}

const BUILD: Role = Role::Build(Ecosystem::Container);

/// The call of Compose with its own options, of either program.
fn compose_call(argv: &Argv) -> Option<Argv> {
    match argv.name.as_str() {
        name if is_compose(name) => Some(argv.clone()),
        name if is_runtime(name) => {
            let global = argv.leading_options(GLOBAL);
            argv.shifted(global.first_operand).filter(|compose| compose.name == "compose")
        }
        _ => None,
    }
}

/// `compose VERB` with its arguments, of either program.
fn compose_verb(argv: &Argv) -> Option<Argv> {
    let compose = compose_call(argv)?;
    compose.shifted(compose.leading_options(COMPOSE).first_operand)
}

/// What to write instead of a command that removes volumes.
pub(crate) fn keep_volumes(argv: &Argv) -> &'static str {
    match compose_verb(argv) {
        Some(_) => "remove `-v`: without it, `down` keeps the volumes",
        None => "remove it from the deploy: it removes each volume that no container uses at that moment",
    }
}

/// The services that `compose up` names; empty if it names none, which means all. `None` for any other command.
pub(crate) fn brought_up(argv: &Argv) -> Option<Vec<Value>> {
    let up = compose_verb(argv).filter(|verb| verb.name == "up")?;
    let options = up.options(
        "t|timeout: scale: pull: wait-timeout: exit-code-from: attach: no-attach: d|detach build wait force-recreate \
         no-deps no-build no-start no-recreate remove-orphans quiet-pull V|renew-anon-volumes",
    );
    Some(options.operands.iter().map(|operand| operand.value.clone()).collect())
}

/// True for `compose down` and `compose stop`.
pub(crate) fn takes_down(argv: &Argv) -> bool {
    compose_verb(argv).is_some_and(|verb| matches!(verb.name.as_str(), "down" | "stop"))
}

/// The container's name and the image of `docker run`. `None` for any other command.
pub(crate) fn container_and_image(argv: &Argv) -> Option<(Option<Value>, Option<Value>)> {
    let run = argv.shifted(0).filter(|verb| is_runtime(&argv.name) && verb.name == "run")?;
    let options = run.leading_options(RUN);
    Some((options.value("name").cloned(), options.operands.first().map(|image| image.value.clone())))
}

/// What a unit of containers starts. `up` and `run` stay, unless `-d` hands the containers over to the daemon.
pub(crate) fn serves(argv: &Argv) -> Option<Serves> {
    if !is_runtime(&argv.name) && !is_compose(&argv.name) {
        return None;
    }
    let detached = argv.has_word("-d") || argv.has_word("--detach");
    let up = brought_up(argv).is_some();
    let instead = Some("remove `-d`, or write `Type=oneshot` with `RemainAfterExit=yes`");
    let by = if argv.name == "podman" { "podman run -d" } else { "docker run -d" };
    let stays = match (up, argv.literal(0) == Some("run"), detached) {
        (true, _, true) => Stays::Background { by: "up -d", left: Left::Containers, instead },
        (true, _, false) => Stays::Foreground { sure: true },
        (_, true, true) => Stays::Background { by, left: Left::Containers, instead: None },
        _ => Stays::Unknown,
    };
    Some(Serves { language: Language::Container, stays, ..Serves::unknown(argv.clone()) })
}

/// docker(1), podman(1): global options, then `OBJECT VERB` or the short `VERB`.
pub(crate) fn docker(argv: &Argv) -> Deed {
    let global = argv.leading_options(GLOBAL);
    let Some(inner) = argv.shifted(global.first_operand) else {
        return Deed::read_only();
    };
    let verb = inner.program.value.as_literal().unwrap_or_default();
    let sub = inner.literal(0).unwrap_or_default();
    let deeper = || inner.shifted(0);
    match (verb, sub) {
        ("compose", _) => compose(&inner),
        ("volume" | "system", "prune") => prune_volumes(&inner, argv.name == "podman"),
        ("network" | "image" | "container" | "builder" | "buildx" | "pod", "prune") => prune(&inner),
        ("container" | "image" | "builder", _) | ("buildx", "build") => match deeper() {
            Some(deeper) => object(&deeper, verb),
            None => Deed::read_only(),
        },
        ("network", "create") => network(&inner),
        ("network", "connect" | "disconnect") => attached(&inner, argv.name == "podman"),
        ("network", "rm" | "remove") => removed(&inner, Resource::Network, "not found"),
        ("volume", "rm" | "remove") => removed(&inner, Resource::Volume, "no such volume"),
        ("volume", "create") => volume(&inner, argv.name == "podman"),
        (
            "network" | "volume" | "system" | "plugin" | "context",
            "ls" | "inspect" | "df" | "info" | "show",
        ) => Deed::read_only(),
        // Without `--force`, docker complains that the context exists, or that it does not (tried with 28.2).
        ("context", "create") => created(&inner, Thing::Context, "already exists"),
        ("context", "rm" | "remove") => {
            removed(&inner, |name| Resource::Other(Thing::Context, name), "does not exist")
        }
        ("network" | "volume" | "system" | "plugin" | "context" | "manifest", _) => nothing(),
        ("swarm", "init" | "join") => once(&inner, Thing::Swarm, "this node is already part of a swarm"),
        ("swarm" | "node", _) => nothing(),
        ("secret", "create") => created(&inner, Thing::Secret, "AlreadyExists"),
        ("config", "create") => created(&inner, Thing::Config, "AlreadyExists"),
        ("service", "create") => once(&inner, Thing::SwarmService, "name conflicts with an existing object"),
        ("secret" | "config" | "service", _) => nothing(),
        ("pod", "create") => pod(&inner),
        ("stack", "deploy" | "up") => role(Role::ComposeUp),
        ("stack", _) => nothing(),
        _ => object(&inner, "container"),
    }
}

const SIGNAL: &str = "t|time|timeout: s|signal:";

/// A verb on containers or images.
fn object(argv: &Argv, of: &str) -> Deed {
    let images = of == "image";
    match argv.program.value.as_literal().unwrap_or_default() {
        "run" | "create" => run(argv),
        "rm" | "remove" if images => nothing(),
        "rm" | "remove" => {
            let options = argv.options("f|force v|volumes l|link");
            let again = if options.has("f") { Again::NoChange } else { Again::Fails("No such container") };
            containers(argv, &options.operands, Change::Remove, again).done()
        }
        // A signal may ask a program to read its settings again: `docker kill -s HUP web`. It is an error if the container
        // does not run (tried with podman 4.3), but whatever starts the container is usually not in the script.
        "kill" if argv.options(SIGNAL).value("s").is_some_and(|signal| !signals::ends(signal)) => {
            nothing().role(Role::Signal)
        }
        "stop" | "kill" => {
            let options = argv.options(SIGNAL);
            containers(argv, &options.operands, Change::Stop, Again::NoChange).done()
        }
        verb @ ("start" | "restart" | "unpause") => {
            let options = argv.options("t|time|timeout: s|signal: a i");
            runs_again(argv, verb, &options.operands)
        }
        "build" => role(BUILD),
        "login" => login(argv),
        "prune" => prune(argv),
        "pull" | "push" | "tag" | "rmi" | "cp" | "load" | "import" | "save" | "export" | "logout"
        | "commit" | "update" | "pause" | "use" => nothing(),
        "rename" => renamed(argv),
        "exec" => Deed::default(),
        "ps" | "images" | "logs" | "inspect" | "info" | "version" | "ls" | "list" | "stats" | "top"
        | "port" | "diff" | "history" | "events" | "search" | "wait" | "--version" | "-v" | "help" => {
            Deed::read_only()
        }
        _ => Deed::default(),
    }
}

/// docker-run(1): a name can be used once. `--rm` frees it when the container ends, so a detached container must be stopped
/// first. podman's `--replace` removes the old container (tried with 4.3).
fn run(argv: &Argv) -> Deed {
    let options = argv.leading_options(RUN);
    let mut draft = Draft::of(argv);
    let freed = options.has("rm") && !options.has("d");
    if let Some(name) = options.value("name") {
        let again = match freed || options.has("replace") {
            true => Again::NoChange,
            false => Again::Fails("The container name is already in use"),
        };
        draft.add_implied(NEW, Resource::Container(name.clone()), again);
        if options.has("rm") && options.has("d") {
            draft.add_implied(
                Change::Use,
                Resource::Other(Thing::FreedContainer, name.clone()),
                Again::NoChange,
            );
        }
    }
    draft.done()
}

/// docker-network-create(1): an existing name is an error, unless podman gets `--ignore`.
fn network(argv: &Argv) -> Deed {
    let options = argv.options("d|driver: subnet: gateway: ip-range: o|opt: label: ipam-driver: aux-address: ipam-opt: scope: attachable internal ipv6 ignore");
    let mut draft = Draft::of(argv);
    if let Some(name) = options.operands.get(1) {
        let again = match options.has("ignore") {
            true => Again::NoChange,
            false => Again::Fails("network with name already exists"),
        };
        draft.add(name, NEW, Resource::Network(name.value.clone()), again);
    }
    draft.done()
}

/// The name of a container's place in a network: `NETWORK/CONTAINER`.
fn attachment(mut network: Value, container: &Value) -> Value {
    network.push_str("/");
    network.push(container);
    network
}

/// The container of an attachment. Its name holds no `/`.
pub(crate) fn attached_container(resource: &Resource) -> Option<Resource> {
    match resource {
        Resource::Other(Thing::Attachment, name) => Some(Resource::Container(name.basename())),
        _ => None,
    }
}

/// docker-network-connect(1): it is an error if the container is in the network already. podman then does nothing. Both
/// refuse to disconnect a container that is not connected (tried with podman 4.3).
fn attached(argv: &Argv, is_podman: bool) -> Deed {
    let options =
        argv.options("alias: driver-opt: gw-priority: ip: ip6: link: link-local-ip: mac-address: f|force");
    let mut draft = Draft::of(argv);
    if let [verb, network, container] = options.operands[..] {
        let name = attachment(network.value.clone(), &container.value);
        let (change, again) = match verb.value.as_literal() {
            Some("disconnect") => (Change::Remove, Again::Fails("is not connected to the network")),
            _ if is_podman => (NEW, Again::NoChange),
            _ => (NEW, Again::Fails("endpoint already exists in the network")),
        };
        draft.add(container, change, Resource::Other(Thing::Attachment, name), again);
    }
    draft.done()
}

fn removed(argv: &Argv, resource: fn(Value) -> Resource, text: &'static str) -> Deed {
    let options = argv.options("f|force");
    let mut draft = Draft::of(argv);
    let again = if options.has("f") { Again::NoChange } else { Again::Fails(text) };
    for name in options.operands.iter().skip(1) {
        draft.add(name, Change::Remove, resource(name.value.clone()), again);
    }
    draft.done()
}

fn once(argv: &Argv, thing: Thing, text: &'static str) -> Deed {
    let mut draft = Draft::of(argv);
    let options =
        argv.options("name: advertise-addr: token: replicas: p: publish: e: env: mount: network: secret:");
    let name = options.value("name").cloned().unwrap_or_default();
    if thing != Thing::SwarmService || !name.is_empty() {
        draft.add_implied(NEW, Resource::Other(thing, name), Again::Fails(text));
    }
    draft.done()
}

fn created(argv: &Argv, thing: Thing, text: &'static str) -> Deed {
    let options = argv.options(
        "d|driver: l|label: template-driver: description: docker: from: default-stack-orchestrator:",
    );
    let mut draft = Draft::of(argv);
    if let Some(name) = options.operands.get(1) {
        draft.add(name, NEW, Resource::Other(thing, name.value.clone()), Again::Fails(text));
    }
    draft.done()
}

/// docker-login(1): it asks for whatever `-u`, `-p` and `--password-stdin` do not give.
fn login(argv: &Argv) -> Deed {
    let options = argv.options("u|username: p|password: password-stdin");
    let mut draft = Draft::of(argv);
    let given = options.has("u") && options.has("p");
    if !given && !options.has("password-stdin") {
        draft.asks("asks for a name and a password", "write `--username NAME --password-stdin`", None);
    }
    draft.done()
}

/// docker-volume-prune(1) removes only anonymous volumes unless `--all` is given. podman removes every unused one, and so
/// does `podman system prune --volumes` (tried with 4.3).
fn prune_volumes(argv: &Argv, is_podman: bool) -> Deed {
    let options = argv.options("f|force a|all filter: volumes");
    let all = match (is_podman, argv.name.as_str()) {
        (true, "system") => options.has("volumes"),
        (true, _) => true,
        (false, name) => name == "volume" && options.has("a"),
    };
    let mut deed = prune(argv);
    // `label!=keep` leaves next to nothing; any other filter picks some.
    let picks = options.value("filter").is_some_and(|filter| !filter.to_string().contains("!="));
    if all && !picks {
        let volumes = Resource::Other(Thing::Volumes, argv.cwd.clone());
        deed.effects.push(Effect::new(Change::Remove, volumes, Again::NoChange));
    }
    deed
}

/// podman-volume-create(1) fails if the name exists, and docker does not (tried with podman 4.3).
fn volume(argv: &Argv, is_podman: bool) -> Deed {
    let options = argv.options("d|driver: o|opt: label: name: ignore");
    let mut draft = Draft::of(argv);
    let again = match is_podman && !options.has("ignore") {
        true => Again::Fails("volume already exists"),
        false => Again::NoChange,
    };
    if let Some(name) = options.operands.get(1) {
        draft.add(name, NEW, Resource::Volume(name.value.clone()), again);
    }
    draft.done()
}

/// podman-pod-create(1).
fn pod(argv: &Argv) -> Deed {
    let options =
        argv.options("n|name: p|publish: network: infra? share: hostname: replace v|volume: label:");
    let mut draft = Draft::of(argv);
    let name = options.value("n").or_else(|| options.operands.get(1).map(|arg| &arg.value));
    if let Some(name) = name.filter(|_| !options.has("replace")) {
        let again = Again::Fails("pod already exists");
        draft.add_implied(NEW, Resource::Other(Thing::Pod, name.clone()), again);
    }
    draft.done()
}

/// docker system prune and similar commands ask `Are you sure you want to continue? [y/N]` unless `-f` is
/// given.
fn prune(argv: &Argv) -> Deed {
    let options = argv.options("f|force a|all filter: volumes");
    let mut draft = Draft::of(argv);
    if !options.has("f") {
        draft.asks("asks \"Are you sure you want to continue? [y/N]\"", "write `-f`", Some("-f"));
    }
    draft.done()
}

/// Starts or restarts containers, or services of Compose, by their names.
fn runs_again(argv: &Argv, verb: &str, names: &[&Arg]) -> Deed {
    let change = if verb == "start" { Change::Start } else { Change::Restart };
    let mut draft = containers(argv, names, change, Again::NoChange);
    draft.role(Role::Restart);
    draft.done()
}

/// A change of containers by name, or by id: `docker ps -aq -f name=web | xargs docker rm -f`.
fn containers<'a>(argv: &'a Argv, names: &[&Arg], change: Change, again: Again) -> Draft<'a> {
    let mut draft = Draft::of(argv);
    for name in names {
        let of = says::listed(&name.value).unwrap_or_else(|| name.value.clone());
        draft.add(name, change.clone(), Resource::Container(of), again);
    }
    if let (true, Stdin::Text(ids)) = (names.is_empty(), &argv.stdin)
        && let Some(of) = says::listed(ids)
    {
        draft.add_implied(change, Resource::Container(of), again);
    }
    draft
}

/// docker-rename(1): the old name is free afterwards, and the new one must not be in use.
fn renamed(argv: &Argv) -> Deed {
    let mut draft = Draft::of(argv);
    if let [old, new] = argv.options("").operands[..] {
        let container = |name: &Arg| Resource::Container(name.value.clone());
        draft.add(old, Change::Remove, container(old), Again::Fails("No such container"));
        draft.add(new, NEW, container(new), Again::Fails("The container name is already in use"));
    }
    draft.done()
}

/// docker compose, docker-compose, podman-compose.
pub(crate) fn compose(argv: &Argv) -> Deed {
    let global = argv.leading_options(COMPOSE);
    let Some(inner) = argv.shifted(global.first_operand) else {
        return Deed::read_only();
    };
    let options = inner.options("t|timeout: scale: pull: f|force s|stop v|volumes");
    let operands = &options.operands;
    match inner.program.value.as_literal().unwrap_or_default() {
        "up" => {
            let mut deed = role(Role::ComposeUp);
            if inner.has_word("--build") {
                deed.roles.push(BUILD);
            }
            deed
        }
        "build" => role(BUILD),
        "start" | "restart" if word(operands, 0).is_empty() => role(Role::ComposeUp),
        verb @ ("start" | "restart") => runs_again(argv, verb, operands),
        "rm" => {
            let mut draft = Draft::of(argv);
            if !options.has("f") {
                draft.asks("asks \"Are you sure? [yN]\"", "write `-f`", Some("-f"));
            }
            draft.done()
        }
        "down" if options.has("v") => {
            let mut draft = Draft::of(argv);
            let volumes = Resource::Other(Thing::Volumes, argv.cwd.clone());
            draft.add_implied(Change::Remove, volumes, Again::NoChange);
            draft.done()
        }
        "down" | "pull" | "stop" | "push" | "create" | "kill" | "pause" | "unpause" | "cp" => nothing(),
        "ps" | "logs" | "config" | "images" | "ls" | "top" | "port" | "version" | "events" | "stats"
        | "convert" => Deed::read_only(),
        _ => Deed::default(),
    }
}

/// True if a command line of Compose runs a service as a job: `docker compose run --rm NAME`.
pub(crate) fn runs_service_once(line: &str, service: &str) -> bool {
    let mut words = line.split_whitespace();
    words.any(|word| word.ends_with("compose"))
        && words.any(|word| word == "run")
        && words.any(|word| word == service)
}

#[test]
fn containers_are_run() {
    crate::tools::table::check(&[
        ("docker run -d --name db -p 5432:5432 postgres:16", "create container db fails"),
        ("docker run --rm --name x img", "create container x"),
        ("docker run -d --rm --name x img", "create container x fails; use freed container x"),
        ("docker run img --name x", ""),
        ("docker rm db", "remove container db fails"),
        ("docker rm -f db", "remove container db"),
        ("docker stop db", "stop container db"),
        ("docker rename db old", "remove container db fails; create container old fails"),
        ("docker restart db", "restart container db [Restart]"),
        ("docker network create web", "create network web fails"),
        ("docker volume create data", "create volume data"),
        ("docker compose up -d --build", "[ComposeUp] [Build(Container)]"),
        ("docker compose restart db", "restart container db [Restart]"),
        ("docker compose restart", "[ComposeUp]"),
        ("docker-compose -f x.yml down", ""),
        ("docker compose down -v --remove-orphans", "remove volumes /srv/app"),
        ("docker compose down -t 5", ""),
        ("docker volume prune -af", "remove volumes /srv/app"),
        ("docker volume prune -f", ""),
        ("podman volume prune -f", "remove volumes /srv/app"),
        ("podman system prune -f --volumes", "remove volumes /srv/app"),
        ("podman system prune", "asks"),
        ("docker network connect --alias db net web", "create network attachment net/web fails"),
        ("docker network disconnect -f net web", "remove network attachment net/web fails"),
        ("podman network connect net web", "create network attachment net/web"),
        ("docker context create --docker host=ssh://x prod", "create context prod fails"),
        ("docker context rm -f prod", "remove context prod"),
        ("docker context use prod", ""),
        ("docker kill -s HUP web", "[Signal]"),
        ("docker kill web", "stop container web"),
        ("docker kill --signal=sigterm web", "stop container web"),
        ("docker kill -s int web", "stop container web"),
        ("docker kill -s 2 web", "stop container web"),
        ("docker kill -s $SIGNAL web", "stop container web"),
        ("podman kill -s usr1 web", "[Signal]"),
        ("podman kill -s 1 web", "[Signal]"),
        ("docker run -d --dns-search x --name a img", "create container a fails"),
        ("docker compose exec web ls", "unknown"),
        ("docker build -t x .", "[Build(Container)]"),
        ("docker compose $FLAGS -f x.yml up -d", "[ComposeUp]"),
        ("docker run -d $DOCKER_OPTS --name a img", "create container a fails"),
        ("docker login", "asks"),
        ("docker login -u x --password-stdin", ""),
        ("docker swarm init", "create swarm  fails"),
        ("docker secret create s -", "create secret s fails"),
        ("docker system prune -af", ""),
        ("docker-compose rm -sf web", ""),
        ("docker image prune", "asks"),
        ("docker ps", "[ReadOnly]"),
        ("podman --root /data --remote rm db", "remove container db fails"),
        ("docker-compose -c prod -f x.yml up -d", "[ComposeUp]"),
        ("podman run -d --name a img", "create container a fails"),
        ("podman run -d --replace --name a img", "create container a"),
        ("podman volume create data", "create volume data fails"),
        ("podman pod create --name p -p 80:80", "create pod p fails"),
    ]);
}
