//! Manifests: what a project needs to be installed, built and migrated. Knows nothing of what a script does.

mod migrations;
mod node;
mod python;

pub use migrations::{MigrationKind, MigrationTool};
pub use node::{NodePackage, PackageManager, Script};
pub use python::{PythonKind, PythonManifest, normalized};

use crate::finding::Gap;
use crate::project::files::Root;
use crate::project::inventory::Inventory;
use crate::source::{FileId, Sources, Span};

/// A declared dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Its name: of Python normalised as PEP 503 has it, else as written.
    pub name: String,
    /// The place of the name.
    pub span: Span,
    /// True when it is only needed for developing.
    pub development: bool,
}

/// Languages of which no more is known than that there is a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
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
pub struct OtherManifest {
    /// The language.
    pub language: Language,
    /// Its directory, relative to the root, empty for the root.
    pub directory: String,
    /// The file.
    pub file: FileId,
}

/// What the project needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Python dependencies, one entry a manifest.
    pub python: Vec<PythonManifest>,
    /// Packages of npm and its like.
    pub node: Vec<NodePackage>,
    /// Tools that migrate the database.
    pub migrations: Vec<MigrationTool>,
    /// Manifests of other languages.
    pub others: Vec<OtherManifest>,
}

/// The directory and the name of a path.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// Reads the manifests of a project.
pub fn read(root: &Root, inventory: &Inventory, sources: &mut Sources) -> (Needs, Vec<Gap>) {
    let mut needs = Needs::default();
    let mut gaps = Vec::new();
    for path in &inventory.manifests {
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
        if language.is_none() && python.is_none() && name != "package.json" && !migrates {
            continue;
        }
        let file = match root.read(path, sources) {
            Ok(file) => file,
            Err(gap) => {
                gaps.push(gap);
                continue;
            }
        };
        if let Some(language) = language {
            needs.others.push(OtherManifest { language, directory: directory.to_owned(), file });
        }
        if let Some(kind) = python {
            match python::read(sources, file, directory, kind) {
                Ok(manifest) => needs.python.extend(manifest),
                Err(gap) => gaps.push(gap),
            }
        }
        if name == "package.json" {
            match node::read(sources, file, directory, &inventory.manifests) {
                Ok(package) => needs.node.extend(package),
                Err(gap) => gaps.push(gap),
            }
        }
        if migrates || language == Some(Language::Ruby) {
            needs.migrations.extend(migrations::of_file(sources, file, directory, name));
        }
    }
    migrations::of_dependencies(&mut needs);
    (needs, gaps)
}

#[cfg(test)]
mod tests;
