//! `units/missing-module`, `units/wrong-worker`: the Python module that a server is told to run.
//!
//! Facts: <https://docs.gunicorn.org/en/stable/run.html> (`MODULE:VARIABLE`, `wsgi.py` of Django),
//! <https://uvicorn.dev/deployment/> (gunicorn needs a worker of uvicorn's for an ASGI app), PEP 420 (a directory is a
//! package without `__init__.py` too).

use crate::facts::world::World;
use crate::finding::RuleId;
use crate::finding::{Confidence, Finding};
use crate::project::unit::{Exec, UnitKind};
use crate::rules::id;
use crate::rules::units::processes::Command;
use crate::rules::units::{Judged, base};
use crate::tools::effect::{Ecosystem, Role};

const MODULE: RuleId = id::UNITS_MISSING_MODULE;
const WORKER: RuleId = id::UNITS_WRONG_WORKER;

/// Options of gunicorn that take no value, <https://docs.gunicorn.org/en/stable/settings.html>.
const GUNICORN_FLAGS: &[&str] = &[
    "--preload",
    "--daemon",
    "-D",
    "--reload",
    "--capture-output",
    "--check-config",
    "--print-config",
    "--spew",
    "--no-sendfile",
    "--reuse-port",
    "--initgroups",
    "--proxy-protocol",
    "-R",
    "--enable-stdio-inheritance",
    "--disable-redirect-access-to-syslog",
    "--log-syslog",
];
/// Options of uvicorn that take no value, of its `--help`.
const UVICORN_FLAGS: &[&str] = &[
    "--reload",
    "--proxy-headers",
    "--no-proxy-headers",
    "--server-header",
    "--no-server-header",
    "--date-header",
    "--no-date-header",
    "--access-log",
    "--no-access-log",
    "--use-colors",
    "--no-use-colors",
    "--factory",
    "--ws-per-message-deflate",
];

/// Both rules.
pub(super) fn modules(unit: &Judged<'_, '_, '_>, found: &mut Vec<Finding>) {
    if unit.read.kind != UnitKind::Service {
        return;
    }
    for exec in unit.at.unit.exec_start() {
        let Some(command) = Command::of(&exec) else { continue };
        let flags = match command.name.as_str() {
            "gunicorn" => GUNICORN_FLAGS,
            "uvicorn" | "hypercorn" | "daphne" => UVICORN_FLAGS,
            _ => continue,
        };
        let Some(app) = operand(&command.args, flags) else { continue };
        let (module, variable) = app.split_once(':').unwrap_or((app, ""));
        let spelt = module
            .split('.')
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
        if !spelt {
            continue;
        }
        missing(unit, &exec, module, found);
        if command.name == "gunicorn" {
            worker(unit, &exec, &command, module, variable, found);
        } else if module.ends_with("wsgi")
            && command.name == "uvicorn"
            && !command.args.iter().any(|a| a.contains("wsgi") && a.starts_with("--interface") || a == "wsgi")
        {
            let message = format!(
                "each request fails, because {} runs ASGI apps and `{app}` is a WSGI app",
                command.name
            );
            let help = format!("run `{}asgi`, or start it with gunicorn", module.trim_end_matches("wsgi"));
            found
                .push(unit.finding(WORKER, exec.span, message).at_most(Confidence::Medium).help(help).done());
        }
    }
}

/// The first operand: what follows an option is its value.
fn operand<'a>(args: &'a [String], flags: &[&str]) -> Option<&'a str> {
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if !arg.starts_with('-') {
            return Some(arg);
        }
        // `-w4`, `--bind=…` have their value with them.
        let joined = arg.contains('=') || !arg.starts_with("--") && arg.len() > 2;
        if !joined && !flags.contains(&arg.as_str()) {
            args.next();
        }
    }
    None
}

/// The module is nowhere in the repo, wherever the app lies on the server.
fn missing(unit: &Judged<'_, '_, '_>, exec: &Exec, module: &str, found: &mut Vec<Finding>) {
    let code = &unit.context.project.inventory.code;
    let path = module.replace('.', "/");
    let ends = |file: &str, end: &str| {
        file.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with('/'))
    };
    let is = |file: &String| {
        ends(file, &format!("{path}.py")) || ends(file, &format!("{path}/__init__.py"))
        // What the last name stands for may be made in the package's own file.
    };
    let python = code.iter().filter(|f| f.ends_with(".py")).count();
    if python == 0 || code.iter().any(is) {
        return;
    }
    let first = path.split('/').next().unwrap_or(&path);
    // The project has the package, and not the module in it.
    let package = code.iter().any(|f| ends(f, &format!("{first}/__init__.py")));
    let installed = unit.context.project.needs.python.iter().any(|manifest| {
        let same = first.replace('_', "-").to_ascii_lowercase();
        manifest.dependencies.iter().any(|d| d.name == same || d.name.starts_with(&same))
    });
    let written = unit.context.steps().any(|(_, _, step)| {
        let made = format!("{}.py", base(&path));
        step.deed.effects.iter().any(|e| e.resource.name().to_string().ends_with(&made))
            || step.deed.roles.contains(&Role::Dependencies(Ecosystem::Python))
                && step.argv.args.iter().any(|a| {
                    let name = a.value.to_string();
                    !name.contains('/') && name.contains(first)
                })
    });
    if installed || written {
        return;
    }
    let sure = match (package, unit.script) {
        (true, Some(_)) => Confidence::High,
        (true, None) => Confidence::Medium,
        // A script that brings another repo than this one has its modules there.
        (false, _) => Confidence::Low,
    };
    let message = format!("the repo has no module `{module}`, since no file's path ends in {path}.py");
    let help = match closest(code, base(&path)) {
        Some(file) => format!("name a module that exists, such as that of {file}"),
        None => "name a module that exists".to_owned(),
    };
    found.push(unit.finding(MODULE, exec.span, message).at_most(sure).help(help).done());
}

