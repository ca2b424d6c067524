//! The house rules. Each has a test: floors, printing, serialising, file sizes, pages, no paths of one machine.

use crate::support::root;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

/// Each floor, and what it may import from the crate besides itself. `main.rs` is the top.
const FLOORS: [(&str, &[&str]); 19] = [
    ("limit", &[]),
    ("source", &["limit"]),
    ("finding", &["limit", "source"]),
    ("syntax", &["limit", "source", "finding"]),
    ("shell", &["limit", "source", "finding", "syntax"]),
    ("tools", &["limit", "source", "finding", "shell"]),
    ("model", &["limit", "source", "finding", "syntax", "shell", "tools"]),
    ("repo", &["limit", "source", "finding"]),
    ("project", &["limit", "source", "finding", "syntax", "shell", "tools", "model", "repo"]),
    ("facts", &["limit", "source", "finding", "syntax", "shell", "tools", "model", "repo", "project"]),
    (
        "rules",
        &["limit", "source", "finding", "syntax", "shell", "tools", "model", "repo", "project", "facts"],
    ),
    (
        "check",
        &[
            "limit", "source", "finding", "syntax", "shell", "tools", "model", "repo", "project", "facts",
            "rules",
        ],
    ),
    (
        "review",
        &[
            "limit", "source", "finding", "shell", "tools", "model", "repo", "project", "facts", "rules",
            "check",
        ],
    ),
    (
        "scan",
        &[
            "limit", "source", "finding", "syntax", "shell", "model", "repo", "project", "facts", "rules",
            "check",
        ],
    ),
    ("output", &["limit", "source", "finding", "facts", "rules", "check", "review", "scan"]),
    (
        "cli",
        &[
            "limit", "source", "finding", "syntax", "shell", "model", "repo", "project", "facts", "rules",
            "check", "review", "scan", "output",
        ],
    ),
    ("internal", &["source", "syntax", "model", "facts", "rules"]),
    ("main", &["cli"]),
    (
        "lib",
        &[
            "limit", "source", "finding", "syntax", "shell", "tools", "model", "repo", "project", "facts",
            "rules", "check", "review", "scan", "output", "cli", "internal",
        ],
    ),
];

/// The files of the repo that git would not ignore, by their path from the root.
fn files(keep: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    let walk = ignore::WalkBuilder::new(root()).hidden(false).build();
    let walk = walk.filter_map(Result::ok).filter(|e| e.path().is_file());
    let mut files = Vec::new();
    for entry in walk {
        let path: PathBuf = entry.path().strip_prefix(root()).unwrap().into();
        let path = path.to_string_lossy().replace('\\', "/");
        if !path.starts_with(".git")
            && keep(&path)
            && let Ok(text) = fs::read_to_string(entry.path())
        {
            files.push((path, text));
        }
    }
    files.sort();
    assert!(!files.is_empty());
    files
}

fn rust() -> Vec<(String, String)> {
    files(|p| p.ends_with(".rs") && !p.starts_with("target/"))
}

/// `src/rules/page.rs` -> `rules`.
fn floor(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("src/")?;
    rest.split(['/', '.']).next()
}

/// The lines that are code, numbered from 1.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(i, line)| (i + 1, line));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// What a file names directly after `crate::` (or `deploylint::` in main.rs), also in groups.
fn named(text: &str) -> BTreeSet<String> {
    let code: Vec<&str> = code(text).map(|(_, line)| line).collect();
    let code = code.join("\n");
    let mut names = BTreeSet::new();
    for prefix in ["crate::", "deploylint::"] {
        for (at, _) in code.match_indices(prefix) {
            let rest = &code[at + prefix.len()..];
            let Some(group) = rest.strip_prefix('{') else {
                names.insert(ident(rest));
                continue;
            };
            let mut depth = 1;
            let mut start = 0;
            for (i, c) in group.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                if (depth == 1 && c == ',') || depth == 0 {
                    names.insert(ident(group[start..i].trim()));
                    start = i + 1;
                }
                if depth == 0 {
                    break;
                }
            }
        }
    }
    names.remove("");
    names
}

fn ident(text: &str) -> String {
    let word = |c: &char| c.is_alphanumeric() || *c == '_';
    text.chars().take_while(word).collect()
}

fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn imports_only_go_down() {
    let mut faults = Vec::new();
    for (path, text) in rust() {
        let Some(here) = floor(&path) else { continue };
        let Some((_, below)) = FLOORS.iter().find(|(name, _)| *name == here) else {
            faults.push(format!("{path}: `{here}` is on no floor; give it one in tests/it/tidy.rs"));
            continue;
        };
        for name in named(&text) {
            let floor = FLOORS.iter().any(|(floor, _)| *floor == name);
            if floor && name != here && !below.contains(&name.as_str()) {
                faults.push(format!("{path}: `{here}` may not import `{name}`"));
            }
        }
    }
    assert_none(&faults);
}

