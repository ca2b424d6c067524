//! The Compose services that are meant to run on a server. Files for development, tests and examples are not. It judges
//! nothing.

use crate::facts::ground::Ground;
use crate::finding::Confidence;
use crate::project::compose::{Compose, Service, with_defaults};
use crate::repo::names::{directory, is_beside};
use crate::tools::images::{self, Database};

/// The Compose files that start the app on a server, as far as they are known as a whole.
pub(crate) fn judged<'r>(world: &Ground<'r, '_>) -> impl Iterator<Item = &'r Compose> {
    let aside = ["old", "example", "sample", "bench", "benchmark", "demo", "template", "backup"];
    world.project.composes.iter().filter(move |compose| {
        let path = world.sources.file(compose.file).path();
        let variant = compose.variant.as_deref().unwrap_or_default();
        !compose.passed_over
            && !compose.incomplete
            && !compose.is_development()
            && !variant.ends_with("test")
            && !variant.split(['.', '-', '_']).any(|part| aside.contains(&part))
            && !is_beside(directory(path))
    })
}

/// The services of the same name in the other Compose files. `-f` merges files, so they may complete the service.
pub(crate) fn elsewhere<'w>(
    world: &'w Ground<'_, '_>,
    compose: &'w Compose,
    name: &'w str,
) -> impl Iterator<Item = &'w Service> {
    let others = world.project.composes.iter().filter(|other| other.file != compose.file);
    others.flat_map(|other| &other.services).filter(move |service| service.name == name)
}

/// The highest confidence of what a file lacks. One for `-f` may be meant for a file that is not here.
pub(crate) fn at_most(compose: &Compose) -> Confidence {
    if compose.variant.is_some() { Confidence::Medium } else { Confidence::High }
}

/// The image that a service runs and does not build; variables have their defaults.
pub(crate) fn pulled(service: &Service) -> Option<String> {
    let image = service.image.as_ref().filter(|_| service.build.is_none())?;
    Some(with_defaults(&image.text))
}

/// True if Docker starts the service again after a reboot, so that it is meant to last.
pub(crate) fn is_kept_running(service: &Service) -> bool {
    let policy = service.restart.as_ref().map(|restart| with_defaults(&restart.text));
    policy.is_some_and(|policy| matches!(policy.as_str(), "always" | "unless-stopped"))
}

/// The family of stores that the service belongs to.
pub(crate) fn family(service: &Service) -> Option<&'static str> {
    let built = || service.built.as_ref().map(|built| built.base.clone());
    images::family(&pulled(service).or_else(built)?)
}

/// True if the service runs the database's server, and not a client or a job.
pub(crate) fn starts_server(service: &Service, database: &Database) -> bool {
    let command = service.command.as_ref().map(|command| command.text.as_str());
    service.entrypoint.is_none() && images::starts_server(database, command)
}

/// Whether the service's container has a health check; `None` if that is not known.
pub(crate) fn has_health_check(service: &Service) -> Option<bool> {
    if let Some(check) = &service.healthcheck {
        if check.disabled {
            return Some(false);
        }
        if check.test.is_some() {
            return Some(true);
        }
    }
    match (&service.built, pulled(service)) {
        (Some(built), _) if built.healthcheck => Some(true),
        (Some(built), _) => images::has_health_check(&built.base),
        (None, Some(image)) => images::has_health_check(&image),
        (None, None) => None,
    }
}