/// A module of the same last name, or what servers are told to run otherwise.
fn closest<'f>(code: &'f [String], name: &str) -> Option<&'f str> {
    let called = |wanted: &str| code.iter().find(|f| base(f) == format!("{wanted}.py")).map(String::as_str);
    [name, "asgi", "wsgi", "main", "app", "server"].into_iter().find_map(called)
}

/// gunicorn's own workers speak WSGI.
fn worker(
    unit: &Judged<'_, '_, '_>,
    exec: &Exec,
    command: &Command,
    module: &str,
    variable: &str,
    found: &mut Vec<Finding>,
) {
    let args = &command.args;
    let value = |index: usize, arg: &String| match arg.split_once('=') {
        Some((_, value)) => Some(value.to_owned()),
        None if arg.starts_with("-k") && arg.len() > 2 => Some(arg[2..].to_owned()),
        None => args.get(index + 1).cloned(),
    };
    let is_option = |a: &&String| a.starts_with("-k") || a.starts_with("--worker-class");
    let class = args.iter().position(|a| is_option(&a)).and_then(|at| value(at, &args[at]));
    let config = args.iter().any(|a| matches!(a.as_str(), "-c" | "--config") || a.starts_with("--config="));
    let environment = unit.at.unit.environment().iter().any(|(name, ..)| name == "GUNICORN_CMD_ARGS");
    // gunicorn reads `gunicorn.conf.py` of its directory by itself.
    let conf = unit.context.project.inventory.code.iter().any(|f| base(f) == "gunicorn.conf.py");
    let asgi_worker =
        class.as_ref().is_some_and(|c| c.contains("vicorn") || c.contains("ypercorn") || c == "asgi");
    if class.as_ref().is_some_and(|c| !unit.is_plain(c)) || args.iter().any(|a| a.starts_with('$')) {
        return;
    }
    match asgi(unit.context, module) {
        Some((true, sure, why)) if !asgi_worker && !config && !environment && !conf => {
            let own = class.as_deref().unwrap_or("sync");
            let message = format!(
                "each request fails: `{module}:{variable}` is an ASGI app ({why}), but the worker `{own}` speaks WSGI"
            );
            let help = "add `-k uvicorn_worker.UvicornWorker` (package uvicorn-worker; in older releases `uvicorn.workers.UvicornWorker`)";
            found.push(unit.finding(WORKER, exec.span, message).at_most(sure).help(help).done());
        }
        Some((false, sure, why)) if asgi_worker => {
            let message = format!(
                "each request fails: `{module}:{variable}` is a WSGI app ({why}), but the worker `{}` speaks ASGI",
                class.as_deref().unwrap_or_default()
            );
            let help = "remove `-k`, or name the project's ASGI app";
            found.push(unit.finding(WORKER, exec.span, message).at_most(sure).help(help).done());
        }
        _ => {}
    }
}

/// What the app speaks, how sure that is, and why: Django's names say it, else what the project depends on.
fn asgi(context: &World<'_, '_>, module: &str) -> Option<(bool, Confidence, &'static str)> {
    match base(&module.replace('.', "/")) {
        "asgi" => return Some((true, Confidence::High, "its name says so")),
        "wsgi" => return Some((false, Confidence::Medium, "its name says so")),
        _ => {}
    }
    let depends = |names: &[&str]| {
        context
            .project
            .needs
            .python
            .iter()
            .any(|m| m.dependencies.iter().any(|d| names.contains(&d.name.as_str())))
    };
    let asgi = depends(&["fastapi", "starlette", "litestar", "quart", "sanic", "blacksheep"]);
    let wsgi = depends(&["flask", "django", "bottle", "falcon", "pyramid", "a2wsgi", "asgiref", "dash"]);
    (asgi && !wsgi).then_some((true, Confidence::Medium, "the project depends only on an ASGI framework"))
}
