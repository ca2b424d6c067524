//! Which scripts of a repo are called in turn: by a target of make, a job of a workflow, a package script, a playbook, another
//! script, or a document that tells people what to call. It reads texts, and does not say what the order means.

mod documents;
mod files;
mod lines;
pub(crate) mod numbers;
mod steps;

use crate::limit;
use crate::repo::files::Root;
use crate::repo::inventory::Inventory;
use crate::repo::names::{base, directory};
use crate::source::{FileId, Sources};
use std::collections::{BTreeMap, HashMap, HashSet};

pub(crate) use steps::{StepCalls, of_steps};

/// Scripts that are called in turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sequence {
    /// Their paths, in the order of the first call of each.
    pub(crate) scripts: Vec<String>,
    /// What says so.
    pub(crate) by: By,
    /// The file that says so; empty for their names.
    pub(crate) from: String,
}

/// What says in which order scripts run, from the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum By {
    /// A file calls them.
    Calls,
    /// Their names have numbers.
    Numbers,
    /// A document tells people to call them.
    Document,
}

/// The call of a script as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Called {
    /// The path as far as it is known; the rest is `$NAME`.
    path: String,
    /// The machine on which it runs, if that is another one.
    host: Option<String>,
}

/// The scripts of a repo by their names.
pub(crate) struct Names<'r> {
    scripts: &'r [String],
    by_name: HashMap<&'r str, Vec<usize>>,
}

impl<'r> Names<'r> {
    /// The names of scripts, which are paths relative to the root.
    pub(crate) fn of(scripts: &'r [String]) -> Self {
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, path) in scripts.iter().enumerate() {
            by_name.entry(base(path)).or_default().push(index);
        }
        Names { scripts, by_name }
    }

    /// The script that a file calls by a path. Only the end of the path is certain, so the script that shares most of it is
    /// meant, and then the one beside the file.
    fn called(&self, path: &str, from: &str) -> Option<&'r str> {
        let known = |part: &&str| !matches!(*part, "" | "." | ".." | "~") && !part.contains('$');
        let tail: Vec<&str> = path.rsplit('/').take_while(known).collect();
        let named = self.by_name.get(tail.first()?)?;
        let shared = |index: &usize| {
            let own = self.scripts[*index].rsplit('/');
            let ends = own.zip(&tail).take_while(|(own, called)| own == *called).count();
            (ends, directory(&self.scripts[*index]) == directory(from))
        };
        let most = named.iter().map(shared).max()?;
        let mut fitting = named.iter().filter(|index| shared(index) == most);
        let only = fitting.next()?;
        fitting.next().is_none().then(|| self.scripts[*only].as_str())
    }

    /// The sequences that calls make. Calls on different machines are sequences of their own.
    fn sequences(&self, calls: &[Called], from: &str, by: By) -> Vec<Sequence> {
        let hosts: HashSet<&str> = calls.iter().filter_map(|call| call.host.as_deref()).collect();
        let mut of_hosts: BTreeMap<Option<&str>, Vec<&Called>> = BTreeMap::new();
        for call in calls {
            let host = call.host.as_deref().filter(|_| hosts.len() > 1);
            of_hosts.entry(host).or_default().push(call);
        }
        let of_host = |calls: Vec<&Called>| {
            let mut seen = HashSet::new();
            let scripts = calls.into_iter().filter_map(|call| self.called(&call.path, from));
            let scripts = scripts.filter(|script| *script != from && seen.insert(*script));
            scripts.map(str::to_owned).collect::<Vec<_>>()
        };
        let of_hosts = of_hosts.into_values().map(of_host).filter(|scripts| scripts.len() > 1);
        of_hosts.map(|scripts| Sequence { scripts, by, from: from.to_owned() }).collect()
    }
}

/// The most files of one kind that are read for calls.
const MAX_FILES: usize = 50;

/// The sequences of the files that call scripts, apart from scripts and documents.
pub(crate) fn of_files(root: &Root, inventory: &Inventory, sources: &mut Sources) -> Vec<Sequence> {
    if inventory.scripts.len() < 2 {
        return Vec::new();
    }
    let found = limit::piece(|| {
        let mut files: Vec<(String, FileId)> = Vec::new();
        for paths in files::lists(inventory) {
            let read = |path: &String| Some((path.clone(), root.read(path, sources).ok()?));
            files.extend(paths.into_iter().take(MAX_FILES).filter_map(read));
        }
        files::sequences(&Names::of(&inventory.scripts), &files, sources)
    });
    // Without them the order is not known, and nothing is told that rests on it.
    found.unwrap_or_default()
}

/// The sequences of documents that were read.
pub(crate) fn of_documents(
    inventory: &Inventory,
    documents: &[(String, FileId)],
    sources: &Sources,
) -> Vec<Sequence> {
    if inventory.scripts.len() < 2 {
        return Vec::new();
    }
    let names = Names::of(&inventory.scripts);
    limit::piece(|| documents::sequences(&names, documents, sources)).unwrap_or_default()
}

/// True for words of a job or a document that is about trying the project out and not about a server.
fn is_about_tests(text: &str) -> bool {
    const TRIES: [&str; 13] = [
        "test", "tests", "testing", "lint", "linter", "check", "checks", "ci", "e2e", "spec", "verify",
        "quality", "preview",
    ];
    let text = text.to_ascii_lowercase();
    text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| TRIES.contains(&word))
}

/// True for words of a job that brings something to a server.
fn is_about_servers(text: &str) -> bool {
    const BRINGS: [&str; 9] =
        ["deploy", "deployment", "release", "provision", "production", "prod", "install", "server", "setup"];
    let text = text.to_ascii_lowercase();
    text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| BRINGS.contains(&word))
}
