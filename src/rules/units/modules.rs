//! `units/missing-module`, `units/wrong-worker`: the Python module that a server is told to run.
//!
//! Facts: PEP 3333, PEP 420 (a directory is a package without `__init__.py` too), <https://uvicorn.dev/deployment/> (a
//! server of WSGI apps needs a worker of uvicorn's for an ASGI app).

use crate::facts::world::World;
use crate::finding::RuleId;
use crate::finding::{Confidence, Finding};
use crate::project::unit::{Exec, UnitKind};
use crate::rules::id;
use crate::rules::units::{Judged, base};
use crate::tools::effect::{Ecosystem, Role};
use crate::tools::serves::{Gateway, PYTHON_SERVER, Serves};

const MODULE: RuleId = id::UNITS_MISSING_MODULE;
const WORKER: RuleId = id::UNITS_WRONG_WORKER;

/// Both rules.
pub(super) fn modules(unit: &Judged<'_, '_, '_>, found: &mut Vec<Finding>) {
    if unit.read.kind != UnitKind::Service {
        return;
    }
    for exec in unit.at.unit.exec_start() {
        // Only a server of Python applications is told a module.
        let Some(serves) = exec.serves().filter(|serves| serves.family() == PYTHON_SERVER) else { continue };
        let Some(app) = serves.entry.clone() else { continue };
        let (module, variable) = app.split_once(':').unwrap_or((&app, ""));
        let spelt = module
            .split('.')
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
        if !spelt {
            continue;
        }
        missing(unit, &exec, module, found);
        worker(unit, &exec, &serves, (module, variable), found);
    }
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

/// The server and the app speak the same, WSGI or ASGI.
fn worker(
    unit: &Judged<'_, '_, '_>,
    exec: &Exec,
    serves: &Serves,
    (module, variable): (&str, &str),
    found: &mut Vec<Finding>,
) {
    let class = serves.worker_class.as_deref();
    let open = class.is_some_and(|c| !unit.is_plain(c))
        || serves.argv.args.iter().any(|arg| arg.value.known_prefix().is_empty());
    // Settings may name another class of workers.
    let configured = serves.configured
        || serves.reads().is_some_and(|(file, variable)| {
            unit.at.unit.environment().iter().any(|(name, ..)| name == variable)
                || unit.context.project.inventory.code.iter().any(|f| base(f) == file)
        });
    let Some(gateway) = serves.gateway.filter(|_| !open) else { return };
    let Some((app, sure, why)) = gateway_of(unit.context, module) else { return };
    let name = &serves.argv.name;
    let has_workers = serves.reads().is_some();
    let (message, help, sure) = match (app, gateway) {
        (Gateway::Asgi, Gateway::Wsgi) if !configured => {
            let (speaker, help) = match has_workers {
                true => (
                    format!("the worker `{}`", class.unwrap_or("sync")),
                    "add `-k uvicorn_worker.UvicornWorker` (package uvicorn-worker; in older releases `uvicorn.workers.UvicornWorker`)"
                        .to_owned(),
                ),
                false => (name.clone(), format!("start it with {}", Gateway::Asgi.usual_server())),
            };
            let message = format!(
                "each request fails: `{module}:{variable}` is an ASGI app ({why}), but {speaker} speaks WSGI"
            );
            (message, help, sure)
        }
        (Gateway::Wsgi, Gateway::Asgi) if class.is_some() => (
            format!(
                "each request fails: `{module}:{variable}` is a WSGI app ({why}), but the worker `{}` speaks ASGI",
                class.unwrap_or_default()
            ),
            "remove `-k`, or name the project's ASGI app".to_owned(),
            sure,
        ),
        (Gateway::Wsgi, Gateway::Asgi) if module.ends_with("wsgi") => (
            format!(
                "each request fails, because {name} runs ASGI apps and `{}` is a WSGI app",
                serves.entry.as_deref().unwrap_or(module)
            ),
            format!(
                "run `{}asgi`, or start it with {}",
                module.trim_end_matches("wsgi"),
                Gateway::Wsgi.usual_server()
            ),
            Confidence::Medium,
        ),
        _ => return,
    };
    found.push(unit.finding(WORKER, exec.span, message).at_most(sure).help(help).done());
}

/// What the app speaks, how sure that is, and why: Django's names say it, else what the project depends on.
fn gateway_of(context: &World<'_, '_>, module: &str) -> Option<(Gateway, Confidence, &'static str)> {
    match base(&module.replace('.', "/")) {
        "asgi" => return Some((Gateway::Asgi, Confidence::High, "its name says so")),
        "wsgi" => return Some((Gateway::Wsgi, Confidence::Medium, "its name says so")),
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
    (asgi && !wsgi).then_some((
        Gateway::Asgi,
        Confidence::Medium,
        "the project depends only on an ASGI framework",
    ))
}