#[test]
fn the_import_scanner_sees_groups() {
    let text = "use crate::{a::{b, c}, d};\n// crate::e\nlet x = crate::f::g();\nuse crate::h;\n";
    let names: Vec<_> = named(text).into_iter().collect();
    assert_eq!(names, ["a", "d", "f", "h"]);
}

/// Words that only some floors may use.
#[test]
fn each_thing_has_one_place() {
    let rules: [(&[&str], &[&str]); 3] = [
        (&["tree_sitter"], &["syntax"]),
        (&["println!", "eprintln!", "print!", "eprint!", "stdout()", "stderr()"], &["cli", "main"]),
        (&["Serialize"], &["output"]),
    ];
    let mut faults = Vec::new();
    for (path, text) in rust() {
        let Some(here) = floor(&path) else { continue };
        for (words, floors) in rules {
            if floors.contains(&here) {
                continue;
            }
            for (line, code) in code(&text) {
                for word in words {
                    let whole = |(at, _): (usize, &str)| {
                        let before = code[..at].chars().next_back();
                        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
                    };
                    if code.match_indices(word).any(whole) {
                        faults.push(format!("{path}:{line}: `{word}` belongs to {floors:?}"));
                    }
                }
            }
        }
    }
    assert_none(&faults);
}

/// Whoever embeds the library gets no dependency that only the command line needs.
#[test]
fn the_feature_cli_brings_what_a_terminal_needs() {
    let manifest: toml::Table = fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let features = manifest["features"].as_table().unwrap();
    assert_eq!(features["default"].as_array().unwrap().as_slice(), ["cli".into()]);
    let brought = features["cli"].as_array().unwrap().iter();
    let brought: Vec<&str> =
        brought.map(|name| name.as_str().unwrap().strip_prefix("dep:").unwrap()).collect();
    assert_eq!(brought, ["clap", "codespan-reporting", "indicatif", "mimalloc", "signal-hook"]);
    let mut faults = Vec::new();
    for name in &brought {
        assert_eq!(manifest["dependencies"][name]["optional"].as_bool(), Some(true), "{name}");
        let path = format!("{}::", name.replace('-', "_"));
        for (file, text) in rust() {
            // These floors exist only with the feature.
            let apart = ["output", "cli", "main"].map(Some).contains(&floor(&file));
            if file.starts_with("src/") && !apart {
                let names = code(&text).filter(|(_, line)| line.contains(&path));
                faults.extend(names.map(|(line, _)| format!("{file}:{line}: names {name}")));
            }
        }
    }
    assert_none(&faults);
}

/// gix belongs to one module of its floor.
#[test]
fn the_history_alone_imports_gix() {
    let mut faults = Vec::new();
    for (path, text) in rust() {
        if path.starts_with("src/") && !path.starts_with("src/repo/history/") {
            let names = |(_, line): &(usize, &str)| line.contains("gix::") || line.contains("use gix");
            faults.extend(code(&text).filter(names).map(|(line, _)| format!("{path}:{line}: names gix")));
        }
    }
    assert_none(&faults);
}

/// A root may be an old tree, and what is read without it belongs to another time. A cache would also believe that a file
/// it does not know is unchanged.
#[test]
fn readers_read_through_the_root() {
    let own = [
        "src/repo/files", "src/repo/rewrite", "src/repo/history/",
        // These read before there is a root, and note what they read.
        "src/check/config.rs", "src/rules/pages.rs",
    ];
    let mut faults = Vec::new();
    for (path, text) in rust() {
        let reader = ["repo", "project", "facts", "rules", "check", "review"]
            .iter()
            .any(|dir| path.starts_with(&format!("src/{dir}/")));
        if !reader || path.ends_with("tests.rs") || own.iter().any(|own| path.starts_with(own)) {
            continue;
        }
        let production = text.split("#[cfg(test)]").next().unwrap_or_default();
        let words = ["fs::read", "File::open", "metadata()", ".exists()", ".is_file()", "WalkBuilder"];
        let reads = |(_, line): &(usize, &str)| words.iter().any(|word| line.contains(word));
        faults.extend(code(production).filter(reads).map(|(line, code)| format!("{path}:{line}: {code}")));
    }
    assert_none(&faults);
}

