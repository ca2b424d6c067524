//! What each step does in the first run on a new server, as far as the script and the repo show.

use crate::facts::deploy::Deploy;
use crate::facts::first_run::disk::{Disk, Skips};
use crate::facts::first_run::names::unset_names;
use crate::facts::first_run::new_server::lacking_on_a_new_server;
use crate::facts::first_run::{programs, refused, refused_clones, shut_files, troubles};
use crate::finding::Confidence;
use crate::model::{Deployment, GuardId, OnFailure, StepId, UnsetKind};
use crate::shell::wrappers::Place;
use crate::source::Sources;

/// What a step does in the first run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FirstOutcome {
    /// Nothing that it needs is missing.
    Fine,
    /// A guard is not met.
    Skipped(GuardId),
    /// It exits non-zero.
    Fails(Failure),
    /// It is not known what it does.
    Unknown,
}

/// Why a step fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What the program or the shell says.
    pub(crate) says: String,
    /// The step that is to blame: it comes too late, or it has filled what should be empty.
    pub(crate) because: Option<StepId>,
    /// How sure it is.
    pub(crate) sure: Confidence,
}

/// The first run of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FirstRun {
    pub(crate) outcome: FirstOutcome,
    /// The step before that fails and ends the script, so that this one is not reached.
    pub(crate) not_reached: Option<StepId>,
}

impl FirstRun {
    /// What the program or the shell says, if the step fails.
    pub(crate) fn says(&self) -> Option<&str> {
        match &self.outcome {
            FirstOutcome::Fails(failure) => Some(&failure.says),
            FirstOutcome::Fine | FirstOutcome::Skipped(_) | FirstOutcome::Unknown => None,
        }
    }

    /// True if nothing is known that keeps the step from doing its work.
    pub(crate) fn is_plain(&self) -> bool {
        self.not_reached.is_none() && matches!(self.outcome, FirstOutcome::Fine | FirstOutcome::Unknown)
    }

    /// It in words, for a line that begins with `first run:`.
    pub(crate) fn described(&self, sources: &Sources, script: &Deployment<'_>) -> String {
        let mut text = match &self.outcome {
            FirstOutcome::Fine => "nothing that it needs is missing".to_owned(),
            FirstOutcome::Skipped(guard) => {
                format!("skipped by {}", sources.quoted(script.guards[guard.0 as usize].span))
            }
            FirstOutcome::Fails(Failure { says, because, sure }) => {
                let because = because.map(|step| sources.quoted(script.step(step).span));
                let because = because.map_or_else(String::new, |step| format!(", because of {step}"));
                let sure = if *sure == Confidence::High { "" } else { ", as far as can be seen" };
                format!("fails ({says}){because}{sure}")
            }
            FirstOutcome::Unknown => "not known".to_owned(),
        };
        if let Some(end) = self.not_reached {
            let end = sources.quoted(script.step(end).span);
            text.push_str(&format!("; not reached, because {end} ends the script"));
        }
        text
    }
}

/// What the steps of a script do in the first run, in the order of the steps.
pub(crate) fn first_runs<'a>(deploy: Deploy<'_, '_, 'a>, script: &Deployment<'a>) -> Vec<FirstRun> {
    let failures = failures(deploy, script);
    let disk = Disk::of(deploy.world, script);
    // What fails only on a new server may work on the script's own.
    let works = |id: StepId| match failures.get(id.0 as usize)? {
        Some(failure) => (failure.sure > Confidence::Low).then_some(false),
        None => Some(true),
    };
    let mut end = None;
    let run = |(id, failure): (StepId, &Option<Failure>)| {
        let step = script.step(id);
        let is_seen = step.entry == 0 && step.place == Place::Here;
        let skips = if is_seen { disk.skips_if(id, &works) } else { Skips::Unknown };
        let outcome = match (skips, failure) {
            (Skips::Always(guard), _) => FirstOutcome::Skipped(guard),
            (_, Some(failure)) => FirstOutcome::Fails(failure.clone()),
            (Skips::Never, None) if step.deed.known && !step.in_loop => FirstOutcome::Fine,
            _ => FirstOutcome::Unknown,
        };
        let not_reached = end.filter(|_| step.entry == 0);
        let is_end = matches!(&outcome, FirstOutcome::Fails(failure) if failure.sure == Confidence::High)
            && skips == Skips::Never
            && step.on_failure == OnFailure::Aborts;
        if is_end && end.is_none() {
            end = Some(id);
        }
        FirstRun { outcome, not_reached }
    };
    script.iter().map(|(id, _)| id).zip(&failures).map(run).collect()
}

/// Why each step fails, if it does.
fn failures<'a>(deploy: Deploy<'_, '_, 'a>, script: &Deployment<'a>) -> Vec<Option<Failure>> {
    let world = deploy.world;
    let mut failures: Vec<Option<Failure>> = vec![None; script.steps.len()];
    // A command that is not begun fails for the first of its reasons.
    let mut note = |id: StepId, says: String, because: Option<StepId>, sure: Confidence| {
        if let Some(failure) = failures.get_mut(id.0 as usize) {
            failure.get_or_insert(Failure { says, because, sure });
        }
    };
    for (functions, says) in [(false, "unbound variable"), (true, "command not found")] {
        for one in unset_names(world, script, functions) {
            if matches!(one.kind, UnsetKind::Ending | UnsetKind::Function) {
                note(one.step, format!("{}: {says}", one.name), None, Confidence::High);
            }
        }
    }
    for (id, program) in programs::lacking_in(deploy, script) {
        note(id, format!("{program}: command not found"), None, Confidence::Medium);
    }
    for clone in refused_clones(world, script) {
        let says = format!("destination path '{}' already exists and is not an empty directory", clone.path);
        note(clone.step, says, Some(clone.filler), Confidence::High);
    }
    for one in troubles(world, script) {
        let says = format!("{}: No such file or directory", one.path);
        note(one.step, says, one.lack.gone.or(one.lack.later).or(one.lack.holder), one.lack.sure);
    }
    for one in refused(world, script) {
        note(one.step, format!("{}: Permission denied", one.path), None, one.sure);
    }
    for one in shut_files(world, script) {
        let says = format!("{}: Permission denied", one.file.path);
        note(one.step, says, Some(one.file.by), Confidence::High);
    }
    for (id, says) in lacking_on_a_new_server(world, script) {
        note(id, says, None, Confidence::Low);
    }
    failures
}
