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
