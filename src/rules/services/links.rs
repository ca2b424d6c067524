//! `services/no-unit` and `services/no-service`: compose services compared with units and managed processes.

use crate::facts::world::{Origin, World};
use crate::finding::Finding;
use crate::project::compose::Service;
use crate::project::managers::Manager;
use crate::project::services::{ServiceRef, Unmatched, product_units};
use crate::rules::id;
use crate::source::Span;

/// `services/no-unit` and `services/no-service`.
pub(super) fn links(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    if context.project.composes.is_empty() || context.units.is_empty() && context.processes.is_empty() {
        return;
    }
    let compared = context.compared();
    // If Compose runs the app on the server, there is nothing to compare.
    let Some(own) = compared.own.filter(|_| !compared.in_containers) else { return };
    let files = compared.files(context.project.composes.len());
    let service = |r: ServiceRef| &context.project.composes[r.compose].services[r.service];
    for unmatched in &compared.links.unmatched_services {
        let service = service(unmatched.service);
        let software = service.image_name().is_some_and(|image| !product_units(&image).is_empty());
        // If a script installs no software, whoever set up the server takes care of its services; but what
        // the configuration names must be there.
        let compares = files.contains(&unmatched.service.compose) && (!software || compared.installs);
        if compares || unmatched.given.is_some() {
            found.push(no_unit(context, service, unmatched, own));
        }
    }
    if files.is_empty() {
        return;
    }
    for index in &compared.links.unmatched_units {
        let at = &context.units[compared.units[*index]];
        if at.origin != Origin::InRepo {
            let exec = at.unit.exec_start().first().map(|exec| exec.span);
            found.push(no_service(context, &at.name, at.span, exec, &files));
        }
    }
    for index in &compared.links.unmatched_processes {
        let at = &context.processes[compared.processes[*index]];
        // `pm2 start server.js` is as often a manual trial as a part of the deploy.
        if matches!(at.origin, Origin::Written(..)) && at.process.manager == Manager::Pm2 {
            continue;
        }
        let name = format!("the process `{}` of {}", at.process.name, at.process.manager.name());
        found.push(no_service(context, &name, at.span, Some(at.process.span), &files));
    }
}

fn no_unit(context: &World<'_, '_>, service: &Service, unmatched: &Unmatched, near: Span) -> Finding {
    let file = context.project.composes[unmatched.service.compose].file;
    let path = context.sources.file(file).path();
    let script = context.sources.file(near.file).path();
    let message = match (&unmatched.by_hand, &unmatched.given) {
        (_, Some(unit)) => format!(
            "deploylint.yaml maps the service `{}` of {path} to `{unit}`, but nothing installs that unit",
            service.name
        ),
        (Some(command), None) => format!(
            "the service `{}` of {path} has no unit: `{}` is gone after a crash or a reboot",
            service.name,
            command.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
        ),
        (None, None) => format!(
            "the service `{}` of {path} has no unit: nothing that {script} installs does its work",
            service.name
        ),
    };
    let help = format!(
        "write a unit for it; if the server does not need it, say so in deploylint.yaml: `services: {{{}: null}}`",
        service.name
    );
    context
        .finding(id::SERVICES_NO_UNIT, service.name_span, message)
        .help(help)
        .related(near, "the units are installed here")
        .done()
}

fn no_service(
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
    let message =
        format!("{name} has no counterpart in {}, so with Compose it does not run", paths.join(" or "));
    let mut draft = context.finding(id::SERVICES_NO_SERVICE, span, message).help(format!(
        "add a service that runs it, or map it in deploylint.yaml: `services: {{NAME: {stem}}}`"
    ));
    if let Some(runs) = runs {
        draft = draft.related(runs, "it runs this");
    }
    draft.done()
}
