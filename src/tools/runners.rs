//! Programs that run another program of the project: `uv run`, `bundle exec`, `npx`, `python -m`, `ddtrace-run`. Wrappers
//! that change the user or the place of a command are in [`crate::shell::wrappers`].
//!
//! The options are from each program's `--help`.

use crate::shell::argv::Argv;
use crate::tools::package_managers::PackageManager;
use crate::tools::providers::PYTHON;
use crate::tools::serves::served::Language;
use crate::tools::serves::server;
use std::borrow::Cow;

/// Options of the interpreter, python(1).
pub(crate) const INTERPRETER: &str = "m: c: W: X: B E I O P s S u v V|version";

/// The program that the command finally runs, with its own arguments.
pub(crate) fn program(argv: &Argv) -> Cow<'_, Argv> {
    let mut found = Cow::Borrowed(argv);
    for _ in 0..6 {
        match inner(&found) {
            Some(next) => found = Cow::Owned(next),
            None => break,
        }
    }
    found
}

/// The command that this one runs; `None` if it runs nothing else, or if that is unknown.
pub(crate) fn inner(argv: &Argv) -> Option<Argv> {
    match argv.name.as_str() {
        "uv" => {
            let verb = verb(argv)?;
            match (verb.name.as_str(), verb.literal(0)) {
                ("run", _) => uv_run(&verb),
                ("tool", Some("run")) => uvx(&verb.shifted(0)?),
                _ => None,
            }
        }
        "uvx" => uvx(argv),
        "poetry" | "pipenv" | "pdm" | "hatch" | "rye" | "pixi" => {
            let verb = verb(argv)?;
            let run = (verb.name == "run").then_some(verb)?;
            let options = run.leading_options("p|project: e|environment: manifest-path:");
            run.shifted(options.first_operand)
                .map(|command| if argv.name == "hatch" { of_hatch(command) } else { command })
        }
        "conda" | "mamba" | "micromamba" => {
            let verb = argv.shifted(0).filter(|verb| verb.name == "run")?;
            let options = verb.leading_options(
                "n|name: p|prefix: no-capture-output live-stream cwd: v dev debug-wrapper-scripts r|root-prefix:",
            );
            verb.shifted(options.first_operand)
        }
        "python" | "pypy" => known_module(argv),
        "bundle" => argv.shifted(0).filter(|verb| verb.name == "exec").and_then(|verb| {
            let options = verb.leading_options("keep-file-descriptors gemfile:");
            verb.shifted(options.first_operand)
        }),
        "rbenv" => argv.shifted(0).filter(|verb| verb.name == "exec")?.shifted(0),
        "npx" | "bunx" | "pnpx" => npm_exec(argv, 0),
        "npm" | "pnpm" | "yarn" | "bun" => {
            let at = argv.leading_options(PackageManager::called(&argv.name)?.options()).first_operand;
            let executes = matches!(argv.literal(at), Some("exec" | "x" | "dlx"));
            executes.then(|| npm_exec(argv, at + 1))?
        }
        "newrelic-admin" => argv.shifted(0).filter(|verb| verb.name == "run-program")?.shifted(0),
        "ddtrace-run" => argv.shifted(argv.leading_options("d|debug i|info p|profiling v").first_operand),
        "opentelemetry-instrument" => {
            // Each of its options has a value.
            let mut at = 0;
            while argv.args.get(at)?.is_option() {
                at += if argv.args[at].value.key().contains('=') { 1 } else { 2 };
            }
            argv.shifted(at)
        }
        _ => None,
    }
}

/// The verb of uv, poetry and similar tools, with its arguments.
pub(crate) fn verb(argv: &Argv) -> Option<Argv> {
    let spec = if argv.name == "uv" { UV } else { PROJECT_TOOL };
    argv.shifted(argv.leading_options(spec).first_operand)
}

/// The language of what a project's runner starts.
pub(crate) fn language(runner: &str) -> Option<Language> {
    match runner {
        "uv" | "uvx" | "poetry" | "pipenv" | "pdm" | "hatch" | "rye" | "pixi" | "conda" | "mamba"
        | "micromamba" => Some(Language::Python),
        "bundle" | "rbenv" => Some(Language::Ruby),
        "npx" | "bunx" | "pnpx" => Some(Language::Node),
        _ => None,
    }
}

const UV: &str = "directory: project: config-file: cache-dir: python: p: color:";
const PROJECT_TOOL: &str = "C|directory: P|project: n|no-interaction q|quiet v e|env:";

