//! What Python's lockfiles name: uv.lock, poetry.lock and pdm.lock (`[[package]]` tables), Pipfile.lock (JSON).

use crate::finding::Gap;
use crate::project::manifest::{PythonManifest, normalized};
use crate::repo::files::Root;
use crate::source::Sources;
use std::collections::{BTreeSet, HashSet};

/// All names in all lockfiles of the manifests; `None` if there is no lockfile, or if one could not be read.
pub(super) fn names(
    root: &Root,
    manifests: &[PythonManifest],
    sources: &mut Sources,
    gaps: &mut Vec<Gap>,
) -> Option<HashSet<String>> {
    let paths: BTreeSet<&String> =
        manifests.iter().filter_map(|manifest| manifest.lockfile.as_ref()).collect();
    let mut found = HashSet::new();
    let mut whole = !paths.is_empty();
    for path in paths {
        match root.read(path, sources) {
            Ok(file) if path.ends_with(".json") || path.ends_with("Pipfile.lock") => {
                whole &= pipfile(sources.file(file).text(), &mut found);
            }
            Ok(file) => tables(sources.file(file).text(), &mut found),
            Err(gap) => {
                gaps.push(gap);
                whole = false;
            }
        }
    }
    whole.then_some(found)
}

/// The `name` of each `[[package]]`. Programs write these files, with one key on each line; the rest of them
/// is large.
fn tables(text: &str, found: &mut HashSet<String>) {
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with('[') {
            inside = line == "[[package]]";
        } else if inside && let Some(value) = line.strip_prefix("name = ") {
            found.insert(normalized(value.trim_matches('"')));
        }
    }
}

/// Adds the keys of `default` and `develop`. Returns false if the text is not JSON.
fn pipfile(text: &str, found: &mut HashSet<String>) -> bool {
    let Ok(serde_json::Value::Object(document)) = serde_json::from_str(text) else { return false };
    for section in ["default", "develop"] {
        if let Some(serde_json::Value::Object(packages)) = document.get(section) {
            found.extend(packages.keys().map(|name| normalized(name)));
        }
    }
    true
}

#[test]
fn lockfiles_name_packages() {
    let mut found = HashSet::new();
    tables(
        "version = 1\n[[package]]\nname = \"Flask_X\"\nversion = \"1\"\n[package.dependencies]\nname = \"no\"\n\n[[package]]\nname = \"b\"\n[metadata]\nname = \"no\"\n",
        &mut found,
    );
    assert!(pipfile(
        "{\"default\": {\"Django\": {}}, \"develop\": {\"black\": {}}, \"_meta\": {\"x\": 1}}",
        &mut found
    ));
    assert!(!pipfile("[", &mut found));
    let mut names: Vec<&str> = found.iter().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["b", "black", "django", "flask-x"]);
}
