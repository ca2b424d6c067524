//! How much evidence there is that a service and a unit are the same thing.

use crate::limit::tick;
use crate::project::architecture::Stated;
use crate::project::compose::{Service, with_defaults};
use crate::project::managers::Process;
use crate::project::services::essence::{self, Essence, Role};
use crate::project::services::{Strength, UnitInfo};
use crate::repo::names::base;
use crate::shell::value::without_holes;
use crate::tools::serves::serves_an_app;
use std::collections::{BTreeSet, HashSet};

/// The least evidence for a match. Below it, there is only one kind of evidence, and it leaves doubt.
const LIKELY: u32 = 40;
/// The least evidence for a certain match, on which two kinds of evidence agree.
const CERTAIN: u32 = 70;

pub(super) fn strength(score: u32) -> Strength {
    if score >= CERTAIN { Strength::Certain } else { Strength::Likely }
}

/// The compared properties of either side.
#[derive(Clone, Debug)]
pub(super) struct Side {
    /// The name without its type: `web`.
    pub(super) name: String,
    /// Other names: of a container.
    aliases: Vec<String>,
    /// The significant parts of the name.
    pub(super) tokens: BTreeSet<String>,
    /// What it runs.
    pub(super) essence: Essence,
    /// Its purpose, as what it runs shows it, or else its name.
    pub(super) role: Option<Role>,
    /// Ports in its command, its environment or its `ports`.
    ports: HashSet<String>,
    /// The last part of the directory in which it runs or from which it is built.
    directory: Option<String>,
    /// True if the project builds it.
    pub(super) built: bool,
}

impl Side {
    pub(super) fn of_service(service: &Service, project: &[String]) -> Side {
        let command = service.runs();
        let essence = command.map_or_else(Essence::default, |c| essence::of_command(&c.text));
        let ports = service.ports.iter();
        let ports = ports.flat_map(|p| [Some(&p.target), p.published.as_ref()]);
        let mut ports: HashSet<String> = ports.flatten().map(|p| with_defaults(p)).collect();
        ports.extend(service.expose.iter().map(|e| e.text.clone()));
        ports.extend(ports_of(&essence.args));
        let directory = service.build.as_ref().and_then(|b| last_part(&b.context.text));
        let tokens = tokens(&service.name, project);
        Side {
            name: service.name.to_ascii_lowercase(),
            aliases: service.container_name.iter().map(|c| c.text.to_ascii_lowercase()).collect(),
            role: essence.role.or_else(|| role_of(&service.name, &tokens, project)),
            tokens,
            essence,
            ports,
            directory,
            built: service.build.is_some(),
        }
    }

    pub(super) fn of_unit(info: &UnitInfo<'_>) -> Side {
        let known = without_holes(&info.name);
        let stem = known.split(['.', '@']).next().unwrap_or(&known);
        let starts = info.unit.exec_start();
        let essence = starts.last().map_or_else(Essence::default, essence::of_exec);
        let mut ports: HashSet<String> = ports_of(&essence.args).into_iter().collect();
        for (name, value, _) in info.unit.environment() {
            if name.ends_with("PORT") {
                ports.insert(value);
            }
        }
        let directory = info.unit.working_directory();
        let tokens = tokens(stem, &[]);
        Side {
            name: stem.to_ascii_lowercase(),
            aliases: Vec::new(),
            role: essence.role.or_else(|| role_of(stem, &tokens, &[])),
            tokens,
            essence,
            ports,
            directory: directory.and_then(|d| last_part(&d.value)),
            built: true,
        }
    }

    pub(super) fn of_stated(stated: &Stated, project: &[String]) -> Side {
        let command = stated.commands.first();
        let essence = command.map_or_else(Essence::default, |c| essence::of_command(&c.text));
        let own = tokens(&stated.name, project);
        let technology = stated.technology.as_deref().unwrap_or_default();
        let role = role_of(&stated.name, &own, project);
        Side {
            name: stated.name.to_ascii_lowercase(),
            aliases: stated.aliases.clone(),
            role: essence.role.or(role).or_else(|| role_of("", &tokens(technology, &[]), &[])),
            tokens: own,
            ports: stated.ports.iter().map(|p| p.number.to_string()).collect(),
            directory: None,
            built: stated.product.is_none(),
            essence,
        }
    }

