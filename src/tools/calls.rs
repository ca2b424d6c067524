//! Commands that call what is not modelled: shells with a script, `make` and similar runners, scripts of package.json,
//! programs in Python or Node. It says what is called, and never what that does.

use crate::shell::argv::Argv;
use crate::shell::wrappers::is_shell;
use crate::tools::node::package_script;
use crate::tools::packaging::PackageManager;

/// What a command calls.
pub(crate) enum Call {
    /// It calls nothing.
    None,
    /// A script of a shell, by its path.
    Script(String),
    /// The scripts in a directory.
    Directory(String),
    /// A script of package.json, by its name.
    PackageScript(String),
    /// Something that may do anything, and whose text cannot be found by a name.
    Opaque,
}

/// Runners of tasks, which may do anything.
const TASKS: [&str; 9] = ["make", "just", "task", "invoke", "inv", "fab", "ansible-playbook", "dagger", "nx"];

/// Programs of a project that do all of a deploy's work.
const WHOLE: [&str; 5] = ["setup", "bootstrap", "deploy", "provision", "update"];

fn is_script(name: &str) -> bool {
    name.ends_with(".sh") || name.ends_with(".bash")
}

/// True if a text names a script of a shell.
pub(crate) fn names_script(text: &str) -> bool {
    [".sh", ".bash"].iter().any(|ending| text.contains(ending))
}

/// True if a text calls scripts by names that it puts together, and the script at a path is one of them:
/// `for s in user app; do bash "scripts/$s.sh"; done`, `for f in steps/[0-9]*.sh; do bash "$f"; done`.
pub(crate) fn may_call(text: &str, path: &str) -> bool {
    let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
    let directory = directory.rsplit('/').next().unwrap_or_default();
    let Some((stem, _)) = name.rsplit_once('.').filter(|_| is_script(name)) else { return false };
    let is_end = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | '(' | ')' | '|' | '&' | '`');
    let words = || text.split(is_end).filter(|word| !word.is_empty());
    words().filter(|word| is_script(word)).any(|word| {
        let (above, last) = word.rsplit_once('/').unwrap_or(("", word));
        let above = above.rsplit('/').next().unwrap_or_default();
        let is_there = above == directory || above.is_empty() || above.contains(['$', '.', '}']);
        is_there && (last.contains('*') || last.contains('$') && words().any(|word| word == stem))
    })
}

/// True if a line has a shell on another machine read the script: `ssh HOST bash -s <deploy.sh`.
pub(crate) fn feeds_shell(line: &str, script: &str) -> bool {
    let fed = line.split_once('<').and_then(|(before, rest)| Some((before, rest.split_whitespace().next()?)));
    fed.is_some_and(|(before, file)| {
        before.contains("ssh ") && file.trim_matches(['"', '\'']).rsplit('/').next() == Some(script)
    })
}

/// What the command calls.
pub(crate) fn call(argv: &Argv) -> Call {
    let first = argv.args.iter().find(|arg| !arg.is_option());
    match argv.name.as_str() {
        name if is_shell(name) => match first {
            Some(arg) if is_script(arg.value.known_suffix()) => Call::Script(arg.value.to_string()),
            _ => Call::None,
        },
        // run-parts(8).
        "run-parts" => argv.args.last().map_or(Call::None, |last| Call::Directory(last.value.to_string())),
        name if TASKS.contains(&name) => Call::Opaque,
        name if PackageManager::called(name).is_some() => {
            package_script(argv).map_or(Call::None, Call::PackageScript)
        }
        "python" | "node" => {
            let Some(arg) = first else { return Call::None };
            let text = arg.value.to_string();
            let base = text.rsplit('/').next().unwrap_or_default();
            let telling = ["deploy", "setup", "install", "bootstrap", "migrat", "init", "upgrade"];
            match telling.iter().any(|t| base.contains(t)) && base.contains('.') {
                true => Call::Opaque,
                false => Call::None,
            }
        }
        name if is_script(name) => Call::Script(argv.program.value.to_string()),
        // `bin/setup`, in whatever language it is written.
        name if WHOLE.contains(&name) && argv.program.value.key().contains('/') => {
            Call::Script(argv.program.value.to_string())
        }
        _ => Call::None,
    }
}

/// True if a command may have done anything: it runs a script, `make` or another runner of tasks. It is asked of commands
/// that are not fully known.
pub(crate) fn may_do_anything(argv: &Argv) -> bool {
    let name = argv.name.as_str();
    name.is_empty()
        || is_script(name)
        || TASKS.contains(&name)
        || is_shell(name)
        || matches!(name, "source" | ".") && !sources_settings(argv)
        || matches!(name, "eval" | "setup" | "install" | "bootstrap")
}

