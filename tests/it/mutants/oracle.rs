//! Makes the answers anew: a command really runs each mutant. It knows nothing of deploylint.

use super::record::{Answers, read, understand, write};
use super::spoil::{Mutant, mutants};
use super::{DEPLOYMENTS, DEPLOYMENTS_DIR, copy};
use crate::support::root;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs};

/// What came of one run of a script.
struct Run {
    exit: i64,
    /// The last line that it printed.
    says: String,
    /// What the machine is like afterwards, in facts of a name and a value.
    state: BTreeMap<String, String>,
}

/// Runs a deployment twice with the command of `DEPLOYLINT_ORACLE`; once, if the first run fails.
fn ask(dir: &Path, script: &str) -> Vec<Run> {
    let oracle =
        env::var("DEPLOYLINT_ORACLE").expect("DEPLOYLINT_ORACLE holds the command that runs a deployment");
    let mut words = oracle.split_whitespace();
    let mut command = Command::new(words.next().unwrap());
    let output = command.args(words).arg(dir).arg(script).stderr(Stdio::inherit()).output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let runs = answer["runs"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let run = |run: &Value| Run {
        exit: run["exit"].as_i64().unwrap(),
        says: text(&run["says"]),
        state: run["state"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.clone(), text(value)))
            .collect(),
    };
    let runs: Vec<Run> = runs.iter().map(run).collect();
    assert!(runs.len() == 2 || runs[0].exit != 0, "{oracle} runs {} twice", dir.display());
    runs
}

/// How a state differs from the right one, if it does. What chance decides does not count, nor the texts that are `spoilt`.
fn difference(
    right: &Run,
    chance: &BTreeSet<String>,
    run: &Run,
    spoilt: &dyn Fn(&str) -> bool,
) -> Option<String> {
    let names: BTreeSet<&String> = right.state.keys().chain(run.state.keys()).collect();
    let differs = |name: &&&String| right.state.get(**name) != run.state.get(**name);
    let name = names.iter().filter(differs).find(|name| !chance.contains(**name) && !spoilt(name))?;
    let side = |run: &Run| {
        run.state.get(*name).map_or("nothing".to_owned(), |value| value.chars().take(90).collect())
    };
    Some(format!("{name}: {} instead of {}", side(run), side(right)).replace('\n', " "))
}

/// The right deployment, run twice, and what chance decides in each of the two states.
fn right(deployment: &str, script: &str) -> (Vec<Run>, Vec<BTreeSet<String>>) {
    let dir = root().join(DEPLOYMENTS_DIR).join(deployment);
    let [one, other] = [ask(&dir, script), ask(&dir, script)];
    for run in &one {
        assert_eq!(run.exit, 0, "{deployment} is not right: {}", run.says);
    }
    let pairs = one.iter().zip(&other);
    let differ = pairs.map(|(one, other)| {
        let names = one.state.keys().chain(other.state.keys());
        names.filter(|name| one.state.get(*name) != other.state.get(*name)).cloned().collect()
    });
    let chance = differ.collect();
    (one, chance)
}

/// What becomes of a mutant when it runs.
fn answer(
    mutant: &Mutant,
    deployment: &str,
    script: &str,
    right: &(Vec<Run>, Vec<BTreeSet<String>>),
) -> String {
    let dir = copy(deployment);
    fs::write(dir.path().join(&mutant.file), &mutant.text).unwrap();
    let readable =
        Command::new("bash").arg("-n").arg(dir.path().join(script)).stderr(Stdio::null()).status().unwrap();
    if !readable.success() {
        return "bash cannot read it".to_owned();
    }
    let runs = ask(dir.path(), script);
    // The file that was spoilt differs, of course, and so does each copy of it. What counts is what comes of it.
    let spoilt = |fact: &str| match fact.strip_prefix("text of ") {
        Some(_) if is_judged(mutant) => true,
        Some(path) => path.rsplit('/').next() == mutant.file.rsplit('/').next(),
        None => false,
    };
    let words =
        [("first run fails", "other state"), ("second run fails", "other state after the second run")];
    for (at, (fails, other)) in words.into_iter().enumerate() {
        if runs[at].exit != 0 {
            return format!("{fails}: {}", runs[at].says);
        }
        if let Some(difference) = difference(&right.0[at], &right.1[at], &runs[at], &spoilt) {
            return format!("{other}: {difference}");
        }
    }
    "no harm".to_owned()
}

/// Whether running cannot tell what a mutant does: the stand-ins of systemd and Docker read little.
fn is_judged(mutant: &Mutant) -> bool {
    mutant.name.starts_with("entry ") || mutant.name.starts_with("directive ")
}

#[test]
#[ignore = "runs each mutant, which takes half an hour"]
fn the_answers_are_made_anew() {
    let mut open = Vec::new();
    let only = env::var("DEPLOYLINT_DEPLOYMENT").ok();
    let only_missing = env::var("DEPLOYLINT_ONLY_MISSING").is_ok();
    for (deployment, script) in DEPLOYMENTS {
        if only.as_ref().is_some_and(|only| !only.split(',').any(|only| only == deployment)) {
            continue;
        }
        let earlier = read(deployment);
        let mutants = mutants(deployment, script);
        let right = right(deployment, script);
        let mut answers = Answers::new();
        for mutant in &mutants {
            let known = earlier.get(&mutant.name).filter(|answer| {
                answer.starts_with("judged: ") || only_missing && understand(answer).is_some()
            });
            let mut answer = known.cloned().unwrap_or_else(|| answer(mutant, deployment, script, &right));
            if is_judged(mutant) && answer == "no harm" {
                "judged: ".clone_into(&mut answer);
            }
            answers.insert(mutant.name.clone(), answer);
        }
        write(deployment, &mutants, &answers);
        let unjudged = answers.iter().filter(|(_, answer)| understand(answer).is_none());
        open.extend(unjudged.map(|(name, _)| format!("{deployment}: {name}")));
    }
    assert_eq!(open, Vec::<String>::new(), "these are to be judged");
}