    pub(super) fn of_process(process: &Process) -> Side {
        let essence = essence::of_argv(&process.command);
        let mut ports: HashSet<String> = ports_of(&essence.args).into_iter().collect();
        let variables = process.environment.iter();
        ports.extend(variables.filter(|(name, _)| name.ends_with("PORT")).map(|(_, port)| port.clone()));
        let name = without_holes(&process.name).to_ascii_lowercase();
        let tokens = tokens(&name, &[]);
        Side {
            aliases: Vec::new(),
            role: essence.role.or_else(|| role_of(&name, &tokens, &[])),
            tokens,
            essence,
            ports,
            directory: process.directory.as_deref().and_then(last_part),
            built: true,
            name,
        }
    }

    /// The command of the script that runs the same program.
    pub(super) fn run_by_hand(&self, programs: &[Vec<String>]) -> Option<String> {
        let own = &self.essence;
        if own.program.is_empty() {
            return None;
        }
        programs.iter().find_map(|words| {
            let other = essence::of_command(&words.join(" "));
            let same = other.family() == own.family()
                && (own.role.is_some() && other.role == own.role
                    || own.module().is_some() && other.module() == own.module());
            same.then(|| words.join(" "))
        })
    }
}

fn last_part(path: &str) -> Option<String> {
    let part = path.trim_start_matches('-').trim_end_matches('/').rsplit('/').next()?;
    (!matches!(part, "" | "." | ".." | "app" | "src" | "current")).then(|| part.to_ascii_lowercase())
}

/// Ports in arguments: `--port 8000`, `--port=8000`, `0.0.0.0:8000`. A bare number is as often a count.
pub(super) fn ports_of(args: &[String]) -> Vec<String> {
    let mut ports = Vec::new();
    let mut note = |text: &str| {
        if (2..=5).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) {
            ports.push(text.to_owned());
        }
    };
    let mut expected = false;
    for arg in args {
        let (option, value) = arg.split_once('=').unwrap_or((arg, ""));
        if expected || option.ends_with("port") {
            note(if value.is_empty() { arg } else { value });
        }
        if let Some((_, port)) = arg.rsplit_once(':') {
            note(port);
        }
        expected = value.is_empty() && (option.ends_with("-port") || matches!(option, "-p" | "-P"));
    }
    ports
}

/// Words of a name that say what it does, without the project's own name and without `service`, `prod` and
/// similar words.
pub(super) fn tokens(name: &str, project: &[String]) -> BTreeSet<String> {
    const EMPTY: &[&str] =
        &["service", "svc", "prod", "production", "server", "container", "main", "the", "daemon"];
    let lower = name.to_ascii_lowercase();
    let mut found = BTreeSet::new();
    for word in lower.split(|c: char| !c.is_ascii_alphanumeric()) {
        let parts: &[&str] = match word {
            "celerybeat" => &["celery", "beat"],
            "celeryworker" | "celeryd" => &["celery", "worker"],
            "workers" => &["worker"],
            "scheduler" => &["beat"],
            other => &[other],
        };
        for part in parts {
            let number = part.bytes().all(|b| b.is_ascii_digit());
            if !number && !EMPTY.contains(part) && !is_project(part, project) {
                found.insert((*part).to_owned());
            }
        }
    }
    found
}

/// The name without marks, in lower case, because `-` and `_` do not matter.
fn squeezed(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

fn is_project(name: &str, project: &[String]) -> bool {
    let name = squeezed(name);
    !name.is_empty() && project.iter().any(|p| squeezed(p) == name)
}

fn role_of(name: &str, tokens: &BTreeSet<String>, project: &[String]) -> Option<Role> {
    let any = |names: &[&str]| names.iter().any(|n| tokens.contains(*n));
    if any(&["beat", "cron"]) {
        Some(Role::Scheduler)
    } else if any(&["worker", "celery", "rq", "sidekiq", "queue", "consumer"]) {
        Some(Role::Worker)
    } else if any(&["frontend", "front", "ui", "client", "nextjs", "next", "react", "vue", "spa"]) {
        Some(Role::Frontend)
    } else if any(&["proxy", "nginx", "caddy", "traefik", "gateway", "ingress"]) {
        Some(Role::Proxy)
    } else if any(&["web", "api", "app", "backend", "django", "flask", "fastapi"])
        || tokens.iter().any(|token| serves_an_app(token))
        || name == "server"
        || is_project(name, project)
    {
        Some(Role::App)
    } else {
        None
    }
}

/// The evidence that two sides are the same.
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    /// How strong it is.
    pub(super) score: u32,
    /// The reasons, for people.
    pub(super) reasons: Vec<String>,
    /// True if their names are part of it.
    pub(super) named: bool,
    /// True if their names are the same, apart from the project's name.
    pub(super) same_name: bool,
}

