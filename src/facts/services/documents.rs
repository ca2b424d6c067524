//! The architecture documents compared with what runs: which stated service is which unit, process, package or
//! container. The rules about documents and the matrix both use it.

use crate::facts::ground::Ground;
use crate::project::architecture::{Architecture, Strength as Stated};
use crate::project::compose::Compose;
use crate::project::services::{
    Counterpart, Doer, Server, ServiceRef, StatedMatch, Strength, contained, link_stated,
};
use crate::repo::names::base;
use crate::tools::managers::drives_other_machines;
use crate::tools::managers::keeps_processes;

/// What the documents state, and what runs for it.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    /// Everything that does the work of each service, by document and service.
    pub(crate) links: Vec<Vec<Vec<StatedMatch>>>,
    /// Compose services that keep running on the server as containers.
    pub(crate) contained: Vec<ServiceRef>,
    /// The names of the project.
    pub(crate) names: Vec<String>,
    /// Units that are started or enabled by name.
    pub(crate) started: Vec<String>,
    /// True if something keeps unknown processes running.
    pub(crate) managed: bool,
    /// True if a cluster or another tool runs things, and its settings are not read.
    pub(crate) elsewhere: bool,
}

/// How sure it is that something is a stated service: whether their names say so, whether it is stated as one that
/// runs, and how much evidence there is.
pub(crate) type Sure = (bool, bool, Strength);

impl Documents {
    /// Does the comparison. It is empty if there is no document.
    pub(crate) fn new(world: &Ground<'_, '_>, server: &Server<'_>) -> Documents {
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

    /// The stated service that something is, by the indices of document and service. The surest one counts, and the
    /// first of equals. Plans and drafts state nothing.
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

/// The services that `docker compose up` runs from the files that it names. A script that starts the developers'
/// services is not a deploy.
fn containers(world: &Ground<'_, '_>, composes: &[Compose], server: &Server<'_>) -> Vec<ServiceRef> {
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

/// The files that `docker compose -f FILE up` names.
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
