//! `units/wrong-worker`: a server and the app that it is told to run speak different interfaces, WSGI and ASGI.
//!
//! Facts: PEP 3333, <https://uvicorn.dev/deployment/> (a server of WSGI apps needs a worker of uvicorn's for an ASGI app).

use super::modules::{Served, served};
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::rules::id;
use crate::rules::units::{Judged, base, judged};
use crate::tools::python::usual_server;
use crate::tools::serves::Gateway;

/// `units/wrong-worker`.
pub(super) fn wrong_worker(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    for unit in judged(world) {
        for served in served(&unit) {
            judge_worker(&unit, &served, found);
        }
    }
}

/// Whether the server and the app have the same interface, WSGI or ASGI.
fn judge_worker(unit: &Judged<'_, '_, '_>, Served { exec, serves, app }: &Served, found: &mut Vec<Finding>) {
    let (module, object) = app.split_once(':').unwrap_or((app, ""));
    // gunicorn takes `application` if the command names no object.
    let shown = if object.is_empty() { module } else { app };
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
                false => (name.clone(), format!("start it with {}", usual_server(Gateway::Asgi))),
            };
            let message =
                format!("each request fails: `{shown}` is an ASGI app ({why}), but {speaker} speaks WSGI");
            (message, help, sure)
        }
        (Gateway::Wsgi, Gateway::Asgi) if class.is_some() => (
            format!(
                "each request fails: `{shown}` is a WSGI app ({why}), but the worker `{}` speaks ASGI",
                class.unwrap_or_default()
            ),
            "remove `-k`, because the workers speak WSGI without it; or name the project's ASGI app"
                .to_owned(),
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
                usual_server(Gateway::Wsgi)
            ),
            Confidence::Medium,
        ),
        _ => return,
    };
    found.push(unit.finding(id::UNITS_WRONG_WORKER, exec.span, message).at_most(sure).help(help).done());
}

/// The app's interface, how sure that is, and why: Django's names show it, else the project's dependencies.
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
