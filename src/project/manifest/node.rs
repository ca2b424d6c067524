//! package.json, <https://docs.npmjs.com/cli/configuring-npm/package-json>.

use super::Declared;
use crate::finding::Gap;
use crate::project::yaml::{self, Node};
use crate::source::{FileId, Sources, Span};

/// Who installs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PackageManager {
    /// npm; also where nothing says otherwise.
    Npm,
    /// pnpm.
    Pnpm,
    /// Yarn.
    Yarn,
    /// Bun.
    Bun,
}

impl PackageManager {
    /// Its command.
    pub fn command(self) -> &'static str {
        match self {
            PackageManager::Npm => "npm",
            PackageManager::Pnpm => "pnpm",
            PackageManager::Yarn => "yarn",
            PackageManager::Bun => "bun",
        }
    }
}

const LOCKFILES: &[(&str, PackageManager)] = &[
    ("pnpm-lock.yaml", PackageManager::Pnpm),
    ("yarn.lock", PackageManager::Yarn),
    ("bun.lock", PackageManager::Bun),
    ("bun.lockb", PackageManager::Bun),
    ("package-lock.json", PackageManager::Npm),
    ("npm-shrinkwrap.json", PackageManager::Npm),
];

/// An entry of `scripts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// `build`.
    pub name: String,
    /// The command.
    pub command: String,
    /// Name and command.
    pub span: Span,
}

/// A package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodePackage {
    /// Its directory, relative to the root, empty for the root.
    pub directory: String,
    /// package.json.
    pub file: FileId,
    /// `name`.
    pub name: Option<String>,
    /// `scripts`.
    pub scripts: Vec<Script>,
    /// From `packageManager`, else from the nearest lockfile here or above.
    pub manager: PackageManager,
    /// That lockfile.
    pub lockfile: Option<String>,
    /// True when `workspaces` names packages below.
    pub has_workspaces: bool,
    /// What it declares, by place.
    pub dependencies: Vec<Declared>,
}

impl NodePackage {
    /// The script of that name.
    pub fn script(&self, name: &str) -> Option<&Script> {
        self.scripts.iter().find(|script| script.name == name)
    }

    /// The declared dependency of that name.
    pub fn dependency(&self, name: &str) -> Option<&Declared> {
        self.dependencies.iter().find(|d| d.name == name)
    }
}

pub(super) fn read(
    sources: &Sources,
    file: FileId,
    directory: &str,
    manifests: &[String],
) -> Result<Option<NodePackage>, Gap> {
    let Some(document) = yaml::parse_json(sources, file)? else {
        return Err(Gap::file(sources, file, "empty: not readable as JSON"));
    };
    if document.entries().is_none() {
        return Err(Gap::file(
            sources,
            file,
            format!("{} where a package's mapping should be", document.describe()),
        ));
    }
    let lockfile = lockfile(directory, manifests);
    let named = document.get("packageManager").and_then(Node::text);
    let manager = named
        .and_then(|text| match text.split('@').next()? {
            "npm" => Some(PackageManager::Npm),
            "pnpm" => Some(PackageManager::Pnpm),
            "yarn" => Some(PackageManager::Yarn),
            "bun" => Some(PackageManager::Bun),
            _ => None,
        })
        .or(lockfile.as_ref().map(|(_, manager)| *manager))
        .unwrap_or(PackageManager::Npm);
    let scripts = entries(&document, "scripts").filter_map(|(key, node)| {
        Some(Script {
            name: key.text.clone(),
            command: node.text()?.to_owned(),
            span: key.span.to(node.span),
        })
    });
    let fields = [("dependencies", false), ("optionalDependencies", false), ("devDependencies", true)];
    let declared = fields.into_iter().flat_map(|(field, development)| {
        entries(&document, field).map(move |(key, _)| Declared {
            name: key.text.clone(),
            span: key.span,
            development,
        })
    });
    let mut dependencies: Vec<Declared> = declared.collect();
    dependencies.sort_by_key(|d| d.span.start);
    Ok(Some(NodePackage {
        directory: directory.to_owned(),
        file,
        name: document.get("name").and_then(Node::text).map(str::to_owned),
        scripts: scripts.collect(),
        manager,
        lockfile: lockfile.map(|(path, _)| path),
        has_workspaces: document.get("workspaces").is_some(),
        dependencies,
    }))
}

fn entries<'n>(document: &'n Node, field: &str) -> impl Iterator<Item = &'n (yaml::Key, Node)> + use<'n> {
    let entries = document.get(field).and_then(Node::entries);
    entries.unwrap_or_default().iter()
}

/// The nearest lockfile, from the package's directory upwards: a workspace has it at its top.
fn lockfile(directory: &str, manifests: &[String]) -> Option<(String, PackageManager)> {
    let mut at = Some(directory);
    while let Some(directory) = at {
        for (name, manager) in LOCKFILES {
            let path = match directory {
                "" => (*name).to_owned(),
                inside => format!("{inside}/{name}"),
            };
            if manifests.binary_search(&path).is_ok() {
                return Some((path, *manager));
            }
        }
        at = match directory {
            "" => None,
            inside => Some(inside.rsplit_once('/').map_or("", |(above, _)| above)),
        };
    }
    None
}
