//! Python: pyproject.toml, Pipfile, and what all of Python's manifests have in common.
//!
//! Facts: PEP 621 (`[project]`), PEP 735 (`[dependency-groups]`), PEP 503 (names),
//! <https://python-poetry.org/docs/pyproject/>, <https://docs.astral.sh/uv/concepts/projects/dependencies/>,
//! <https://setuptools.pypa.io/en/latest/userguide/pyproject_config.html#dynamic-metadata>.

use crate::finding::Gap;
use crate::project::manifest::declared::{PythonKind, PythonManifest, Requirement, declare};
use crate::project::manifest::{Include, requirements, setup};
use crate::source::{FileId, Sources, Span};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Reads a pyproject.toml; `None` if it only configures tools. The readable part of a broken one is read.
pub(super) fn read(
    sources: &Sources,
    file: FileId,
    directory: &str,
    kind: PythonKind,
    gaps: &mut Vec<Gap>,
) -> Option<PythonManifest> {
    let mut manifest = PythonManifest {
        directory: directory.to_owned(),
        file,
        kind,
        poetry: false,
        dependencies: Vec::new(),
        includes: Vec::new(),
        complete: true,
        lockfile: None,
    };
    let text = sources.file(file).text();
    let mut is_manifest = true;
    match kind {
        PythonKind::Requirements => requirements::read(text, &mut manifest),
        PythonKind::Setup if sources.file(file).path().ends_with(".py") => setup::py(text, &mut manifest),
        PythonKind::Setup => setup::cfg(text, &mut manifest),
        PythonKind::Pipfile | PythonKind::Pyproject => {
            let document = toml(sources, file, gaps, &mut manifest.complete);
            let table = document.get_ref();
            if kind == PythonKind::Pipfile {
                keys(text, table_at(table, &["packages"]), None, &mut manifest);
                keys(text, table_at(table, &["dev-packages"]), Some("dev"), &mut manifest);
            } else {
                is_manifest = pyproject(text, table, &mut manifest);
            }
        }
    }
    manifest.dependencies.sort_by_key(|d| d.span.start);
    is_manifest.then_some(manifest)
}

/// Reads TOML. The first place that is not TOML becomes a gap, because later errors may follow from it.
pub(super) fn toml<'s>(
    sources: &'s Sources,
    file: FileId,
    gaps: &mut Vec<Gap>,
    complete: &mut bool,
) -> Spanned<DeTable<'s>> {
    let (document, errors) = DeTable::parse_recoverable(sources.file(file).text());
    *complete &= errors.is_empty();
    if let Some(error) = errors.first() {
        let at = error.span().map_or(0, |span| span.start);
        let span = Span { file, start: at as u32, end: at as u32 };
        let message = error.message().lines().next().unwrap_or_default();
        gaps.push(Gap::at(sources, span, format!("not readable as TOML: {message}")));
    }
    document
}

type Table<'a> = DeTable<'a>;

fn value<'t, 'i>(table: &'t Table<'i>, key: &str) -> Option<&'t Spanned<DeValue<'i>>> {
    table.iter().find(|(k, _)| k.get_ref() == key).map(|e| e.1)
}

pub(super) fn table_at<'t, 'i>(table: &'t Table<'i>, path: &[&str]) -> Option<&'t Table<'i>> {
    let mut inner = table;
    for key in path {
        inner = value(inner, key)?.get_ref().as_table()?;
    }
    Some(inner)
}

/// True for the manifest of a project, and for one that declares anything.
fn pyproject(text: &str, table: &Table<'_>, manifest: &mut PythonManifest) -> bool {
    let project = table_at(table, &["project"]);
    let poetry = table_at(table, &["tool", "poetry"]);
    manifest.poetry = poetry.is_some();
    if let Some(project) = project {
        strings(text, value(project, "dependencies"), None, manifest);
        for (group, list) in table_at(project, &["optional-dependencies"]).into_iter().flatten() {
            strings(text, Some(list), Some(group.get_ref()), manifest);
        }
        dynamic(table, project, manifest);
    }
    for path in [&["dependency-groups"][..], &["tool", "pdm", "dev-dependencies"]] {
        for (group, list) in table_at(table, path).into_iter().flatten() {
            strings(text, Some(list), Some(group.get_ref()), manifest);
        }
    }
    let uv = table_at(table, &["tool", "uv"]);
    strings(text, uv.and_then(|uv| value(uv, "dev-dependencies")), Some("dev"), manifest);
    if let Some(poetry) = poetry {
        keys(text, table_at(poetry, &["dependencies"]), None, manifest);
        keys(text, table_at(poetry, &["dev-dependencies"]), Some("dev"), manifest);
        for (name, group) in table_at(poetry, &["group"]).into_iter().flatten() {
            let group = group.get_ref().as_table();
            let inner = group.and_then(|g| table_at(g, &["dependencies"]));
            keys(text, inner, Some(name.get_ref()), manifest);
        }
    }
    project.is_some() || poetry.is_some() || !manifest.dependencies.is_empty()
}

