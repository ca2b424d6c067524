//! The matrix of `deploylint services`. It shows each service with its counterpart on the server, what both say, and
//! why they are matched, and then what only one side has. It judges nothing.

use crate::facts::masked;
use crate::facts::services::differences::{About, Statement, facts, statements};
use crate::facts::services::documents::doer;
use crate::facts::services::rows::{Builder, Kind, Matrix, Row, Side, State, Stated};
use crate::facts::world::{Origin, UnitAt, World};
use crate::project::services::{
    Counterpart, Doer, Exemption, Facts, Match, ServiceRef, Strength, of_process, of_service, of_unit,
};
use crate::project::unit::{UnitKind, template_of};
use crate::tools::effect::{Change, Resource};
use crate::tools::managers::is_runtime_program;
use crate::tools::work::{Work, asked_in};

/// The matrix of a repo.
pub(crate) fn matrix(world: &World<'_, '_>) -> Matrix {
    let compared = world.compared();
    let builder = Builder { world, compared };
    let mut matrix = Matrix::default();
    for (index, compose) in world.project.composes.iter().enumerate() {
        let path = world.sources.file(compose.file).path();
        if compose.is_development() {
            matrix.notes.push(format!("{path} is for development or tests, so it is not compared"));
            continue;
        }
        if compose.passed_over {
            matrix.notes.push(format!("`docker compose` ignores {path} and uses the file beside it"));
        }
        for service in 0..compose.services.len() {
            builder.service(ServiceRef { compose: index, service }, &mut matrix.rows);
        }
    }
    builder.only_on_server(&mut matrix.rows);
    builder.only_documented(&mut matrix.rows);
    builder.notes(&mut matrix.notes);
    matrix.rows.iter_mut().for_each(mask);
    matrix
}

fn mask(row: &mut Row) {
    let sides = row.service.iter_mut().chain(row.runs.iter_mut().map(|(_, side)| side));
    let commands = sides.filter_map(|side| side.command.as_mut());
    let stated = row.stated.iter_mut().flat_map(|stated| [&mut stated.service, &mut stated.server]);
    for text in commands.chain(stated).chain(&mut row.note) {
        *text = masked::line(text);
    }
}

