//! One step in plain words, for people who ask why a line is reported or not.

use crate::model::{Deployment, OnFailure, Outcome, StepId, User};
use crate::shell::wrappers::Place;
use crate::source::Sources;
use crate::tools::effect::Change;
use std::fmt::Write;

impl Deployment<'_> {
    /// Everything known about a step: who runs it, where, behind which guards, what it changes and what it
    /// does again, with `first_run` in words. There are several lines, each with a line end; the first is the command as
    /// it was understood.
    pub(crate) fn explain(&self, sources: &Sources, id: StepId, first_run: &str) -> String {
        let step = self.step(id);
        let mut out = format!("{}\n", step.argv);
        let user = match &step.user {
            User::Caller => "the user who calls the script".to_owned(),
            User::Root => "root".to_owned(),
            User::Named(name) => name.to_string(),
            User::Unknown => "an unknown user".to_owned(),
        };
        let place = match &step.place {
            Place::Here => String::new(),
            Place::Remote(host) => format!(" on another machine ({host})"),
            Place::Container(name) => format!(" in a container ({name})"),
        };
        let failure = match step.on_failure {
            OnFailure::Aborts => "its failure ends the script",
            OnFailure::Continues => "the script goes on when it fails",
            OnFailure::Handled => "the script handles its failure",
        };
        let _ = writeln!(out, "  run by {user}{place} in {}; {failure}", step.argv.cwd);
        if step.entry != 0 {
            out.push_str("  in a function that nothing here calls, so the confidence is lower\n");
        }
        for (_, guard) in self.guards_of(id) {
            let holds = if guard.says { "succeeds" } else { "fails" };
            let opaque = if guard.cond.has_opaque() {
                ", which is not understood, so the confidence is lower"
            } else {
                ""
            };
            let _ = writeln!(out, "  only if {} {holds}{opaque}", sources.quoted(guard.span));
        }
        // One line for the same kind of change, because `apt-get install` names many packages.
        let mut alike: Vec<(&str, &str, Vec<String>)> = Vec::new();
        for effect in &step.deed.effects {
            let (does, kind) = (does(&effect.change), effect.resource.kind());
            let name = effect.resource.name().to_string();
            match alike.iter_mut().find(|(d, k, _)| (*d, *k) == (does, kind)) {
                Some((.., names)) if names.contains(&name) => {}
                Some((.., names)) => names.push(name),
                None => alike.push((does, kind, vec![name])),
            }
        }
        for (does, kind, names) in alike {
            let _ = writeln!(out, "  {does} {kind} {}", names.join(", "));
        }
        if step.deed.effects.is_empty() && step.deed.roles.is_empty() {
            out.push_str("  it is not known what this command changes\n");
        }
        let second = self.second_run(id);
        let because = |out: &mut String| {
            if let Some(earlier) = second.because {
                let _ = write!(out, ", because of {}", sources.quoted(self.step(earlier).span));
            }
        };
        let _ = write!(out, "  first run: {first_run}\n  second run: ");
        match second.outcome {
            Outcome::Skipped(guard) => {
                let span = self.guards[guard.0 as usize].span;
                let _ = write!(out, "skipped by {}", sources.quoted(span));
            }
            Outcome::NoChange => out.push_str("does the same again, or changes nothing"),
            Outcome::Fails(says) => {
                let _ = write!(out, "fails ({says})");
            }
            Outcome::Duplicates(says)
            | Outcome::Overwrites(says)
            | Outcome::Nests(says)
            | Outcome::Prompts(says) => out.push_str(says),
            Outcome::Unknown => out.push_str("not known"),
        }
        because(&mut out);
        out.push_str(if second.certain { "\n" } else { ", as far as can be seen\n" });
        out
    }
}

fn does(change: &Change) -> &'static str {
    match change {
        Change::Create(_) => "creates",
        Change::Remove => "removes",
        Change::Write => "writes",
        Change::Append => "adds to",
        Change::Edit => "edits",
        Change::Own { .. } => "sets the owner of",
        Change::Mode { .. } => "sets the mode of",
        Change::Start => "starts",
        Change::Restart => "restarts",
        Change::Stop => "stops",
        Change::Enable => "enables",
        Change::Use => "needs",
    }
}
