//! Python: pyproject.toml, requirements files, Pipfile, setup.py.
//!
//! Facts: PEP 621 (`[project]`), PEP 735 (`[dependency-groups]`), PEP 508 (a requirement), PEP 503 (names),
//! <https://python-poetry.org/docs/pyproject/>, <https://pip.pypa.io/en/stable/reference/requirements-file-format/>.

use super::{Declared, split};
use crate::finding::Gap;
use crate::source::{FileId, Sources, Span};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The kinds of manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PythonKind {
    /// `pyproject.toml` with `[project]` or Poetry's table.
    Pyproject,
    /// `requirements*.txt`, `requirements/*.txt`.
    Requirements,
    /// `Pipfile`.
    Pipfile,
    /// `setup.py` or `setup.cfg`: it is code, its dependencies are not read.
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
pub struct PythonManifest {
    /// Its directory, relative to the root, empty for the root.
    pub directory: String,
    /// The file.
    pub file: FileId,
    /// Its kind.
    pub kind: PythonKind,
    /// True when Poetry's table is there.
    pub poetry: bool,
    /// What it declares, by place.
    pub dependencies: Vec<Declared>,
}

/// The name as PEP 503 has it: lower case, runs of `-`, `_` and `.` as one `-`.
pub fn normalized(name: &str) -> String {
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

/// `None` for a pyproject.toml that only configures tools.
pub(super) fn read(
    sources: &Sources,
    file: FileId,
    directory: &str,
    kind: PythonKind,
) -> Result<Option<PythonManifest>, Gap> {
    let mut manifest = PythonManifest {
        directory: directory.to_owned(),
        file,
        kind,
        poetry: false,
        dependencies: Vec::new(),
    };
    let text = sources.file(file).text();
    match kind {
        PythonKind::Requirements => requirements(text, &mut manifest),
        PythonKind::Setup => {}
        PythonKind::Pipfile | PythonKind::Pyproject => {
            let document = DeTable::parse(text).map_err(|error| {
                let at = error.span().map_or(0, |span| span.start);
                let span = Span { file, start: at as u32, end: at as u32 };
                let message = error.message().lines().next().unwrap_or_default();
                Gap::at(sources, span, format!("not readable as TOML: {message}"))
            })?;
            let table = document.get_ref();
            if kind == PythonKind::Pipfile {
                keys(text, table_at(table, &["packages"]), false, &mut manifest);
                keys(text, table_at(table, &["dev-packages"]), true, &mut manifest);
            } else if !pyproject(text, table, &mut manifest) {
                return Ok(None);
            }
        }
    }
    manifest.dependencies.sort_by_key(|d| d.span.start);
    Ok(Some(manifest))
}

type Table<'a> = DeTable<'a>;

fn value<'t, 'i>(table: &'t Table<'i>, key: &str) -> Option<&'t Spanned<DeValue<'i>>> {
    table.iter().find(|(k, _)| k.get_ref() == key).map(|e| e.1)
}

fn table_at<'t, 'i>(table: &'t Table<'i>, path: &[&str]) -> Option<&'t Table<'i>> {
    let mut inner = table;
    for key in path {
        inner = value(inner, key)?.get_ref().as_table()?;
    }
    Some(inner)
}

fn pyproject(text: &str, table: &Table<'_>, manifest: &mut PythonManifest) -> bool {
    let project = table_at(table, &["project"]);
    let poetry = table_at(table, &["tool", "poetry"]);
    manifest.poetry = poetry.is_some();
    if let Some(project) = project {
        strings(text, value(project, "dependencies"), false, manifest);
        let optional = table_at(project, &["optional-dependencies"]);
        for (group, list) in optional.into_iter().flatten() {
            let development = is_development(group.get_ref());
            strings(text, Some(list), development, manifest);
        }
    }
    for (_, list) in table_at(table, &["dependency-groups"]).into_iter().flatten() {
        strings(text, Some(list), true, manifest);
    }
    if let Some(poetry) = poetry {
        keys(text, table_at(poetry, &["dependencies"]), false, manifest);
        keys(text, table_at(poetry, &["dev-dependencies"]), true, manifest);
        for (name, group) in table_at(poetry, &["group"]).into_iter().flatten() {
            let group = group.get_ref().as_table();
            let inner = group.and_then(|g| table_at(g, &["dependencies"]));
            keys(text, inner, is_development(name.get_ref()), manifest);
        }
    }
    project.is_some() || poetry.is_some()
}

fn is_development(group: &str) -> bool {
    ["dev", "test", "lint", "doc", "typing"].iter().any(|word| group.to_ascii_lowercase().contains(word))
}

fn strings(
    text: &str,
    list: Option<&Spanned<DeValue<'_>>>,
    development: bool,
    manifest: &mut PythonManifest,
) {
    let Some(list) = list.and_then(|list| list.get_ref().as_array()) else {
        return;
    };
    for item in list.iter() {
        // A table in a group includes another group.
        let Some(requirement) = item.get_ref().as_str() else {
            continue;
        };
        let name = requirement_name(requirement);
        declare(text, name, item.span(), development, manifest);
    }
}

fn keys(text: &str, table: Option<&Table<'_>>, development: bool, manifest: &mut PythonManifest) {
    for (key, _) in table.into_iter().flatten() {
        if key.get_ref() != "python" {
            declare(text, key.get_ref(), key.span(), development, manifest);
        }
    }
}

/// `within` are the bytes that hold `name`, perhaps in quotes.
fn declare(
    text: &str,
    name: &str,
    within: std::ops::Range<usize>,
    development: bool,
    manifest: &mut PythonManifest,
) {
    if name.is_empty() {
        return;
    }
    let offset = text.get(within.clone()).and_then(|written| written.find(name));
    let start = within.start + offset.unwrap_or(0);
    manifest.dependencies.push(Declared {
        name: normalized(name),
        span: Span {
            file: manifest.file,
            start: start as u32,
            end: (start + name.len()).min(within.end) as u32,
        },
        development,
    });
}

/// `celery` of `celery[redis]>=5; python_version > "3"`.
fn requirement_name(requirement: &str) -> &str {
    let trimmed = requirement.trim_start();
    let end = trimmed
        .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.'))
        .unwrap_or(trimmed.len());
    &trimmed[..end]
}

fn requirements(text: &str, manifest: &mut PythonManifest) {
    let mut at = 0;
    let mut continued = false;
    for raw in text.split_inclusive('\n') {
        let start = at;
        at += raw.len();
        let skip = continued;
        let line = raw.trim_end();
        continued = line.ends_with('\\');
        let body = line.trim_start();
        if skip || body.is_empty() || body.starts_with('#') {
            continue;
        }
        let name = match body.split_once("#egg=") {
            Some((_, egg)) => requirement_name(egg),
            // Options, paths and addresses name no package.
            None if body.starts_with(['-', '.', '/']) || is_address(body) => continue,
            None => requirement_name(body),
        };
        let offset = start + (line.len() - body.len());
        declare(text, name, offset..start + line.len(), false, manifest);
    }
}

fn is_address(body: &str) -> bool {
    let first = body.split(['@', ' ']).next().unwrap_or_default();
    first.contains("://") || first.contains("git+")
}
