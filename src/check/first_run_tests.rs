//! Compares the first run with what really happens. Each case in `tests/first_run/*.txt` is a whole script with the files
//! of its project. The end of a line says what its commands do on a new server: they are `fine`, they are `skipped`, the
//! script ends before them (`not reached`), or one of them `fails` with an exit status and the program's own words. These
//! were measured: each script was really run once, as root, in the root of its project, on an empty server.
//!
//! The head of a case says how it was measured, and the test requires it:
//!
//! - `# measured: once`;
//! - `# stand-in: npm systemctl` names the programs that were replaced by a stand-in with a small memory, so the verdict is
//!   no better than what their manuals say;
//! - `# really there: npm 11` names programs that another case may replace, and that were really there;
//! - `# file: web/package.json: {}` is a file of the project. In its text, `\n` is a new line and `\t` a tab;
//! - `# unknown because …` is the reason why the model does not know all of what was measured;
//! - `# untold because …` is the reason why no rule reports a failure that the model is sure of. What is known only of a
//!   new server has a low confidence, and no rule has to report it: somebody may have prepared the server.
//!
//! A reason that is no longer needed is a fault, too. New cases have to be measured in the same way.

use crate::check::judge::judge;
use crate::check::{Request, Settings, Target};
use crate::facts::first_run::{FirstOutcome, FirstRun};
use crate::facts::world::World;
use crate::finding::Confidence;
use crate::model::stand_in_tests::stand_in_unsaid;
use crate::source::{FileId, Sources};
use crate::support::{project, root};
use std::collections::BTreeSet;
use std::fs;

const SCRIPT: &str = "start.sh";

#[test]
fn first_runs_are_as_measured() {
    let dir = root().join("tests/first_run");
    let (mut faults, mut cases, mut lines) = (Vec::new(), 0, 0);
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        for case in text.trim_end().split("\n---\n") {
            let read = Case::read(case);
            let found = read.head_fault().into_iter().chain(read.faults());
            faults.extend(found.map(|fault| format!("{}: {fault}, in\n{case}", path.display())));
            lines += read.lines.iter().filter(|(_, measured)| measured.is_some()).count();
            cases += 1;
        }
    }
    assert!(cases > 500 && lines > 900, "only {lines} lines of {cases} cases were checked");
    assert!(faults.is_empty(), "{} of {lines} lines:\n\n{}", faults.len(), faults.join("\n\n"));
}

/// What was measured of a line's commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Measured {
    Fine,
    Fails,
    Skipped,
    NotReached,
}

/// What the model says of a line's commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Fine,
    Fails,
    /// As far as nobody has prepared the server.
    FailsIfNew,
    Skipped,
    NotReached,
    Unknown,
}

