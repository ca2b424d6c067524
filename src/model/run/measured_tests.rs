//! Compares the second run with what really happens. Each case in `tests/second_run/*.txt` is a whole script. The end of a
//! line says what its command does when the script runs again: `fails`, `duplicates`, `nests`, `overwrites`, `skipped`, or
//! `nothing`. These were measured: each script was really run twice, from an empty state, and the second run was watched.
//!
//! The head of a case says how it was measured, and the test requires it:
//!
//! - `# measured: twice`, or `# measured: errexit held off in the second run` if a line that fails would have kept the
//!   script from reaching the later ones;
//! - `# stand-in: psql systemctl` below it names the programs that were replaced by a stand-in with a small memory, so the
//!   verdict is no better than what their manuals say;
//! - `# tried: PostgreSQL 15` in its place names the program that was really there, and its version.
//!
//! New cases have to be measured in the same way.

use crate::model::stand_in_tests::stand_in_unsaid;
use crate::model::{Deployment, FollowNothing, Outcome, StepId, build};
use crate::source::{SourceFile, Sources};
use crate::support::root;
use crate::tools::effect::{Change, Resource};
use crate::tools::thing::Thing;
use std::fs;

const WORDS: [&str; 6] = ["fails", "duplicates", "nests", "overwrites", "skipped", "nothing"];

#[test]
fn second_runs_are_as_measured() {
    let dir = root().join("tests/second_run");
    let (mut faults, mut checked) = (Vec::new(), 0);
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let cases = fs::read_to_string(&path).unwrap();
        for case in cases.trim_end().split("\n---\n") {
            faults.extend(head_fault(case).map(|fault| format!("{}: {fault}, in\n{case}", path.display())));
            checked += check(case, &mut faults);
        }
    }
    assert!(checked > 330, "only {checked} lines were checked");
    assert!(faults.is_empty(), "{} of {checked} lines:\n\n{}", faults.len(), faults.join("\n\n"));
}

/// What is missing in the head of a case.
fn head_fault(case: &str) -> Option<String> {
    let mut lines = case.lines();
    match lines.next()? {
        tried if tried.starts_with("# tried: ") => return None,
        "# measured: twice" | "# measured: errexit held off in the second run" => {}
        _ => return Some("no `# measured: …` or `# tried: …` in front".to_owned()),
    }
    let noted = lines.next().and_then(|line| line.strip_prefix("# stand-in: ")).unwrap_or_default();
    stand_in_unsaid(case, noted)
}

/// Compares one script, and returns the number of lines that say what they do.
fn check(case: &str, faults: &mut Vec<String>) -> usize {
    let mut sources = Sources::default();
    let source = SourceFile::new("start.sh", case.as_bytes().to_vec()).unwrap();
    let file = sources.add(source);
    let arena = bumpalo::Bump::new();
    let deployment = build(&arena, file, "start.sh", arena.alloc_str(case), &mut FollowNothing);
    let mut checked = 0;
    for (index, line) in case.lines().enumerate() {
        let Some((_, expected)) = line.rsplit_once("  # ") else { continue };
        assert!(WORDS.contains(&expected), "{expected}: no word for a second run, in\n{case}");
        checked += 1;
        let said = verdict(&deployment, &sources, index as u32 + 1);
        if said != expected {
            faults.push(format!("{said}, not {expected}: line {} of\n{case}", index + 1));
        }
    }
    checked
}

/// The worst outcome of the steps of a line; `skipped` if all that do something are skipped.
fn verdict(deployment: &Deployment<'_>, sources: &Sources, line: u32) -> &'static str {
    let acts = |id: StepId| deployment.step(id).deed.effects.iter().any(|e| e.change != Change::Use);
    let here = deployment.iter().filter(|(id, step)| sources.line(step.span) == line && acts(*id));
    // The data that people and the app have stored since is a resource of its own, and no outcome of the command.
    let loses = |id: StepId| {
        let effects = &deployment.step(id).deed.effects;
        effects.iter().any(|e| {
            e.change == Change::Remove
                && matches!(e.resource, Resource::Other(Thing::Data | Thing::Keys | Thing::Volumes, _))
        })
    };
    let words: Vec<&str> = here
        .map(|(id, _)| match word(deployment.second_run(id).outcome) {
            "nothing" if loses(id) => "overwrites",
            word => word,
        })
        .collect();
    let worst = WORDS[..4].iter().find(|word| words.contains(word));
    match worst {
        Some(worst) => worst,
        None if !words.is_empty() && words.iter().all(|word| *word == "skipped") => "skipped",
        None => "nothing",
    }
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Fails(_) => "fails",
        Outcome::Duplicates(_) => "duplicates",
        Outcome::Nests(_) => "nests",
        Outcome::Overwrites(_) => "overwrites",
        Outcome::Skipped(_) => "skipped",
        Outcome::NoChange | Outcome::Prompts(_) | Outcome::Unknown => "nothing",
    }
}
