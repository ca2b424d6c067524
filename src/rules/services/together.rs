//! What several services of one Compose file say that cannot be true together.

use crate::facts::containers::{elsewhere, has_health_check};
use crate::facts::world::World;
use crate::project::compose::{Compose, Port, Service, with_defaults};
use crate::rules::services::refused::Fault;
use std::collections::{HashMap, HashSet};

/// Adds the faults of the file's services together.
pub(super) fn together(context: &World<'_, '_>, compose: &Compose, faults: &mut Vec<Fault>) {
    unchecked(context, compose, faults);
    circles(compose, faults);
    behind_profiles(context, compose, faults);
    names(compose, faults);
    ports(compose, faults);
}

/// A service that waits for the health of one without a health check: `isServiceHealthy` of Compose.
fn unchecked(context: &World<'_, '_>, compose: &Compose, faults: &mut Vec<Fault>) {
    for service in &compose.services {
        for on in service.depends_on.iter().filter(|on| on.condition.as_deref() == Some("service_healthy")) {
            let Some(target) = compose.services.iter().find(|other| other.name == on.service) else {
                continue;
            };
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

/// Services that wait for each other: `CheckCycle` of compose-go.
fn circles(compose: &Compose, faults: &mut Vec<Fault>) {
    let at: HashMap<&str, usize> =
        compose.services.iter().enumerate().map(|(at, service)| (service.name.as_str(), at)).collect();
    let mut done = HashSet::new();
    for start in 0..compose.services.len() {
        // Each entry is a service with the number of its next dependency.
        let mut path: Vec<(usize, usize)> = vec![(start, 0)];
        while let Some((service, next)) = path.last_mut() {
            crate::limit::tick();
            let own = &compose.services[*service];
            let Some(on) = own.depends_on.get(*next) else {
                done.insert(*service);
                path.pop();
                continue;
            };
            *next += 1;
            let Some(target) = at.get(on.service.as_str()).copied().filter(|target| !done.contains(target))
            else {
                continue;
            };
            if let Some(from) = path.iter().position(|(known, _)| *known == target) {
                let mut names: Vec<&str> =
                    path[from..].iter().map(|(known, _)| compose.services[*known].name.as_str()).collect();
                names.push(&on.service);
                let message =
                    format!("{} wait for each other, so Compose refuses the whole file", names.join(" → "));
                faults.push(Fault::new(on.span, message, "remove one of these from `depends_on`"));
                continue;
            }
            path.push((target, 0));
        }
    }
}

/// A service that always runs and needs one that runs only with a profile.
fn behind_profiles(context: &World<'_, '_>, compose: &Compose, faults: &mut Vec<Fault>) {
    // Whoever starts it says which profiles there are.
    if context.deploy().mentions(&["--profile"])
        || context.environment().words_of_scripts.contains("COMPOSE_PROFILES")
        || context.environment().get("COMPOSE_PROFILES").is_some()
    {
        return;
    }
    for service in compose.services.iter().filter(|service| service.profiles.is_empty()) {
        for on in service.depends_on.iter().filter(|on| on.required) {
            let target = compose.services.iter().find(|other| other.name == on.service);
            let Some(profile) = target.and_then(|target| target.profiles.first()) else { continue };
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
}

/// True if some call starts both: neither has a profile, or they share one.
fn run_together(one: &Service, other: &Service) -> bool {
    one.profiles.is_empty()
        || other.profiles.is_empty()
        || one.profiles.iter().any(|profile| other.profiles.iter().any(|known| known.text == profile.text))
}

/// Two containers of one name.
fn names(compose: &Compose, faults: &mut Vec<Fault>) {
    let named: Vec<_> = compose
        .services
        .iter()
        .filter_map(|service| Some((service, service.container_name.as_ref()?)))
        .collect();
    for (at, (service, name)) in named.iter().enumerate() {
        let same = |(other, known): &&(&Service, _)| {
            let known: &&crate::project::compose::Text = known;
            known.text == name.text && run_together(service, other)
        };
        let Some((other, first)) = named[..at].iter().find(same) else { continue };
        let message = format!(
            "the containers of `{}` and `{}` are both called `{}`, so only one of them can exist",
            other.name, service.name, name.text
        );
        let mut fault =
            Fault::new(name.span, message, "give each `container_name` to one service, or to none");
        fault.related = Some((first.span, "the same name".to_owned()));
        faults.push(fault);
    }
}

/// Two services that publish one port of the host.
fn ports(compose: &Compose, faults: &mut Vec<Fault>) {
    let mut known: Vec<(&Service, &Port, String)> = Vec::new();
    for service in compose.services.iter().filter(|service| service.network_mode.is_none()) {
        for port in &service.ports {
            let Some(published) = port.published.as_deref().map(with_defaults) else { continue };
            if !published.bytes().all(|b| b.is_ascii_digit()) {
                continue;
            }
            let same = |(other, taken, number): &&(&Service, &Port, String)| {
                *number == published
                    && taken.protocol == port.protocol
                    && other.name != service.name
                    && share_address(taken, port)
                    && run_together(service, other)
            };
            if let Some((other, taken, _)) = known.iter().find(same) {
                let message = format!(
                    "`{}` and `{}` both publish port {published} of the host, so only one of them starts",
                    other.name, service.name
                );
                let mut fault = Fault::new(port.span, message, "publish one of them on another port");
                fault.related = Some((taken.span, "the same port".to_owned()));
                let text = |port: &Port| port.published.clone().unwrap_or_default();
                fault.depends = text(taken).contains('$') || text(port).contains('$');
                faults.push(fault);
            }
            known.push((service, port, published));
        }
    }
}

/// True if the two are bound to one address.
fn share_address(one: &Port, other: &Port) -> bool {
    let every =
        |port: &Port| port.address.as_deref().is_none_or(|a| matches!(a, "" | "0.0.0.0" | "[::]" | "::"));
    every(one) || every(other) || one.address == other.address
}