#[test]
fn no_file_is_too_long_without_a_reason() {
    let long = |(path, text): (String, String)| {
        let reason = text.lines().take(5).any(|l| l.contains("over 500 lines because"));
        let lines = text.lines().count();
        (lines > 500 && !reason).then(|| {
            format!("{path}: {lines} lines; split it, or say at its top \"over 500 lines because …\"")
        })
    };
    let faults: Vec<_> = rust().into_iter().filter_map(long).collect();
    assert_none(&faults);
}

/// clippy checks the limits of `clippy.toml`, and reports an `expect` that is no longer needed. No new `expect` may come.
#[test]
fn functions_over_the_limits_become_fewer() {
    for (lint, left) in [("clippy::too_many_lines", 8), ("clippy::too_many_arguments", 2)] {
        let marked = |(path, text): (String, String)| {
            let lines = code(&text).filter(|(_, line)| line.contains("#[") && line.contains(lint));
            lines.map(|(line, _)| format!("{path}:{line}: {lint}")).collect::<Vec<_>>()
        };
        let marked: Vec<String> = rust().into_iter().flat_map(marked).collect();
        assert_eq!(
            marked.len(),
            left,
            "lower the count if one is gone, and add none:\n{}",
            marked.join("\n")
        );
    }
}

#[test]
fn a_module_says_what_it_owns() {
    let bare = |(path, text): (String, String)| {
        let says = text.starts_with("//!") || path.ends_with("/tests.rs");
        (!says).then(|| format!("{path}: begin with `//!` and what the module owns"))
    };
    let faults: Vec<_> = rust().into_iter().filter_map(bare).collect();
    assert_none(&faults);
}

#[test]
fn every_query_has_its_page() {
    let queries = files(|p| p.starts_with("queries/"));
    let mut faults = Vec::new();
    for (path, _) in &queries {
        let Some(stem) = path.strip_suffix(".scm") else {
            continue;
        };
        let page = format!("{stem}.md");
        let rule = path.matches('/').count() == 2;
        if rule && !queries.iter().any(|(p, _)| *p == page) {
            faults.push(format!("{path}: {page} is missing"));
        }
    }
    assert_none(&faults);
}

#[test]
fn no_paths_of_one_machine() {
    let mut faults = Vec::new();
    // Scripts in pages, fixtures and tests may well use the temporary directory; text about the project may not.
    let fixture = |p: &str| {
        ["tests/", "grammar-tests/", "benches/", "queries/", "examples/", "src/", "target/"]
            .iter()
            .any(|d| p.starts_with(d))
    };
    for (path, text) in files(|p| !p.starts_with("target/")) {
        for (index, line) in text.lines().enumerate() {
            let mut places = vec![concat!("/work", "/"), concat!("/root/", ".cargo")];
            if !fixture(&path) {
                places.push(concat!("/tmp", "/"));
            }
            for place in places {
                if line.contains(place) {
                    faults.push(format!("{path}:{}: names {place}", index + 1));
                }
            }
        }
    }
    assert_none(&faults);
}

/// A rule's id is a constant of `rules::id`. A text with an id would be missed when the rule is renamed.
#[test]
fn rules_are_named_by_their_ids() {
    let pages = files(|p| p.starts_with("queries/") && p.ends_with(".md"));
    let ids: BTreeSet<&str> =
        pages.iter().filter_map(|(path, _)| path.strip_prefix("queries/")?.strip_suffix(".md")).collect();
    let mut faults = Vec::new();
    for (path, text) in rust() {
        if !path.starts_with("src/")
            || path.contains("/tests")
            || path.ends_with("_tests.rs")
            || path.ends_with("/late.rs")
        {
            continue;
        }
        let production = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (line, code) in code(production) {
            let texts = code.split('"').skip(1).step_by(2);
            let named = texts.filter(|text| ids.contains(text));
            faults.extend(named.map(|id| format!("{path}:{line}: names {id} by a text; use `rules::id`")));
        }
    }
    assert_none(&faults);
}

/// `cargo fmt` does not see the modules that the build declares.
#[test]
fn the_files_of_rules_are_formatted() {
    let rules = files(|p| p.starts_with("src/rules/") && p.ends_with(".rs"));
    let paths = rules.iter().map(|(path, _)| root().join(path));
    let mut command = std::process::Command::new("rustfmt");
    command.args(["--check", "--edition", "2024", "--config-path"]).arg(root());
    let told = command.args(paths).output().expect("rustfmt is a part of the toolchain");
    let said = String::from_utf8_lossy(&told.stdout);
    assert!(told.status.success(), "run `cargo fmt -- src/rules/*/*.rs`\n{said}");
}
