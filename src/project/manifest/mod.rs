//! Manifests: what a project needs to be installed, built and migrated. They know nothing about a script.

pub(crate) mod code;
mod declared;
mod lock;
mod migrations;
mod node;
mod others;
mod python;
mod requirements;
mod setup;

pub(crate) use declared::{PythonKind, PythonManifest, normalized};
pub(crate) use migrations::{MigrationKind, MigrationTool};
pub(crate) use node::{NodePackage, Script};

use crate::finding::Gap;
use crate::limit::tick;
use crate::project::yaml;
use crate::repo::files::Root;
use crate::repo::inventory::Inventory;
use crate::source::{FileId, Sources, Span};
use std::collections::HashSet;

/// A declared dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Declared {
    /// Its name: for Python normalised as in PEP 503, else as written.
    pub(crate) name: String,
    /// The place of the name.
    pub(crate) span: Span,
    /// True if it is needed only for development.
    pub(crate) development: bool,
    /// Its version constraint as written: `>=5,<6`, `^4.18`, `@ https://…`. `None` if any version is
    /// accepted.
    pub(crate) requirement: Option<String>,
    /// Python: the requested extras, normalised: `standard` for `uvicorn[standard]`.
    pub(crate) extras: Vec<String>,
    /// Python: the extra or group that it belongs to; `None` if it is always installed.
    pub(crate) group: Option<String>,
}

impl Declared {
    fn new(name: &str, span: Span, development: bool) -> Self {
        Declared {
            name: name.to_owned(),
            span,
            development,
            requirement: None,
            extras: Vec::new(),
            group: None,
        }
    }
}

/// `-r FILE` and similar: a file that a manifest includes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Include {
    /// The path as written, relative to the directory of the manifest.
    pub(crate) path: String,
    /// Its place.
    pub(crate) span: Span,
    /// True for `-c`, which only bounds versions and installs nothing.
    pub(crate) constraint: bool,
    /// The file, once it was read.
    pub(crate) file: Option<FileId>,
}

/// Languages for which only the manifest's existence is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Language {
    /// `Gemfile`.
    Ruby,
    /// `composer.json`.
    Php,
    /// `go.mod`.
    Go,
    /// `Cargo.toml`.
    Rust,
}

/// A manifest of another language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OtherManifest {
    /// The language.
    pub(crate) language: Language,
    /// Its directory, relative to the root, empty for the root.
    pub(crate) directory: String,
    /// The file.
    pub(crate) file: FileId,
    /// What it declares, by place.
    pub(crate) dependencies: Vec<Declared>,
}

/// What the project needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// Python dependencies, one entry a manifest.
    pub(crate) python: Vec<PythonManifest>,
    /// Packages of npm and similar managers.
    pub(crate) node: Vec<NodePackage>,
    /// Tools that migrate the database.
    pub(crate) migrations: Vec<MigrationTool>,
    /// Manifests of other languages.
    pub(crate) others: Vec<OtherManifest>,
    /// What the app's own code does; empty if the code was not looked at.
    pub(crate) code: code::Code,
    /// The names in Python's lockfiles, if there are any: everything that they install, including what nobody
    /// declared.
    pub(crate) locked: Option<HashSet<String>>,
    /// True if a manifest could not be read, or not completely, so that more may be needed than is known.
    pub(crate) unread: bool,
}

/// Every declared dependency, manifest by manifest; the file is that of its span.
pub(crate) fn dependencies(needs: &Needs) -> impl Iterator<Item = &Declared> {
    let python = needs.python.iter().flat_map(|manifest| &manifest.dependencies);
    let node = needs.node.iter().flat_map(|package| &package.dependencies);
    let others = needs.others.iter().flat_map(|manifest| &manifest.dependencies);
    python.chain(node).chain(others)
}

/// Every script of every package.json: its name, its command, its place.
pub(crate) fn scripts(needs: &Needs) -> impl Iterator<Item = &Script> {
    needs.node.iter().flat_map(|package| &package.scripts)
}

/// The directory and the name of a path.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// The nearest of the files here or above, because a workspace has its lockfile at its top.
fn nearest<T: Copy>(directory: &str, manifests: &[String], names: &[(&str, T)]) -> Option<(String, T)> {
    let mut at = Some(directory);
    while let Some(directory) = at {
        for (name, what) in names {
            let path = match directory {
                "" => (*name).to_owned(),
                inside => format!("{inside}/{name}"),
            };
            if manifests.binary_search(&path).is_ok() {
                return Some((path, *what));
            }
        }
        at = match directory {
            "" => None,
            inside => Some(split(inside).0),
        };
    }
    None
}

/// Lockfiles of Python that bind what is installed.
const PYTHON_LOCKS: &[(&str, ())] =
    &[("uv.lock", ()), ("poetry.lock", ()), ("pdm.lock", ()), ("Pipfile.lock", ())];

