//! What several services of one Compose file say that cannot be true together.

use crate::facts::containers::{elsewhere, has_health_check};
use crate::facts::world::World;
use crate::limit::tick;
use crate::project::compose::{Compose, Dependency, Port, Service, Text, with_defaults};
use crate::source::Span;
use std::collections::{BTreeSet, HashMap, VecDeque};

/// What is wrong, and what to write instead.
pub(super) struct Fault {
    pub(super) span: Span,
    /// What happens, to what.
    pub(super) message: String,
    pub(super) help: String,
    /// The other service that takes part in it.
    pub(super) related: Option<(Span, String)>,
    /// True if it rests on what a variable holds by default, or on how Compose is called.
    pub(super) depends: bool,
}

impl Fault {
    pub(super) fn new(span: Span, message: String, help: impl Into<String>) -> Fault {
        Fault { span, message, help: help.into(), related: None, depends: false }
    }
}

/// Where each service stands among those of the file, by its name.
type Places<'c> = HashMap<&'c str, usize>;

/// Adds the faults of the file's services together.
pub(super) fn together(context: &World<'_, '_>, compose: &Compose, faults: &mut Vec<Fault>) {
    let services = &compose.services;
    let places: Places<'_> = services.iter().enumerate().map(|(at, s)| (s.name.as_str(), at)).collect();
    unchecked(context, compose, &places, faults);
    circles(services, &places, faults);
    behind_profiles(context, services, &places, faults);
    names(compose, faults);
    ports(compose, faults);
}

/// A service that waits for the health of one without a health check: `isServiceHealthy` of Compose.
fn unchecked(context: &World<'_, '_>, compose: &Compose, places: &Places<'_>, faults: &mut Vec<Fault>) {
    for (at, service) in compose.services.iter().enumerate() {
        for (target, on) in needs(&compose.services, places, at) {
            if on.condition.as_deref() != Some("service_healthy") {
                continue;
            }
            let target = &compose.services[target];
            let completed =
                elsewhere(context, compose, &target.name).any(|other| other.healthcheck.is_some());
            if completed || has_health_check(target) != Some(false) {
                continue;
            }
            let message = format!(
                "`{}` waits until `{}` is healthy, which has no health check, so `docker compose up` fails",
                service.name, target.name
            );
            let help = format!(
                "give `{}` a `healthcheck` with a `test`, or wait for `service_started`",
                target.name
            );
            let mut fault = Fault::new(on.span, message, help);
            let place = target.healthcheck.as_ref().map_or(target.name_span, |check| check.span);
            fault.related = Some((place, "nothing is tested here".to_owned()));
            faults.push(fault);
        }
    }
}

/// Services that wait for each other: `CheckCycle` of compose-go. Circles that share services are told as one, by a
/// shortest circle through the first of them.
fn circles(services: &[Service], places: &Places<'_>, faults: &mut Vec<Fault>) {
    for members in knots(services, places) {
        let Some((path, place)) = shortest_circle(services, places, &members) else { continue };
        let shown = match path.as_slice() {
            [first, second, .., last, _] if path.len() > MOST_SHOWN => {
                format!("{first} → {second} → … → {last} → {first}")
            }
            path => path.join(" → "),
        };
        let message = format!("{shown} wait for each other, so Compose refuses the whole file");
        let help = match members.len() + 1 - path.len() {
            0 => "remove one of these from `depends_on`".to_owned(),
            _ => format!(
                "remove one of these from `depends_on`; this is one of several circles among {} services",
                members.len()
            ),
        };
        faults.push(Fault::new(place, message, help));
    }
}

/// How many names of a circle a message shows in full, with the first one again at the end.
const MOST_SHOWN: usize = 6;

/// The services that `service` depends on, as far as the file has them.
fn needs<'s>(
    services: &'s [Service],
    places: &Places<'_>,
    service: usize,
) -> impl Iterator<Item = (usize, &'s Dependency)> {
    services[service].depends_on.iter().filter_map(|on| Some((*places.get(on.service.as_str())?, on)))
}

/// The sets of services of which each reaches each other one, and which hold a circle, in the order of the file: the
/// strongly connected components, found by two searches in depth (Kosaraju).
fn knots(services: &[Service], places: &Places<'_>) -> Vec<BTreeSet<usize>> {
    let needed: Vec<Vec<usize>> = (0..services.len())
        .map(|at| needs(services, places, at).map(|(target, _)| target).collect())
        .collect();
    let mut needing = vec![Vec::new(); services.len()];
    for (service, targets) in needed.iter().enumerate() {
        targets.iter().for_each(|target| needing[*target].push(service));
    }
    let mut seen = vec![false; services.len()];
    let ended: Vec<usize> =
        (0..services.len()).flat_map(|start| in_depth(start, &needed, &mut seen)).collect();
    seen.fill(false);
    let sets = ended.into_iter().rev().map(|start| BTreeSet::from_iter(in_depth(start, &needing, &mut seen)));
    let mut knots: Vec<_> =
        sets.filter(|set| set.len() > 1 || set.iter().any(|only| needed[*only].contains(only))).collect();
    knots.sort();
    knots
}

/// What is reached from `start` and not seen before, each after all that is reached from it.
fn in_depth(start: usize, edges: &[Vec<usize>], seen: &mut [bool]) -> Vec<usize> {
    let mut ended = Vec::new();
    // Each entry is a service with the number of its next edge.
    let mut path = Vec::new();
    if !std::mem::replace(&mut seen[start], true) {
        path.push((start, 0));
    }
    while let Some((service, next)) = path.last_mut() {
        tick();
        match edges[*service].get(*next) {
            Some(target) => {
                *next += 1;
                if !std::mem::replace(&mut seen[*target], true) {
                    path.push((*target, 0));
                }
            }
            None => {
                ended.push(*service);
                path.pop();
            }
        }
    }
    ended
}

