//! Virtual environments of Python: which command fills one, and which command runs a program from one.

use crate::shell::argv::Argv;
use crate::tools::runners::{inner, python_module, verb};

/// True if a directory has a name as virtual environments have: `venv`, `.venv`, `shop-env`, `venv3`.
pub(crate) fn is_environment(directory: &str) -> bool {
    let name = directory.to_ascii_lowercase();
    name.ends_with("env") || name.contains("venv")
}

/// True if the command makes the project's environment and fills it, whatever else it does.
pub(crate) fn fills_environment(argv: &Argv) -> bool {
    let verbs: &[&str] = match argv.name.as_str() {
        "uv" => &["sync", "run"],
        "poetry" | "pipenv" | "pdm" => &["install", "sync"],
        _ => return false,
    };
    verb(argv).is_some_and(|verb| verbs.contains(&verb.name.as_str()))
}

/// The program that a command runs from a virtual environment, with the environment: `venv/bin/NAME`,
/// `venv/bin/python -m NAME`, `uv run NAME`, or `NAME` if an environment is active.
pub(crate) fn of_environment(argv: &Argv) -> Option<(String, String)> {
    if matches!(argv.name.as_str(), "uv" | "poetry" | "pipenv" | "pdm") {
        let inner = inner(argv)?;
        // A script after its interpreter is not a program of the environment.
        let program = match inner.name.as_str() {
            "python" => python_module(&inner)?.program,
            _ => inner.program,
        };
        return Some((program.value.to_string(), format!("the environment of {}", argv.name)));
    }
    let path = argv.program.value.to_string();
    let name = argv.program.value.basename().to_string();
    let environment = match path.strip_suffix(&name).and_then(|directory| directory.strip_suffix("/bin/")) {
        Some(directory) => {
            directory.rsplit('/').next().is_some_and(is_environment).then(|| directory.to_owned())?
        }
        None if path.contains('/') => return None,
        None => argv.env("VIRTUAL_ENV")?.to_string(),
    };
    match argv.name.as_str() {
        "python" => Some((python_module(argv)?.program.value.to_string(), environment)),
        _ => Some((name, environment)),
    }
}

/// True if pip installs into the Python that Debian's packages use: PEP 668. A Python of another version is not theirs.
pub(crate) fn installs_into_system(argv: &Argv) -> bool {
    const ELSEWHERE: [&str; 9] = [
        "--break-system-packages", "-t", "--target", "--prefix", "--root", "--python", "--dry-run", "--help",
        "--version",
    ];
    let path = argv.program.value.to_string();
    let program = path.strip_prefix("/usr/bin/").unwrap_or(&path);
    let pip = match program {
        "pip" | "pip3" => argv.clone(),
        "python3" => match python_module(argv).filter(|module| module.name == "pip") {
            Some(module) => module,
            None => return false,
        },
        _ => return false,
    };
    let is_elsewhere = |word: &str| {
        ELSEWHERE.iter().any(|option| word == *option || word.starts_with(&format!("{option}=")))
    };
    let given = ["VIRTUAL_ENV", "CONDA_PREFIX", "PIP_BREAK_SYSTEM_PACKAGES", "PIP_TARGET", "PIP_PREFIX"];
    pip.literal(0) == Some("install")
        && pip.args.iter().all(|arg| arg.value.as_literal().is_none_or(|word| !is_elsewhere(word)))
        && !pip.args.iter().any(crate::tools::draft::named_like_options)
        && given.iter().all(|name| argv.env(name).is_none())
}

/// True for a package of Debian that brings pip.
pub(crate) fn brings_pip(package: &str) -> bool {
    matches!(package, "python3-pip" | "python3-full")
}

/// True if a script makes the system's Python take packages, or uses another one.
pub(crate) fn lifts_the_ban(text: &str) -> bool {
    [
        "EXTERNALLY-MANAGED", "break-system-packages", "BREAK_SYSTEM_PACKAGES", "get-pip.py", "pyenv",
        "conda", "deadsnakes", "python3 -m virtualenv",
    ]
    .iter()
    .any(|word| text.contains(word))
}

/// True if a text names a release of Debian or Ubuntu that lets pip install everywhere.
pub(crate) fn names_old_release(text: &str) -> bool {
    const OLD: [&str; 14] = [
        "14.04", "16.04", "18.04", "20.04", "22.04", "22.10", "trusty", "xenial", "bionic", "focal", "jammy",
        "stretch", "buster", "bullseye",
    ];
    let text = text.to_ascii_lowercase();
    let is_new =
        ["24.04", "26.04", "noble", "bookworm", "trixie"].iter().any(|release| text.contains(release));
    !is_new && OLD.iter().any(|release| text.contains(release))
}

#[test]
fn installs_into_the_system_are_known() {
    for (line, expected) in [
        ("pip3 install -r requirements.txt", true),
        ("/usr/bin/pip3 install x", true),
        ("python3 -m pip install --user x", true),
        ("pip install --break-system-packages x", false),
        ("pip3 install --target=/opt/x y", false),
        ("/opt/x/venv/bin/pip install y", false),
        ("python3.9 -m pip install y", false),
        ("pip3 list", false),
        ("VIRTUAL_ENV=/srv/venv pip install x", false),
    ] {
        assert_eq!(installs_into_system(&crate::shell::argv::tests::argv(line)), expected, "{line}");
    }
}

#[test]
fn programs_of_environments_are_found() {
    for (line, expected) in [
        ("/srv/venv/bin/celery -A x worker", Some(("celery", "/srv/venv"))),
        ("/srv/.venv/bin/python3 -m uvicorn x:y", Some(("uvicorn", "/srv/.venv"))),
        ("/srv/venv/bin/python app.py", None),
        ("/usr/bin/celery -A x worker", None),
        ("celery -A x worker", None),
        ("VIRTUAL_ENV=/srv/venv alembic upgrade head", Some(("alembic", "/srv/venv"))),
        ("uv run alembic upgrade head", Some(("alembic", "the environment of uv"))),
        ("uv run --with x alembic", Some(("alembic", "the environment of uv"))),
        ("poetry run python -m celery", Some(("celery", "the environment of poetry"))),
        ("uv run app.py", None),
        ("uv sync", None),
    ] {
        let found = of_environment(&crate::shell::argv::tests::argv(line));
        let expected = expected.map(|(program, from)| (program.to_owned(), from.to_owned()));
        assert_eq!(found, expected, "{line}");
    }
}
