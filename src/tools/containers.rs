//! Docker and Podman: docker(1), docker-compose. What a command inside a container does does not affect this
//! machine.

use crate::shell::argv::{Arg, Argv};
use crate::shell::value::Value;
use crate::tools::advice::kinds::{Advice, Asked, Edit, Piece};
use crate::tools::draft::{Draft, NEW, nothing, role, word};
use crate::tools::effect::{Again, Change, Deed, Ecosystem, Effect, Resource, Role};
use crate::tools::patterns::Pattern;
use crate::tools::says::facts::Says;
use crate::tools::serves::served::{Language, Left, Serves, Stays};
use crate::tools::thing::Thing;

/// Options in front of the object.
const GLOBAL: &str = "H|host: c|context: config: l|log-level: D tls";

/// What success says: `inspect` fails where there is none, and so does podman's `exists`; `docker node ls` outside of a
/// swarm. A list that is filtered by a name is taken for what it shows.
pub(super) fn succeeds(argv: &Argv) -> Option<Says> {
    let options = argv.leading_options(GLOBAL);
    let words: Vec<&Value> = options.operands.iter().map(|arg| &arg.value).collect();
    let literal = |index: usize| words.get(index).and_then(|value| value.as_literal());
    let object = literal(0)?;
    let deeper = argv.shifted(options.first_operand)?;
    // `docker inspect -f '{{.State.Running}}' web`
    let inspected = |skip: usize| {
        let operands = deeper.options("f|format: s|size type:").operands;
        operands.get(skip).map(|arg| arg.value.clone())
    };
    match (object, literal(1)) {
        ("inspect", _) => named("container", inspected(0)?),
        (_, Some("inspect" | "exists")) => named(object, inspected(1)?),
        ("ps", _) | ("container", Some("ls" | "list" | "ps")) => named("container", filter_name(&words)?),
        ("network" | "volume", Some("ls" | "list")) => named(object, filter_name(&words)?),
        ("node", Some("ls")) => Some(Says::other(Thing::Swarm, Value::default())),
        ("info", _) if words.iter().any(|word| word.key().contains("Swarm")) => {
            Some(Says::other(Thing::Swarm, Value::default()))
        }
        _ => None,
    }
}

/// That an object of this kind is there.
fn named(kind: &str, name: Value) -> Option<Says> {
    Some(Says::exists(match kind {
        "container" => Resource::Container(name),
        "network" => Resource::Network(name),
        "volume" => Resource::Volume(name),
        "pod" => Resource::Other(Thing::Pod, name),
        "secret" => Resource::Other(Thing::Secret, name),
        "config" => Resource::Other(Thing::Config, name),
        "service" => Resource::Other(Thing::SwarmService, name),
        _ => return None,
    }))
}

/// What a line of a list says: `docker ps | grep web`.
pub(super) fn lists(argv: &Argv, pattern: &Pattern) -> Option<Says> {
    match argv.literal(argv.leading_options(GLOBAL).first_operand)? {
        "ps" => named("container", pattern.name()),
        "info" => Some(Says::other(Thing::Swarm, Value::default())),
        kind => named(kind, pattern.name()),
    }
}

/// The name in `--filter name=^/web$`, `-f name=web`.
fn filter_name(words: &[&Value]) -> Option<Value> {
    words.iter().find_map(|word| {
        let at = word.key().find("name=")?;
        let name = word.key()[at + 5..].trim_start_matches(['^', '/']).trim_end_matches('$');
        Some(Value::from_key(name, word))
    })
}

#[test]
fn objects_are_asked_for() {
    crate::tools::table::says(&[
        ("docker inspect web", "Exists container web"),
        ("docker inspect -f '{{.State.Running}}' web", "Exists container web"),
        ("docker container inspect --format x web", "Exists container web"),
        ("docker network inspect net", "Exists network net"),
        ("docker volume inspect $V", "Exists volume $V"),
        ("docker secret inspect s", "Exists secret s"),
        ("docker service inspect web", "Exists swarm service web"),
        ("podman container exists web", "Exists container web"),
        ("podman pod exists p", "Exists pod p"),
        ("docker ps -aq -f 'name=^/web$'", "Exists container web"),
        ("docker ps -q -f name=web | grep -q .", "Exists container web"),
        ("docker ps | grep -q web", "Exists container web"),
        ("docker network ls | grep -qw net", "Exists network net"),
        ("docker secret ls | grep -q s", "Exists secret s"),
        ("docker info | grep -q 'Swarm: active'", "Exists swarm"),
        ("docker node ls", "Exists swarm"),
        ("docker info", ""),
        ("docker image inspect i", ""),
    ]);
}

