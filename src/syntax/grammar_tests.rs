//! Checks the tree shapes of tree-sitter-bash that our code relies on (`grammar-tests/shapes`), and the misparses that it
//! works around (`grammar-tests/gaps`). If a new version of the grammar repairs one, the test fails, and the workaround can
//! go. `UPDATE_GRAMMAR_TESTS=1 cargo test --lib grammar` writes the trees of this version.

use crate::support::root;
use std::fmt::Write;

use crate::syntax::debug::{debug_tree, indent};
use similar::TextDiff;

/// One case of a corpus file.
struct Case {
    title: String,
    input: String,
    expected: String,
}

/// Reads tree-sitter's corpus format: a title between two lines of `=`, the input, a line of `-`, the tree.
fn read(text: &str) -> Vec<Case> {
    let is_line_of = |line: &str, c: char| line.len() >= 3 && line.chars().all(|x| x == c);
    let lines: Vec<&str> = text.lines().collect();
    let mut cases: Vec<Case> = Vec::new();
    let mut at = 0;
    let mut in_tree = false;
    while at < lines.len() {
        let rule = |i: usize| lines.get(i).is_some_and(|l| is_line_of(l, '='));
        if rule(at) && rule(at + 2) {
            cases.push(Case {
                title: lines[at + 1].to_owned(),
                input: String::new(),
                expected: String::new(),
            });
            in_tree = false;
            at += 3;
            continue;
        }
        let case = cases.last_mut().expect("a file begins with a title");
        if is_line_of(lines[at], '-') {
            in_tree = true;
        } else {
            let part = match in_tree {
                true => &mut case.expected,
                false => &mut case.input,
            };
            part.push_str(lines[at]);
            part.push('\n');
        }
        at += 1;
    }
    for case in &mut cases {
        // The blank line before the tree is only layout.
        let length = case.input.trim_end_matches('\n').len();
        case.input.truncate(length + 1);
        case.expected = indent(&case.expected);
    }
    cases
}

/// The file with the trees of this version of the grammar.
fn write(cases: &[Case]) -> String {
    let rule = "=".repeat(80);
    let mut text = String::new();
    for Case { title, input, .. } in cases {
        let tree = debug_tree(input);
        let _ = write!(text, "{rule}\n{title}\n{rule}\n{input}\n---\n\n{tree}\n\n");
    }
    text.truncate(text.trim_end().len() + 1);
    text
}

/// Checks every case in a folder; `advice` is for whoever changed the grammar's version.
fn check(folder: &str, advice: &str) {
    let folder = root().join("grammar-tests").join(folder);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder is there")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|p| p.extension().is_some_and(|e| e == "txt"))
        .collect();
    files.sort();
    let updates = std::env::var_os("UPDATE_GRAMMAR_TESTS").is_some();
    let mut failures = String::new();
    for path in &files {
        let cases = read(&std::fs::read_to_string(path).expect("a corpus file is text"));
        assert!(!cases.is_empty(), "no case in {}", path.display());
        if updates {
            std::fs::write(path, write(&cases)).expect("the file can be written");
            continue;
        }
        for case in cases {
            let found = debug_tree(&case.input);
            if found == case.expected {
                continue;
            }
            let diff = TextDiff::from_lines(&case.expected, &found);
            let file = path.file_name().unwrap_or_default().display();
            let _ = write!(
                failures,
                "\n{file}: {}\n{}{}",
                case.title,
                case.input,
                diff.unified_diff().header("expected", "found")
            );
        }
    }
    assert!(!files.is_empty(), "no file in {}", folder.display());
    assert!(failures.is_empty(), "{advice}\n{failures}");
}

#[test]
fn shapes_are_as_our_code_expects() {
    check("shapes", "the grammar builds another tree: look for the code that relies on the old one");
}

#[test]
fn gaps_are_still_there() {
    check(
        "gaps",
        "a known misparse has changed: if it is mended, move the case to shapes and drop the work around it",
    );
}