#[derive(Default)]
struct Case<'c> {
    is_measured: bool,
    stand_ins: &'c str,
    really_there: &'c str,
    files: Vec<(&'c str, String)>,
    is_unknown: bool,
    is_untold: bool,
    /// The lines of the script, without what was measured.
    lines: Vec<(&'c str, Option<Measured>)>,
}

impl<'c> Case<'c> {
    fn read(text: &'c str) -> Self {
        let mut case = Case::default();
        for line in text.lines() {
            let head = |start: &str| line.strip_prefix(start).filter(|_| case.lines.is_empty());
            if line == "# measured: once" {
                case.is_measured = true;
            } else if let Some(names) = head("# stand-in: ") {
                case.stand_ins = names;
            } else if let Some(names) = head("# really there: ") {
                case.really_there = names;
            } else if let Some((name, text)) = head("# file: ").and_then(|file| file.split_once(':')) {
                let text = text.trim_start().replace("\\n", "\n").replace("\\t", "\t");
                case.files.push((name, text + "\n"));
            } else if head("# unknown because ").is_some() {
                case.is_unknown = true;
            } else if head("# untold because ").is_some() {
                case.is_untold = true;
            } else {
                case.lines.push(measured(line));
            }
        }
        case
    }

    fn script(&self) -> String {
        self.lines.iter().map(|(line, _)| format!("{line}\n")).collect()
    }

    /// What is missing in the head.
    fn head_fault(&self) -> Option<String> {
        if !self.is_measured {
            return Some("no `# measured: once` in front".to_owned());
        }
        let there = self.really_there.split(", ").filter_map(|program| program.split(' ').next());
        let noted: Vec<&str> = self.stand_ins.split(' ').chain(there).collect();
        stand_in_unsaid(&self.script(), &noted.join(" "))
    }

    /// Where the model says something else than what was measured, or where a reason is missing or not needed.
    fn faults(&self) -> Vec<String> {
        let script = self.script();
        let mut files: Vec<(&str, &str)> = self.files.iter().map(|(name, text)| (*name, &**text)).collect();
        files.push((SCRIPT, &script));
        let project = project(&files);
        let request = Request {
            root: Some(project.path().to_owned()),
            targets: vec![Target::Path(project.path().join(SCRIPT))],
            ..Request::default()
        };
        let settings = Settings::load(&request).unwrap();
        let mut sources = Sources::default();
        let mut said = vec![Said::Unknown; self.lines.len()];
        let judged = judge(&request, &settings, &mut sources, &mut |world| {
            if let Some(file) = world.sources.find(SCRIPT) {
                said = (1..=self.lines.len() as u32).map(|line| verdict(world, file, line)).collect();
            }
        });
        let judged = judged.unwrap();
        let told: BTreeSet<u32> = judged.findings.iter().map(|finding| sources.line(finding.span)).collect();
        let (mut faults, mut is_unknown, mut is_untold) = (Vec::new(), false, false);
        for (index, ((line, measured), said)) in self.lines.iter().zip(said).enumerate() {
            let Some(measured) = measured else { continue };
            match compare(*measured, said) {
                Compared::Same if said == Said::Fails && !told.contains(&(index as u32 + 1)) => {
                    is_untold = true;
                    if !self.is_untold {
                        faults.push(format!("no rule reports the failure of `{line}`"));
                    }
                }
                Compared::Same => {}
                Compared::Unknown => {
                    is_unknown = true;
                    if !self.is_unknown {
                        faults.push(format!("{measured:?}, and the model does not know `{line}`"));
                    }
                }
                Compared::Contradicts => {
                    faults.push(format!("{measured:?}, and the model says {said:?} of `{line}`"));
                }
            }
        }
        if self.is_unknown && !is_unknown {
            faults.push("everything is known, so `# unknown because …` is not needed".to_owned());
        }
        if self.is_untold && !is_untold {
            faults.push("every failure is told, so `# untold because …` is not needed".to_owned());
        }
        faults
    }
}

/// A line of a script, and what was measured of it.
fn measured(line: &str) -> (&str, Option<Measured>) {
    let Some((command, words)) = line.rsplit_once("  # ") else { return (line, None) };
    let measured = match words {
        "fine" => Measured::Fine,
        "skipped" => Measured::Skipped,
        "not reached" => Measured::NotReached,
        fails => {
            let status = fails.strip_prefix("fails ").and_then(|rest| rest.split_once(": "));
            let is_status =
                status.is_some_and(|(status, words)| status.parse::<u8>().is_ok() && !words.is_empty());
            assert!(is_status, "`{words}` says nothing of a first run");
            Measured::Fails
        }
    };
    (command, Some(measured))
}

enum Compared {
    Same,
    /// The model knows less than what was measured.
    Unknown,
    Contradicts,
}

fn compare(measured: Measured, said: Said) -> Compared {
    match (measured, said) {
        (Measured::Fails, Said::Fails | Said::FailsIfNew)
        | (Measured::Fine, Said::Fine | Said::Unknown)
        | (Measured::Skipped, Said::Skipped | Said::Unknown | Said::NotReached)
        // What is not reached may do anything if it is reached.
        | (Measured::NotReached, Said::NotReached) => Compared::Same,
        (Measured::Fails, Said::Fine | Said::Unknown)
        | (Measured::NotReached, Said::Fine | Said::Fails | Said::FailsIfNew | Said::Skipped | Said::Unknown) => {
            Compared::Unknown
        }
        (Measured::Fails, Said::Skipped | Said::NotReached)
        | (Measured::Fine, Said::Fails | Said::FailsIfNew | Said::Skipped | Said::NotReached)
        | (Measured::Skipped, Said::Fine | Said::Fails | Said::FailsIfNew) => Compared::Contradicts,
    }
}

/// What the model says of the steps of a line: the worst of them.
fn verdict(world: &World<'_, '_>, file: FileId, line: u32) -> Said {
    let steps =
        world.scripts().iter().flat_map(|script| script.iter().map(move |(id, step)| (script, id, step)));
    let here = steps.filter(|(_, _, step)| step.span.file == file && world.sources.line(step.span) == line);
    let runs: Vec<_> = here.filter_map(|(script, id, _)| world.first_run(script, id)).collect();
    let sure = |run: &&FirstRun| match &run.outcome {
        FirstOutcome::Fails(failure) => Some(failure.sure),
        _ => None,
    };
    let failure = runs.iter().filter_map(sure).max();
    if runs.is_empty() {
        Said::Unknown
    } else if runs.iter().all(|run| run.not_reached.is_some()) {
        Said::NotReached
    } else if let Some(sure) = failure {
        if sure == Confidence::Low { Said::FailsIfNew } else { Said::Fails }
    } else if runs.iter().all(|run| matches!(run.outcome, FirstOutcome::Skipped(_))) {
        Said::Skipped
    } else if runs.iter().all(|run| matches!(run.outcome, FirstOutcome::Fine | FirstOutcome::Skipped(_))) {
        Said::Fine
    } else {
        Said::Unknown
    }
}
