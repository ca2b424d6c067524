//! `services/localhost`: a container is to reach another one at `localhost`, which is the container itself.

use crate::facts::containers::{at_most, elsewhere, family, is_kept_running, judged};
use crate::facts::environment::table::Writer;
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::project::compose::{Compose, Service, with_defaults};
use crate::project::env::Need;
use crate::repo::names::{directory, is_sample_dotenv};
use crate::rules::id;
use crate::source::Span;
use crate::tools::images;
use std::collections::HashSet;

/// A variable that a container gets, or that the code in it replaces.
struct Given {
    name: String,
    value: String,
    span: Span,
    /// Where the value comes from, for the message.
    by: By,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Compose,
    Sample,
    Code,
}

/// `services/localhost`.
pub(super) fn localhost(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let runs = context.deploy().in_containers();
    for compose in judged(context) {
        let mut told = HashSet::new();
        for service in &compose.services {
            // On the host's network `localhost` is the host.
            if service.network_mode.is_some() || !(runs || compose.services.iter().any(is_kept_running)) {
                continue;
            }
            for given in all_given(context, compose, service) {
                let Some(peer) = peer(compose, service, &given) else { continue };
                if told.insert(given.name.clone()) {
                    found.push(finding(context, compose, (service, peer), &given));
                }
            }
        }
    }
}

fn finding(
    context: &World<'_, '_>,
    compose: &Compose,
    (service, peer): (&Service, &Service),
    given: &Given,
) -> Finding {
    let path = context.sources.file(compose.file).path();
    let message = match given.by {
        By::Compose => format!(
            "`{}` gets `{}` with the address of its own container, but `{}` runs in another one",
            service.name, given.name, peer.name
        ),
        By::Sample | By::Code => format!(
            "`{}` of {path} looks for `{}` in its own container, because nothing sets `{}` for it",
            service.name, peer.name, given.name
        ),
    };
    let help = format!(
        "set `{}` in the `environment` of `{}`, with `{}` as the host",
        given.name, service.name, peer.name
    );
    let place = if given.by == By::Compose { given.span } else { service.name_span };
    let mut draft = context.finding(id::SERVICES_LOCALHOST, place, message).help(help);
    if given.by != By::Compose {
        draft = draft
            .related(given.span, format!("`{}` is `{}` here", given.name, given.value))
            .at_most(Confidence::Medium);
    }
    draft.related(peer.name_span, "it runs here").at_most(at_most(compose)).done()
}

/// What `environment` sets, what the sample of its environment file shows, and what the code takes for the rest.
fn all_given(context: &World<'_, '_>, compose: &Compose, service: &Service) -> Vec<Given> {
    let own = service.environment.iter().filter_map(|variable| {
        let value = with_defaults(variable.value.as_ref()?);
        Some(Given { name: variable.name.clone(), value, span: variable.span, by: By::Compose })
    });
    let mut all: Vec<Given> = own.collect();
    // Images of other people know nothing of the code.
    let runs_code = service.build.is_some()
        && service.built.as_ref().is_none_or(|built| {
            images::has_health_check(&built.base).is_none() || images::ends_at_once(&built.base)
        });
    if !runs_code {
        return all;
    }
    let set = |name: &str| {
        let sets = |service: &Service| service.environment.iter().any(|v| v.name.eq_ignore_ascii_case(name));
        sets(service)
            || elsewhere(context, compose, &service.name).any(sets)
            || is_set_otherwise(context, name)
    };
    let mut shown = HashSet::new();
    for file in &service.env_file {
        let Some(path) = compose.path(&file.path) else { return all };
        let beside = |other: &str| is_sample_dotenv(other) && directory(other) == directory(&path);
        let samples: Vec<_> = context.project.dotenvs.iter().filter(|(other, _)| beside(other)).collect();
        // Without a sample, or with several, it is not known what the file holds.
        let [(_, sample)] = samples.as_slice() else { return all };
        for entry in &sample.entries {
            shown.insert(entry.name.to_ascii_uppercase());
            if !set(&entry.name) && context.environment().is_read_by_code(&entry.name) {
                let (name, value) = (entry.name.clone(), entry.value.clone());
                all.push(Given { name, value, span: entry.span, by: By::Sample });
            }
        }
    }
    let context_path = service.build.as_ref().and_then(|build| compose.path(&build.context));
    let inside = |path: &str| {
        context_path.as_ref().is_some_and(|dir| {
            dir.is_empty()
                || dir == "."
                || path.strip_prefix(dir.as_str()).is_some_and(|p| p.starts_with('/'))
        })
    };
    for one in &context.project.env.uses {
        let Need::Default(value) = &one.need else { continue };
        let name = one.name.to_ascii_uppercase();
        if inside(context.sources.file(one.span.file).path()) && !shown.contains(&name) && !set(&name) {
            let value = value.trim_matches(['"', '\'', '`']).to_owned();
            all.push(Given { name, value, span: one.span, by: By::Code });
        }
    }
    all
}

/// True if something that is not followed here may give the variable another value.
fn is_set_otherwise(context: &World<'_, '_>, name: &str) -> bool {
    let table = context.environment();
    let writes = table.get(name).into_iter().flat_map(|variable| &variable.writes);
    writes.into_iter().any(|write| {
        let other = write.value.as_deref().is_none_or(|value| !is_local(value));
        match write.by {
            Writer::Sample | Writer::File => other,
            Writer::Written | Writer::Export | Writer::Dockerfile | Writer::Code => true,
            Writer::Unit | Writer::Compose => false,
        }
    })
}

/// The other service that the variable is about.
fn peer<'c>(compose: &'c Compose, service: &Service, given: &Given) -> Option<&'c Service> {
    if !is_local(&given.value) {
        return None;
    }
    let families = families(&given.name, &given.value)?;
    // What only the code says may be about a part that this service does not run.
    let needs = |other: &Service| {
        given.by != By::Code || service.depends_on.iter().any(|on| on.service == other.name)
    };
    let others = compose.services.iter().filter(|other| other.name != service.name && needs(other));
    others.into_iter().find(|other| family(other).is_some_and(|family| families.contains(&family)))
}

/// The families of stores that a name or an address is about: `DB_HOST`, `redis://…`.
fn families(name: &str, value: &str) -> Option<&'static [&'static str]> {
    if let Some((scheme, _)) = value.split_once("://") {
        return images::families_of_scheme(scheme.split('+').next().unwrap_or(scheme));
    }
    let (first, last) = name.split_once('_').map(|(first, _)| first).zip(name.rsplit('_').next())?;
    let is_host = matches!(last, "HOST" | "HOSTNAME" | "SERVER" | "ADDR" | "ADDRESS" | "HOSTS");
    is_host.then(|| images::families_of_word(first)).flatten()
}

/// True for an address on the machine itself.
fn is_local(value: &str) -> bool {
    let rest = value.split_once("://").map_or(value, |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    matches!(host, "localhost" | "127.0.0.1")
}
