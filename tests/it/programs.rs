//! One room knows programs: outside `src/tools` no code compares a program's name, reads a program's options, or keeps a list
//! of programs. What is left of that is counted here, file by file, and may only become less.

use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Files that still do so: comparisons and options, then literals that are the name of a program.
const LEFT: &[(&str, usize, usize)] = &[
    ("src/facts/app.rs", 0, 1),
    ("src/facts/deploy.rs", 7, 16),
    ("src/facts/deploy/calls.rs", 5, 17),
    ("src/facts/deploy/names.rs", 0, 14),
    ("src/facts/environment/names.rs", 0, 1),
    ("src/facts/environment/table.rs", 0, 1),
    ("src/facts/environment/values.rs", 0, 1),
    ("src/facts/givers.rs", 1, 2),
    ("src/facts/installed.rs", 5, 8),
    ("src/facts/installed/filled.rs", 2, 2),
    ("src/facts/managed.rs", 5, 1),
    ("src/facts/owners.rs", 2, 1),
    ("src/facts/read_units.rs", 1, 5),
    ("src/facts/services/compared.rs", 0, 4),
    ("src/facts/services/documents.rs", 0, 4),
    ("src/facts/services/matrix.rs", 0, 3),
    ("src/facts/services/named.rs", 0, 8),
    ("src/output/services.rs", 0, 1),
    ("src/project/architecture/lists.rs", 0, 2),
    ("src/project/architecture/tables.rs", 0, 3),
    ("src/project/architecture/words.rs", 0, 1),
    ("src/project/discover.rs", 0, 2),
    ("src/project/discover/acts.rs", 0, 88),
    ("src/project/env/unread.rs", 0, 4),
    ("src/project/managers/mod.rs", 0, 1),
    ("src/project/managers/pm2.rs", 0, 1),
    ("src/project/manifest/migrations.rs", 0, 6),
    ("src/project/manifest/node.rs", 0, 8),
    ("src/project/manifest/others.rs", 0, 1),
    ("src/project/manifest/python.rs", 0, 4),
    ("src/project/services/essence.rs", 0, 29),
    ("src/project/services/evidence.rs", 0, 6),
    ("src/project/services/mod.rs", 0, 2),
    ("src/project/services/products.rs", 0, 11),
    ("src/repo/files.rs", 0, 1),
    ("src/repo/inventory.rs", 0, 2),
    ("src/repo/names.rs", 0, 5),
    ("src/rules/env/other_default.rs", 0, 2),
    ("src/rules/env/unset.rs", 0, 1),
    ("src/rules/guards.rs", 2, 2),
    ("src/rules/permissions/needs.rs", 0, 2),
    ("src/rules/rerun/destroyed.rs", 4, 7),
    ("src/rules/rerun/environment_file.rs", 1, 1),
    ("src/rules/rerun/errors_ignored.rs", 0, 3),
    ("src/rules/rerun/git_ownership.rs", 3, 2),
    ("src/rules/rerun/interrupted.rs", 3, 8),
    ("src/rules/rerun/lines.rs", 2, 4),
    ("src/rules/rerun/mirrored.rs", 2, 2),
    ("src/rules/rerun/once.rs", 11, 12),
    ("src/rules/selected.rs", 4, 1),
    ("src/rules/services/architecture.rs", 0, 2),
    ("src/rules/steps/build.rs", 6, 30),
    ("src/rules/steps/dependencies.rs", 1, 11),
    ("src/rules/steps/installs.rs", 6, 6),
    ("src/rules/steps/libraries.rs", 2, 1),
    ("src/rules/steps/locks.rs", 12, 19),
    ("src/rules/steps/order.rs", 5, 28),
    ("src/rules/steps/programs.rs", 5, 17),
    ("src/rules/steps/restarted.rs", 1, 9),
    ("src/rules/steps/undefined.rs", 5, 8),
    ("src/rules/steps/units.rs", 12, 19),
    ("src/rules/units/commands.rs", 0, 4),
    ("src/rules/units/modules.rs", 3, 6),
    ("src/rules/units/paths.rs", 2, 9),
    ("src/rules/units/processes.rs", 0, 34),
    ("src/rules/units/upstream.rs", 4, 11),
    ("src/rules/user/runs_as_root.rs", 1, 0),
    ("src/rules/user/service_as_root.rs", 1, 32),
    ("src/syntax/query/vocabulary.rs", 0, 2),
];