/// Reads the manifests of a project.
pub(crate) fn read(root: &Root, inventory: &Inventory, sources: &mut Sources) -> (Needs, Vec<Gap>) {
    let mut needs = Needs::default();
    let mut gaps = Vec::new();
    let mut pnpm = Vec::new();
    for path in &inventory.manifests {
        tick();
        let (directory, name) = split(path);
        let language = match name {
            "Gemfile" => Some(Language::Ruby),
            "composer.json" => Some(Language::Php),
            "go.mod" => Some(Language::Go),
            "Cargo.toml" => Some(Language::Rust),
            _ => None,
        };
        let python = PythonKind::of(path);
        let migrates = migrations::is_own_file(name);
        let node = matches!(name, "package.json" | "pnpm-workspace.yaml");
        if language.is_none() && python.is_none() && !node && !migrates {
            continue;
        }
        let file = match root.read(path, sources) {
            Ok(file) => file,
            Err(gap) => {
                gaps.push(gap);
                needs.unread = true;
                continue;
            }
        };
        if let Some(at) = sources.file(file).first_invalid() {
            let span = Span { file, start: at, end: at };
            gaps.push(Gap::at(sources, span, "not UTF-8: it was read as Latin-1"));
        }
        let before = gaps.len();
        if let Some(language) = language {
            let dependencies = others::read(sources, file, language, &mut gaps);
            needs.others.push(OtherManifest {
                language,
                directory: directory.to_owned(),
                file,
                dependencies,
            });
        }
        if let Some(kind) = python
            && let Some(mut manifest) = python::read(sources, file, directory, kind, &mut gaps)
        {
            manifest.lockfile = nearest(directory, &inventory.manifests, PYTHON_LOCKS).map(|(path, ())| path);
            needs.python.push(manifest);
        }
        match name {
            "package.json" => match node::read(sources, file, directory, &inventory.manifests, &mut gaps) {
                Ok(package) => needs.node.push(package),
                Err(gap) => gaps.push(gap),
            },
            "pnpm-workspace.yaml" => match yaml::parse(sources, file) {
                Ok(document) => pnpm.extend(document.map(|document| (directory, document))),
                Err(gap) => gaps.push(gap),
            },
            _ => {}
        }
        needs.unread |= gaps.len() > before;
        if migrates || matches!(language, Some(Language::Ruby | Language::Php)) {
            needs.migrations.extend(migrations::of_file(sources, file, directory, name, &needs.others));
        }
    }
    for (directory, document) in pnpm {
        let top = needs.node.iter_mut().find(|package| package.directory == directory);
        if let (Some(top), Some(packages)) = (top, document.get("packages")) {
            top.workspaces.extend(node::texts(packages));
        }
    }
    included(root, sources, &mut needs, &mut gaps);
    let before = gaps.len();
    needs.locked = lock::names(root, &needs.python, sources, &mut gaps);
    needs.unread |= gaps.len() > before;
    migrations::of_dependencies(&mut needs);
    (needs, gaps)
}

/// Reads the requirements files that manifests include and whose names did not reveal them, each once.
fn included(root: &Root, sources: &mut Sources, needs: &mut Needs, gaps: &mut Vec<Gap>) {
    let mut known: HashSet<FileId> = needs.python.iter().map(|manifest| manifest.file).collect();
    let mut bounds: HashSet<FileId> = HashSet::new();
    let mut installed: HashSet<FileId> = HashSet::new();
    let mut next = 0;
    while next < needs.python.len() {
        let manifest = &needs.python[next];
        let (directory, includes) = (manifest.directory.clone(), manifest.includes.clone());
        for (at, include) in includes.iter().enumerate() {
            tick();
            if include.path.contains("://") || include.path.contains('$') {
                needs.python[next].complete &= include.constraint;
                continue;
            }
            let path = match directory.as_str() {
                "" => include.path.clone(),
                inside => format!("{inside}/{}", include.path),
            };
            let file = match root.read(&path, sources) {
                Ok(file) => file,
                // If bounds cannot be read, the same packages are installed.
                Err(_) if include.constraint => continue,
                Err(gap) => {
                    let reason = format!("includes {}, which cannot be read: {}", include.path, gap.reason);
                    gaps.push(Gap::at(sources, include.span, reason));
                    needs.python[next].complete = false;
                    continue;
                }
            };
            let list = if include.constraint { &mut bounds } else { &mut installed };
            list.insert(file);
            needs.python[next].includes[at].file = Some(file);
            if !include.constraint && known.insert(file) {
                let below = split(sources.file(file).path()).0.to_owned();
                needs.python.extend(python::read(sources, file, &below, PythonKind::Requirements, gaps));
            }
        }
        next += 1;
    }
    // A file that only bounds versions declares nothing.
    needs.python.retain(|manifest| !bounds.contains(&manifest.file) || installed.contains(&manifest.file));
}

#[cfg(test)]
mod tests;
