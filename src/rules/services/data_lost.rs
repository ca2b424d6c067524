//! `services/data-lost`: a database in a container keeps its data in a volume without a name.

use crate::facts::containers::{at_most, elsewhere, is_kept_running, judged, pulled, starts_server};
use crate::facts::world::World;
use crate::finding::Finding;
use crate::project::compose::{Service, Volume, with_defaults};
use crate::rules::id;
use crate::tools::images::{self, Database};

/// `services/data-lost`.
pub(super) fn data_lost(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for compose in judged(context) {
        for service in compose.services.iter().filter(|service| service.profiles.is_empty()) {
            let Some(database) = database(service) else { continue };
            // Without a restart policy it may be a developer's database.
            if service.has_tmpfs
                || keeps(service, database)
                || elsewhere(context, compose, &service.name).any(|other| keeps(other, database))
                || !is_kept_running(service) && !context.deploy().in_containers()
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
    let built = || service.built.as_ref().filter(|built| !built.starts).map(|built| built.base.clone());
    let image = pulled(service).or_else(built)?;
    let database =
        images::database(&image).or_else(|| images::lasting(&image, &service.command.as_ref()?.text))?;
    starts_server(service, database).then_some(database)
}

/// True if a volume may hold the data.
fn keeps(service: &Service, database: &Database) -> bool {
    let moved = || database.moved_by.is_some_and(|name| service.environment.iter().any(|v| v.name == name));
    let below = |one: &str, other: &str| one.strip_prefix(other).is_some_and(|rest| rest.starts_with('/'));
    // A volume without a name is what the image makes by itself.
    let nameless = |volume: &Volume| volume.source.is_none() && volume.kind.as_deref() == Some("volume");
    service.volumes.iter().filter(|volume| !nameless(volume)).any(|volume| {
        let target = with_defaults(&volume.target.text);
        let target = target.trim_end_matches('/');
        let holds = |data: &str| target == data || below(target, data) || below(data, target);
        target.contains('$') || database.data.iter().any(|data| holds(data)) || moved()
    })
}
