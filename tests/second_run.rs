//! The second run, against what really happens. Each case in `tests/second_run/*.txt` is a whole script; behind a line
//! stands what its command does when the script runs again: `fails`, `duplicates`, `nests`, `overwrites`, `skipped`, or
//! `nothing`. These were measured: each script was really run twice, from an empty state, and the second run watched.
//! Two in three were wrong once, the others nearly so. A case that anyone adds is to be measured in the same way, and
//! says so in its head: `# measured: twice`, or `# measured: errexit held off in the second run` where a line that fails
//! would have kept the later ones from being reached; `# stand-in: psql` names the programs that were not really run but
//! played by one with a small memory, so that the verdict is no better than what their manuals say.

// A test that cannot set itself up fails.
#![allow(clippy::unwrap_used)]

use deploylint::model::{Deployment, FollowNothing, Outcome, StepId, build};
use deploylint::shell::effect::{Change, Resource};
use deploylint::source::{SourceFile, Sources};
use std::fs;
use std::path::Path;

const WORDS: [&str; 6] = ["fails", "duplicates", "nests", "overwrites", "skipped", "nothing"];

#[test]
fn second_runs_are_as_measured() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/second_run");
    let (mut faults, mut checked) = (Vec::new(), 0);
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let cases = fs::read_to_string(&path).unwrap();
        // Files that began before the head was asked for are left as they are.
        let headed = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("asked-"));
        for case in cases.split("\n---\n") {
            assert!(
                !headed || says_how(case),
                "no `# measured: …` in front, or no `# stand-in: …`, of\n{case}"
            );
            checked += check(case, &mut faults);
        }
    }
    assert!(checked > 330, "only {checked} lines were checked");
    assert!(faults.is_empty(), "{} of {checked} lines:\n\n{}", faults.len(), faults.join("\n\n"));
}

/// True where a case tells how it was measured, and names the stand-ins for programs that it calls.
fn says_how(case: &str) -> bool {
    let mut lines = case.lines();
    let measured =
        matches!(lines.next(), Some("# measured: twice" | "# measured: errexit held off in the second run"));
    let stand_ins = lines.next().and_then(|line| line.strip_prefix("# stand-in: ")).unwrap_or_default();
    let named = |program: &str| stand_ins.split(' ').any(|name| name == program);
    measured
        && ["psql", "docker", "crontab", "swapon"]
            .iter()
            .all(|p| named(p) || !case.contains(&format!("{p} -")))
}

/// Compares one script; gives the number of lines that say what they do.
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

/// The worst that the steps of a line come to; `skipped` where all that do something are.
fn verdict(deployment: &Deployment<'_>, sources: &Sources, line: u32) -> &'static str {
    let acts = |id: StepId| deployment.step(id).deed.effects.iter().any(|e| e.change != Change::Use);
    let here = deployment.iter().filter(|(id, step)| sources.line(step.span) == line && acts(*id));
    // What people and the app have stored since is a resource of its own, and no outcome of the command.
    let loses = |id: StepId| {
        let effects = &deployment.step(id).deed.effects;
        effects.iter().any(|e| {
            e.change == Change::Remove
                && matches!(e.resource, Resource::Other("data" | "keys" | "volumes", _))
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
