//! Circles of imports: files that lead back to themselves by what they import. Floors import only downward (`tidy`), so
//! these are inside a floor. A file and the module it belongs to count as one direction: a parent may re-export its children.

use crate::support::root;
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// The circles that are left, each with the files in it.
const KNOWN: [&[&str]; 1] = [&["tools/processes", "tools/serves"]];

/// The files of the crate by their modules, without tests.
fn modules() -> BTreeMap<String, String> {
    let src = root().join("src");
    let mut modules = BTreeMap::new();
    for entry in ignore::WalkBuilder::new(&src).build().map(Result::unwrap) {
        if entry.path().extension().is_none_or(|end| end != "rs") {
            continue;
        }
        let path = entry.path().strip_prefix(&src).unwrap().with_extension("");
        let path = path.to_str().unwrap().replace('\\', "/");
        let module = path.strip_suffix("/mod").unwrap_or(&path).to_owned();
        let is_test = module.split('/').any(|part| part == "tests" || part.ends_with("_tests"));
        if !is_test {
            let text = fs::read_to_string(entry.path()).unwrap();
            let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
            modules.insert(module, code.to_owned());
        }
    }
    modules
}

/// `crate::a::{b, c::{d, e}}` as the paths that it names.
fn paths(tree: &str) -> Vec<String> {
    let Some((before, inside)) = tree.trim().split_once('{') else {
        return vec![tree.split(" as ").next().unwrap_or_default().trim().to_owned()];
    };
    let inside = inside.trim_end().strip_suffix('}').unwrap_or(inside);
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for character in inside.chars() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().unwrap().push(character);
    }
    let parts = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
    parts.flat_map(|part| paths(&format!("{before}{part}"))).collect()
}

/// The modules that a module imports, without its own children.
fn imports(module: &str, code: &str, modules: &BTreeMap<String, String>) -> BTreeSet<String> {
    let statement = Regex::new(r"(?m)^\s*(?:pub(?:\([^)]*\))? )?use ((?:crate|super|self)::[^;]*);").unwrap();
    let mut found = BTreeSet::new();
    for path in statement.captures_iter(code).flat_map(|import| paths(&import[1])) {
        let mut own: Vec<&str> = module.split('/').collect();
        let mut parts: Vec<&str> = path.split("::").map(str::trim).collect();
        match parts.remove(0) {
            "crate" => own.clear(),
            "super" => {
                own.pop();
            }
            _ => {}
        }
        while parts.first() == Some(&"super") {
            own.pop();
            parts.remove(0);
        }
        own.extend(parts);
        let named =
            (1..=own.len()).rev().map(|upto| own[..upto].join("/")).find(|name| modules.contains_key(name));
        found.extend(named.filter(|name| name != module && !name.starts_with(&format!("{module}/"))));
    }
    found
}

/// What can be reached from a module.
fn reach<'m>(from: &'m str, imports: &'m BTreeMap<String, BTreeSet<String>>) -> BTreeSet<&'m str> {
    let (mut reached, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(module) = open.pop() {
        for next in &imports[module] {
            if reached.insert(next.as_str()) {
                open.push(next);
            }
        }
    }
    reached
}

#[test]
fn no_circle_of_imports_comes_in() {
    let modules = modules();
    let imports: BTreeMap<String, BTreeSet<String>> =
        modules.iter().map(|(module, code)| (module.clone(), imports(module, code, &modules))).collect();
    // A test that finds no imports would find no circle either.
    assert!(imports["facts/world"].contains("facts/ground"), "{:?}", imports["facts/world"]);
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        imports.keys().map(|module| (module.as_str(), reach(module, &imports))).collect();
    let mut circles: BTreeSet<Vec<&str>> = BTreeSet::new();
    for (module, there) in reached.iter().filter(|(module, there)| there.contains(*module)) {
        circles.insert(there.iter().copied().filter(|other| reached[other].contains(module)).collect());
    }
    let known: BTreeSet<Vec<&str>> = KNOWN.iter().map(|circle| circle.to_vec()).collect();
    assert_eq!(circles, known);
}