/// Names of programs that are everyday words, or names of languages and products, as well.
const EVERYDAY: [&str; 36] = [
    "artisan", "atlas", "cat", "console", "date", "file", "find", "flask", "go", "goose", "group", "head",
    "host", "hostname", "id", "install", "ip", "last", "make", "migrate", "mount", "next", "node", "patch",
    "php", "python", "rails", "read", "select", "serve", "service", "sort", "sync", "test", "true", "users",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The programs that `tools` tells apart by name.
fn programs() -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("src/tools/mod.rs")).unwrap();
    let table = &text[text.find("fn visible").unwrap()..];
    let arm = Regex::new(r#"((?:"[^"]+"\s*\|\s*)*"[^"]+")\s*=>"#).unwrap();
    let word = Regex::new(r#""([^"]+)""#).unwrap();
    let arms = arm.captures_iter(table).map(|found| found[1].to_owned()).collect::<Vec<_>>().join(" ");
    let names: BTreeSet<String> = word.captures_iter(&arms).map(|found| found[1].to_owned()).collect();
    assert!(names.len() > 150, "the table of programs is read wrongly: {names:?}");
    names.into_iter().filter(|name| !EVERYDAY.contains(&name.as_str())).collect()
}

/// The lines of a file that are code and no test.
fn code(text: &str) -> Vec<&str> {
    let mut lines = text.lines().peekable();
    let mut code = Vec::new();
    while let Some(line) = lines.next() {
        if line.starts_with("#[test]") || line.starts_with("#[cfg(test)]") {
            // `mod table;` is a line, an item ends with a brace in the first column.
            for line in lines.by_ref() {
                if line.starts_with('}') || line.starts_with("mod ") && line.ends_with(';') {
                    break;
                }
            }
        } else if !line.trim_start().starts_with("//") {
            code.push(line);
        }
    }
    code
}

/// What code says of programs: the comparisons of names and the options that it reads, and the names.
fn count(text: &str, programs: &BTreeSet<String>) -> (usize, usize) {
    let comparison = Regex::new(
        r#"(?x) \b(?:argv|command|inner|first|last)\.name (?:\s*[!=]= | \.as_str\(\) | \.starts_with | \.ends_with)
        | \bhas_word\( | \bhas_flag\( | \bleading_options\( | \.options\((?: " | $ | GREP )"#,
    )
    .unwrap();
    let literal = Regex::new(r#""((?:[^"\\]|\\.)*)""#).unwrap();
    let (mut comparisons, mut names) = (0, 0);
    for line in code(text) {
        comparisons += comparison.find_iter(line).count();
        names += literal.captures_iter(line).filter(|found| programs.contains(&found[1])).count();
    }
    (comparisons, names)
}

#[test]
fn only_tools_know_programs() {
    let programs = programs();
    let mut found = BTreeMap::new();
    let walk = ignore::WalkBuilder::new(root().join("src")).build().map(Result::unwrap);
    for entry in walk.filter(|e| e.path().extension().is_some_and(|end| end == "rs")) {
        let path = entry.path().strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
        let knows = path.starts_with("src/tools/") || path.starts_with("src/shell/");
        if knows || path.ends_with("tests.rs") || path.contains("/tests/") || path.ends_with("testing.rs") {
            continue;
        }
        let counted = count(&fs::read_to_string(entry.path()).unwrap(), &programs);
        if counted != (0, 0) {
            found.insert(path, counted);
        }
    }
    let faults: Vec<String> = found
        .iter()
        .filter_map(|(path, (comparisons, names))| {
            let left = LEFT.iter().find(|(left, ..)| left == path);
            let (_, most_comparisons, most_names) = left.copied().unwrap_or((path, 0, 0));
            let more = *comparisons > most_comparisons || *names > most_names;
            more.then(|| {
                format!("    (\"{path}\", {comparisons}, {names}), // was {most_comparisons}, {most_names}")
            })
        })
        .collect();
    assert!(
        faults.is_empty(),
        "these know more of programs than before; ask `tools` (a deed's effects, roles, what it prints) instead:\n{}\n",
        faults.join("\n")
    );
}

#[test]
fn what_knows_programs_is_seen() {
    let programs = programs();
    let text = "if step.argv.name == \"git\" {}\n// \"npm\"\nlet options = argv.options(\"a b:\");\nfn f() {}\n#[test]\nfn t() {\n    a(\"pm2\")\n}\n\
                matches!(x, \"npm\" | \"pm2\" | \"test\")\n";
    assert_eq!(count(text, &programs), (2, 3));
}
