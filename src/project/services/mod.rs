//! Which Compose service is which systemd unit, by evidence: what they run, what they are called, the port, the
//! directory, the installed package that brings a unit of its own. Knows nothing of the script that the units came
//! from, and does not judge whether a missing counterpart is a fault.

mod essence;
mod evidence;
mod products;
mod stated;

use crate::project::compose::{Compose, Service};
use crate::project::names::base;
use crate::project::unit::{Unit, UnitKind, template_of};
use crate::source::Span;
use essence::compose_up;
use evidence::{Side, compare};
use std::collections::HashSet;

pub use products::product_units;
pub use stated::{Doer, StatedMatch, contained, link_stated, service_ports, staying, unit_ports};

/// A unit that the deploy installs.
#[derive(Clone, Debug)]
pub struct UnitInfo<'a> {
    /// The name it is installed as, `web.service`.
    pub name: String,
    /// Its contents.
    pub unit: &'a Unit,
    /// Where it is written or installed.
    pub span: Span,
}

/// What the deploy puts on the server.
#[derive(Clone, Copy, Debug, Default)]
pub struct Server<'a> {
    /// Units that the project brings.
    pub units: &'a [UnitInfo<'a>],
    /// Names of installed system packages.
    pub packages: &'a [String],
    /// Names of units that are started or enabled.
    pub started: &'a [String],
    /// Words of the commands that the script runs.
    pub programs: &'a [Vec<String>],
    /// What the project is called: the root's directory, the package's name.
    pub project: &'a [String],
}

/// A service, by its place in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceRef {
    /// Index of the Compose file.
    pub compose: usize,
    /// Index in its services.
    pub service: usize,
}

/// What does a service's work on the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Counterpart {
    /// A unit of the project, by its index.
    Unit(usize),
    /// The unit that a package brings, or that is started by name.
    System(String),
    /// The container itself: a unit or the script runs `docker compose up` or `docker run`.
    Container,
    /// A process manager: `pm2`, `supervisor`.
    Manager(String),
}

/// How sure a match is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// One kind of evidence.
    Likely,
    /// Several that agree, or one that leaves no doubt.
    Certain,
}

/// A service with its counterpart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The service.
    pub service: ServiceRef,
    /// What does its work.
    pub by: Counterpart,
    /// How sure.
    pub strength: Strength,
    /// Why, for people.
    pub reasons: Vec<String>,
}

/// Why a service needs no unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exemption {
    /// It ends when its work is done.
    OneShot,
    /// It is only started when its profile is asked for.
    Profile,
    /// It serves the developer.
    DevTool,
    /// It looks after containers: `watchtower`, `autoheal`.
    ContainersOnly,
}

/// A service without counterpart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmatched {
    /// The service.
    pub service: ServiceRef,
    /// The command of the script that runs the same program by hand: it does not survive a reboot.
    pub by_hand: Option<String>,
}

/// What belongs together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// Services with counterparts. One service may have several units.
    pub matches: Vec<Match>,
    /// Services without. Of one that several files hold, the first.
    pub unmatched_services: Vec<Unmatched>,
    /// Services that need no unit, and why.
    pub exempt: Vec<(ServiceRef, Exemption)>,
    /// Long-running units that are no service of any file, by index. Empty where no file holds a service: there is
    /// nothing to compare with.
    pub unmatched_units: Vec<usize>,
}

/// Compares the services of all files that are not made for development with what is on the server.
pub fn link(composes: &[Compose], server: &Server<'_>) -> Links {
    let mut links = Links::default();
    let production: Vec<(usize, &Compose)> =
        composes.iter().enumerate().filter(|(_, compose)| !compose.is_development()).collect();
    let units: Vec<(usize, Side)> =
        long_running(server.units).into_iter().map(|at| (at, Side::of_unit(&server.units[at]))).collect();
    let mut used_units = HashSet::new();
    for (index, compose) in &production {
        link_file(*index, compose, server, &units, &mut links, &mut used_units);
    }
    // What one file lacks and another has (a base and its `prod`) is not lacking.
    let name_of = |r: ServiceRef| composes[r.compose].services[r.service].name.as_str();
    let mut settled: HashSet<&str> = links.matches.iter().map(|m| name_of(m.service)).collect();
    links.unmatched_services.retain(|u| settled.insert(name_of(u.service)));
    let compared = production.iter().any(|(_, c)| !c.services.is_empty());
    if compared {
        let covers = |at: usize| compose_up(&server.units[at].unit.exec_start()).is_some();
        links.unmatched_units =
            units.iter().map(|(at, _)| *at).filter(|at| !used_units.contains(at) && !covers(*at)).collect();
    }
    links
}

