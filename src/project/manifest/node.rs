//! package.json, <https://docs.npmjs.com/cli/configuring-npm/package-json>.

use crate::finding::Gap;
use crate::project::manifest::{Declared, nearest};
use crate::project::yaml::{self, Node};
use crate::source::{FileId, Sources, Span};
use crate::tools::packaging::PackageManager;

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
pub(crate) struct Script {
    /// `build`.
    pub(crate) name: String,
    /// The command.
    pub(crate) command: String,
    /// Name and command.
    pub(crate) span: Span,
}

/// A package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NodePackage {
    /// Its directory, relative to the root, empty for the root.
    pub(crate) directory: String,
    /// package.json.
    pub(crate) file: FileId,
    /// `name`.
    pub(crate) name: Option<String>,
    /// `scripts`.
    pub(crate) scripts: Vec<Script>,
    /// The manager, from `packageManager`, else from the nearest lockfile here or above.
    pub(crate) manager: PackageManager,
    /// That lockfile.
    pub(crate) lockfile: Option<String>,
    /// The patterns of its workspace, for directories below it: `workspaces`, or pnpm-workspace.yaml.
    pub(crate) workspaces: Vec<String>,
    /// What it declares, by place.
    pub(crate) dependencies: Vec<Declared>,
}

impl NodePackage {
    /// The script of that name.
    pub(crate) fn script(&self, name: &str) -> Option<&Script> {
        self.scripts.iter().find(|script| script.name == name)
    }

    /// The scripts that run when the script of that name is run: npm runs `preNAME` before it and `postNAME` after it, and
    /// so do Yarn 1 and pnpm; npm-run(1).
    pub(crate) fn scripts_run_by<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Script> {
        let is_run = move |script: &&Script| {
            let rest = script.name.strip_suffix(name);
            rest.is_some_and(|before| matches!(before, "" | "pre" | "post"))
        };
        let is_there = self.script(name).is_some();
        self.scripts.iter().filter(move |_| is_there).filter(is_run)
    }

    /// True if the workspace whose top it is contains the package in that directory, relative to the root. In
    /// npm, Yarn and pnpm these are patterns of directories; those that start with `!` exclude.
    pub(crate) fn has_member(&self, directory: &str) -> bool {
        let below = match self.directory.as_str() {
            "" => Some(directory),
            own => directory.strip_prefix(own).and_then(|rest| rest.strip_prefix('/')),
        };
        let Some(below) = below.filter(|below| !below.is_empty()) else { return false };
        let fits = |pattern: &str| {
            let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
            let options = glob::MatchOptions { require_literal_separator: true, ..Default::default() };
            // A pattern that is invalid here may be valid for them.
            glob::Pattern::new(pattern).map_or(true, |pattern| pattern.matches_with(below, options))
        };
        let (out, of): (Vec<&String>, Vec<&String>) =
            self.workspaces.iter().partition(|p| p.starts_with('!'));
        of.iter().any(|pattern| fits(pattern)) && !out.iter().any(|pattern| fits(&pattern[1..]))
    }

    /// The declared dependency of that name.
    pub(crate) fn dependency(&self, name: &str) -> Option<&Declared> {
        self.dependencies.iter().find(|d| d.name == name)
    }
}

pub(super) fn read(
    sources: &Sources,
    file: FileId,
    directory: &str,
    manifests: &[String],
    gaps: &mut Vec<Gap>,
) -> Result<NodePackage, Gap> {
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
    // npm drops a byte order mark (tried with 11), and stops at a comment. Bun reads both.
    let text = sources.file(file).text();
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text)
        && !manifests.iter().any(|path| path.ends_with("bun.lock") || path.ends_with("bun.lockb"))
    {
        let line = sources.file(file).line_range(error.line() as u32);
        let at = (line.start + error.column().saturating_sub(1)).min(line.end);
        let at = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let span = Span { file, start: at as u32, end: at as u32 };
        let reason = "npm stops here, because package.json allows no comments and no trailing commas; it was read without them";
        gaps.push(Gap::at(sources, span, reason));
    }
    let lockfile = nearest(directory, manifests, LOCKFILES);
    let named = document.get("packageManager").and_then(Node::text);
    let manager = named
        .and_then(|text| PackageManager::called(text.split('@').next()?))
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
        entries(&document, field).map(move |(key, value)| Declared {
            requirement: value.text().map(str::to_owned),
            ..Declared::new(&key.text, key.span, development)
        })
    });
    let mut dependencies: Vec<Declared> = declared.collect();
    dependencies.sort_by_key(|d| d.span.start);
    Ok(NodePackage {
        directory: directory.to_owned(),
        file,
        name: document.get("name").and_then(Node::text).map(str::to_owned),
        scripts: scripts.collect(),
        manager,
        lockfile: lockfile.map(|(path, _)| path),
        workspaces: patterns(&document),
        dependencies,
    })
}

pub(super) fn entries<'n>(
    document: &'n Node,
    field: &str,
) -> impl Iterator<Item = &'n (yaml::Key, Node)> + use<'n> {
    let entries = document.get(field).and_then(Node::entries);
    entries.unwrap_or_default().iter()
}

/// Reads `workspaces: [PATTERN …]`, or Yarn's `workspaces: {packages: [PATTERN …]}`.
fn patterns(document: &Node) -> Vec<String> {
    let Some(field) = document.get("workspaces") else { return Vec::new() };
    texts(field.get("packages").unwrap_or(field))
}

/// The texts of a list.
pub(super) fn texts(node: &Node) -> Vec<String> {
    match &node.kind {
        yaml::Kind::List(items) => items.iter().filter_map(|item| Some(item.text()?.to_owned())).collect(),
        _ => Vec::new(),
    }
}
