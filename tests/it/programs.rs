//! Only `src/tools` knows programs: no code outside it compares a program's name, reads a program's options, or keeps a
//! list of programs.

use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Files whose words are names of programs by chance, with the reason. Their literals are not counted.
const NO_PROGRAMS: &[(&str, &str)] = &[
    ("src/facts/app.rs", "accounts"),
    ("src/facts/environment/", "directories and settings"),
    ("src/facts/services/named.rs", "words that people use for services"),
    ("src/output/", "words of the output"),
    ("src/project/architecture/", "words of documents"),
    ("src/project/env/", "endings of files"),
    ("src/project/managers/", "keys of process files"),
    ("src/project/manifest/", "keys of manifests, and packages"),
    ("src/project/services/evidence.rs", "words that people use for services"),
    ("src/project/services/products.rs", "images, packages and units of products"),
    ("src/repo/", "names of files"),
    ("src/rules/env/", "names of files and directories"),
    ("src/syntax/query/words.rs", "words of query files"),
    ("src/syntax/query/words.rs", "words of query files"),
];

/// Names of programs that are also everyday words, or names of languages and products.
const EVERYDAY: [&str; 36] = [
    "artisan", "atlas", "cat", "console", "date", "file", "find", "flask", "go", "goose", "group", "head",
    "host", "hostname", "id", "install", "ip", "last", "make", "migrate", "mount", "next", "node", "patch",
    "php", "python", "rails", "read", "select", "serve", "service", "sort", "sync", "test", "true", "users",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The programs that `tools` distinguishes by name.
fn programs() -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("src/tools/mod.rs")).unwrap();
    let table = &text[text.find("fn visible").unwrap()..];
    let arm = Regex::new(r#"((?:"[^"]+"\s*\|\s*)*"[^"]+")\s*=>"#).unwrap();
    let word = Regex::new(r#""([^"]+)""#).unwrap();
    let arms = arm.captures_iter(table).map(|found| found[1].to_owned()).collect::<Vec<_>>().join(" ");
    let mut names: BTreeSet<String> = word.captures_iter(&arms).map(|found| found[1].to_owned()).collect();
    let archives = fs::read_to_string(root().join("src/tools/archives.rs")).unwrap();
    let compressor = Regex::new(r#"\("(\w+)", "\.\w+", (?:true|false)\)"#).unwrap();
    names.extend(compressor.captures_iter(&archives).map(|found| found[1].to_owned()));
    assert!(names.len() > 150, "the table of programs is read wrongly: {names:?}");
    names.into_iter().filter(|name| !EVERYDAY.contains(&name.as_str())).collect()
}

/// The lines of a file that are code, without its tests.
fn code(text: &str) -> Vec<&str> {
    let mut lines = text.lines().peekable();
    let mut code = Vec::new();
    while let Some(line) = lines.next() {
        if line.starts_with("#[test]") || line.starts_with("#[cfg(test)]") {
            // `mod table;` is a single line. Any other item ends with a brace in the first column.
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

/// What the code says about programs: the comparisons of names, the options that it reads, and the names.
fn count(text: &str, programs: &BTreeSet<String>) -> (usize, usize) {
    let comparison = Regex::new(
        r#"(?x) \b(?:argv|command|inner|first|last)\.name (?:\s*[!=]=\s*" | \.as_str\(\) | \.starts_with | \.ends_with)
        | \bargv\.has_any\( | \.literal\( | \bhas_word\( | \bhas_flag\( | \bleading_options\( | \.options\((?: " | $ | GREP )"#,
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
        let mut counted = count(&fs::read_to_string(entry.path()).unwrap(), &programs);
        if NO_PROGRAMS.iter().any(|(words, _)| path.starts_with(words)) {
            counted.1 = 0;
        }
        if counted != (0, 0) {
            found.insert(path, counted);
        }
    }
    let faults: Vec<String> = found
        .iter()
        .map(|(path, (comparisons, names))| {
            format!("    {path}: {comparisons} comparisons or options, {names} names")
        })
        .collect();
    assert!(
        faults.is_empty(),
        "these know programs; ask `tools` (a deed's effects, roles, what it prints) instead:\n{}\n",
        faults.join("\n")
    );
}

#[test]
fn what_knows_programs_is_seen() {
    let programs = programs();
    let text = "if step.argv.name == \"git\" {}\n// \"npm\"\nlet options = argv.options(\"a b:\");\nif argv.has_any(&W) {}\nfn f() {}\n#[test]\nfn t() {\n    a(\"pm2\")\n}\n\
                matches!(x, \"npm\" | \"pm2\" | \"test\")\n";
    assert_eq!(count(text, &programs), (3, 3));
}