/// Reads `dynamic = ["dependencies"]`. setuptools takes them from files, other builders from code.
fn dynamic(table: &Table<'_>, project: &Table<'_>, manifest: &mut PythonManifest) {
    let named = value(project, "dynamic").and_then(|list| list.get_ref().as_array());
    let names = |wanted: &str| {
        named.is_some_and(|list| list.iter().any(|item| item.get_ref().as_str() == Some(wanted)))
    };
    manifest.complete &= !names("optional-dependencies");
    if !names("dependencies") {
        return;
    }
    let from = table_at(table, &["tool", "setuptools", "dynamic", "dependencies"]);
    let Some(file) = from.and_then(|from| value(from, "file")) else {
        manifest.complete = false;
        return;
    };
    let one = file.get_ref().as_str().map(|path| (path, file.span()));
    let list = file.get_ref().as_array().into_iter().flat_map(|list| list.iter());
    let several = list.filter_map(|item| Some((item.get_ref().as_str()?, item.span())));
    for (path, span) in one.into_iter().chain(several) {
        let span = Span { file: manifest.file, start: span.start as u32, end: span.end as u32 };
        manifest.includes.push(Include { path: path.to_owned(), span, constraint: false, file: None });
    }
}

fn strings(
    text: &str,
    list: Option<&Spanned<DeValue<'_>>>,
    group: Option<&str>,
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
        let requirement = Requirement::parse(requirement);
        manifest.complete &= !requirement.is_direct();
        declare(text, &requirement, item.span(), group, manifest);
    }
}

/// The entries of a table of Poetry's or Pipenv's form: `name = "^1"`, `name = {version = "^1", extras = ["x"]}`.
fn keys(text: &str, table: Option<&Table<'_>>, group: Option<&str>, manifest: &mut PythonManifest) {
    for (key, value) in table.into_iter().flatten() {
        if key.get_ref() == "python" {
            continue;
        }
        let form = Form::of(text, value);
        manifest.complete &= !form.direct;
        let requirement = Requirement {
            name: key.get_ref(),
            extras: form.extras,
            constraint: form.constraint,
            marker: form.marker,
        };
        declare(text, &requirement, key.span(), group, manifest);
    }
}

/// The value after a name in a table of dependencies, also in Cargo's.
pub(super) struct Form<'t> {
    pub(super) constraint: Option<&'t str>,
    extras: Vec<&'t str>,
    /// Where it is installed (PEP 508).
    marker: &'t str,
    /// From an address or a path.
    direct: bool,
}

impl<'t> Form<'t> {
    pub(super) fn of(text: &'t str, written: &'t Spanned<DeValue<'_>>) -> Self {
        let whole = text.get(written.span());
        match written.get_ref() {
            DeValue::String(constraint) => {
                Form { constraint: Some(constraint), extras: Vec::new(), marker: "", direct: false }
            }
            DeValue::Table(table) => {
                let version = value(table, "version").and_then(|version| version.get_ref().as_str());
                let extras = value(table, "extras").and_then(|extras| extras.get_ref().as_array());
                let extras = extras.into_iter().flat_map(|list| list.iter());
                let direct = ["git", "path", "url", "file"].iter().any(|key| value(table, key).is_some());
                Form {
                    constraint: version.or(whole.filter(|_| direct)),
                    extras: extras.filter_map(|extra| extra.get_ref().as_str()).collect(),
                    marker: value(table, "markers")
                        .and_then(|marker| marker.get_ref().as_str())
                        .unwrap_or_default(),
                    direct,
                }
            }
            // Poetry: one constraint for each Python version.
            _ => Form { constraint: whole, extras: Vec::new(), marker: "", direct: false },
        }
    }
}
