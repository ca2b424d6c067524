//! `services/data-lost`: a database in a container keeps its data in a volume without a name.

use crate::facts::containers::{at_most, elsewhere, is_kept_running, judged, pulled};
use crate::facts::world::World;
use crate::finding::Finding;
use crate::project::compose::{Service, Text, with_defaults};
use crate::rules::id;
use crate::tools::images::{self, Database};

/// `services/data-lost`.
pub(super) fn data_lost(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let runs = context.deploy().in_containers();
    for compose in judged(context) {
        for service in compose.services.iter().filter(|service| service.profiles.is_empty()) {
            let Some(database) = database(service) else { continue };
            // Without a restart policy it may be a developer's database.
            let lasts = runs || is_kept_running(service);
            let others = elsewhere(context, compose, &service.name);
            if !lasts
                || service.has_tmpfs
                || keeps(service, database)
                || others.into_iter().any(|s| keeps(s, database))
            {
                continue;
            }
            let place = service.image.as_ref().map_or(service.name_span, |image| image.span);
            let message = format!(
                "`{}` keeps the data of {} in no named volume, so it is empty after `docker compose down`",
                service.name, database.name
            );
            let help = format!(
                "mount a volume: `{}-data:{}`, and `{}-data:` under the top-level `volumes:`",
                service.name, database.data[0], service.name
            );
            let draft = context.finding(id::SERVICES_DATA_LOST, place, message).help(help);
            found.push(draft.at_most(at_most(compose)).done());
        }
    }
}

fn database(service: &Service) -> Option<&'static Database> {
    let built = service.built.as_ref().filter(|built| !built.starts).map(|built| built.base.clone());
    let image = pulled(service).or(built)?;
    let database =
        images::database(&image).or_else(|| images::lasting(&image, &service.command.as_ref()?.text))?;
    images::starts_server(database, line(service.entrypoint.as_ref()), line(service.command.as_ref()))
        .then_some(database)
}

fn line(text: Option<&Text>) -> Option<&str> {
    text.map(|text| text.text.as_str())
}

/// True if a volume may hold the data.
fn keeps(service: &Service, database: &Database) -> bool {
    let moved = database.moved_by.is_some_and(|name| service.environment.iter().any(|v| v.name == name));
    service.volumes.iter().any(|volume| {
        let target = with_defaults(&volume.target.text);
        let target = target.trim_end_matches('/');
        let below =
            |one: &str, other: &str| one.strip_prefix(other).is_some_and(|rest| rest.starts_with('/'));
        let holds = |data: &str| target == data || below(target, data) || below(data, target);
        moved || target.contains('$') || database.data.iter().any(|data| holds(data))
    })
}
