//! What docker(1) and podman(1) say about containers, networks and the like, by their exit status or by a line of a list.

use crate::shell::argv::Argv;
use crate::shell::value::Value;
use crate::shell::wrappers::container::GLOBAL;
use crate::tools::containers::{SIGNAL, attachment, is_runtime};
use crate::tools::effect::Resource;
use crate::tools::patterns::Pattern;
use crate::tools::says::facts::Says;
use crate::tools::thing::Thing;

/// What success says: `inspect` and podman's `exists` fail if there is no such object; `docker node ls` fails outside of a
/// swarm. A list that is filtered by a name counts as what it shows.
pub(in crate::tools) fn succeeds(argv: &Argv) -> Option<Says> {
    let options = argv.leading_options(GLOBAL);
    let words: Vec<&Value> = options.operands.iter().map(|arg| &arg.value).collect();
    let literal = |index: usize| words.get(index).and_then(|value| value.as_literal());
    let object = literal(0)?;
    let deeper = argv.shifted(options.first_operand)?;
    let inspected = |skip: usize| inspected(&deeper, skip);
    match (object, literal(1)) {
        ("inspect", _) => named("container", inspected(0)?),
        // Both fail if there is no such container, and both accept one that runs.
        ("start" | "restart", Some(_)) => named("container", inspected(0)?),
        ("container", Some("start" | "restart")) => named("container", inspected(1)?),
        // It accepts a container that does not run.
        ("stop", _) => stopped(&deeper, 0),
        ("container", Some("stop")) => stopped(&deeper, 1),
        (_, Some("inspect" | "exists")) => named(object, inspected(1)?),
        ("ps", _) | ("container", Some("ls" | "list" | "ps")) => named("container", filter_name(&words)?),
        ("network" | "volume" | "secret" | "config" | "service", Some("ls" | "list")) => {
            named(object, filter_name(&words)?)
        }
        ("node", Some("ls")) => Some(Says::other(Thing::Swarm, Value::default())),
        ("info", _) if words.iter().any(|word| word.key().contains("Swarm")) => {
            Some(Says::other(Thing::Swarm, Value::default()))
        }
        _ => None,
    }
}

/// The name that `inspect` gets after `skip` words: `docker inspect -f '{{.State.Running}}' web`.
fn inspected(argv: &Argv, skip: usize) -> Option<Value> {
    argv.options("f|format: s|size type: v|verbose").operands.get(skip).map(|arg| arg.value.clone())
}

/// What it says that a container was stopped.
fn stopped(argv: &Argv, skip: usize) -> Option<Says> {
    let options = argv.options(SIGNAL);
    match options.operands.get(skip..)? {
        [only] => named("container", listed(&only.value).unwrap_or_else(|| only.value.clone())),
        _ => None,
    }
}

/// The container that a text lists by its name, so that the text is its id: `$(docker ps -aq -f name=web)`.
pub(in crate::tools) fn listed(text: &Value) -> Option<Value> {
    if !text.key().contains("name=") {
        return None;
    }
    let shown = text.to_string();
    let lists = ["docker ps ", "podman ps ", "docker container ls ", "podman container ls "];
    let list = lists.iter().find_map(|list| shown.split_once(list))?.1;
    let name = list.split_once("name=")?.1.trim_start_matches(['"', '\'', '^', '/']);
    let end = name.find([' ', ')', '|', '"', '\'', '`', '\n']).unwrap_or(name.len());
    let name = name[..end].trim_end_matches('$');
    (!name.is_empty()).then(|| Value::with_variables(name))
}

/// True if the text of a substitution may list containers by their name.
pub(crate) fn may_list(text: &str) -> bool {
    text.contains("name=") && (text.contains("docker ") || text.contains("podman "))
}

/// True if a command prints the ids of containers that it gets on its input: `sort`, `head -1`, `xargs docker stop`.
pub(crate) fn passes_ids(argv: &Argv, input: &str) -> bool {
    let passes = match argv.name.as_str() {
        "sort" | "uniq" | "head" | "tail" => true,
        name if is_runtime(name) => matches!(argv.literal(0), Some("stop" | "kill")),
        _ => false,
    };
    passes && may_list(input)
}

/// The fact that an object of this kind exists.
fn named(kind: &str, name: Value) -> Option<Says> {
    Some(Says::exists(match kind {
        "container" => Resource::Container(name),
        "network" => Resource::Network(name),
        "volume" => Resource::Volume(name),
        "pod" => Resource::Other(Thing::Pod, name),
        "secret" => Resource::Other(Thing::Secret, name),
        "config" => Resource::Other(Thing::Config, name),
        "context" => Resource::Other(Thing::Context, name),
        "service" => Resource::Other(Thing::SwarmService, name),
        _ => return None,
    }))
}

/// What a line of a list says: `docker ps | grep web`, `docker network inspect proxy | grep web`.
pub(in crate::tools) fn lists(argv: &Argv, pattern: &Pattern) -> Option<Says> {
    let deeper = argv.shifted(argv.leading_options(GLOBAL).first_operand)?;
    match (deeper.program.value.as_literal()?, deeper.literal(0)) {
        ("ps", _) => named("container", pattern.name()),
        ("info", _) => Some(Says::other(Thing::Swarm, Value::default())),
        ("network", Some("inspect")) => {
            Some(Says::other(Thing::Attachment, attachment(inspected(&deeper, 1)?, &pattern.name())))
        }
        ("inspect", _) => shows_networks(&deeper, 0, pattern),
        ("container", Some("inspect")) => shows_networks(&deeper, 1, pattern),
        (kind, _) => named(kind, pattern.name()),
    }
}

/// `docker inspect -f '{{json .NetworkSettings.Networks}}' web | grep proxy`
fn shows_networks(argv: &Argv, skip: usize, pattern: &Pattern) -> Option<Says> {
    let asks = argv.args.iter().any(|arg| arg.value.key().contains(".Networks"));
    let container = inspected(argv, skip).filter(|_| asks)?;
    Some(Says::other(Thing::Attachment, attachment(pattern.name(), &container)))
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
        ("docker context inspect prod", "Exists context prod"),
        ("docker context ls | grep -q prod", "Exists context prod"),
        ("docker service inspect web", "Exists swarm service web"),
        ("podman container exists web", "Exists container web"),
        ("podman pod exists p", "Exists pod p"),
        ("docker ps -aq -f 'name=^/web$'", "Exists container web"),
        ("docker ps -q -f name=web | grep -q .", "Exists container web"),
        ("docker ps | grep -q web", "Exists container web"),
        ("docker network ls | grep -qw net", "Exists network net"),
        ("docker network inspect net | grep -q web", "Exists network attachment net/web"),
        (
            "docker inspect -f '{{json .NetworkSettings.Networks}}' web | grep -q net",
            "Exists network attachment net/web",
        ),
        ("docker inspect web | grep -q healthy", ""),
        ("docker secret ls | grep -q s", "Exists secret s"),
        ("docker info | grep -q 'Swarm: active'", "Exists swarm"),
        ("docker node ls", "Exists swarm"),
        ("docker secret ls -q -f name=s | grep -q .", "Exists secret s"),
        ("docker stop -t 5 web", "Exists container web"),
        ("docker stop web db", ""),
        ("docker info", ""),
        ("docker image inspect i", ""),
    ]);
}
