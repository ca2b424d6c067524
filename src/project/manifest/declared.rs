//! What all manifests of Python have in common: which kinds there are, what they declare, and how a requirement is
//! written.
//!
//! Facts: PEP 503 (names), PEP 508 (requirements).

use crate::project::manifest::{Declared, Include, split};
use crate::source::{FileId, Span};
use std::ops::Range;

/// The kinds of manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum PythonKind {
    /// `pyproject.toml` that declares something, or a project.
    Pyproject,
    /// `requirements*.txt`, `requirements/*.txt`, and the files that they include with `-r`.
    Requirements,
    /// `Pipfile`.
    Pipfile,
    /// `setup.py` or `setup.cfg`.
    Setup,
}

impl PythonKind {
    pub(super) fn of(path: &str) -> Option<PythonKind> {
        let (directory, name) = split(path);
        match name {
            "pyproject.toml" => Some(PythonKind::Pyproject),
            "Pipfile" => Some(PythonKind::Pipfile),
            "setup.py" | "setup.cfg" => Some(PythonKind::Setup),
            _ if name.ends_with(".txt")
                && (name.starts_with("requirements") || split(directory).1 == "requirements") =>
            {
                Some(PythonKind::Requirements)
            }
            _ => None,
        }
    }
}

/// A manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PythonManifest {
    /// Its directory, relative to the root, empty for the root.
    pub(crate) directory: String,
    /// The file.
    pub(crate) file: FileId,
    /// Its kind.
    pub(crate) kind: PythonKind,
    /// True if Poetry's table is there.
    pub(crate) poetry: bool,
    /// What it declares, by place.
    pub(crate) dependencies: Vec<Declared>,
    /// The requirements files that it takes in.
    pub(crate) includes: Vec<Include>,
    /// False if it needs more than is known: it is code, it names an address or a path, or a file that it includes
    /// could not be read.
    pub(crate) complete: bool,
    /// The lockfile of uv, Poetry, PDM or Pipenv here or above.
    pub(crate) lockfile: Option<String>,
}

/// The name as PEP 503 has it: lower case, runs of `-`, `_` and `.` as one `-`.
pub(crate) fn normalized(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if !matches!(c, '-' | '_' | '.') {
            out.push(c.to_ascii_lowercase());
        } else if !out.ends_with('-') {
            out.push('-');
        }
    }
    out
}

/// A requirement, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Requirement<'t> {
    /// `celery` of `celery[redis] >=5; python_version > "3"`. It is empty if nothing is named.
    pub(super) name: &'t str,
    /// `redis`.
    pub(super) extras: Vec<&'t str>,
    /// `>=5`, or `@ https://…`.
    pub(super) constraint: Option<&'t str>,
    /// `python_version > "3"`.
    pub(super) marker: &'t str,
}

impl<'t> Requirement<'t> {
    /// Takes it apart, without its marker and without pip's own options.
    pub(super) fn parse(text: &'t str) -> Self {
        let trimmed = text.trim_start();
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let (name, rest) = trimmed.split_at(trimmed.find(|c| !is_name(c)).unwrap_or(trimmed.len()));
        let rest = rest.trim_start();
        let (extras, rest) = match rest.strip_prefix('[').and_then(|inside| inside.split_once(']')) {
            Some((extras, rest)) => (extras, rest.trim_start()),
            None => ("", rest),
        };
        // A `;` belongs to an address unless a blank stands before it.
        let marker = if rest.starts_with('@') { " ;" } else { ";" };
        let end = [marker, " --", " #", "\t#", "\\"].iter().filter_map(|stop| rest.find(stop)).min();
        let constraint = rest[..end.unwrap_or(rest.len())].trim();
        let after = rest.split_once(marker).map_or("", |(_, after)| after);
        let end_of_marker = [" --", " #", "\t#", "\\"].iter().filter_map(|stop| after.find(stop)).min();
        Requirement {
            marker: after[..end_of_marker.unwrap_or(after.len())].trim(),
            name,
            extras: extras.split(',').map(str::trim).filter(|extra| !extra.is_empty()).collect(),
            constraint: (!constraint.is_empty()).then_some(constraint),
        }
    }

    /// True unless its marker (PEP 508) rules out every Linux server with a version of Python that is still in use.
    fn is_for_a_server(&self) -> bool {
        let rules_out = |test: &str| {
            let test = test.trim_matches([' ', '(', ')']).replace(['"', '\''], " ");
            let words: Vec<&str> = test.split_whitespace().collect();
            match words[..] {
                ["sys_platform", "==", system] => system != "linux",
                ["sys_platform", "!=", system] => system == "linux",
                ["platform_system", "==", system] => system != "Linux",
                ["platform_system", "!=", system] => system == "Linux",
                ["os_name", "==", system] => system != "posix",
                ["os_name", "!=", system] => system == "posix",
                ["python_version", "<" | "<=" | "==", version] => is_out_of_use(version),
                _ => false,
            }
        };
        !self.marker.split(" or ").all(|some| some.split(" and ").any(rules_out))
    }

    /// True if it is taken from an address or a path. No index knows what such a package needs in turn.
    pub(super) fn is_direct(&self) -> bool {
        self.constraint.is_some_and(|constraint| constraint.starts_with('@'))
    }
}

/// True for a version of Python up to 3.8, which no system of a server has any more.
fn is_out_of_use(version: &str) -> bool {
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().unwrap_or(u32::MAX));
    match (numbers.next(), numbers.next()) {
        (Some(3), minor) => minor.is_some_and(|minor| minor <= 8),
        (major, _) => major.is_some_and(|major| major < 3),
    }
}

/// Declares what is named inside the bytes `within`, perhaps in quotes.
pub(super) fn declare(
    text: &str,
    requirement: &Requirement<'_>,
    within: Range<usize>,
    group: Option<&str>,
    manifest: &mut PythonManifest,
) {
    let offset = text.get(within.clone()).and_then(|written| written.find(requirement.name));
    let start = within.start + offset.unwrap_or(0);
    declare_at(requirement, start..(start + requirement.name.len()).min(within.end), group, manifest);
}

/// Declares what is named at `place`.
pub(super) fn declare_at(
    requirement: &Requirement<'_>,
    place: Range<usize>,
    group: Option<&str>,
    manifest: &mut PythonManifest,
) {
    if requirement.name.is_empty() || !requirement.is_for_a_server() {
        return;
    }
    manifest.dependencies.push(Declared {
        name: normalized(requirement.name),
        span: Span { file: manifest.file, start: place.start as u32, end: place.end as u32 },
        development: group.is_some_and(is_development),
        requirement: requirement.constraint.map(str::to_owned),
        extras: requirement.extras.iter().map(|extra| normalized(extra)).collect(),
        group: group.map(str::to_owned),
    });
}

pub(super) fn is_development(group: &str) -> bool {
    let group = group.to_ascii_lowercase();
    ["dev", "test", "lint", "doc", "typing"].iter().any(|word| group.contains(word))
}