/// True if a command sources a file that only sets variables: an environment file, the activation of a virtual
/// environment, os-release(5).
pub(crate) fn sources_settings(argv: &Argv) -> bool {
    let Some(file) = argv.args.first().filter(|_| matches!(argv.name.as_str(), "source" | ".")) else {
        return false;
    };
    let path = file.value.known_suffix();
    let name = path.rsplit('/').next().unwrap_or(path);
    name.ends_with(".env") || name.starts_with(".env.") || matches!(name, "activate" | "os-release")
}

/// True if a command compiles something, or is a script. It is asked of commands that are not fully known.
pub(crate) fn compiles(argv: &Argv) -> bool {
    matches!(argv.name.as_str(), "make" | "cmake" | "ninja" | "configure" | "meson") || is_script(&argv.name)
}

/// The path of the script of a shell that a command runs or sources.
pub(crate) fn called_script(argv: &Argv) -> Option<String> {
    let path = match (call(argv), argv.name.as_str()) {
        (Call::Script(path), _) => path,
        (_, "." | "source") => argv.args.first()?.value.to_string(),
        _ => return None,
    };
    is_script(&path).then_some(path)
}

/// True if the command is a shell script that is called by its name.
pub(crate) fn calls_script(argv: &Argv) -> bool {
    is_script(&argv.name)
}

/// True for the name of a script that other projects bring.
pub(crate) fn is_brought_along(name: &str) -> bool {
    matches!(name, "gradlew" | "mvnw" | "wait-for-it.sh" | "wait-for.sh" | "husky.sh" | "configure")
}

/// True if a path has the name of a vendor's script, which installs a tool and knows nothing about the app.
pub(crate) fn is_installer(path: &str) -> bool {
    const VENDORS: [&str; 11] =
        ["docker", "nodesource", "node", "nvm", "rustup", "poetry", "pip", "certbot", "acme", "uv", "bun"];
    const INSTALLS: [&str; 8] = ["get", "install", "installer", "setup", "init", "lts", "latest", "auto"];
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let words = || stem.split(['-', '_', '.']).filter(|word| !word.bytes().all(|b| b.is_ascii_digit()));
    let is_vendors = words().all(|word| VENDORS.contains(&word) || INSTALLS.contains(&word))
        && words().any(|word| VENDORS.contains(&word));
    is_vendors || path.starts_with("/tmp/")
}

#[test]
fn installers_are_told_from_the_apps_own_scripts() {
    for path in
        ["get-docker.sh", "~/nodesource_setup.sh", "install-poetry.py", "get-pip.py", "acme.sh", "/tmp/x.sh"]
    {
        assert!(is_installer(path), "{path}");
    }
    for path in ["scripts/pipeline.sh", "deploy-docker.sh", "run_uvicorn.sh", "setup.sh"] {
        assert!(!is_installer(path), "{path}");
    }
}

#[test]
fn a_shell_elsewhere_reads_a_script() {
    assert!(feeds_shell("ssh shop@example.org 'bash -s' < ./deploy/update.sh", "update.sh"));
    assert!(feeds_shell("ssh \"$HOST\" bash <\"update.sh\"", "update.sh"));
    assert!(!feeds_shell("ssh \"$HOST\" bash <<END", "update.sh"));
    assert!(!feeds_shell("bash -s < update.sh", "update.sh"));
}

#[test]
fn a_text_may_call_a_script_by_a_name_that_it_puts_together() {
    for (text, path) in [
        ("for s in 01-user 02-app; do\n  bash \"scripts/$s.sh\"\ndone", "scripts/01-user.sh"),
        ("for f in steps/[0-9]*.sh; do bash \"$f\"; done", "deploy/steps/10-nginx.sh"),
        ("cd scripts\nfor s in user app; do ./$s.sh; done", "scripts/app.sh"),
        ("for f in \"$DIR\"/*.sh; do . \"$f\"; done", "lib/log.sh"),
    ] {
        assert!(may_call(text, path), "{text}");
    }
    for (text, path) in [
        ("bash scripts/app.sh", "scripts/user.sh"),
        ("for s in web db; do bash \"scripts/$s.sh\"; done", "scripts/01-user.sh"),
        ("for f in steps/*.sh; do bash \"$f\"; done", "scripts/user.sh"),
        ("for f in *.conf; do cp \"$f\" /etc; done", "user.sh"),
    ] {
        assert!(!may_call(text, path), "{text}");
    }
}
