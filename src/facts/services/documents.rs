//! The architecture documents compared with what runs, worked out once: which stated service is which unit,
//! process, package or container. The rules about documents and the matrix both use it.

use crate::facts::services::matrix::{Builder, Documented, Kind, Row, Side, State};
use crate::facts::services::named::is_named;
use crate::facts::world::World;
use crate::project::architecture::{Architecture, Strength as Stated};
use crate::project::compose::Compose;
use crate::project::services::{
    Counterpart, Doer, Server, ServiceRef, StatedMatch, Strength, contained, link_stated,
};
use crate::repo::names::base;
use crate::tools::managers::drives_other_machines;
use crate::tools::managers::keeps_processes;
use std::collections::HashSet;

/// What the documents state, and what was found for it.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    /// For each document and each of its services, everything that does its work.
    pub(crate) links: Vec<Vec<Vec<StatedMatch>>>,
    /// Compose services that run on the server as containers, and stay.
    pub(crate) contained: Vec<ServiceRef>,
    /// The names of the project.
    pub(crate) names: Vec<String>,
    /// Units that are started or enabled by name.
    pub(crate) started: Vec<String>,
    /// True if something keeps unknown processes running.
    pub(crate) managed: bool,
    /// True if a cluster or another tool runs things by settings that are not read.
    pub(crate) elsewhere: bool,
}

/// How sure it is that something is a stated service: their names say it, it is stated as one that runs, and
/// how much evidence there is.
pub(crate) type Sure = (bool, bool, Strength);

impl Documents {
    /// Does the comparison; empty if there is no document.
    pub(crate) fn new(world: &World<'_, '_>, server: &Server<'_>) -> Documents {
        let project = &world.project;
        if project.architectures.is_empty() {
            return Documents::default();
        }
        let links = project.architectures.iter().map(|document| {
            let stated: Vec<_> = document.services.iter().collect();
            link_stated(&stated, &project.composes, server)
        });
        let name = |words: &Vec<String>| words.first().map_or("", |word| base(word)).to_owned();
        let any = |is: &dyn Fn(&str, &[String]) -> bool| {
            server.programs.iter().any(|words| is(&name(words), words))
        };
        Documents {
            links: links.collect(),
            contained: containers(world, &project.composes, server),
            names: server.project.to_vec(),
            started: server.started.to_vec(),
            managed: any(&|name, _| keeps_processes(name)) && server.processes.is_empty(),
            elsewhere: any(&drives_other_machines),
        }
    }

    /// The stated service that something is, the surest and first one: indices of document and service. Plans
    /// and drafts state nothing.
    pub(crate) fn of(&self, doer: &Doer, documents: &[Architecture]) -> Option<(Sure, (usize, usize))> {
        let mut best: Option<(Sure, (usize, usize))> = None;
        for (document, services) in self.links.iter().enumerate().filter(|(at, _)| !documents[*at].aside) {
            for (service, links) in services.iter().enumerate() {
                let Some(link) = links.iter().find(|link| link.by == *doer) else { continue };
                let stated = documents[document].services[service].strength;
                let sure = (link.named, stated > Stated::Weak, link.strength);
                if best.is_none_or(|(known, _)| sure > known) {
                    best = Some((sure, (document, service)));
                }
            }
        }
        best
    }
}

/// The services that `docker compose up` runs, of the files that it names. A script that starts the
/// developers' services is not a deploy.
fn containers(world: &World<'_, '_>, composes: &[Compose], server: &Server<'_>) -> Vec<ServiceRef> {
    let develops = |words: &[String]| {
        words.iter().any(|word| {
            let mut parts = word.split(['.', '-', '_', '/']);
            word.contains("compose") && parts.any(|p| matches!(p, "dev" | "local" | "test" | "development"))
        })
    };
    let programs: Vec<Vec<String>> =
        server.programs.iter().filter(|words| !develops(words)).cloned().collect();
    let files = compose_files(&programs);
    let named = |at: &ServiceRef| {
        let path = world.sources.file(composes[at.compose].file).path();
        files.is_empty() || files.iter().any(|file| base(file) == base(path))
    };
    let mut found = contained(composes, &Server { programs: &programs, ..*server });
    found.retain(named);
    found
}