/// The names of the shortest circle through the first of the services, with that one at both ends, and the place of the
/// dependency that closes it.
fn shortest_circle<'s>(
    services: &'s [Service],
    places: &Places<'_>,
    members: &BTreeSet<usize>,
) -> Option<(Vec<&'s str>, Span)> {
    let first = *members.first()?;
    let mut before: HashMap<usize, usize> = HashMap::new();
    let mut waiting = VecDeque::from([first]);
    while let Some(service) = waiting.pop_front() {
        for (target, on) in needs(services, places, service).filter(|(target, _)| members.contains(target)) {
            tick();
            if target == first {
                let back = std::iter::successors(Some(service), |at| before.get(at).copied());
                let mut path: Vec<&str> =
                    std::iter::once(first).chain(back).map(|at| services[at].name.as_str()).collect();
                path.reverse();
                return Some((path, on.span));
            }
            before.entry(target).or_insert_with(|| {
                waiting.push_back(target);
                service
            });
        }
    }
    None
}

/// A service that always runs and needs one that runs only with a profile.
fn behind_profiles(
    context: &World<'_, '_>,
    services: &[Service],
    places: &Places<'_>,
    faults: &mut Vec<Fault>,
) {
    let behind = |at: usize| needs(services, places, at).filter(|(_, on)| on.required);
    let always = services.iter().enumerate().filter(|(_, service)| service.profiles.is_empty());
    let mut found = always
        .flat_map(|(at, service)| behind(at).map(move |(target, on)| (service, &services[target], on)))
        .filter_map(|(service, target, on)| Some((service, on, target.profiles.first()?)))
        .peekable();
    if found.peek().is_none() || asks_for_profiles(context) {
        return;
    }
    for (service, on, profile) in found {
        let message = format!(
            "`{}` depends on `{}`, which runs only with the profile `{}`, so Compose refuses the file without it",
            service.name, on.service, profile.text
        );
        let help = format!("give `{}` the same profile, or write `required: false`", service.name);
        let mut fault = Fault::new(on.span, message, help);
        fault.related = Some((profile.span, "the profile".to_owned()));
        fault.depends = true;
        faults.push(fault);
    }
}

/// True if whoever starts the containers says which profiles there are.
fn asks_for_profiles(context: &World<'_, '_>) -> bool {
    let (deploy, environment) = (context.deploy(), context.environment());
    let steps = deploy.all().flat_map(|script| &script.steps);
    let mut words = steps.flat_map(|step| &step.argv.args).map(|word| word.value.known_prefix());
    words.any(|word| word.starts_with("--profile"))
        || deploy.called_mentions("--profile")
        || deploy.mentions(&["--profile"])
        || environment.words_of_scripts.contains("COMPOSE_PROFILES")
        || environment.get("COMPOSE_PROFILES").is_some()
}

/// True if some call starts both: neither has a profile, or they share one.
fn run_together(one: &Service, other: &Service) -> bool {
    one.profiles.is_empty()
        || other.profiles.is_empty()
        || one.profiles.iter().any(|profile| other.profiles.iter().any(|known| known.text == profile.text))
}

/// Two containers of one name.
fn names(compose: &Compose, faults: &mut Vec<Fault>) {
    let mut known: HashMap<&str, Vec<(&Service, &Text)>> = HashMap::new();
    for service in &compose.services {
        let Some(name) = &service.container_name else { continue };
        let same = known.entry(&name.text).or_default();
        if let Some((other, first)) = same.iter().find(|(other, _)| run_together(service, other)) {
            let message = format!(
                "the containers of `{}` and `{}` are both called `{}`, so only one of them can exist",
                other.name, service.name, name.text
            );
            let mut fault =
                Fault::new(name.span, message, "give each `container_name` to one service, or to none");
            fault.related = Some((first.span, "the same name".to_owned()));
            faults.push(fault);
        }
        same.push((service, name));
    }
}

/// Two services that publish one port of the host.
fn ports(compose: &Compose, faults: &mut Vec<Fault>) {
    let mut known: HashMap<(String, &str), Vec<(&Service, &Port)>> = HashMap::new();
    for service in compose.services.iter().filter(|service| service.network_mode.is_none()) {
        for port in &service.ports {
            let Some(published) = port.published.as_deref().map(with_defaults) else { continue };
            if !published.bytes().all(|b| b.is_ascii_digit()) {
                continue;
            }
            let same = known.entry((published, &port.protocol)).or_default();
            let clashes = |(other, taken): &&(&Service, &Port)| {
                tick();
                other.name != service.name && share_address(taken, port) && run_together(service, other)
            };
            if let Some((other, taken)) = same.iter().find(clashes) {
                let text = |port: &Port| port.published.clone().unwrap_or_default();
                let message = format!(
                    "`{}` and `{}` both publish port {} of the host, so only one of them starts",
                    other.name,
                    service.name,
                    with_defaults(&text(port))
                );
                let mut fault = Fault::new(port.span, message, "publish one of them on another port");
                fault.related = Some((taken.span, "the same port".to_owned()));
                fault.depends = text(taken).contains('$') || text(port).contains('$');
                faults.push(fault);
            }
            same.push((service, port));
        }
    }
}

/// True if the two are bound to one address.
fn share_address(one: &Port, other: &Port) -> bool {
    let every =
        |port: &Port| port.address.as_deref().is_none_or(|a| matches!(a, "" | "0.0.0.0" | "[::]" | "::"));
    every(one) || every(other) || one.address == other.address
}
