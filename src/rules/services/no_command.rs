//! `services/no-command`: neither Compose nor the image says what a service runs.

use crate::facts::containers::{at_most, elsewhere, is_kept_running, judged};
use crate::facts::world::World;
use crate::finding::{Finding, Severity};
use crate::project::compose::{Compose, Service};
use crate::repo::names::base;
use crate::rules::id;
use crate::tools::images;

/// `services/no-command`.
pub(super) fn no_command(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for compose in judged(context) {
        for service in compose.services.iter().filter(|service| service.profiles.is_empty()) {
            let Some(built) = service.built.as_ref().filter(|built| !built.starts) else { continue };
            let says = |service: &Service| service.command.is_some() || service.entrypoint.is_some();
            if !images::ends_at_once(&built.base)
                || service.is_interactive
                || says(service)
                || elsewhere(context, compose, &service.name).any(says)
                || !is_meant_to_run(compose, service)
            {
                continue;
            }
            let image = base(&built.base).split([':', '@']).next().unwrap_or_default();
            let message = format!(
                "`{}` runs nothing: neither it nor its Dockerfile has a command, and `{image}` ends at once",
                service.name
            );
            let help = "write its `command`, or a `CMD` in the stage that it is built from";
            let mut draft = context.finding(id::SERVICES_NO_COMMAND, service.name_span, message).help(help);
            if !context.deploy().in_containers() {
                draft = draft.severity(Severity::Warning);
            }
            found.push(draft.at_most(at_most(compose)).done());
        }
    }
}

/// True if the service is more than an image that is built for others.
fn is_meant_to_run(compose: &Compose, service: &Service) -> bool {
    let needed =
        compose.services.iter().flat_map(|other| &other.depends_on).any(|on| on.service == service.name);
    needed || !service.ports.is_empty() || is_kept_running(service)
}
