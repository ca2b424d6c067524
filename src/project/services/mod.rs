//! Which Compose service is which systemd unit, by evidence: what they run, their names, the port, the
//! directory, and the installed package that brings a unit of its own. It does not know the script that the
//! units came from, and does not judge whether a missing counterpart is a fault.

mod essence;
mod evidence;
mod facts;
mod products;
mod stated;

use crate::project::compose::{Compose, Service};
use crate::project::managers::{Manager, Process};
use crate::project::unit::{Unit, UnitKind, template_of};
use essence::compose_up;
use evidence::{Evidence, Side, compare, run_once, strength};
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

pub(crate) use facts::{Facts, of_process, of_service, of_unit};
pub(crate) use products::product_units;
pub(crate) use stated::{Doer, StatedMatch, contained, link_stated, service_ports, staying};

/// A unit that the deploy installs.
#[derive(Clone, Debug)]
pub(crate) struct UnitInfo<'a> {
    /// The name it is installed as, `web.service`.
    pub(crate) name: String,
    /// Its contents.
    pub(crate) unit: &'a Unit,
}

/// What the deploy puts on the server.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Server<'a> {
    /// Units that the project brings.
    pub(crate) units: &'a [UnitInfo<'a>],
    /// Processes that a manager other than systemd keeps running.
    pub(crate) processes: &'a [&'a Process],
    /// Names of installed system packages.
    pub(crate) packages: &'a [String],
    /// Names of units that are started or enabled.
    pub(crate) started: &'a [String],
    /// Words of the commands that the script runs.
    pub(crate) programs: &'a [Vec<String>],
    /// The names of the project: the root's directory, the package's name.
    pub(crate) project: &'a [String],
    /// What the project's configuration says: a service's unit, or that it needs none. It outweighs all
    /// evidence.
    pub(crate) given: &'a [(String, Option<String>)],
}

/// A service, by its place in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ServiceRef {
    /// Index of the Compose file.
    pub(crate) compose: usize,
    /// Index in its services.
    pub(crate) service: usize,
}

/// What does a service's work on the server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Counterpart {
    /// A unit of the project, by its index.
    Unit(usize),
    /// A process of the project that a manager runs, by its index.
    Process(usize),
    /// The unit that a package brings, or that is started by name.
    System(String),
    /// The container itself: a unit or the script runs `docker compose up` or `docker run`.
    Container,
    /// A process manager: `pm2`, `supervisor`.
    Manager(Manager),
}

/// How sure a match is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strength {
    /// There is one kind of evidence.
    Likely,
    /// Several kinds of evidence agree, or one leaves no doubt.
    Certain,
}

/// A service with its counterpart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Match {
    /// The service.
    pub(crate) service: ServiceRef,
    /// What does its work.
    pub(crate) by: Counterpart,
    /// How sure.
    pub(crate) strength: Strength,
    /// Why, for people.
    pub(crate) reasons: Vec<String>,
    /// True if their names are among the reasons, or if the configuration says it.
    pub(crate) named: bool,
}

/// Why a service needs no unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exemption {
    /// It ends when its work is done.
    OneShot,
    /// It only starts if somebody asks for its profile.
    Profile,
    /// It serves the developer.
    DevTool,
    /// It looks after containers: `watchtower`, `autoheal`.
    ContainersOnly,
    /// The project's configuration says that the server does not need it.
    Given,
}

/// A service without counterpart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unmatched {
    /// The service.
    pub(crate) service: ServiceRef,
    /// The command of the script that runs the same program by hand; it does not survive a reboot.
    pub(crate) by_hand: Option<String>,
    /// The unit that the configuration names for it, but that nothing installs.
    pub(crate) given: Option<String>,
}

/// The result: what belongs together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Links {
    /// Services with counterparts. One service may have several units.
    pub(crate) matches: Vec<Match>,
    /// Services without a counterpart. If several files have one, it is the first.
    pub(crate) unmatched_services: Vec<Unmatched>,
    /// Services that need no unit, and why.
    pub(crate) exempt: Vec<(ServiceRef, Exemption)>,
    /// Long-running units that are not a service of any file, by index. It is empty if no file has a service,
    /// because there is nothing to compare with.
    pub(crate) unmatched_units: Vec<usize>,
    /// The same for processes that a manager runs.
    pub(crate) unmatched_processes: Vec<usize>,
}

