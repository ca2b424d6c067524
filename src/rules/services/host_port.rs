//! `services/host-port`: a container looks for another one at a port that only the host has.

use crate::facts::containers::{at_most, elsewhere, judged};
use crate::facts::world::World;
use crate::finding::Finding;
use crate::project::compose::{Compose, Port, Service, Variable, with_defaults};
use crate::rules::id;

/// `services/host-port`.
pub(super) fn host_port(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for compose in judged(context) {
        let peers: Vec<Peer<'_>> = compose.services.iter().filter_map(Peer::of).collect();
        if peers.is_empty() {
            continue;
        }
        // On the host's network the port of the host is right.
        for service in compose.services.iter().filter(|service| service.network_mode.is_none()) {
            for variable in &service.environment {
                let Some(value) = variable.value.as_deref().map(with_defaults) else { continue };
                let others = peers.iter().filter(|peer| peer.service.name != service.name);
                let mut asked = others.filter_map(|peer| {
                    let port = asked_port(service, variable, &value, peer)?;
                    Some((peer, peer.wrong(&port)?))
                });
                let Some((peer, port)) = asked.next() else { continue };
                let sets = |other: &Service| other.environment.iter().any(|v| v.name == variable.name);
                if elsewhere(context, compose, &service.name).any(sets) {
                    continue;
                }
                found.push(finding(context, compose, (service, variable), (peer, port)));
            }
        }
    }
}

/// A service that is published under another port than its own.
struct Peer<'c> {
    service: &'c Service,
    /// The ports of the host, with the entries that publish them.
    published: Vec<(String, &'c Port)>,
}

impl<'c> Peer<'c> {
    fn of(service: &'c Service) -> Option<Peer<'c>> {
        if service.network_mode.is_some() {
            return None;
        }
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let published: Vec<(String, &Port)> = service
            .ports
            .iter()
            .filter_map(|port| Some((with_defaults(port.published.as_deref()?), port)))
            .filter(|(published, port)| is_number(published) && is_number(&with_defaults(&port.target)))
            .collect();
        let differs = published.iter().any(|(published, port)| *published != with_defaults(&port.target));
        differs.then_some(Peer { service, published })
    }

    /// The names by which the other containers reach it.
    fn names(&self) -> impl Iterator<Item = &'c str> {
        let own = self.service.container_name.as_ref().map(|name| name.text.as_str());
        std::iter::once(self.service.name.as_str()).chain(own)
    }

    /// The entry that publishes this port, if the service does not listen on it. What its own settings say of the port may be
    /// where it listens.
    fn wrong(&self, asked: &str) -> Option<&'c Port> {
        let (_, port) = self.published.iter().find(|(published, _)| published == asked)?;
        let service = self.service;
        let of_commands = [&service.command, &service.entrypoint, &service.of_image]
            .into_iter()
            .flatten()
            .map(|text| text.text.as_str());
        let of_variables = service.environment.iter().filter_map(|variable| variable.value.as_deref());
        let listens = service.ports.iter().any(|port| with_defaults(&port.target) == asked)
            || service.expose.iter().any(|exposed| exposed.text.starts_with(asked))
            || of_commands.chain(of_variables).any(|text| with_defaults(text).contains(asked));
        (!listens).then_some(*port)
    }
}

/// The port at which a variable looks for a service: `postgres://shop@db:5433/shop`, or `DB_PORT` beside `DB_HOST: db`.
fn asked_port(service: &Service, variable: &Variable, value: &str, peer: &Peer<'_>) -> Option<String> {
    peer.names()
        .find_map(|name| port_behind(value, name).or_else(|| port_beside(service, variable, value, name)))
}

/// The digits behind `NAME:` where a host may stand.
fn port_behind(value: &str, name: &str) -> Option<String> {
    value.match_indices(name).find_map(|(at, _)| {
        let is_start =
            value[..at].chars().next_back().is_none_or(|c| matches!(c, '/' | '@' | ',' | ' ' | '='));
        let rest = value[at + name.len()..].strip_prefix(':').filter(|_| is_start)?;
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let is_whole = rest[end..].chars().next().is_none_or(|c| matches!(c, '/' | ',' | ' ' | '?' | '"'));
        (end > 0 && is_whole).then(|| rest[..end].to_owned())
    })
}

/// The value of `DB_PORT`, if `DB_HOST` names the service.
fn port_beside(service: &Service, variable: &Variable, value: &str, name: &str) -> Option<String> {
    let first = variable.name.strip_suffix("PORT")?;
    let is_host = |other: &&Variable| {
        other
            .name
            .strip_prefix(first)
            .is_some_and(|last| matches!(last, "HOST" | "HOSTNAME" | "SERVER" | "ADDR"))
    };
    let host = service.environment.iter().find(is_host)?;
    let is_peer = host.value.as_deref().is_some_and(|host| with_defaults(host) == name);
    is_peer.then(|| value.trim().to_owned())
}

fn finding(
    context: &World<'_, '_>,
    compose: &Compose,
    (service, variable): (&Service, &Variable),
    (peer, port): (&Peer<'_>, &Port),
) -> Finding {
    let published = with_defaults(port.published.as_deref().unwrap_or_default());
    let (name, target) = (&peer.service.name, with_defaults(&port.target));
    let message = format!(
        "`{}` looks for `{name}` at port {published}, which only the host has: the container listens on {target}",
        service.name
    );
    context
        .finding(id::SERVICES_HOST_PORT, variable.span, message)
        .help(format!("write {target} in `{}`: containers reach each other without `ports`", variable.name))
        .related(port.span, format!("this publishes port {target} as {published}"))
        .at_most(at_most(compose))
        .done()
}

#[test]
fn a_port_stands_behind_a_host() {
    for (value, expected) in [
        ("postgres://shop:x@db:5433/shop", Some("5433")),
        ("db:5433", Some("5433")),
        ("redis://cache:1,db:5433", Some("5433")),
        ("http://mydb:5433", None),
        ("db:5433.example.org", None),
        ("db", None),
        ("mongodb://db/shop", None),
    ] {
        assert_eq!(port_behind(value, "db").as_deref(), expected, "{value}");
    }
}
