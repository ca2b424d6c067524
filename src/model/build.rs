//! Builds a model: the walk over one script or several, and what follows from it.

use crate::model::run::{second_run, timeline};
use crate::model::walk;
use crate::model::{Deployment, Guard, Step, StepId};
use crate::source::{FileId, Span};
use bumpalo::Bump;

/// A script to read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScriptText<'s, 'a> {
    pub(crate) file: FileId,
    /// Its name relative to the repo's root.
    pub(crate) path: &'s str,
    pub(crate) text: &'a str,
}

/// Provides the texts of files that a script sources.
pub(crate) trait Follow {
    /// The file at a path relative to the repo's root, if it exists and may be read.
    fn follow(&mut self, path: &str) -> Option<(FileId, String)>;
}

pub(crate) struct FollowNothing;

impl Follow for FollowNothing {
    fn follow(&mut self, _: &str) -> Option<(FileId, String)> {
        None
    }
}

/// Reads a script; `path` is its name relative to the repo's root.
pub(crate) fn build<'a>(
    arena: &'a Bump,
    file: FileId,
    path: &str,
    text: &'a str,
    follow: &mut dyn Follow,
) -> Deployment<'a> {
    build_without(arena, file, path, text, follow, &[])
}

/// Reads a script as if some of its statements, given by their spans, were missing. It is not known how those
/// end.
pub(crate) fn build_without<'a>(
    arena: &'a Bump,
    file: FileId,
    path: &str,
    text: &'a str,
    follow: &mut dyn Follow,
    left_out: &[Span],
) -> Deployment<'a> {
    build_in_turn(arena, ScriptText { file, path, text }, &[], follow, left_out)
}

/// Reads scripts that run in turn as one deployment: what one of them leaves is what the next one finds.
pub(crate) fn build_in_turn<'a>(
    arena: &'a Bump,
    first: ScriptText<'_, 'a>,
    others: &[ScriptText<'_, 'a>],
    follow: &mut dyn Follow,
    left_out: &[Span],
) -> Deployment<'a> {
    let mut walked = walk::walk(arena, first, others, follow, left_out);
    ends(&walked.steps, &mut walked.guards);
    let timeline = timeline::Timeline::new(&walked.steps);
    let mut deployment = Deployment {
        file: first.file,
        second: Vec::new(),
        runs: Vec::new(),
        timeline,
        steps: walked.steps,
        guards: walked.guards,
        caller: walked.caller,
        texts: walked.shell.texts,
        gaps: walked.shell.gaps,
        comments: walked.shell.comments,
        turns: walked.turns,
        functions: walked.functions,
        constants: walked.constants,
        sourced: walked.sourced,
        ran: walked.ran,
        by_path: walked.by_path,
        commands: walked.commands,
        unset: walked.unset,
        unreached: walked.unreached,
    };
    (deployment.second, deployment.runs) = second_run::judge(&deployment);
    deployment
}

/// Finds the last step behind each guard, so that a search for the steps behind a guard need not visit all
/// steps.
fn ends(steps: &[Step], guards: &mut [Guard]) {
    for (index, step) in steps.iter().enumerate().rev() {
        let mut guard = step.guard;
        while let Some(id) = guard {
            let guarded = &mut guards[id.0 as usize];
            // The guards around it were seen with it.
            if guarded.end.0 > 0 {
                break;
            }
            guarded.end = StepId(index as u32 + 1);
            guard = guarded.outer;
        }
    }
}