/// The modules that exactly one of the sides runs, without their directories.
pub(super) fn run_once<'s>(sides: impl Iterator<Item = &'s Side>) -> HashSet<&'s str> {
    let (mut once, mut again) = (HashSet::new(), HashSet::new());
    for module in sides.filter_map(|side| side.essence.module()).map(base) {
        if !once.insert(module) {
            again.insert(module);
        }
    }
    once.retain(|module| !again.contains(module));
    once
}

/// The evidence; `None` below [`LIKELY`], or if something contradicts it. `unique` holds the modules that no other service
/// and no other unit runs.
pub(super) fn compare(
    service: &Side,
    unit: &Side,
    project: &[String],
    unique: &HashSet<&str>,
) -> Option<Evidence> {
    tick();
    if contradicts(service, unit) {
        return None;
    }
    let mut score = 0;
    let mut reasons = Vec::new();
    let mut add = |weight: u32, reason: String| {
        score += weight;
        reasons.push(reason);
    };
    let (own, other) = (&service.essence, &unit.essence);
    let modules = (own.module(), other.module());
    if !own.program.is_empty() && own.family() == other.family() {
        // Two programs of one language are the same only if they run the same thing.
        if matches!(own.family(), "python" | "node") {
            if let (Some(a), Some(b)) = modules
                && base(a) != base(b)
            {
                return None;
            }
        } else if own.role.is_some() || own.family() != "python server" {
            add(
                40,
                match own.program == other.program {
                    true => format!("both run `{}`", other.program),
                    false => format!("`{}` takes the place of `{}`", other.program, own.program),
                },
            );
        }
    }
    if let (Some(a), Some(b)) = modules
        && base(a) == base(b)
    {
        // `index.js` in two directories may be two programs.
        let apart = matches!((&service.directory, &unit.directory), (Some(one), Some(other)) if one != other);
        let weight = if unique.contains(base(a)) && !apart { 45 } else { 35 };
        add(weight, format!("both run `{}`", base(a)));
    }
    let unit_tokens = tokens(&unit.name, project);
    let (mut named, mut same_name) = (true, true);
    if unit.name == service.name || service.aliases.contains(&unit.name) {
        add(60, format!("both are called `{}`", unit.name));
    } else if !unit_tokens.is_empty() && unit_tokens == service.tokens {
        add(55, format!("`{}` is called like `{}`", unit.name, service.name));
    } else if let Some(shared) = unit_tokens.intersection(&service.tokens).next() {
        same_name = false;
        add(30, format!("both names hold `{shared}`"));
    } else {
        (named, same_name) = (false, false);
    }
    let generic = unit_tokens.is_empty() || is_project(&unit.name, project);
    if generic && service.role == Some(Role::App) {
        named = true;
        add(40, format!("`{}` is the project's own name", unit.name));
    }
    if service.role.is_some() && service.role == unit.role {
        add(20, "both do the same kind of work".to_owned());
        // An application server's unit is named after the server as often as after the service.
        if service.role == Some(Role::App) && unit.essence.role == Some(Role::App) {
            add(20, format!("`{}` serves the application", unit.essence.program));
        }
    }
    let mut shared_ports: Vec<&String> = service.ports.intersection(&unit.ports).collect();
    shared_ports.sort_unstable();
    if let Some(port) = shared_ports.first() {
        add(25, format!("both listen on port {port}"));
    }
    if let (Some(a), Some(b)) = (&service.directory, &unit.directory)
        && a == b
    {
        add(25, format!("both belong to the directory `{a}`"));
    }
    (score >= LIKELY).then_some(Evidence { score, reasons, named, same_name })
}

/// True if the roles contradict each other: a worker is neither a scheduler nor an application. A name alone does not
/// tell an application from its pages, because both are called `web`.
fn contradicts(service: &Side, unit: &Side) -> bool {
    let (Some(a), Some(b)) = (service.role, unit.role) else {
        return false;
    };
    let serves = |role: Role| matches!(role, Role::App | Role::Frontend);
    let by_name = service.essence.role.is_none() || unit.essence.role.is_none();
    a != b && !(by_name && serves(a) && serves(b))
}
