//! A requirement (PEP 508) and the files that pip reads them from,
//! <https://pip.pypa.io/en/stable/reference/requirements-file-format/>.

use crate::project::manifest::Include;
use crate::project::manifest::declared::{PythonManifest, Requirement, declare, declare_at};
use crate::source::Span;

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

/// Reads `-r FILE`, `-c FILE` and `-e PATH`. Other options say where packages come from, not which.
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
            declare_at(&requirement, within, None, manifest);
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

/// True for the project itself. The manifest beside it says what it needs.
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
    check("celery==1 --hash=sha256:abc", "celery", &[], Some("==1"));
    check("celery==1 # why", "celery", &[], Some("==1"));
    check("celery==1 \\", "celery", &[], Some("==1"));
    check("name @ https://x/y;z ; os_name == 'nt'", "name", &[], Some("@ https://x/y;z"));
    check("x (>=1)", "x", &[], Some("(>=1)"));
    check("broken[extra", "broken", &[], Some("[extra"));
    check("==1", "", &[], Some("==1"));
    assert!(Requirement::parse("a @ file:///x").is_direct());
}