/// Compares the services of all files that are not for development with what is on the server.
pub(crate) fn link(composes: &[Compose], server: &Server<'_>) -> Links {
    let mut links = Links::default();
    let production: Vec<(usize, &Compose)> =
        composes.iter().enumerate().filter(|(_, compose)| !compose.is_development()).collect();
    let running = long_running(server.units).into_iter();
    let mut candidates: Vec<(Counterpart, Side)> =
        running.map(|at| (Counterpart::Unit(at), Side::of_unit(&server.units[at]))).collect();
    let processes = server.processes.iter().enumerate().filter(|(_, process)| process.starts);
    candidates.extend(processes.map(|(at, process)| (Counterpart::Process(at), Side::of_process(process))));
    let mut used = HashSet::new();
    let mut files: Vec<FileLinks<'_>> = production
        .iter()
        .map(|(index, compose)| FileLinks::new(*index, compose, server, &candidates, &mut links, &mut used))
        .collect();
    // Each service takes its best unit. A unit that no service of any file took may do a part of a matched
    // service's work.
    for file in &mut files {
        file.take(None, &candidates, &mut links, &mut used);
    }
    let mut left: HashMap<usize, (bool, u32)> = HashMap::new();
    for (evidence, _, u) in files.iter().flat_map(|file| &file.pairs) {
        if !used.contains(&candidates[*u].0) {
            let best = left.entry(*u).or_default();
            *best = rank(evidence).max(*best);
        }
    }
    for file in &mut files {
        file.take(Some(&left), &candidates, &mut links, &mut used);
    }
    for file in &files {
        file.settle(server, &mut links);
    }
    // If one file lacks a service and another has it (a base and its `prod`), it is not missing.
    let name_of = |r: ServiceRef| composes[r.compose].services[r.service].name.as_str();
    let mut settled: HashSet<&str> = links.matches.iter().map(|m| name_of(m.service)).collect();
    links.unmatched_services.retain(|u| settled.insert(name_of(u.service)));
    let compared = production.iter().any(|(_, c)| !c.services.is_empty());
    if compared {
        let covers = |at: usize| compose_up(&server.units[at].unit.exec_start()).is_some();
        for (candidate, _) in candidates.iter().filter(|(candidate, _)| !used.contains(candidate)) {
            match candidate {
                Counterpart::Unit(at) if !covers(*at) => links.unmatched_units.push(*at),
                Counterpart::Process(at) => links.unmatched_processes.push(*at),
                _ => {}
            }
        }
    }
    links
}

/// Units that keep a process running. Timers, sockets, targets and one-shots do not, and neither does what only a timer
/// starts or a failure.
fn long_running(units: &[UnitInfo<'_>]) -> Vec<usize> {
    let triggered: HashSet<String> = units
        .iter()
        .filter(|u| UnitKind::of(&u.name) == UnitKind::Timer)
        .filter_map(|u| u.unit.triggers(&u.name))
        .collect();
    let handlers: HashSet<String> = units
        .iter()
        .flat_map(|u| u.unit.units_of("OnFailure"))
        .map(|(name, _)| template_of(&name).unwrap_or(name))
        .collect();
    (0..units.len())
        .filter(|at| {
            let unit = &units[*at];
            let name = match unit.name.contains('.') {
                true => unit.name.clone(),
                false => format!("{}.service", unit.name),
            };
            UnitKind::of(&name) == UnitKind::Service
                && !unit.unit.is_oneshot_work()
                && !triggered.contains(&name)
                && !handlers.contains(&name)
        })
        .collect()
}

/// How good a match is. Equal names are meant to be the same, even if another unit runs something more similar, because
/// one of the two may be out of date.
fn rank(evidence: &Evidence) -> (bool, u32) {
    let certain = strength(evidence.score) == Strength::Certain;
    (evidence.same_name && certain, evidence.score)
}

/// The services of one file while their counterparts are searched.
struct FileLinks<'c> {
    compose: &'c Compose,
    /// The services about which the configuration says nothing.
    open: Vec<(ServiceRef, Side)>,
    /// The evidence that a service (by its place in `open`) is a candidate (by its place), best first.
    pairs: Vec<(Evidence, usize, usize)>,
    service_done: HashSet<usize>,
    candidate_done: HashSet<usize>,
}

