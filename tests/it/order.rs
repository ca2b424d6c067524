//! The order of scripts: which run in turn, by who calls them, by numbers in their names and by documents.

use crate::support::{project, run};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A line of a file, from 1.
type Place = (String, usize);

struct Case {
    name: String,
    files: Vec<(String, String)>,
    /// The marked lines, by the letter of their mark.
    marked: BTreeMap<char, BTreeSet<Place>>,
}

fn cases() -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/order/cases.txt");
    let text = fs::read_to_string(path).expect("the cases");
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("=== ") {
            let name = title.split(" | ").next().unwrap_or(title).to_owned();
            cases.push(Case { name, files: Vec::new(), marked: BTreeMap::new() });
        } else if let (Some(path), Some(case)) = (line.strip_prefix("--- "), cases.last_mut()) {
            case.files.push((path.to_owned(), String::new()));
        } else if let Some((case, at)) = cases.last_mut().and_then(|case| {
            let at = case.files.len().checked_sub(1)?;
            Some((case, at))
        }) {
            let mark = line.rsplit_once(" #").filter(|(_, mark)| matches!(*mark, "T" | "W" | "G"));
            let (path, text) = &mut case.files[at];
            text.push_str(mark.map_or(line, |(line, _)| line));
            text.push('\n');
            if let Some((_, mark)) = mark {
                let place = (path.clone(), text.lines().count());
                case.marked.entry(mark.chars().next().unwrap()).or_default().insert(place);
            }
        }
    }
    cases
}

/// A project whose scripts may be run.
fn project_of_scripts(files: &[(&str, &str)]) -> TempDir {
    let dir = project(files);
    #[cfg(unix)]
    for (path, _) in files.iter().filter(|(path, _)| path.ends_with(".sh")) {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(dir.path().join(path), fs::Permissions::from_mode(0o755)).unwrap();
    }
    dir
}

/// The lines on which something is told that is more than an info, each with its highest confidence.
fn told(case: &Case) -> BTreeMap<Place, String> {
    let files: Vec<(&str, &str)> =
        case.files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let dir = project_of_scripts(&files);
    let ran = run(dir.path(), &["check", "--format", "json", "."]);
    let report: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    let mut told: BTreeMap<Place, String> = BTreeMap::new();
    for finding in report["findings"].as_array().expect("findings") {
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        if finding["severity"] == "info" {
            continue;
        }
        let line = |end: &str| finding["range"][end]["line"].as_u64().expect("a line") as usize;
        let sure = text(&finding["confidence"]);
        for line in line("start")..=line("end") {
            let known = told.entry((text(&finding["file"]), line)).or_default();
            if known != "high" {
                known.clone_from(&sure);
            }
        }
    }
    told
}

#[test]
fn scripts_that_run_in_turn_are_judged_in_their_order() {
    let cases = cases();
    assert!(cases.len() >= 40, "{}", cases.len());
    let mut wrong: Vec<String> = Vec::new();
    for case in &cases {
        let told = told(case);
        let marked = |mark: char| case.marked.get(&mark).cloned().unwrap_or_default();
        let mut note =
            |what: &str, (path, line): &Place| wrong.push(format!("{}: {path}:{line} {what}", case.name));
        for place in marked('T').iter().filter(|place| !told.contains_key(*place)) {
            note("is not told", place);
        }
        for place in marked('G').iter().filter(|place| told.contains_key(*place)) {
            note("is told now: mark it with T", place);
        }
        for (place, sure) in &told {
            let is_weak = marked('W').contains(place) && sure != "high";
            if !is_weak && !marked('T').contains(place) {
                note("is told", place);
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_order_is_said_with_its_source() {
    let first = "#!/bin/bash\nset -e\napt-get update\napt-get install -y nginx\n";
    let second = "#!/bin/bash\nset -e\nuseradd shop || true\nsystemctl restart nginx\n";
    let make = "deploy:\n\t./one.sh\n\t./two.sh\n";
    let dir = project_of_scripts(&[("one.sh", first), ("two.sh", second), ("Makefile", make)]);
    let ran = run(dir.path(), &["check", "-v", "."]);
    assert!(ran.err.contains("runs after one.sh, as Makefile says"), "{}", ran.err);
    let dir = project_of_scripts(&[("1-one.sh", first), ("2-two.sh", second)]);
    let ran = run(dir.path(), &["check", "-v", "."]);
    assert!(ran.err.contains("runs after 1-one.sh, as their names say"), "{}", ran.err);
}

#[test]
fn scripts_that_are_named_one_by_one_have_no_order() {
    let late = "#!/bin/bash\nset -e\napt-get update\napt-get install -y nginx\nmkdir -p /opt/shop\nchown shop: /opt/shop\n";
    let user = "#!/bin/bash\nset -e\nid shop || useradd shop\ninstall -d -o shop /var/log/shop\n";
    let dir = project_of_scripts(&[("1-app.sh", late), ("2-user.sh", user)]);
    let of = |names: &[&str]| {
        let args: Vec<&str> =
            ["check", "--select", "permissions/too-early"].iter().chain(names).copied().collect();
        run(dir.path(), &args).out
    };
    assert!(of(&["."]).contains("line 3 of 2-user.sh"), "{}", of(&["."]));
    assert!(!of(&["1-app.sh", "2-user.sh"]).contains("too-early"), "{}", of(&["1-app.sh", "2-user.sh"]));
}
