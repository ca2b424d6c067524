//! F5: the architecture documents against what runs, worked out once: which stated service is which unit, process,
//! package or container. The rules about documents and the matrix both rest on it.

use crate::project::compose::Compose;
use crate::project::names::base;
use crate::project::services::{Doer, Server, ServiceRef, StatedMatch, Strength, contained, link_stated};
use crate::rules::context::Context;

/// What the documents state, and what was found for it.
#[derive(Debug, Default)]
pub(super) struct Documents {
    /// Of each document, of each of its services, all that does its work.
    pub(super) links: Vec<Vec<Vec<StatedMatch>>>,
    /// Compose services that run on the server as containers, and stay.
    pub(super) contained: Vec<ServiceRef>,
    /// What the project is called.
    pub(super) names: Vec<String>,
    /// Units that are started or enabled by name.
    pub(super) started: Vec<String>,
    /// Something keeps processes running that are not known.
    pub(super) managed: bool,
    /// A cluster or another tool runs things, by settings that are not read.
    pub(super) elsewhere: bool,
}

impl Documents {
    /// Compares; nothing where no document is.
    pub(super) fn new(context: &Context<'_, '_>, server: &Server<'_>) -> Documents {
        let project = &context.project;
        if project.architectures.is_empty() {
            return Documents::default();
        }
        let links = project.architectures.iter().map(|document| {
            let stated: Vec<_> = document.services.iter().collect();
            link_stated(&stated, &project.composes, server)
        });
        let name = |words: &Vec<String>| words.first().map_or("", |word| base(word)).to_owned();
        let any = |names: &[&str]| server.programs.iter().any(|words| names.contains(&name(words).as_str()));
        let managers = ["pm2", "supervisorctl", "supervisord", "forever", "screen", "tmux", "nohup"];
        let clusters = ["kubectl", "helm", "ansible-playbook", "terraform", "nomad", "flyctl", "eb", "k3s"];
        let stack = |words: &Vec<String>| name(words) == "docker" && words.iter().any(|w| w == "stack");
        Documents {
            links: links.collect(),
            contained: containers(context, &project.composes, server),
            names: server.project.to_vec(),
            started: server.started.to_vec(),
            managed: any(&managers) && server.processes.is_empty(),
            elsewhere: any(&clusters) || server.programs.iter().any(stack),
        }
    }

    /// The stated services that something is: indices of document and service, the surest first.
    pub(super) fn of(&self, doer: &Doer) -> Option<(usize, usize)> {
        let all = self.links.iter().enumerate().flat_map(|(document, services)| {
            services.iter().enumerate().map(move |(service, links)| (document, service, links))
        });
        let found = all.filter_map(|(document, service, links)| {
            let link = links.iter().find(|m| m.by == *doer && m.strength == Strength::Certain)?;
            Some((link.named, document, service))
        });
        // The first of the surest.
        found
            .max_by_key(|(named, document, service)| (*named, std::cmp::Reverse((*document, *service))))
            .map(|(_, d, s)| (d, s))
    }
}

/// The services that `docker compose up` runs, of the files that it names. A script that starts the developer's ones is
/// no deploy.
fn containers(context: &Context<'_, '_>, composes: &[Compose], server: &Server<'_>) -> Vec<ServiceRef> {
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
        let path = context.sources.file(composes[at.compose].file).path();
        files.is_empty() || files.iter().any(|file| base(file) == base(path))
    };
    let mut found = contained(composes, &Server { programs: &programs, ..*server });
    found.retain(named);
    found
}

/// The files that `docker compose -f FILE up` names; none where one names no file.
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
