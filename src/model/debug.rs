//! The model as text, for people who write rules.

use crate::model::condition::Cond;
use crate::model::{Deployment, OnFailure, Outcome, StepId, User};
use crate::shell::wrappers::Place;
use crate::source::Sources;
use crate::tools::says::Fact;
use std::fmt::Write;

impl Deployment<'_> {
    /// One line for each step, with its context, and below it its guards, its effects, its first run, as `first_run` tells
    /// it, and its second run.
    pub(crate) fn describe(&self, sources: &Sources, first_run: &dyn Fn(StepId) -> Option<String>) -> String {
        let mut out = String::new();
        let _ = writeln!(out, "caller: {:?}", self.caller);
        for (name, value) in &self.constants {
            let _ = writeln!(out, "{name} = {value}");
        }
        let mut entry = u32::MAX;
        for (id, step) in self.iter() {
            if step.entry != entry {
                entry = step.entry;
                let name = match self.uncalled(entry) {
                    Some(function) => &function.name,
                    None if entry == 0 => "main",
                    None => "never reached",
                };
                let _ = writeln!(out, "== {name}");
            }
            self.describe_step(sources, id, first_run, &mut out);
        }
        for (span, reason) in &self.gaps {
            let _ = writeln!(out, "gap at line {}: {reason}", sources.line(*span));
        }
        out
    }

    fn describe_step(
        &self,
        sources: &Sources,
        id: StepId,
        first_run: &dyn Fn(StepId) -> Option<String>,
        out: &mut String,
    ) {
        let step = self.step(id);
        let user = match &step.user {
            User::Caller => "caller".to_owned(),
            User::Root => "root".to_owned(),
            User::Named(name) => name.to_string(),
            User::Unknown => "?".to_owned(),
        };
        let place = match &step.place {
            Place::Here => String::new(),
            Place::Remote(host) => format!(" at {host}"),
            Place::Container(name) => format!(" in {name}"),
        };
        let failure = match step.on_failure {
            OnFailure::Aborts => "aborts",
            OnFailure::Continues => "goes on",
            OnFailure::Handled => "handled",
        };
        let line = sources.line(step.span);
        let _ = writeln!(out, "{line}: {} [{user}{place}, {}, {failure}]", step.argv, step.argv.cwd);
        for (_, guard) in self.guards_of(id) {
            let not = if guard.holds { "" } else { "not " };
            let _ = writeln!(out, "    if {not}{} (line {})", show(&guard.cond), sources.line(guard.span));
        }
        if !step.deed.roles.is_empty() {
            let _ = writeln!(out, "    for {:?}", step.deed.roles);
        }
        for effect in &step.deed.effects {
            let name = effect.resource.name();
            let _ = writeln!(
                out,
                "    {:?} {} {name}: {:?}",
                effect.change,
                effect.resource.kind(),
                effect.again
            );
        }
        if let Some(prompt) = &step.deed.prompts {
            let _ = writeln!(out, "    prompts: {}", prompt.asks);
        }
        for written in &step.written {
            let lines = written.content.text.lines().count();
            let _ = writeln!(out, "    writes {lines} lines to {}", written.path);
        }
        if let Some(first) = first_run(id) {
            let _ = writeln!(out, "    first run: {first}");
        }
        let second = self.second_run(id);
        match second.outcome {
            Outcome::NoChange => {}
            Outcome::Skipped(guard) => {
                let span = self.guards[guard.0 as usize].span;
                let _ = writeln!(out, "    second run: skipped by line {}", sources.line(span));
            }
            outcome => {
                let sure = if second.certain { "" } else { " (not certain)" };
                let _ = writeln!(out, "    second run: {outcome:?}{sure}");
            }
        }
    }
}

fn show(cond: &Cond) -> String {
    match cond {
        Cond::Always(b) => b.to_string(),
        Cond::Root => "root".to_owned(),
        Cond::Works(step) => format!("step {} works", step.0),
        Cond::Fact(fact) => show_fact(fact),
        Cond::Not(inner) => format!("!({})", show(inner)),
        Cond::And(a, b) => format!("({} && {})", show(a), show(b)),
        Cond::Or(a, b) => format!("({} || {})", show(a), show(b)),
        Cond::Opaque(id) => format!("condition {id}"),
    }
}

fn show_fact(fact: &Fact) -> String {
    format!("{:?} {} {}", fact.aspect, fact.resource.kind(), fact.resource.name())
}
