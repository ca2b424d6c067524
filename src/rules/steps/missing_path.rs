//! `steps/missing-path`: a step needs a path that is not there in the first run.

use crate::facts::first_run::{Need, troubles};
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::model::OnFailure;
use crate::rules::id;
use crate::tools::effect::{Change, Resource};

/// `steps/missing-path`.
pub(super) fn missing_path(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let deploy = context.deploy();
    for (_, script) in deploy.deploying() {
        // What lies in a missing directory is told once.
        for trouble in troubles(context, script).into_iter().filter(|trouble| trouble.is_first) {
            let lack = &trouble.lack;
            // A script that sets nothing up relies on what is there.
            let stands_alone = lack.later.is_none() || lack.holder.is_none();
            if lack.gone.is_none() && lack.in_repo.is_none() && stands_alone && !deploy.is_from_scratch() {
                continue;
            }
            let step = script.step(trouble.step);
            let path = &trouble.path;
            // `permissions/too-early` tells of an owner or a mode that comes before its directory.
            let is_owner_or_mode = step.deed.effects.iter().any(|effect| {
                matches!(effect.change, Change::Own { .. } | Change::Mode { .. })
                    && matches!(&effect.resource, Resource::Path(own) if own == path)
            });
            let is_file = |later| {
                script.step(later).deed.effects.iter().any(|effect| {
                    effect.change == Change::Write
                        && matches!(&effect.resource, Resource::Path(made) if made == path)
                })
            };
            if is_owner_or_mode && lack.later.is_some_and(|later| !is_file(later)) {
                continue;
            }
            let words = context.words(step.span);
            let gone = lack.gone.map(|gone| {
                let shown = context.words(trouble.span);
                format!(
                    "`{shown}` is not there any more: {} moves or removes it",
                    context.line_beside(script.step(gone).span, step.span)
                )
            });
            let message = gone.unwrap_or_else(|| match (lack.later, &lack.in_repo, trouble.need) {
                (Some(later), ..) => {
                    let later = context.line_beside(script.step(later).span, step.span);
                    format!("`{path}` is needed here, but only {later} makes it")
                }
                (None, Some(inside), Need::Directory) => {
                    format!("the repo has no directory {inside}, so `{words}` fails")
                }
                (None, Some(inside), _) => format!("the repo has no {inside}, so `{words}` fails"),
                (None, None, Need::Holder) => {
                    format!("nothing makes the directory `{path}`, so `{words}` fails")
                }
                (None, None, _) => format!("nothing makes `{path}`, so `{words}` fails"),
            });
            let help = match (lack.gone, lack.later) {
                (Some(_), _) => "do this first, or name the file by its new path",
                (None, Some(_)) => "make it first",
                (None, None) => "make it before, or correct the name",
            };
            let sure = lack.sure.min(match step.on_failure {
                OnFailure::Continues => Confidence::Medium,
                _ => Confidence::High,
            });
            // The name of a temporary file is new on each run, and yet it is known which file is meant.
            let about = Some(path).filter(|_| lack.gone.is_none());
            let mut draft = context
                .finding(id::STEPS_MISSING_PATH, trouble.span, message)
                .at_most(context.confidence(script, trouble.step, about).min(sure))
                .help(help);
            if let Some(gone) = lack.gone {
                draft = draft.related(script.step(gone).span, "it is gone after this");
            } else if let Some(later) = lack.later {
                draft = draft.related(script.step(later).span, "this makes it");
            } else if let Some(holder) = lack.holder {
                draft = draft.related(script.step(holder).span, "what would contain it is made here");
            }
            found.push(draft.done());
        }
    }
}
