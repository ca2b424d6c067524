//! From files to one merged tree: documents, overrides, `include` and `extends`.
//!
//! Facts: <https://github.com/compose-spec/compose-spec/blob/main/14-include.md>, and for the order of things
//! `loadYamlFile` of compose-go: for each document in turn, its includes are inserted, then its services are
//! extended, and then it is merged into what came before.

use crate::finding::Gap;
use crate::project::compose::interpolation::with_defaults;
use crate::project::compose::merge::{self, At, Clashes};
use crate::project::yaml::{self, Key, Kind, Node};
use crate::repo::files::Root;
use crate::source::{FileId, Sources, Span};
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

/// How many nodes one merged project may have. A file that extends itself a thousand times is useless.
const MAX_NODES: usize = 1_000_000;
/// How many files one project may merge; a file that is included several times counts each time.
const MAX_FILES: usize = 500;
/// How deep includes may be nested.
const MAX_DEPTH: usize = 32;

/// Where files come from.
pub(super) enum Disk<'a> {
    /// There is only this one file.
    #[cfg(any(test, fuzzing))]
    Alone(&'a Sources),
    /// The project.
    Root(&'a Root, &'a mut Sources),
}

pub(super) type Entries = Vec<(Key, Node)>;

/// What is known about the project that is being read.
#[derive(Default)]
pub(super) struct Project {
    /// Its files, and the directory from which relative paths in each start.
    pub(super) directories: Vec<(FileId, String)>,
    /// The files that came by `include`.
    pub(super) included: Vec<FileId>,
    /// True if some part of it could not be read.
    pub(super) incomplete: bool,
    nodes: usize,
    files: usize,
}

/// Services among which `extends` looks for a name.
pub(super) struct Scope {
    pub(super) services: Entries,
    pub(super) index: HashMap<String, usize>,
    pub(super) directory: String,
    pub(super) done: HashMap<usize, Node>,
}

/// Reads files once, and puts them together as often as they are asked for.
pub(super) struct Loader<'a> {
    disk: Disk<'a>,
    documents: HashMap<FileId, (Rc<Vec<Node>>, bool)>,
    pub(super) gaps: Vec<Gap>,
    pub(super) project: Project,
    pub(super) scopes: Vec<Scope>,
    /// The services of files that `extends` names, by file.
    pub(super) by_file: HashMap<FileId, usize>,
}

impl<'a> Loader<'a> {
    pub(super) fn new(disk: Disk<'a>) -> Self {
        Loader {
            disk,
            documents: HashMap::new(),
            gaps: Vec::new(),
            project: Project::default(),
            scopes: Vec::new(),
            by_file: HashMap::new(),
        }
    }

    pub(super) fn sources(&self) -> &Sources {
        match &self.disk {
            #[cfg(any(test, fuzzing))]
            Disk::Alone(sources) => sources,
            Disk::Root(_, sources) => sources,
        }
    }

    pub(super) fn read(&mut self, path: &str) -> Result<FileId, Gap> {
        match &mut self.disk {
            Disk::Root(root, sources) => root.read(path, sources),
            #[cfg(any(test, fuzzing))]
            Disk::Alone(_) => {
                Err(Gap { file: path.to_owned(), place: None, reason: "not looked for".to_owned() })
            }
        }
    }

    pub(super) fn gap(&mut self, span: Span, reason: &str) {
        self.project.incomplete = true;
        let gap = Gap::at(self.sources(), span, reason);
        self.gaps.push(gap);
    }

    /// The merged tree of a project that consists of `files`, with what became known on the way.
    pub(super) fn project(&mut self, files: &[FileId], directory: &str) -> (Entries, Project) {
        self.project = Project::default();
        self.scopes.clear();
        self.by_file.clear();
        let entries = self.model(files, directory, &mut Vec::new());
        (entries, std::mem::take(&mut self.project))
    }

    fn model(&mut self, files: &[FileId], directory: &str, chain: &mut Vec<FileId>) -> Entries {
        let mut model = Entries::new();
        for file in files {
            self.note(*file, directory);
            chain.push(*file);
            for document in self.documents(*file).iter() {
                let Some(mut own) = self.copy(document).and_then(into_entries) else {
                    continue;
                };
                self.include(&mut own, directory, chain);
                self.extend(&mut own, directory);
                model = self.merge(model, own);
            }
            chain.pop();
        }
        model
    }

    pub(super) fn note(&mut self, file: FileId, directory: &str) {
        if !self.project.directories.iter().any(|(known, _)| *known == file) {
            self.project.directories.push((file, directory.to_owned()));
        }
    }