/// `uv run [OPTIONS] COMMAND`.
fn uv_run(verb: &Argv) -> Option<Argv> {
    let options = verb.leading_options(
        "with: with-editable: with-requirements: extra: group: p|python: env-file: package: only-group: no-group: \
         no-extra: m|module s|script directory: project: index-url: cache-dir: refresh-package: upgrade-package: \
         no-sync frozen locked no-dev isolated active no-project",
    );
    let command = verb.shifted(options.first_operand)?;
    // `uv run x.py` is `python x.py`.
    let script = options.has("s") || command.program.value.known_suffix().ends_with(".py");
    Some(if script && command.name != "manage.py" { interpreted(&command) } else { command })
}

/// The script's command line with its interpreter: `python x.py`.
fn interpreted(script: &Argv) -> Argv {
    let mut python = script.clone();
    python.args.insert(0, script.program.clone());
    "python".clone_into(&mut python.name);
    python
}

/// `uvx [OPTIONS] COMMAND`: `ruff@0.5` is a version of `ruff`.
fn uvx(argv: &Argv) -> Option<Argv> {
    let options = argv.leading_options("from: with: p|python: isolated index-url: cache-dir: refresh");
    argv.shifted(options.first_operand).map(without_version)
}

/// `npx [OPTIONS] COMMAND`.
fn npm_exec(argv: &Argv, skip: usize) -> Option<Argv> {
    let mut rest = argv.clone();
    rest.args.drain(..skip.min(rest.args.len()));
    let options = rest.leading_options(match argv.name.as_str() {
        "pnpm" | "pnpx" => "package: y|yes c|shell-mode w|workspace-root C|dir: F|filter:",
        _ => "p|package: y|yes q|quiet c|call: w|workspace: prefix: cache: no-install bun",
    });
    rest.shifted(options.first_operand).map(without_version)
}

/// A command that hatch runs in one of its environments: `prod:python`.
fn of_hatch(mut command: Argv) -> Argv {
    if let Some((_, bare)) = command.name.split_once(':') {
        command.name = bare.to_owned();
    }
    command
}

fn without_version(mut command: Argv) -> Argv {
    if !command.name.starts_with('@')
        && let Some((bare, _)) = command.name.split_once('@')
    {
        command.name = bare.to_owned();
    }
    command
}

/// The module of `python -m MODULE`, if it is a program by itself. One of the project's own modules is a script like any
/// other.
fn known_module(argv: &Argv) -> Option<Argv> {
    let module = python_module(argv)?;
    let known = server(&module.name).is_some() || PYTHON.iter().any(|(name, _)| *name == module.name);
    known.then_some(module)
}

/// The module that `python -m MODULE` runs, python(1), with its arguments.
pub(crate) fn python_module(argv: &Argv) -> Option<Argv> {
    let options = argv.leading_options(INTERPRETER);
    let word = options.word("m").filter(|_| !options.has("c"))?;
    let at = argv.args.iter().position(|arg| std::ptr::eq(arg, word))?;
    // `-m venv` and `-mvenv`
    let mut module = argv.shifted(if word.value.known_prefix().ends_with('m') { at + 1 } else { at })?;
    if let Some(joined) = module.name.strip_prefix("-m") {
        module.name = joined.to_owned();
    }
    Some(module)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::argv::tests::argv;

    #[test]
    fn runners_hand_on() {
        for (line, expected) in [
            ("uv run --frozen gunicorn app:app", "gunicorn app:app"),
            ("uv --directory /srv run --no-dev uvicorn x:y", "uvicorn x:y"),
            ("uv run app.py", "python app.py"),
            ("uv run manage.py migrate", "manage.py migrate"),
            ("uvx --from httpie http x", "http x"),
            ("poetry run celery -A x worker", "celery -A x worker"),
            ("poetry -C /srv run python -m uvicorn x:y", "uvicorn x:y"),
            ("pipenv run python app.py", "python app.py"),
            ("hatch run prod:python app.py", "python app.py"),
            ("conda run -n web --no-capture-output daphne x:y", "daphne x:y"),
            ("python3 -u -m uvicorn x:y", "uvicorn x:y"),
            ("bundle exec --keep-file-descriptors puma -C x", "puma -C x"),
            ("npx --yes next@14 start", "next start"),
            ("pnpm exec next start", "next start"),
            ("pnpm -F web exec next start", "next start"),
            ("pnpm exec -w next start", "next start"),
            ("npm exec -w web next start", "next start"),
            ("npm --prefix web exec -- next start", "next start"),
            ("newrelic-admin run-program gunicorn x", "gunicorn x"),
            ("ddtrace-run gunicorn x", "gunicorn x"),
            ("opentelemetry-instrument --traces_exporter console gunicorn x", "gunicorn x"),
            ("uv sync", "uv sync"),
            ("python app.py", "python app.py"),
        ] {
            let argv = argv(line);
            let found = program(&argv);
            let args = found.args.iter().map(|arg| format!(" {}", arg.value));
            assert_eq!(format!("{}{}", found.name, args.collect::<String>()), expected, "{line}");
        }
    }
}
