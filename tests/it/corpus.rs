//! The made-up repos of the benchmarks have the same bytes everywhere, their scripts are valid for bash, and the rules find
//! something in them.

#[path = "../../benches/corpus/mod.rs"]
mod made_up;

use crate::support::skipped;
use deploylint::{Request, Target, check};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

fn scripts(repos: usize) -> impl Iterator<Item = (String, String)> {
    (0..repos).map(|number| made_up::repo(1, number)).flat_map(|repo| {
        let of = repo.files.into_iter().filter(|file| file.path.ends_with(".sh"));
        of.map(move |file| (format!("{}/{}", repo.name, file.path), file.text)).collect::<Vec<_>>()
    })
}

/// This number changes with the generator, because figures that were measured before belong to another corpus.
#[test]
fn a_seed_gives_the_same_bytes_everywhere() {
    assert_eq!(made_up::sum(1, 3), SUM);
    assert_ne!(made_up::sum(2, 3), SUM);
}

const SUM: u64 = 7_310_259_599_568_618_296;

#[test]
fn a_repo_does_not_depend_on_those_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let list = made_up::write(&dir.path().join("corpus"), 7, 4).unwrap();
    let list = fs::read_to_string(list).unwrap();
    let paths: Vec<&Path> = list.lines().map(Path::new).collect();
    assert_eq!(paths.len(), 4);
    for (number, path) in paths.iter().enumerate() {
        let repo = made_up::repo(7, number);
        assert!(path.ends_with(format!("000/{}", repo.name)), "{}", path.display());
        let names: BTreeSet<&str> = repo.files.iter().map(|file| &*file.path).collect();
        assert_eq!(names.len(), repo.files.len(), "a file is written twice in {}", repo.name);
        for file in &repo.files {
            assert_eq!(fs::read_to_string(path.join(&file.path)).unwrap(), file.text);
        }
    }
}

#[test]
fn what_is_there_already_is_left_alone_or_kept() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("thesis.txt"), "twelve years").unwrap();
    let error = made_up::write(dir.path(), 1, 1).unwrap_err();
    assert!(error.to_string().contains("holds something else"), "{error}");
    assert_eq!(fs::read_to_string(dir.path().join("thesis.txt")).unwrap(), "twelve years");

    let own = dir.path().join("corpus");
    let list = made_up::write(&own, 1, 1).unwrap();
    let written = fs::metadata(&list).unwrap().modified().unwrap();
    assert_eq!(made_up::write(&own, 1, 1).unwrap(), list);
    assert_eq!(fs::metadata(&list).unwrap().modified().unwrap(), written);
    made_up::write(&own, 1, 2).unwrap();
    assert_eq!(fs::read_to_string(&list).unwrap().lines().count(), 2);
}

#[test]
fn bash_takes_every_script() {
    if Command::new("bash").arg("--version").stdout(Stdio::null()).status().is_err() {
        return skipped("bash_takes_every_script", "bash");
    }
    for (path, text) in scripts(80) {
        let mut bash =
            Command::new("bash").arg("-n").stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        bash.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let said = bash.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&said.stderr);
        assert_eq!(said, "", "{path}");
    }
}

/// No mark of a template is left, and the scripts are as long as real ones.
#[test]
fn scripts_have_the_shape_of_real_ones() {
    let mut lines: Vec<usize> = Vec::new();
    for (path, text) in scripts(400) {
        for mark in ["@p", "@s@", "@dir@", "@app@", "@user@", "@domain@", "@<<@", "@port@", "@module@"] {
            assert!(!text.contains(mark), "{path} holds {mark}");
        }
        lines.push(text.lines().count());
    }
    lines.sort_unstable();
    let median = lines[lines.len() / 2];
    assert!((95..140).contains(&median), "{median}");
    let tenth = lines[lines.len() * 9 / 10];
    assert!((330..480).contains(&tenth), "{tenth}");
    assert!(lines.last().is_some_and(|most| *most > 1000));
}

#[test]
fn every_repo_is_understood_and_most_have_findings() {
    let dir = tempfile::tempdir().unwrap();
    let list = made_up::write(&dir.path().join("corpus"), 1, 30).unwrap();
    let (mut rules, mut faulty) = (BTreeSet::new(), 0);
    for path in fs::read_to_string(list).unwrap().lines() {
        let targets = vec![Target::Path(path.into())];
        let report = check(&Request { targets, ..Request::default() }).unwrap();
        assert_eq!(report.gaps, [], "{path}");
        faulty += usize::from(!report.findings.is_empty());
        rules.extend(report.findings.into_iter().map(|finding| finding.rule.to_string()));
    }
    assert!(faulty > 20, "{faulty}");
    assert!(rules.len() > 15, "{rules:?}");
}
