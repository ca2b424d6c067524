//! `services/undefined`: a service of a Compose file refers to something that no Compose file of the repo
//! defines.

use crate::facts::world::World;
use crate::finding::{Confidence, Finding, Severity};
use crate::project::compose::{Compose, Service};
use crate::rules::id;
use crate::source::Span;
use std::collections::HashSet;

/// What a service can refer to at the top of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Service,
    Volume,
    Network,
    Secret,
    Config,
}

/// `services/undefined`.
pub(super) fn undefined(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let composes = &context.project.composes;
    // A part that could not be read may define it.
    if composes.is_empty() || composes.iter().any(|compose| compose.incomplete) {
        return;
    }
    // `-f` merges files, so it is enough if one of them defines it.
    let defined: HashSet<(Kind, &str)> = composes.iter().flat_map(definitions).collect();
    let mut told: HashSet<(Span, Kind)> = HashSet::new();
    let runs = context.deploy().in_containers();
    for compose in composes.iter().filter(|compose| !compose.passed_over) {
        for service in &compose.services {
            for (kind, name, span) in references(service) {
                // An anchor that several services share is one place.
                if !name.contains(['$', '{']) && !defined.contains(&(kind, name)) && told.insert((span, kind))
                {
                    found.push(finding(context, compose, service, runs, (kind, name, span)));
                }
            }
        }
    }
}

fn definitions(compose: &Compose) -> impl Iterator<Item = (Kind, &str)> {
    let resources = &compose.resources;
    let lists = [
        (Kind::Volume, &resources.volumes),
        (Kind::Network, &resources.networks),
        (Kind::Secret, &resources.secrets),
        (Kind::Config, &resources.configs),
    ];
    let services = compose.services.iter().map(|service| (Kind::Service, service.name.as_str()));
    // Every project has this network.
    let implied = std::iter::once((Kind::Network, "default"));
    let top =
        lists.into_iter().flat_map(|(kind, list)| list.iter().map(move |text| (kind, text.text.as_str())));
    services.chain(top).chain(implied)
}

/// What `checkConsistency` of compose-go looks up.
fn references(service: &Service) -> Vec<(Kind, &str, Span)> {
    // Without `required: false`, which may mean "if there is one".
    let needs = service.depends_on.iter().filter(|d| d.required);
    let mut all: Vec<(Kind, &str, Span)> =
        needs.map(|d| (Kind::Service, d.service.as_str(), d.span)).collect();
    let mounted = service.volumes.iter().filter(|volume| volume.kind.as_deref() == Some("volume"));
    let mounted = mounted.filter_map(|volume| volume.source.as_ref());
    all.extend(
        mounted
            .filter(|name| !name.text.is_empty())
            .map(|name| (Kind::Volume, name.text.as_str(), name.span)),
    );
    for (kind, list) in [
        (Kind::Network, &service.networks),
        (Kind::Secret, &service.secrets),
        (Kind::Config, &service.configs),
    ] {
        all.extend(list.iter().map(|name| (kind, name.text.as_str(), name.span)));
    }
    if let Some(mode) = &service.network_mode
        && let Some(name) = mode.text.strip_prefix("service:")
    {
        all.push((Kind::Service, name, mode.span));
    }
    all
}

fn finding(
    context: &World<'_, '_>,
    compose: &Compose,
    service: &Service,
    runs: bool,
    (kind, name, span): (Kind, &str, Span),
) -> Finding {
    let (verb, top, help) = match kind {
        Kind::Service => {
            ("needs the service", "services", "name a service that exists, or remove the name".to_owned())
        }
        Kind::Volume => (
            "mounts the volume",
            "volumes",
            format!(
                "add `{name}:` under the top-level `volumes:`; for a directory beside the file write `./{name}`"
            ),
        ),
        Kind::Network => {
            ("joins the network", "networks", format!("add `{name}:` under the top-level `networks:`"))
        }
        Kind::Secret => (
            "uses the secret",
            "secrets",
            format!("name the file of `{name}` under the top-level `secrets:`"),
        ),
        Kind::Config => (
            "uses the config",
            "configs",
            format!("name the file of `{name}` under the top-level `configs:`"),
        ),
    };
    let path = context.sources.file(compose.file).path();
    let message = format!(
        "`{}` {verb} `{name}`, but `{top}` of {path} does not define it, so Compose refuses the file",
        service.name
    );
    let mut draft = context.finding(id::SERVICES_UNDEFINED, span, message).help(help);
    if !runs {
        draft = draft.severity(Severity::Warning);
    }
    // A file for `-f` may be meant for another file that is not here.
    if compose.variant.is_some() {
        draft = draft.at_most(Confidence::Medium);
    }
    draft.done()
}
