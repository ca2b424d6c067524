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

/// A variable with the address of a store at `localhost`, which a container gets, or which the code in it replaces.
#[derive(Clone)]
struct Given {
    name: String,
    value: String,
    span: Span,
    /// Where the value comes from, for the message.
    by: By,
    /// The families of stores that it is about.
    families: &'static [&'static str],
}

impl Given {
    /// `None` for a variable that is not about a store, or about one that is elsewhere.
    fn new(name: &str, value: &str, span: Span, by: By) -> Option<Given> {
        let families = if is_local(value) { families(name, value)? } else { return None };
        Some(Given { name: name.to_owned(), value: value.to_owned(), span, by, families })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Compose,
    Sample,
    Code,
}

/// `services/localhost`.
pub(super) fn localhost(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for compose in judged(context) {
        let services = compose.services.iter();
        let stores: Vec<_> = services.filter_map(|service| Some((service, family(service)?))).collect();
        let runs = || compose.services.iter().any(is_kept_running) || context.deploy().in_containers();
        if stores.is_empty() || !runs() {
            continue;
        }
        let of_code = given_by_code(context);
        let mut told = HashSet::new();
        // On the host's network `localhost` is the host.
        for service in compose.services.iter().filter(|service| service.network_mode.is_none()) {
            for given in all_given(context, compose, service, &of_code) {
                if told.contains(&given.name) {
                    continue;
                }
                let Some(peer) = peer(&stores, service, &given) else { continue };
                found.push(finding(context, compose, (service, peer), &given));
                told.insert(given.name);
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

/// What the code takes if nothing is set.
fn given_by_code(context: &World<'_, '_>) -> Vec<Given> {
    let uses = context.project.env.uses.iter().filter_map(|one| {
        let Need::Default(value) = &one.need else { return None };
        Given::new(&one.name.to_ascii_uppercase(), value.trim_matches(['"', '\'', '`']), one.span, By::Code)
    });
    uses.collect()
}

/// What `environment` sets, what the sample of its environment file shows, and what the code takes for the rest.
fn all_given(context: &World<'_, '_>, compose: &Compose, service: &Service, of_code: &[Given]) -> Vec<Given> {
    let own = service.environment.iter().filter_map(|variable| {
        let value = with_defaults(variable.value.as_ref()?);
        Given::new(&variable.name, &value, variable.span, By::Compose)
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
    let mut shown = Vec::new();
    for file in &service.env_file {
        let Some(path) = compose.path(&file.path) else { return all };
        let beside = |other: &str| is_sample_dotenv(other) && directory(other) == directory(&path);
        let samples: Vec<_> = context.project.dotenvs.iter().filter(|(other, _)| beside(other)).collect();
        // Without a sample, or with several, it is not known what the file holds.
        let [(_, sample)] = samples.as_slice() else { return all };
        let of_sample = sample.entries.iter().filter_map(|entry| {
            let given = Given::new(&entry.name, &entry.value, entry.span, By::Sample)?;
            (!set(&given.name) && context.environment().is_read_by_code(&given.name)).then_some(given)
        });
        all.extend(of_sample);
        shown.extend(&sample.entries);
    }
    let context_path = service.build.as_ref().and_then(|build| compose.path(&build.context));
    let inside = |path: &str| {
        context_path.as_ref().is_some_and(|dir| {
            dir.is_empty()
                || dir == "."
                || path.strip_prefix(dir.as_str()).is_some_and(|p| p.starts_with('/'))
        })
    };
    let unset = |given: &&Given| {
        inside(context.sources.file(given.span.file).path())
            && !shown.iter().any(|entry| entry.name.eq_ignore_ascii_case(&given.name))
            && !set(&given.name)
    };
    all.extend(of_code.iter().filter(unset).cloned());
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

/// The other service that the variable is about. A store itself may well look for its own kind at `localhost`.
fn peer<'c>(stores: &[(&'c Service, &str)], service: &Service, given: &Given) -> Option<&'c Service> {
    let about =
        || stores.iter().filter(|(_, family)| given.families.contains(family)).map(|(store, _)| *store);
    // What only the code says may be about a part that this service does not run.
    let needs = |other: &&Service| {
        given.by != By::Code || service.depends_on.iter().any(|on| on.service == other.name)
    };
    let itself = about().any(|store| store.name == service.name);
    about().find(needs).filter(|_| !itself)
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
