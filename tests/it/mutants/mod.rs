//! Right deployments with one mistake each. Whether a mistake does harm is recorded in `tests/mutants`, because each was really
//! run (CONTRIBUTING.md says how). Of those that do none, none may be told, and the number of the others that are told never
//! goes down.

mod oracle;
mod record;
mod spoil;

use crate::deployments::DEPLOYMENTS;
use crate::support::{root, write};
use deploylint::{Report, Request, Severity, check};
use record::{Answer, read, understand};
use spoil::mutants;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// Where the deployments are.
const DEPLOYMENTS_DIR: &str = "tests/deployments";

/// A copy of a deployment, which is removed when the test ends.
fn copy(deployment: &str) -> TempDir {
    fn fill(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let (path, to) = {
                let entry = entry.unwrap();
                (entry.path(), to.join(entry.file_name()))
            };
            if path.is_dir() { fill(&path, &to) } else { fs::copy(&path, &to).map(drop).unwrap() }
        }
    }
    let dir = tempfile::tempdir().unwrap();
    fill(&root().join(DEPLOYMENTS_DIR).join(deployment), dir.path());
    dir
}

/// What is told of a deployment that a person has to look at: the rules with their messages, and what could not be read.
fn told(dir: &Path) -> BTreeSet<String> {
    let report: Report = check(&Request { root: Some(dir.to_owned()), ..Request::default() }).unwrap();
    let weighty = report.findings.iter().filter(|finding| finding.severity > Severity::Info);
    let findings = weighty.map(|finding| format!("{}: {}", finding.rule, finding.message));
    findings.chain(report.gaps.iter().map(|gap| format!("gap: {gap:?}"))).collect()
}

/// The mutants of a deployment that can be read, each with its answer and what is told of it.
fn checked(deployment: &str, script: &str) -> Vec<(String, Answer, String, BTreeSet<String>)> {
    let answers = read(deployment);
    let dir = copy(deployment);
    let mut checked = Vec::new();
    for mutant in mutants(deployment, script) {
        let recorded = answers.get(&mutant.name).cloned().unwrap_or_default();
        let Some(answer) = understand(&recorded) else { continue };
        if answer == Answer::Unreadable {
            continue;
        }
        let right = fs::read(dir.path().join(&mutant.file)).unwrap();
        write(dir.path(), &mutant.file, &mutant.text);
        checked.push((mutant.name, answer, recorded, told(dir.path())));
        write(dir.path(), &mutant.file, right);
    }
    checked
}

/// How many of the mutants that do harm are told of each deployment, at least: of those that were run, and of those that were
/// judged. These numbers only grow.
const TOLD: [(&str, usize, usize); 10] = [
    ("compose-unit", 14, 22),
    ("django-celery", 81, 6),
    ("fastapi-front", 39, 1),
    ("go-service", 24, 2),
    ("laravel", 32, 2),
    ("node-pm2", 28, 1),
    ("php-plain", 47, 2),
    ("rails-sidekiq", 48, 3),
    ("rust-service", 40, 1),
    ("static-cron", 15, 0),
];

#[test]
fn each_mutant_has_an_answer() {
    for (deployment, script) in DEPLOYMENTS {
        let answers = read(deployment);
        let names: BTreeSet<String> =
            mutants(deployment, script).into_iter().map(|mutant| mutant.name).collect();
        let recorded: BTreeSet<String> = answers.keys().cloned().collect();
        assert_eq!(names, recorded, "{deployment}: mutants, and those with an answer");
        for (name, answer) in &answers {
            assert!(understand(answer).is_some(), "{deployment}: {name} has no answer: {answer}");
        }
    }
}

/// For each deployment: how many of the mutants are told, of how many, and which mutants that do no harm are told.
fn counts(deployment: &str, script: &str) -> (BTreeMap<&'static str, (usize, usize)>, Vec<String>) {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut alarms = Vec::new();
    for (name, answer, _, told) in checked(deployment, script) {
        let kind = match answer {
            Answer::Harm => "harm",
            Answer::JudgedHarm => "judged harm",
            _ => "no harm",
        };
        let count = counts.entry(kind).or_default();
        count.0 += usize::from(!told.is_empty());
        count.1 += 1;
        if kind == "no harm" && !told.is_empty() {
            alarms.push(format!("{deployment}: {name} is told: {told:?}"));
        }
    }
    (counts, alarms)
}

#[test]
fn mutants_that_do_harm_are_told_and_no_others() {
    std::thread::scope(|scope| {
        for (deployment, script) in DEPLOYMENTS {
            scope.spawn(move || {
                let (counts, alarms) = counts(deployment, script);
                assert_eq!(alarms, Vec::<String>::new());
                let floor = TOLD.iter().find(|(name, ..)| *name == deployment).unwrap();
                let told = |kind| counts.get(kind).map_or(0, |count| count.0);
                let run = told("harm");
                assert!(run >= floor.1, "{deployment}: {run} are told, and {} were", floor.1);
                let judged = told("judged harm");
                assert!(
                    judged >= floor.2,
                    "{deployment}: {judged} that were judged are told, and {} were",
                    floor.2
                );
            });
        }
    });
}

#[test]
#[ignore = "writes a list for those who work on it"]
fn the_silent_mutants_are_listed() {
    let mut list = String::new();
    for (deployment, script) in DEPLOYMENTS {
        let (counts, alarms) = counts(deployment, script);
        list += &format!("\n== {deployment} {counts:?}\n");
        for (name, answer, recorded, told) in checked(deployment, script) {
            let harm = matches!(answer, Answer::Harm | Answer::JudgedHarm);
            if harm && told.is_empty() {
                list += &format!("SILENT {name}\n         {recorded}\n");
            }
        }
        for alarm in alarms {
            list += &format!("ALARM {alarm}\n");
        }
    }
    fs::write(root().join("target/mutants.txt"), list).unwrap();
}
