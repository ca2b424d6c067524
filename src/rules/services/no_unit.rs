//! `services/no-unit`: a compose service whose work no unit and no managed process does.

use crate::facts::world::World;
use crate::finding::Finding;
use crate::project::compose::Service;
use crate::project::services::{ServiceRef, Unmatched, product_units};
use crate::rules::id;
use crate::source::Span;

/// `services/no-unit`.
pub(super) fn no_unit(context: &World<'_, '_>, found: &mut Vec<Finding>) {
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
        // What is built again at each change is for developers. A server builds once.
        if service.command.as_ref().is_some_and(|command| command.text.contains("--watch")) {
            continue;
        }
        let image = service.image_name().unwrap_or_default();
        let software = !product_units(&image).is_empty();
        // What the scripts tell people to do with the software is left to them.
        if software && context.deploy().says_to(|line| line.split_whitespace().any(|word| word == image)) {
            continue;
        }
        // If a script installs no software, whoever set up the server takes care of its services; but what
        // the configuration names must be there.
        let compares = files.contains(&unmatched.service.compose) && (!software || compared.installs);
        if compares || unmatched.given.is_some() {
            found.push(finding(context, service, unmatched, own));
        }
    }
}

fn finding(context: &World<'_, '_>, service: &Service, unmatched: &Unmatched, near: Span) -> Finding {
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
            "nothing that {script} installs does the work of the service `{}` of {path}",
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
