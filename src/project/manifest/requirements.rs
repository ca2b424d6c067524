//! A requirement (PEP 508) and the files that pip reads them from,
//! <https://pip.pypa.io/en/stable/reference/requirements-file-format/>.

use crate::project::manifest::Include;
use crate::project::manifest::python::{PythonManifest, declare};
use crate::source::Span;

/// A requirement, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Requirement<'t> {
    /// `celery` of `celery[redis] >=5; python_version > "3"`; empty where none is named.
    pub(super) name: &'t str,
    /// `redis`.
    pub(super) extras: Vec<&'t str>,
    /// `>=5`, or `@ https://…`.
    pub(super) constraint: Option<&'t str>,
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
        // A `;` belongs to an address unless a blank precedes it.
        let marker = if rest.starts_with('@') { " ;" } else { ";" };
        let end = [marker, " --", " #", "\t#", "\\"].iter().filter_map(|stop| rest.find(stop)).min();
        let constraint = rest[..end.unwrap_or(rest.len())].trim();
        Requirement {
            name,
            extras: extras.split(',').map(str::trim).filter(|extra| !extra.is_empty()).collect(),
            constraint: (!constraint.is_empty()).then_some(constraint),
        }
    }

    /// True if it comes from an address or a path, so that no index knows its own requirements.
    pub(super) fn is_direct(&self) -> bool {
        self.constraint.is_some_and(|constraint| constraint.starts_with('@'))
    }
}

/// Reads a requirements file.
pub(super) fn read(text: &str, manifest: &mut PythonManifest) {
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
        let offset = start + (line.len() - body.len());
        if body.starts_with('-') {
            option(body, offset, manifest);
        } else if body.starts_with(['.', '/']) || is_address(body) {
            manifest.complete &= is_itself(body);
            if let Some(at) = body.find("#egg=") {
                let requirement = Requirement::parse(&body[at + 5..]);
                declare(text, &requirement, offset + at..start + line.len(), None, manifest);
            }
        } else {
            let requirement = Requirement::parse(body);
            manifest.complete &= !requirement.is_direct() && !requirement.name.is_empty();
            declare(text, &requirement, offset..start + line.len(), None, manifest);
        }
    }
}

/// `-r FILE`, `-c FILE`, `-e PATH`. Other options say where packages come from, not which.
fn option(body: &str, offset: usize, manifest: &mut PythonManifest) {
    let value = |names: [&str; 2]| {
        let rest = names.iter().find_map(|name| body.strip_prefix(name))?;
        let rest = rest.strip_prefix('=').unwrap_or(rest).trim_start();
        let path = rest.split([' ', '\t']).next().unwrap_or_default();
        (!path.is_empty() && !path.starts_with('-')).then_some(path)
    };
    if let Some(target) = value(["--editable", "-e"]) {
        manifest.complete &= is_itself(target);
        if let Some((_, egg)) = body.split_once("#egg=") {
            let requirement = Requirement::parse(egg);
            let start = offset + (body.len() - egg.len());
            let within = start..start + requirement.name.len();
            crate::project::manifest::python::declare_at(&requirement, within, None, manifest);
        }
        return;
    }
    let (path, constraint) = match (value(["--requirement", "-r"]), value(["--constraint", "-c"])) {
        (Some(path), _) => (path, false),
        (None, Some(path)) => (path, true),
        (None, None) => return,
    };
    let start = offset + (path.as_ptr() as usize - body.as_ptr() as usize);
    manifest.includes.push(Include {
        path: path.to_owned(),
        span: Span { file: manifest.file, start: start as u32, end: (start + path.len()) as u32 },
        constraint,
        file: None,
    });
}

/// The project itself. The manifest beside it says what it needs.
fn is_itself(target: &str) -> bool {
    let target = target.split(['[', ' ', '#']).next().unwrap_or_default();
    matches!(target, "." | "./" | "file:.")
}

fn is_address(body: &str) -> bool {
    let first = body.split(['@', ' ']).next().unwrap_or_default();
    first.contains("://") || first.contains("git+") || first.ends_with(".whl") || first.ends_with(".tar.gz")
}

#[test]
fn requirements_are_taken_apart() {
    let check = |text: &'static str, name: &str, extras: &[&str], constraint: Option<&str>| {
        let parsed = Requirement::parse(text);
        assert_eq!(
            (parsed.name, &parsed.extras[..], parsed.constraint),
            (name, extras, constraint),
            "{text}"
        );
    };
    check("flask", "flask", &[], None);
    check(
        " uvicorn[standard, x] >= 0.3,<1 ; python_version > '3'",
        "uvicorn",
        &["standard", "x"],
        Some(">= 0.3,<1"),
    );
    check("gunicorn==1 --hash=sha256:abc", "gunicorn", &[], Some("==1"));
    check("gunicorn==1 # why", "gunicorn", &[], Some("==1"));
    check("gunicorn==1 \\", "gunicorn", &[], Some("==1"));
    check("name @ https://x/y;z ; os_name == 'nt'", "name", &[], Some("@ https://x/y;z"));
    check("x (>=1)", "x", &[], Some("(>=1)"));
    check("broken[extra", "broken", &[], Some("[extra"));
    check("==1", "", &[], Some("==1"));
    assert!(Requirement::parse("a @ file:///x").is_direct());
}