/// Units that keep a process running: no timers, sockets and targets, no one-shots, nothing that only a timer starts.
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

fn link_file(
    index: usize,
    compose: &Compose,
    server: &Server<'_>,
    units: &[(usize, Side)],
    links: &mut Links,
    used_units: &mut HashSet<usize>,
) {
    let covered = containers(server);
    let open: Vec<(ServiceRef, Side)> = (0..compose.services.len())
        .map(|service| ServiceRef { compose: index, service })
        .map(|r| {
            let service = &compose.services[r.service];
            (r, Side::of_service(service, server.project))
        })
        .collect();
    let mut pairs: Vec<(u32, usize, usize, Vec<String>)> = Vec::new();
    for (s, (_, side)) in open.iter().enumerate() {
        for (u, (_, unit)) in units.iter().enumerate() {
            if let Some((score, reasons)) = compare(side, unit, server.project) {
                pairs.push((score, s, u, reasons));
            }
        }
    }
    pairs.sort_by_key(|(score, s, u, _)| (std::cmp::Reverse(*score), *s, *u));
    let mut service_done = HashSet::new();
    let mut unit_done = HashSet::new();
    // Each service takes its best unit; a unit that is left over may do a part of a matched one's work.
    for more in [false, true] {
        for (score, s, u, reasons) in &pairs {
            if unit_done.contains(u) || service_done.contains(s) != more {
                continue;
            }
            service_done.insert(*s);
            unit_done.insert(*u);
            used_units.insert(units[*u].0);
            links.matches.push(Match {
                service: open[*s].0,
                by: Counterpart::Unit(units[*u].0),
                strength: evidence::strength(*score),
                reasons: reasons.clone(),
            });
        }
    }
    for (s, (service_ref, side)) in open.iter().enumerate() {
        if service_done.contains(&s) {
            continue;
        }
        let service = &compose.services[service_ref.service];
        let container = covered.of(service).map(|reason| (Counterpart::Container, Strength::Certain, reason));
        if container.is_none()
            && let Some(exemption) = exemption(compose, service)
        {
            links.exempt.push((*service_ref, exemption));
            continue;
        }
        let by = container
            .or_else(|| products::on_server(service, side, server))
            .or_else(|| manager(side, server));
        match by {
            Some((by, strength, reason)) => {
                links.matches.push(Match { service: *service_ref, by, strength, reasons: vec![reason] })
            }
            None => links
                .unmatched_services
                .push(Unmatched { service: *service_ref, by_hand: side.run_by_hand(server.programs) }),
        }
    }
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

/// What is run as a container on the server too.
struct Containers {
    /// `docker compose up` without names.
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
                .map(|name| format!("`{name}` is run as a container"))
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

/// `pm2` and `supervisor` keep a process running as a unit does; which one is told by a name, or else guessed.
fn manager(side: &Side, server: &Server<'_>) -> Option<(Counterpart, Strength, String)> {
    let managers = server.programs.iter().filter_map(|program| {
        let name = match base(program.first()?) {
            "pm2" => "pm2",
            "supervisorctl" | "supervisord" => "supervisor",
            _ => return None,
        };
        let starts = ["start", "restart", "reload", "startOrReload", "startOrRestart", "update"];
        program.iter().any(|w| starts.contains(&w.as_str())).then_some((name, program))
    });
    let mut guess = None;
    for (name, program) in managers {
        let named = program.iter().skip(1).any(|word| {
            !evidence::tokens(word, server.project).is_disjoint(&side.tokens) && !side.tokens.is_empty()
        });
        let reason = format!("`{name}` keeps it running");
        if named {
            return Some((Counterpart::Manager(name.to_owned()), Strength::Certain, reason));
        }
        if side.built && side.role.is_some() {
            guess = Some((Counterpart::Manager(name.to_owned()), Strength::Likely, reason));
        }
    }
    guess
}

#[cfg(test)]
mod tests;