    pub(super) fn merge(&mut self, base: Entries, over: Entries) -> Entries {
        let mut clashes = Clashes::new();
        let merged = merge::entries(base, over, At::Top, &mut clashes);
        self.clashes(clashes);
        merged
    }

    pub(super) fn clashes(&mut self, clashes: Clashes) {
        for (span, reason) in clashes {
            self.gap(span, &reason);
        }
    }

    /// The documents of a file that are mappings; Compose merges them one after the other.
    pub(super) fn documents(&mut self, file: FileId) -> Rc<Vec<Node>> {
        if let Some((known, whole)) = self.documents.get(&file) {
            self.project.incomplete |= !whole;
            return Rc::clone(known);
        }
        let (mut documents, gaps) = yaml::parse_readable(self.sources(), file);
        let mut whole = gaps.is_empty();
        self.gaps.extend(gaps);
        // A file may start with `---`, or end with it.
        documents.retain(|document| document.kind != Kind::Null);
        for document in documents.iter().filter(|d| d.entries().is_none()) {
            let reason = format!("it has no `services`: {}, not read as a Compose file", document.describe());
            self.gap(document.span, &reason);
            whole = false;
        }
        documents.retain(|document| document.entries().is_some());
        for document in &documents {
            whole &= self.once(document);
        }
        self.project.incomplete |= !whole;
        let documents = Rc::new(documents);
        self.documents.insert(file, (Rc::clone(&documents), whole));
        documents
    }

    /// Adds a gap for each key that is written twice where Compose checks it, because it refuses such a file.
    fn once(&mut self, document: &Node) -> bool {
        let mut twice = Vec::new();
        written_twice(self.sources(), document, "the file", &mut twice);
        if let Some(services) = document.get("services") {
            written_twice(self.sources(), services, "`services`", &mut twice);
            for (key, service) in services.entries().unwrap_or_default() {
                written_twice(self.sources(), service, &format!("service `{}`", key.text), &mut twice);
                for field in ["environment", "depends_on", "build"] {
                    if let Some(node) = service.get(field) {
                        written_twice(self.sources(), node, &format!("`{field}`"), &mut twice);
                    }
                }
            }
        }
        let none = twice.is_empty();
        self.gaps.extend(twice);
        none
    }

    /// True if the project has reached its limit, so that nothing is copied any more.
    pub(super) fn is_full(&self) -> bool {
        self.project.nodes > MAX_NODES
    }

    /// A copy, as long as the project stays within its limits.
    pub(super) fn copy(&mut self, node: &Node) -> Option<Node> {
        self.project.nodes = self.project.nodes.saturating_add(size(node));
        if !self.is_full() {
            return Some(node.clone());
        }
        let reason = format!("the merged project has more than {MAX_NODES} nodes");
        let told = self.gaps.iter().any(|gap| gap.reason.starts_with(&reason));
        self.project.incomplete = true;
        if !told {
            self.gap(node.span, &format!("{reason}, so the rest is not read"));
        }
        None
    }

    /// The file that a path in a value of `key` names.
    pub(super) fn file_of(&mut self, key: &str, value: &Node, directory: &str) -> Option<(FileId, String)> {
        let written = value.text().map(with_defaults);
        let Some(path) = written.filter(|path| !path.is_empty()) else {
            self.gap(
                value.span,
                &format!("`{key}` holds {}, not a path, so it is not read", value.describe()),
            );
            return None;
        };
        #[cfg(any(test, fuzzing))]
        if matches!(self.disk, Disk::Alone(_)) {
            let what = if key == "include" {
                "the files of `include` are not read"
            } else {
                "the other file that `extends` names is not read"
            };
            self.gap(value.span, what);
            return None;
        }
        if path.contains('$') {
            let reason = format!(
                "the file that `{key}` names depends on a variable without a default, so it is not read"
            );
            self.gap(value.span, &reason);
            return None;
        }
        if is_remote(&path) {
            self.gap(value.span, &format!("`{key}` names `{path}` on another machine, which is not fetched"));
            return None;
        }
        let read = match inside(directory, &path) {
            Some(name) => self.read(&name).map(|file| (file, name)).map_err(|gap| gap.reason),
            None => Err("is outside the project's root, so it is not read".to_owned()),
        };
        match read {
            Ok(found) => Some(found),
            Err(reason) => {
                self.gap(value.span, &format!("`{path}` of `{key}`: {reason}"));
                None
            }
        }
    }