impl<'c> FileLinks<'c> {
    fn new(
        index: usize,
        compose: &'c Compose,
        server: &Server<'_>,
        candidates: &[(Counterpart, Side)],
        links: &mut Links,
        used: &mut HashSet<Counterpart>,
    ) -> FileLinks<'c> {
        let open: Vec<(ServiceRef, Side)> = (0..compose.services.len())
            .map(|service| ServiceRef { compose: index, service })
            .filter(|r| !given(*r, &compose.services[r.service], server, links, used))
            .map(|r| {
                let service = &compose.services[r.service];
                (r, Side::of_service(service, server.project))
            })
            .collect();
        let mut pairs: Vec<(Evidence, usize, usize)> = Vec::new();
        let unique =
            &run_once(open.iter().map(|(_, side)| side)) & &run_once(candidates.iter().map(|(_, side)| side));
        for (s, (_, side)) in open.iter().enumerate() {
            for (u, (candidate, unit)) in candidates.iter().enumerate() {
                if is_given(candidate, server) {
                    continue;
                }
                if let Some(evidence) = compare(side, unit, server.project, &unique) {
                    pairs.push((evidence, s, u));
                }
            }
        }
        pairs.sort_by_key(|(evidence, s, u)| (Reverse(rank(evidence)), *s, *u));
        FileLinks { compose, open, pairs, service_done: HashSet::new(), candidate_done: HashSet::new() }
    }

    /// Gives services their counterparts. A service that has one gets a unit of `left` if it is the best
    /// match for it.
    fn take(
        &mut self,
        left: Option<&HashMap<usize, (bool, u32)>>,
        candidates: &[(Counterpart, Side)],
        links: &mut Links,
        used: &mut HashSet<Counterpart>,
    ) {
        for (evidence, s, u) in &self.pairs {
            let candidate = &candidates[*u].0;
            let best = left.is_none_or(|left| left.get(u) == Some(&rank(evidence)));
            if self.candidate_done.contains(u) || self.service_done.contains(s) != left.is_some() || !best {
                continue;
            }
            self.service_done.insert(*s);
            self.candidate_done.insert(*u);
            used.insert(candidate.clone());
            links.matches.push(Match {
                service: self.open[*s].0,
                by: candidate.clone(),
                strength: strength(evidence.score),
                reasons: evidence.reasons.clone(),
                named: evidence.named,
            });
        }
    }

    /// Settles the rest: containers, installed software, services that need nothing, and services without a
    /// counterpart.
    fn settle(&self, server: &Server<'_>, links: &mut Links) {
        let covered = containers(server);
        for (s, (service_ref, side)) in self.open.iter().enumerate() {
            if self.service_done.contains(&s) {
                continue;
            }
            let service = &self.compose.services[service_ref.service];
            let software = products::on_server(service, side, server);
            let installed = software.as_ref().is_some_and(|(_, strength, _)| *strength == Strength::Certain);
            // If software is installed and also runs as a container, the container is for trying it out.
            let container = covered.of(service).filter(|_| covered.all || !installed);
            let container = container.map(|reason| (Counterpart::Container, Strength::Certain, reason));
            if container.is_none()
                && let Some(exemption) = exemption(self.compose, service)
            {
                links.exempt.push((*service_ref, exemption));
                continue;
            }
            let by = container.or(software).or_else(|| manager(side, server));
            match by {
                Some((by, strength, reason)) => links.matches.push(Match {
                    service: *service_ref,
                    by,
                    strength,
                    reasons: vec![reason],
                    named: false,
                }),
                None => links.unmatched_services.push(Unmatched {
                    service: *service_ref,
                    by_hand: side.run_by_hand(server.programs),
                    given: None,
                }),
            }
        }
    }
}

/// True if the names mean the same unit or process; the type may be omitted.
fn same_name(one: &str, other: &str) -> bool {
    one.strip_suffix(".service").unwrap_or(one) == other.strip_suffix(".service").unwrap_or(other)
}

/// True for a counterpart that the configuration names for a service. No evidence gives it to another.
fn is_given(candidate: &Counterpart, server: &Server<'_>) -> bool {
    let name = match candidate {
        Counterpart::Unit(at) => &server.units[*at].name,
        Counterpart::Process(at) => &server.processes[*at].name,
        _ => return false,
    };
    server.given.iter().filter_map(|(_, unit)| unit.as_ref()).any(|unit| same_name(unit, name))
}

