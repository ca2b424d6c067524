//! `services/no-password`: the image of a database does not start without a password, and gets none.

use crate::facts::containers::{at_most, elsewhere, judged, pulled, starts_server};
use crate::facts::world::World;
use crate::finding::{Finding, Severity};
use crate::project::compose::{Service, with_defaults};
use crate::rules::id;
use crate::tools::images::{self, Database};

/// `services/no-password`.
pub(super) fn no_password(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for compose in judged(context) {
        for service in &compose.services {
            let Some(database) = pulled(service).and_then(|image| images::database(&image)) else { continue };
            if database.needs.is_empty()
                || !starts_server(service, database)
                || is_given(service, database)
                || elsewhere(context, compose, &service.name).any(|other| is_given(other, database))
            {
                continue;
            }
            let place = service.image.as_ref().map_or(service.name_span, |image| image.span);
            let message = format!(
                "`{}` does not start: the image of {} sets up no data without `{}`",
                service.name, database.name, database.needs[0]
            );
            let help = format!("set `{}` under `environment`, from `.env` or a secret", database.needs[0]);
            let mut draft = context.finding(id::SERVICES_NO_PASSWORD, place, message).help(help);
            if !context.deploy().in_containers() {
                draft = draft.severity(Severity::Warning);
            }
            found.push(draft.at_most(at_most(compose)).done());
        }
    }
}

/// True if the service may get what the image needs. An empty value is none.
fn is_given(service: &Service, database: &Database) -> bool {
    let set = service.environment.iter().any(|variable| {
        let name = variable.name.strip_suffix("_FILE").unwrap_or(&variable.name);
        database.needs.contains(&name)
            && variable.value.as_ref().is_none_or(|value| !with_defaults(value).is_empty())
    });
    set || !service.env_file.is_empty()
}