    fn include(&mut self, own: &mut Entries, directory: &str, chain: &mut Vec<FileId>) {
        let Some(include) = take(own, "include") else {
            return;
        };
        let items = match include.kind {
            Kind::Null => return,
            Kind::List(items) => items,
            _ => {
                let reason = format!("`include` is {}, not a list, so it is not read", include.describe());
                return self.gap(include.span, &reason);
            }
        };
        let mut imported = Entries::new();
        for item in items {
            let paths = match (&item.kind, item.get("path").map(|path| &path.kind)) {
                (Kind::Map(_), Some(Kind::List(paths))) => paths.clone(),
                (Kind::Map(_), _) => item.get("path").cloned().into_iter().collect(),
                _ => vec![item.clone()],
            };
            if paths.is_empty() {
                self.gap(item.span, "an entry of `include` has no `path`, so it is not read");
            }
            let found: Vec<(FileId, String)> =
                paths.iter().filter_map(|path| self.file_of("include", path, directory)).collect();
            let Some((_, first)) = found.first() else {
                continue;
            };
            let project = match item.get("project_directory").and_then(Node::text).map(with_defaults) {
                Some(given) => inside(directory, &given),
                None => Some(parent(first)),
            };
            let Some(project) = project else {
                self.gap(
                    item.span,
                    "`project_directory` is outside the project's root, so its files are not read",
                );
                continue;
            };
            let files: Vec<FileId> = found.iter().map(|(file, _)| *file).collect();
            if let Some(again) = files.iter().find(|file| chain.contains(file)) {
                let path = self.sources().file(*again).path().to_owned();
                self.gap(
                    item.span,
                    &format!("`{path}` includes itself, which Compose refuses; it is read once"),
                );
                continue;
            }
            self.project.files += files.len();
            if self.project.files > MAX_FILES || chain.len() >= MAX_DEPTH {
                let reason = "includes are nested too deep, so the rest is not read";
                if !self.gaps.iter().any(|gap| gap.reason == reason) {
                    self.gap(item.span, reason);
                }
                self.project.incomplete = true;
                continue;
            }
            self.project.included.extend(&files);
            let mut model = self.model(&files, &project, chain);
            model.retain(|(key, _)| SHARED.contains(&key.text.as_str()));
            imported = self.merge(imported, model);
        }
        // What the file itself says about a service outranks what it includes.
        let over = std::mem::take(own);
        *own = self.merge(imported, over);
    }
}

/// What an included project shares with the one that includes it.
const SHARED: &[&str] = &["services", "volumes", "networks", "secrets", "configs", "models"];

pub(super) fn take(entries: &mut Entries, key: &str) -> Option<Node> {
    let mut found = None;
    entries.retain_mut(|(k, node)| {
        let is = k.text == key;
        if is {
            found = Some(Node {
                span: node.span,
                kind: std::mem::replace(&mut node.kind, Kind::Null),
                tag: None,
            });
        }
        !is
    });
    found
}

pub(super) fn into_entries(node: Node) -> Option<Entries> {
    match node.kind {
        Kind::Map(entries) => Some(entries),
        _ => None,
    }
}

/// How many nodes a tree has.
fn size(node: &Node) -> usize {
    match &node.kind {
        Kind::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Kind::Map(entries) => 1 + entries.iter().map(|(_, value)| 1 + size(value)).sum::<usize>(),
        _ => 1,
    }
}

/// The name, relative to the root, of `path` in `directory`; `None` if it is outside the root.
pub(super) fn inside(directory: &str, path: &str) -> Option<String> {
    if path.starts_with(['/', '~']) || path.contains('\\') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in directory.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

pub(super) fn parent(path: &str) -> String {
    let parent = Path::new(path).parent();
    parent.map(|parent| parent.to_string_lossy().into_owned()).unwrap_or_default()
}

/// True for something that Compose fetches with git or from an OCI registry: the loaders of
/// <https://docs.docker.com/compose/how-tos/oci-artifact/> and of remote builds.
fn is_remote(path: &str) -> bool {
    ["oci://", "http://", "https://", "git://", "ssh://", "git@", "github.com/"]
        .iter()
        .any(|start| path.starts_with(start))
}

fn written_twice(sources: &Sources, map: &Node, of: &str, gaps: &mut Vec<Gap>) {
    let mut first = HashMap::new();
    for (key, _) in map.entries().unwrap_or_default() {
        let before: Span = *first.entry(key.text.as_str()).or_insert(key.span);
        if before != key.span && key.span.start > before.start {
            let line = sources.file(before.file).line(before.start);
            let reason = format!(
                "`{}` is given twice in {of}, first on line {line}, so Compose refuses the file; the last one is read",
                key.text
            );
            gaps.push(Gap::at(sources, key.span, reason));
        }
    }
}