/// What to write instead.
pub(super) fn advice(asked: &Asked<'_>) -> Option<Advice> {
    let argv = asked.argv;
    let tool = asked.name();
    if !matches!(tool, "docker" | "podman") {
        return None;
    }
    match (asked.kind(), asked.removes()) {
        ("container", true) => {
            Advice::help(format!("write `{tool} rm -f NAME`, which accepts a container that is gone"))
        }
        ("container", false) => Advice::help(format!(
            "remove it first (`{tool} rm -f NAME`), or test for it with `{tool} inspect NAME`"
        )),
        ("network" | "volume", true) => {
            let kind = asked.kind();
            Advice::help(format!(
                "test for it first: `! {tool} {kind} inspect NAME >/dev/null 2>&1 || {tool} {kind} rm NAME`"
            ))
        }
        // docker-network-inspect(1) fails if there is none.
        ("network", false) => {
            let plain = argv.literal(0) == Some("network") && argv.literal(1) == Some("create");
            let test = asked.operand().filter(|_| plain).map(|name| {
                let inspect = match tool {
                    "podman" => "podman network inspect ",
                    _ => "docker network inspect ",
                };
                Edit::TestFirst(vec![
                    Piece::Wrappers,
                    Piece::Text(inspect),
                    Piece::Name(name.span),
                    Piece::Text(" >/dev/null 2>&1"),
                ])
            });
            let help = format!(
                "create it only where it is missing: `{tool} network inspect NAME >/dev/null 2>&1 || {tool} network create NAME`"
            );
            Advice::with(help, test)
        }
        ("volume", false) => Advice::help("write `podman volume create --ignore`"),
        ("pod", _) => Advice::help("write `podman pod create --replace`"),
        (kind @ ("secret" | "config"), _) => Advice::help(format!(
            "create it only where it is missing: `{tool} {kind} inspect NAME >/dev/null 2>&1 || {tool} {kind} create NAME …`"
        )),
        ("swarm service", _) => Advice::help(
            "update it where it is there: `docker service inspect NAME >/dev/null 2>&1 || docker service create …`",
        ),
        ("swarm", _) => {
            Advice::help("ask first: `docker info | grep -q 'Swarm: active' || docker swarm init …`")
        }
        _ => None,
    }
}

const BUILD: Role = Role::Build(Ecosystem::Container);

const RUN: &str = "name: d|detach rm i|interactive t|tty v|volume: p|publish: e|env: env-file: network|net: restart: u|user: \
    w|workdir: h|hostname: l|label: m|memory: a|attach: c|cpu-shares: link: mount: entrypoint: add-host: cpus: \
    cap-add: cap-drop: device: dns: expose: gpus: health-cmd: health-interval: health-retries: health-timeout: \
    ip: ipc: log-driver: log-opt: memory-swap: network-alias: pid: platform: pull: runtime: security-opt: \
    shm-size: stop-timeout: sysctl: tmpfs: ulimit: userns: volumes-from: label-file: cidfile: group-add: \
    health-start-period: stop-signal: domainname: storage-opt: uts: pids-limit: oom-score-adj: cgroup-parent: \
    privileged read-only init replace";
const COMPOSE: &str = "f|file: p|project-name: env-file: profile: project-directory: ansi: parallel: progress: \
    H|host: c|context:";

/// `compose VERB` with its arguments, of either program.
fn compose_verb(argv: &Argv) -> Option<Argv> {
    let compose = match argv.name.as_str() {
        "docker-compose" | "podman-compose" => argv.clone(),
        "docker" | "podman" => {
            let global = argv.leading_options("H|host: c|context: config: l|log-level: D tls");
            argv.shifted(global.first_operand).filter(|compose| compose.name == "compose")?
        }
        _ => return None,
    };
    compose.shifted(compose.leading_options(COMPOSE).first_operand)
}

/// The services that `compose up` names; empty for all. `None` for what is no such command.
pub(crate) fn brought_up(argv: &Argv) -> Option<Vec<Value>> {
    let up = compose_verb(argv).filter(|verb| verb.name == "up")?;
    let options = up.options(
        "t|timeout: scale: pull: wait-timeout: exit-code-from: attach: no-attach: d|detach build wait force-recreate \
         no-deps no-build no-start no-recreate remove-orphans quiet-pull V|renew-anon-volumes",
    );
    Some(options.operands.iter().map(|operand| operand.value.clone()).collect())
}

/// The container's name and the image of `docker run`. `None` for what is no such command.
pub(crate) fn container_and_image(argv: &Argv) -> Option<(Option<Value>, Option<Value>)> {
    let run = match argv.name.as_str() {
        "docker" | "podman" => argv.shifted(0).filter(|verb| verb.name == "run")?,
        _ => return None,
    };
    let options = run.leading_options(RUN);
    Some((options.value("name").cloned(), options.operands.first().map(|image| image.value.clone())))
}

