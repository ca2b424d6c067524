//! Which service that a document states is which unit, package or Compose service, by the same evidence with
//! which services and units are compared.

use crate::limit::tick;
use crate::project::architecture::Stated;
use crate::project::compose::{Compose, Service, with_defaults};
use crate::project::services::evidence::{Side, compare, ports_of, strength, tokens};
use crate::project::services::{
    Counterpart, Server, ServiceRef, Strength, UnitInfo, containers, essence, exemption, long_running,
    products,
};
use std::collections::HashSet;

/// What does a stated service's work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Doer {
    /// A Compose service, on the server or not.
    Service(ServiceRef),
    /// A unit of the project, by its index.
    Unit(usize),
    /// A process that a manager runs, by its index.
    Process(usize),
    /// A unit that a package brings.
    System(String),
}

/// A stated service with what does its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StatedMatch {
    /// What does it.
    pub(crate) by: Doer,
    /// How sure the match is.
    pub(crate) strength: Strength,
    /// True if both have the same name, so that nothing else can be meant.
    pub(crate) named: bool,
    /// The reasons, for people.
    pub(crate) reasons: Vec<String>,
}

/// Everything that does the work of each stated service. Of each kind only the best is kept.
pub(crate) fn link_stated(
    stated: &[&Stated],
    composes: &[Compose],
    server: &Server<'_>,
) -> Vec<Vec<StatedMatch>> {
    let units: Vec<Side> = server.units.iter().map(Side::of_unit).collect();
    let processes: Vec<Side> = server.processes.iter().map(|process| Side::of_process(process)).collect();
    let services: Vec<(ServiceRef, Side, &Service)> = composes
        .iter()
        .enumerate()
        .flat_map(|(compose, file)| {
            file.services.iter().enumerate().map(move |(service, s)| (ServiceRef { compose, service }, s))
        })
        .map(|(at, s)| (at, Side::of_service(s, server.project), s))
        .collect();
    let link = |stated: &&Stated| {
        let side = Side::of_stated(stated, server.project);
        let of = |sides: &[Side], doer: fn(usize) -> Doer| {
            let found = sides.iter().enumerate();
            let found =
                found.filter_map(|(at, other)| Some((doer(at), pair(stated, &side, other, &[], server)?)));
            best(found.collect())
        };
        let mut found = of(&units, Doer::Unit);
        found.extend(of(&processes, Doer::Process));
        let mut pairs = Vec::new();
        for (at, other, service) in &services {
            tick();
            let container =
                service.container_name.iter().map(|c| c.text.to_ascii_lowercase()).collect::<Vec<_>>();
            let by_image = || {
                let unit = stated.product?;
                let image = service.image_name()?;
                let same = products::product_units(&image).first() == Some(&unit)
                    || products::product_units(&service.name).first() == Some(&unit);
                same.then(|| Pair::new(80, false, vec![format!("`{}` runs `{image}`", service.name)]))
            };
            let same = pair(stated, &side, other, &container, server).or_else(by_image);
            pairs.extend(same.map(|pair| (Doer::Service(*at), pair)));
        }
        found.extend(best(pairs));
        // If a name matches, that one is meant, whatever else runs something similar. A product is known by
        // more than its name.
        if stated.product.is_none() && found.iter().any(|m| m.named) {
            found.retain(|m| m.named);
        }
        if let Some((Counterpart::System(name), strength, reason)) =
            stated.product.and_then(|unit| products::of_unit(unit, server))
        {
            found.push(StatedMatch { by: Doer::System(name), strength, named: false, reasons: vec![reason] });
        }
        found
    };
    stated.iter().map(link).collect()
}

struct Pair {
    score: u32,
    named: bool,
    reasons: Vec<String>,
}

impl Pair {
    fn new(score: u32, named: bool, reasons: Vec<String>) -> Pair {
        Pair { score, named, reasons }
    }

    fn by(self, by: Doer) -> StatedMatch {
        StatedMatch { by, strength: strength(self.score), named: self.named, reasons: self.reasons }
    }
}

/// The pairs of the same name, or else those with the most evidence. Several remain for a service of several files, and
/// for the instances of a unit.
fn best(pairs: Vec<(Doer, Pair)>) -> Vec<StatedMatch> {
    let named = pairs.iter().any(|(_, pair)| pair.named);
    let most = pairs.iter().map(|(_, pair)| pair.score).max().unwrap_or(0);
    let keep = |pair: &Pair| if named { pair.named } else { pair.score == most };
    pairs.into_iter().filter(|(_, pair)| keep(pair)).map(|(by, pair)| pair.by(by)).collect()
}

fn pair(stated: &Stated, side: &Side, other: &Side, more: &[String], server: &Server<'_>) -> Option<Pair> {
    let names: HashSet<String> = std::iter::once(other.name.as_str())
        .chain(more.iter().map(String::as_str))
        .map(plain)
        .filter(|name| !name.is_empty())
        .collect();
    let own = std::iter::once(stated.name.as_str()).chain(stated.aliases.iter().map(String::as_str));
    if let Some(name) = own.into_iter().find(|name| names.contains(&plain(name))) {
        return Some(Pair::new(100, true, vec![format!("both are called `{name}`")]));
    }
    let same_words = !side.tokens.is_empty() && side.tokens == tokens(&other.name, server.project);
    if same_words {
        return Some(Pair::new(80, true, vec![format!("`{}` is called like `{}`", other.name, stated.name)]));
    }
    let evidence = compare(side, other, server.project, &HashSet::new())?;
    Some(Pair::new(evidence.score, false, evidence.reasons))
}

/// Letters and digits, in lower case.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The Compose services that run as containers on the server and stay, without those of developers and
/// one-shots.
pub(crate) fn contained(composes: &[Compose], server: &Server<'_>) -> Vec<ServiceRef> {
    let run = containers(server);
    let mut found = Vec::new();
    for (compose, file) in composes.iter().enumerate().filter(|(_, file)| !file.is_development()) {
        for (service, s) in file.services.iter().enumerate() {
            if run.of(s).is_some() && exemption(file, s).is_none() {
                found.push(ServiceRef { compose, service });
            }
        }
    }
    found
}

/// The units that keep a process running, by index.
pub(crate) fn staying(units: &[UnitInfo<'_>]) -> Vec<usize> {
    long_running(units)
        .into_iter()
        .filter(|at| essence::compose_up(&units[*at].unit.exec_start()).is_none())
        .collect()
}

/// The ports that a Compose service declares; empty if one is a variable.
pub(crate) fn service_ports(service: &Service) -> Vec<String> {
    let said = service.ports.iter().flat_map(|p| [Some(&p.target), p.published.as_ref()]).flatten();
    let said: Vec<&String> = said.chain(service.expose.iter().map(|e| &e.text)).collect();
    if said.iter().any(|port| port.contains(['$', '-'])) {
        return Vec::new();
    }
    let mut ports: Vec<String> = said.into_iter().cloned().collect();
    if let Some(command) = service.runs() {
        let args = essence::of_command(&with_defaults(&command.text)).args;
        ports.extend(ports_of(&args.into_iter().filter(|arg| !arg.contains("://")).collect::<Vec<_>>()));
    }
    ports
}
