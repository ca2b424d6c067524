//! `services/no-service`: a unit or a managed process that has no counterpart among the compose services.

use crate::facts::world::{Origin, UnitAt, World};
use crate::finding::Finding;
use crate::project::managers::Manager;
use crate::rules::id;
use crate::shell::value::Value;
use crate::source::Span;

/// `services/no-service`.
pub(super) fn no_service(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    if context.project.composes.is_empty() || context.units.is_empty() && context.processes.is_empty() {
        return;
    }
    let compared = context.compared();
    // If Compose runs the app on the server, there is nothing to compare.
    if compared.own.is_none() || compared.in_containers {
        return;
    }
    let files = compared.files(context.project.composes.len());
    if files.is_empty() {
        return;
    }
    for index in &compared.links.unmatched_units {
        let at = &context.units[compared.units[*index]];
        if at.origin != Origin::InRepo && !starts_others(context, at) {
            let exec = at.unit.exec_start().first().map(|exec| exec.span);
            found.push(finding(context, &at.name, at.span, exec, &files));
        }
    }
    for index in &compared.links.unmatched_processes {
        let at = &context.processes[compared.processes[*index]];
        // `pm2 start server.js` is as often a manual trial as a part of the deploy.
        if matches!(at.origin, Origin::Written(..)) && at.process.manager == Manager::Pm2 {
            continue;
        }
        let name = format!("the process `{}` of {}", at.process.name, at.process.manager.name());
        found.push(finding(context, &name, at.span, Some(at.process.span), &files));
    }
}

/// True for a one-shot of the server that runs nothing of the app's tree: it waits, or starts other units.
fn starts_others(context: &World<'_, '_>, at: &UnitAt) -> bool {
    let is_apps = |word: &String| context.in_app_tree(&Value::literal(word));
    at.unit.is_oneshot() && !at.unit.exec_start().iter().any(|exec| exec.words().iter().any(is_apps))
}

fn finding(
    context: &World<'_, '_>,
    name: &str,
    span: Span,
    runs: Option<Span>,
    compared: &[usize],
) -> Finding {
    let files = compared.iter().map(|c| context.project.composes[*c].file);
    let paths: Vec<&str> = files.map(|file| context.sources.file(file).path()).collect();
    let stem = name.trim_end_matches(".service");
    let stem = stem.split('`').nth(1).unwrap_or(stem);
    let message = format!(
        "no service of {} does the work of {name}, so it does not run with Compose",
        paths.join(" or ")
    );
    let mut draft = context.finding(id::SERVICES_NO_SERVICE, span, message).help(format!(
        "add a service that runs it, or say in deploylint.yaml which service it is: `services: {{NAME: {stem}}}`"
    ));
    if let Some(runs) = runs {
        draft = draft.related(runs, "it runs this");
    }
    draft.done()
}