/// Puts a service where the configuration says it belongs. Returns false if the configuration says nothing.
fn given(
    service_ref: ServiceRef,
    service: &Service,
    server: &Server<'_>,
    links: &mut Links,
    used: &mut HashSet<Counterpart>,
) -> bool {
    let Some((_, unit)) = server.given.iter().find(|(name, _)| *name == service.name) else {
        return false;
    };
    let Some(unit) = unit else {
        links.exempt.push((service_ref, Exemption::Given));
        return true;
    };
    let of_units = server.units.iter().position(|info| same_name(&info.name, unit)).map(Counterpart::Unit);
    let of_processes = || {
        let at = server.processes.iter().position(|process| same_name(&process.name, unit));
        at.map(Counterpart::Process)
    };
    let of_system = || {
        server.started.iter().find(|name| same_name(name, unit)).map(|name| Counterpart::System(name.clone()))
    };
    match of_units.or_else(of_processes).or_else(of_system) {
        Some(by) => {
            used.insert(by.clone());
            links.matches.push(Match {
                service: service_ref,
                by,
                strength: Strength::Certain,
                reasons: vec![format!("deploylint.yaml says that it is `{unit}`")],
                named: true,
            });
        }
        None => {
            let given = Some(unit.clone());
            links.unmatched_services.push(Unmatched { service: service_ref, by_hand: None, given });
        }
    }
    true
}

fn exemption(compose: &Compose, service: &Service) -> Option<Exemption> {
    const CONTAINERS: &[&str] =
        &["watchtower", "autoheal", "docker-gen", "docker-socket-proxy", "cadvisor", "dockge"];
    let image = service.image_name().unwrap_or_default();
    if compose.is_one_shot(service) {
        Some(Exemption::OneShot)
    } else if !service.profiles.is_empty() {
        Some(Exemption::Profile)
    } else if service.is_dev_only() {
        Some(Exemption::DevTool)
    } else if CONTAINERS.contains(&image.as_str()) {
        Some(Exemption::ContainersOnly)
    } else {
        None
    }
}

/// The services that also run as containers on the server.
struct Containers {
    /// True for `docker compose up` without names.
    all: bool,
    /// Its names, and the names and images of `docker run`.
    named: HashSet<String>,
}

impl Containers {
    fn of(&self, service: &Service) -> Option<String> {
        let names = [Some(service.name.clone()), service.image_name()];
        let container = service.container_name.as_ref().map(|t| t.text.clone());
        let named = names.into_iter().chain([container]).flatten();
        if self.all {
            Some("`docker compose up` runs it as a container".to_owned())
        } else {
            named
                .into_iter()
                .find(|name| self.named.contains(name))
                .map(|name| format!("`{name}` runs as a container"))
        }
    }
}

fn containers(server: &Server<'_>) -> Containers {
    let mut found = Containers { all: false, named: HashSet::new() };
    let from_units = server.units.iter().filter_map(|u| compose_up(&u.unit.exec_start()));
    let from_script = server.programs.iter().filter_map(|p| essence::up_of(p));
    for names in from_units.chain(from_script) {
        found.all |= names.is_empty();
        found.named.extend(names);
    }
    for program in server.programs {
        found.named.extend(essence::run_of(program));
    }
    found
}

/// The manager (`pm2`, `supervisor`) that keeps the service running, as a unit does. If its processes are not known, a
/// name tells that it does, or it is guessed.
fn manager(side: &Side, server: &Server<'_>) -> Option<(Counterpart, Strength, String)> {
    let managers = server.programs.iter().filter_map(|program| {
        let manager = Manager::told_to_start(program)?;
        let is_known = server.processes.iter().any(|process| process.manager == manager);
        (!is_known).then_some((manager, program))
    });
    let mut guess = None;
    for (manager, program) in managers {
        let named = program.iter().skip(1).any(|word| {
            !evidence::tokens(word, server.project).is_disjoint(&side.tokens) && !side.tokens.is_empty()
        });
        let reason = format!("`{}` keeps it running", manager.name());
        if named {
            return Some((Counterpart::Manager(manager), Strength::Certain, reason));
        }
        if side.built && side.role.is_some() {
            guess = Some((Counterpart::Manager(manager), Strength::Likely, reason));
        }
    }
    guess
}

#[cfg(test)]
mod tests;
