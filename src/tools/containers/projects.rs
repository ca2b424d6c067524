//! How a command line calls Compose: with which files, for which service, and whether it returns.

use super::{brought_up, compose_call, compose_verb, is_runtime};
use crate::shell::argv::Argv;
use crate::shell::value::Value;
use crate::shell::wrappers::container::{COMPOSE, GLOBAL, RUN};

/// The files that `-f` gives to Compose; empty if it looks for its own. `None` for any other command, and if a variable of
/// the environment may name them.
pub(crate) fn files(argv: &Argv) -> Option<Vec<Value>> {
    if argv.env("COMPOSE_FILE").is_some() {
        return None;
    }
    Some(compose_call(argv)?.leading_options(COMPOSE).values("f").cloned().collect())
}

/// True for `compose pull`, which skips the services that are built from the repo and have no image's name.
pub(crate) fn pulls(argv: &Argv) -> bool {
    compose_verb(argv).is_some_and(|verb| verb.name == "pull")
}

/// True if a command may bring or remove images in another way than by a build: `docker load`, `down --rmi local`.
pub(crate) fn may_make_image(argv: &Argv) -> bool {
    let verb = argv.leading_options(GLOBAL).first_operand;
    let words = || argv.args.iter().filter_map(|arg| arg.value.as_literal());
    is_runtime(&argv.name)
        && argv.shifted(verb).is_some_and(|verb| {
            matches!(verb.name.as_str(), "load" | "import" | "rmi" | "image" | "tag" | "system" | "buildx")
        })
        || compose_verb(argv).is_some() && words().any(|word| word.starts_with("--rmi"))
}

/// A service that `compose run` starts once, and the first word of what it is to run.
pub(crate) struct Entered {
    pub(crate) service: Value,
    pub(crate) command: String,
}

/// `None` for another command, for a call with an entrypoint of its own, and for one that gives no command.
pub(crate) fn entered(argv: &Argv) -> Option<Entered> {
    let run = compose_verb(argv).filter(|verb| verb.name == "run")?;
    let options = run.leading_options(RUN);
    let [service, command, ..] = options.operands[..] else { return None };
    let command = command.value.as_literal().filter(|_| !options.has("entrypoint"))?.to_owned();
    Some(Entered { service: service.value.clone(), command })
}

/// True unless the entrypoint of a service is a shell with a script that asks for none of its arguments. Compose writes `$$`
/// for `$`.
pub(crate) fn passes_words_on(entrypoint: &str) -> bool {
    let mut words = entrypoint.split_whitespace();
    let is_shell = words
        .next()
        .is_some_and(|shell| matches!(shell.rsplit('/').next(), Some("sh" | "bash" | "ash" | "dash")));
    let is_script = words.next().is_some_and(|option| matches!(option, "-c" | "-ec" | "-xc" | "-lc"));
    let asks = ["$@", "$*", "${@", "${*", "$0", "$1", "${1", "${0"];
    !is_shell || !is_script || asks.iter().any(|asked| entrypoint.replace("$$", "$").contains(asked))
}

/// True for `compose up` of a whole project that returns only when somebody stops it.
pub(crate) fn waits_for_all(argv: &Argv) -> bool {
    const ENDS: [&str; 6] = ["-d", "--detach", "--wait", "--no-start", "--abort-on", "--exit-code-from"];
    let ends = argv.args.iter().any(|arg| ENDS.iter().any(|end| arg.value.key().starts_with(end)));
    !ends && brought_up(argv).is_some_and(|services| services.is_empty())
}

#[test]
fn files_of_a_call() {
    use crate::shell::argv::tests::argv;
    let files = |line: &str| {
        files(&argv(line)).map(|files| files.iter().map(Value::to_string).collect::<Vec<_>>().join(" "))
    };
    for (line, expected) in [
        ("docker compose up -d", Some("")),
        ("docker compose -f a.yml --file=b.yml up -d", Some("a.yml b.yml")),
        ("docker-compose -p shop -f /opt/a.yml up", Some("/opt/a.yml")),
        ("docker run -f x", None),
        ("COMPOSE_FILE=a.yml docker compose up", None),
        ("make -f x", None),
    ] {
        assert_eq!(files(line).as_deref(), expected, "{line}");
    }
}

#[test]
fn an_entrypoint_takes_words_or_not() {
    for (entrypoint, expected) in [
        ("/bin/sh -c 'trap exit TERM; while :; do certbot renew; sleep 12h & wait $${!}; done;'", false),
        ("sh -c './wait && exec \"$$@\"' --", true),
        ("bash -c 'exec $0 $1'", true),
        ("/entrypoint.sh", true),
        ("sh /entrypoint.sh", true),
    ] {
        assert_eq!(passes_words_on(entrypoint), expected, "{entrypoint}");
    }
}