/// The files that `docker compose -f FILE up` names; empty if it names none.
fn compose_files(programs: &[Vec<String>]) -> Vec<&str> {
    let mut files = Vec::new();
    for words in programs.iter().filter(|words| words.iter().any(|w| w == "up")) {
        if !words.iter().any(|w| base(w).contains("compose")) {
            continue;
        }
        let before = files.len();
        for (at, word) in words.iter().enumerate() {
            match word.as_str() {
                "-f" | "--file" => files.extend(words.get(at + 1).map(String::as_str)),
                word => files.extend(word.strip_prefix("--file=")),
            }
        }
        if files.len() == before {
            return Vec::new();
        }
    }
    files
}

/// What a counterpart is in the documents; a container is its service.
pub(crate) fn doer(by: &Counterpart) -> Option<Doer> {
    match by {
        Counterpart::Unit(at) => Some(Doer::Unit(*at)),
        Counterpart::Process(at) => Some(Doer::Process(*at)),
        Counterpart::System(name) => Some(Doer::System(name.clone())),
        Counterpart::Container | Counterpart::Manager(_) => None,
    }
}

impl Builder<'_, '_, '_> {
    /// The documents' name for something that may be one thing or the other: a service and the unit that does
    /// its work.
    pub(crate) fn documented(&self, doers: &[Doer]) -> Option<Documented> {
        let documents = &self.world.project.architectures;
        let found = doers.iter().filter_map(|doer| self.compared.documents.of(doer, documents));
        // If two candidates are equally likely, the first one wins.
        let mut best: Option<(Sure, (usize, usize))> = None;
        for one in found {
            if best.is_none_or(|(sure, _)| one.0 > sure) {
                best = Some(one);
            }
        }
        let (_, (document, service)) = best?;
        let stated = &documents[document].services[service];
        Some(Documented { name: stated.name.clone(), span: Some(stated.span) })
    }

    /// Rows for what the documents state but neither Compose nor a unit of the project is, and a note on rows
    /// that no document states.
    pub(crate) fn only_documented(&self, rows: &mut Vec<Row>) {
        let documents = &self.world.project.architectures;
        let lists = documents.iter().find(|d| !d.aside && d.lists_services);
        if let Some(document) = lists {
            let path = self.world.sources.file(document.file).path();
            for row in rows.iter_mut().filter(|row| row.runs.is_some() && row.architecture.is_none()) {
                let note = format!("{path} does not state it");
                row.note = Some(match row.note.take() {
                    Some(known) => format!("{known}; {note}"),
                    None => note,
                });
            }
        }
        let deployment = self.world.words_of_the_deployment();
        let mut told: HashSet<String> =
            rows.iter().filter_map(|row| Some(key(&row.architecture.as_ref()?.name))).collect();
        for (document, links) in
            documents.iter().zip(&self.compared.documents.links).filter(|(d, _)| !d.aside)
        {
            let path = self.world.sources.file(document.file).path();
            for (stated, links) in document.services.iter().zip(links) {
                let surely = stated.strength == Stated::Strong
                    || stated.strength == Stated::Medium && stated.product.is_some();
                if !stated.required || !surely || told.contains(&key(&stated.name)) {
                    continue;
                }
                let system = links.iter().find_map(|link| match &link.by {
                    Doer::System(name) => Some((name, link)),
                    _ => None,
                });
                let row = Row {
                    state: State::Missing,
                    service: None,
                    compose: None,
                    runs: None,
                    architecture: Some(Documented { name: stated.name.clone(), span: Some(stated.span) }),
                    strength: None,
                    reasons: Vec::new(),
                    stated: Vec::new(),
                    note: Some(format!("{path} states it, but nothing was found that runs it")),
                };
                rows.push(match system {
                    Some((name, link)) => Row {
                        state: State::Agrees,
                        runs: Some((
                            Kind::Package,
                            Side { name: format!("{name}.service"), ..Side::default() },
                        )),
                        reasons: link.reasons.clone(),
                        note: Some("no Compose file has it".to_owned()),
                        ..row
                    },
                    // Something in a Compose file for developers, or a part of what another name means.
                    None if !links.is_empty() => continue,
                    None if is_named(stated, &self.compared.documents.names, deployment) => Row {
                        state: State::Exempt,
                        note: Some(format!(
                            "{path} states it and the deployment names it, but nothing was found that runs it"
                        )),
                        ..row
                    },
                    None => row,
                });
                told.insert(key(&stated.name));
            }
        }
    }
}

fn key(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
