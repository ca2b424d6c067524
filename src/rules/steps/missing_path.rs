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
            if lack.in_repo.is_none() && stands_alone && !deploy.is_from_scratch() {
                continue;
            }
            let step = script.step(trouble.step);
            let path = &trouble.path;
            // `permissions/too-early` tells of an owner or a mode that comes before its path.
            let is_owner_or_mode = step.deed.effects.iter().any(|effect| {
                matches!(effect.change, Change::Own { .. } | Change::Mode { .. })
                    && matches!(&effect.resource, Resource::Path(own) if own == path)
            });
            if is_owner_or_mode && lack.later.is_some() {
                continue;
            }
            let words = context.words(step.span);
            let message = match (lack.later, &lack.in_repo, trouble.need) {
                (Some(later), ..) => {
                    let later = context.line(script.step(later).span);
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
            };
            let help = match lack.later {
                Some(_) => "make it first".to_owned(),
                None => "make it before, or correct the name".to_owned(),
            };
            let sure = lack.sure.min(match step.on_failure {
                OnFailure::Continues => Confidence::Medium,
                _ => Confidence::High,
            });
            let mut draft = context
                .finding(id::STEPS_MISSING_PATH, trouble.span, message)
                .at_most(context.confidence(script, trouble.step, Some(path)).min(sure))
                .help(help);
            if let Some(later) = lack.later {
                draft = draft.related(script.step(later).span, "this makes it");
            } else if let Some(holder) = lack.holder {
                draft = draft.related(script.step(holder).span, "what would contain it is made here");
            }
            found.push(draft.done());
        }
    }
}