/// What a unit of containers starts. `up` and `run` stay, unless `-d` hands the containers over to the daemon.
pub(crate) fn serves(argv: &Argv) -> Option<Serves> {
    if !matches!(argv.name.as_str(), "docker" | "podman" | "docker-compose" | "podman-compose") {
        return None;
    }
    let detached = argv.has_word("-d") || argv.has_word("--detach");
    let up = brought_up(argv).is_some();
    let instead = Some("remove `-d`, or write `Type=oneshot` with `RemainAfterExit=yes`");
    let stays = match (up, argv.literal(0) == Some("run"), detached) {
        (true, _, true) => Stays::Background { by: "up -d", left: Left::Containers, instead },
        (true, _, false) => Stays::Foreground { sure: true },
        (_, true, true) => Stays::Background { by: "docker run -d", left: Left::Containers, instead: None },
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
        // docker-volume-prune(1): only anonymous volumes without `--all`.
        ("volume", "prune") if inner.options("f|force a|all filter:").has("a") => {
            let mut deed = prune(&inner);
            let volumes = Resource::Other(Thing::Volumes, argv.cwd.clone());
            deed.effects.push(Effect::new(Change::Remove, volumes, Again::NoChange));
            deed
        }
        ("system" | "network" | "volume" | "image" | "container" | "builder" | "buildx", "prune") => {
            prune(&inner)
        }
        ("container" | "image" | "builder", _) | ("buildx", "build") => match deeper() {
            Some(deeper) => object(&deeper, verb),
            None => Deed::read_only(),
        },
        ("network", "create") => network(&inner),
        ("network", "rm" | "remove") => removed(&inner, Resource::Network, "not found"),
        ("volume", "rm" | "remove") => removed(&inner, Resource::Volume, "no such volume"),
        ("volume", "create") => {
            let options = inner.options("d|driver: o|opt: label: name: ignore");
            let mut draft = Draft::of(argv);
            // podman-volume-create(1) fails if the name exists, and docker does not (tried with podman 4.3).
            let again = match argv.name == "podman" && !options.has("ignore") {
                true => Again::Fails("volume already exists"),
                false => Again::NoChange,
            };
            if let Some(name) = options.operands.get(1) {
                draft.add(name, NEW, Resource::Volume(name.value.clone()), again);
            }
            draft.done()
        }
        (
            "network" | "volume" | "system" | "plugin" | "context",
            "ls" | "inspect" | "df" | "info" | "show",
        ) => Deed::read_only(),
        ("network" | "volume" | "system" | "plugin" | "context" | "manifest", _) => nothing(),
        ("swarm", "init" | "join") => once(&inner, Thing::Swarm, "this node is already part of a swarm"),
        ("swarm" | "node", _) => nothing(),
        ("secret", "create") => created(&inner, Thing::Secret, "AlreadyExists"),
        ("config", "create") => created(&inner, Thing::Config, "AlreadyExists"),
        ("service", "create") => once(&inner, Thing::SwarmService, "name conflicts with an existing object"),
        ("secret" | "config" | "service", _) => nothing(),
        ("pod", "create") => {
            let options =
                inner.options("n|name: p|publish: network: infra? share: hostname: replace v|volume: label:");
            let mut draft = Draft::of(argv);
            let name = options.value("n").or_else(|| options.operands.get(1).map(|arg| &arg.value));
            if let Some(name) = name.filter(|_| !options.has("replace")) {
                let again = Again::Fails("pod already exists");
                draft.add_implied(NEW, Resource::Other(Thing::Pod, name.clone()), again);
            }
            draft.done()
        }
        ("stack", "deploy" | "up") => role(Role::ComposeUp),
        ("stack", _) => nothing(),
        _ => object(&inner, "container"),
    }
}

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
        "stop" | "kill" => {
            let options = argv.options("t|time|timeout: s|signal:");
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
        | "commit" | "update" | "rename" | "pause" | "use" => nothing(),
        "exec" => Deed::default(),
        "ps" | "images" | "logs" | "inspect" | "info" | "version" | "ls" | "list" | "stats" | "top"
        | "port" | "diff" | "history" | "events" | "search" | "wait" | "--version" | "-v" | "help" => {
            Deed::read_only()
        }
        _ => Deed::default(),
    }
}

/// docker-run(1): a name can be used once. `--rm` frees it when the container ends; a detached one must be
/// stopped for that. podman's `--replace` removes the old one (tried with 4.3).
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

/// docker-network-create(1): an existing name is an error; for podman only without `--ignore`.
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
    let options = argv.options("d|driver: l|label: template-driver:");
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

fn containers<'a>(argv: &'a Argv, names: &[&Arg], change: Change, again: Again) -> Draft<'a> {
    let mut draft = Draft::of(argv);
    for name in names {
        draft.add(name, change.clone(), Resource::Container(name.value.clone()), again);
    }
    draft
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
        ("podman run -d --name a img", "create container a fails"),
        ("podman run -d --replace --name a img", "create container a"),
        ("podman volume create data", "create volume data fails"),
        ("podman pod create --name p -p 80:80", "create pod p fails"),
    ]);
}