impl Builder<'_, '_, '_> {
    fn service(&self, r: ServiceRef, rows: &mut Vec<Row>) {
        let compose = &self.world.project.composes[r.compose];
        let service = &compose.services[r.service];
        let said = of_service(service);
        let published = |(host, to): &(String, String)| match host == to {
            true => host.clone(),
            false => format!("{host}:{to}"),
        };
        let mut ports: Vec<String> = said.published.iter().map(published).collect();
        if ports.is_empty() {
            ports.clone_from(&said.listens);
        }
        let side = Side {
            name: service.name.clone(),
            span: Some(service.name_span),
            command: said.command.clone().or_else(|| service.image.as_ref().map(|image| image.text.clone())),
            ports,
            user: None,
        };
        let row = |state| Row {
            state,
            service: Some(side.clone()),
            compose: Some(self.world.sources.file(compose.file).path().to_owned()),
            runs: None,
            architecture: self.documented(&[Doer::Service(r)]),
            strength: None,
            reasons: Vec::new(),
            stated: Vec::new(),
            note: None,
        };
        let links = &self.compared.links;
        let mut any = false;
        for one in links.matches.iter().filter(|one| one.service == r) {
            any = true;
            rows.push(self.matched(row(State::Agrees), one));
        }
        if any {
            return;
        }
        let exempt = links.exempt.iter().find(|(other, _)| *other == r);
        let unmatched = links.unmatched_services.iter().find(|other| other.service == r);
        let (state, note) = match (exempt, unmatched) {
            (Some((_, why)), _) => (State::Exempt, self.exempt(*why, said.command.as_deref())),
            (None, Some(unmatched)) => (
                State::Missing,
                match (&unmatched.given, &unmatched.by_hand) {
                    (Some(unit), _) => {
                        format!("deploylint.yaml says that it is `{unit}`, but nothing installs that unit")
                    }
                    (None, Some(command)) => {
                        format!("`{command}` is started by hand, so it is gone after a reboot")
                    }
                    (None, None) => "no unit, process, package or container does its work".to_owned(),
                },
            ),
            (None, None) => (State::Exempt, "another Compose file has it too".to_owned()),
        };
        rows.push(Row { note: Some(note), ..row(state) });
    }

    fn matched(&self, row: Row, one: &Match) -> Row {
        let (service, server) = facts(self.world, self.compared, one);
        let stated: Vec<Stated> = match &server {
            Some(server) => statements(self.compared, &service, server).iter().map(stated).collect(),
            None => Vec::new(),
        };
        let differs = stated.iter().any(|s| !s.agrees);
        Row {
            state: if differs { State::Differs } else { State::Agrees },
            runs: Some(self.runs(&one.by)),
            strength: Some(match one.strength {
                Strength::Certain => "certain",
                Strength::Likely => "likely",
            }),
            reasons: one.reasons.clone(),
            stated,
            architecture: {
                let doers = std::iter::once(Doer::Service(one.service)).chain(doer(&one.by));
                self.documented(&doers.collect::<Vec<_>>())
            },
            ..row
        }
    }

    fn runs(&self, by: &Counterpart) -> (Kind, Side) {
        match by {
            Counterpart::Unit(at) => (Kind::Unit, self.unit(self.compared.units[*at])),
            Counterpart::Process(at) => self.process(self.compared.processes[*at]),
            Counterpart::System(name) => {
                let name = match name.contains('.') {
                    true => name.clone(),
                    false => format!("{name}.service"),
                };
                (Kind::Package, Side { name, ..Side::default() })
            }
            Counterpart::Container => {
                (Kind::Container, Side { name: "its container".to_owned(), ..Side::default() })
            }
            Counterpart::Manager(manager) => (
                Kind::Process(*manager),
                Side { name: format!("a process of {}", manager.name()), ..Side::default() },
            ),
        }
    }

    fn unit(&self, index: usize) -> Side {
        let at = &self.world.units[index];
        let mut side = of_facts(of_unit(&at.unit));
        let mut name = at.name.clone();
        if name.contains("@.") {
            let mut instances = self.instances(&name);
            let more = instances.len().saturating_sub(4);
            instances.truncate(4);
            if !instances.is_empty() {
                let more = if more > 0 { format!(", {more} more") } else { String::new() };
                name.push_str(&format!(" ({}{more})", instances.join(", ")));
            }
        }
        side.name = name;
        side.span = Some(at.span);
        // systemd.exec(5): without `User=` a service of the system runs as root.
        side.user = side.user.or_else(|| Some("root".to_owned()));
        side
    }

    /// The instances of a template that scripts start: `1` for `worker@1`.
    fn instances(&self, template: &str) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for (_, _, step) in self.world.steps() {
            for effect in &step.deed.effects {
                let (Resource::Unit(name), Change::Start | Change::Restart | Change::Enable) =
                    (&effect.resource, &effect.change)
                else {
                    continue;
                };
                let name = name.to_string();
                if template_of(&name).as_deref() == Some(template)
                    && let Some((_, instance)) = name.split_once('@')
                {
                    let instance = instance.trim_end_matches(".service").to_owned();
                    if !found.contains(&instance) {
                        found.push(instance);
                    }
                }
            }
        }
        found
    }

    fn process(&self, index: usize) -> (Kind, Side) {
        let at = &self.world.processes[index];
        let kind = Kind::Process(at.process.manager);
        let mut side = of_facts(of_process(&at.process));
        side.name = at.process.name.clone();
        side.span = Some(at.span);
        (kind, side)
    }

    fn exempt(&self, why: Exemption, command: Option<&str>) -> String {
        let migrates = command.is_some_and(|command| asked_in(command).has(Work::Migrate));
        match why {
            Exemption::OneShot if migrates && self.compared.migrates => {
                "it ends when its work is done, and a step of the deploy migrates the database".to_owned()
            }
            Exemption::OneShot if migrates && !self.world.scripts().is_empty() => {
                "it ends when its work is done, but no step of the deploy migrates the database".to_owned()
            }
            Exemption::OneShot => {
                "it ends when its work is done, so it is a step of the deploy and needs no unit".to_owned()
            }
            Exemption::Profile => "it only starts if somebody asks for its profile".to_owned(),
            Exemption::DevTool => "it serves developers".to_owned(),
            Exemption::ContainersOnly => "it looks after containers".to_owned(),
            Exemption::Given => "deploylint.yaml says that the server does not need it".to_owned(),
        }
    }

    fn only_on_server(&self, rows: &mut Vec<Row>) {
        let compared = self.compared;
        let compares =
            self.world.project.composes.iter().any(|c| !c.is_development() && !c.services.is_empty());
        let matched = |by: &Counterpart| compared.links.matches.iter().any(|one| one.by == *by);
        let row = |state, runs, note: Option<&str>| Row {
            state,
            service: None,
            compose: None,
            runs: Some(runs),
            architecture: None,
            strength: None,
            reasons: Vec::new(),
            stated: Vec::new(),
            note: note.map(str::to_owned),
        };
        for (index, at) in compared.units.iter().enumerate() {
            let unit = &self.world.units[*at];
            if matched(&Counterpart::Unit(index)) || UnitKind::of(&unit.name) != UnitKind::Service {
                continue;
            }
            let (state, note) = if compared.links.unmatched_units.contains(&index) {
                (State::Extra, "no service runs it")
            } else if let Some(why) = self.aside(unit) {
                (State::Exempt, why)
            } else if compares {
                (State::Exempt, "it does not run all the time")
            } else {
                (State::Extra, "there is no Compose file to compare with")
            };
            let architecture = self.documented(&[Doer::Unit(index)]);
            rows.push(Row { architecture, ..row(state, (Kind::Unit, self.unit(*at)), Some(note)) });
        }
        for (index, at) in compared.processes.iter().enumerate() {
            if matched(&Counterpart::Process(index)) {
                continue;
            }
            let note = match (self.world.processes[*at].process.starts, compares) {
                (false, _) => (State::Exempt, "its process manager does not start it"),
                (true, true) => (State::Extra, "no service runs it"),
                (true, false) => (State::Extra, "there is no Compose file to compare with"),
            };
            let architecture = self.documented(&[Doer::Process(index)]);
            rows.push(Row { architecture, ..row(note.0, self.process(*at), Some(note.1)) });
        }
    }

    /// Why a unit is not a service of its own.
    fn aside(&self, at: &UnitAt) -> Option<&'static str> {
        let mut others = self.world.units.iter();
        let started =
            others.find(|other| other.unit.triggers(&other.name).is_some_and(|name| name == at.name));
        let contained = || at.unit.exec_start().iter().any(|exec| is_runtime_program(&exec.program));
        match started.map(|other| UnitKind::of(&other.name)) {
            Some(UnitKind::Timer) => Some("a timer starts it"),
            Some(UnitKind::Path) => Some("it is started when a path changes"),
            _ if contained() => Some("it runs containers"),
            _ if at.unit.is_oneshot_work() => Some("it ends when its work is done"),
            _ => None,
        }
    }

    fn notes(&self, notes: &mut Vec<String>) {
        let (world, compared) = (self.world, self.compared);
        if world.scripts().is_empty() {
            notes.push(
                "no script that deploys was found, so it is not known what runs on the server".to_owned(),
            );
        } else if compared.own.is_none() && !(compared.units.is_empty() && compared.processes.is_empty()) {
            notes
                .push("no script installs units or processes, so those in the repo were compared".to_owned());
        }
        // Units of the repo are left out if scripts install others.
        for (index, at) in world.units.iter().enumerate() {
            if at.origin == Origin::InRepo
                && UnitKind::of(&at.name) == UnitKind::Service
                && !compared.units.contains(&index)
            {
                let path = world.sources.file(at.span.file).path();
                notes.push(format!("{path} is in the repo, but no script installs it"));
            }
        }
        let mut files: Vec<&str> = Vec::new();
        for (index, at) in world.processes.iter().enumerate() {
            let path = world.sources.file(at.span.file).path();
            if at.origin == Origin::InRepo && !compared.processes.contains(&index) && !files.contains(&path) {
                files.push(path);
                notes.push(format!(
                    "{path} is in the repo, but no script passes it to {}",
                    at.process.manager.name()
                ));
            }
        }
    }
}

fn of_facts(facts: Facts) -> Side {
    Side { command: facts.command, ports: facts.listens, user: facts.user, ..Side::default() }
}

fn stated(statement: &Statement) -> Stated {
    Stated {
        about: match statement.about {
            About::Command => "command",
            About::Port => "port",
        },
        service: statement.service.clone(),
        server: statement.server.clone(),
        agrees: statement.agrees,
    }
}
