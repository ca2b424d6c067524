//! Words what a command does when the script runs again.

use crate::facts::world::World;
use crate::finding::Severity;
use crate::model::{OnFailure, Outcome};
use crate::rules::draft::Draft;
use crate::rules::guards;
use crate::rules::queries::Found;
use crate::tools::advice::advice;

/// Adds what then never runs, and what to write instead.
pub(super) fn word(world: &World<'_, '_>, found: &Found<'_, '_>, draft: Draft) -> Draft {
    let (script, id, step) = (found.at.script, found.at.id, found.at.step());
    let outcome = script.second_run(id).outcome;
    let draft = match script.emptied_before(id) {
        Some(emptied) => draft.related(
            script.step(emptied).span,
            "`*` leaves hidden files alone: `.git` of the last run is still there",
        ),
        None => draft,
    };
    let draft = match outcome {
        Outcome::Fails(_) if step.on_failure == OnFailure::Aborts => ends(world, found, draft),
        Outcome::Fails(_) => draft.add(", but the script goes on").severity(Severity::Warning),
        _ => draft,
    };
    let effect = script.second_run(id).effect.and_then(|i| step.deed.effects.get(i));
    let Some(advice) = outcome.again().and_then(|again| advice(&step.argv, &step.deed, effect, again)) else {
        return draft;
    };
    let fix = advice.edit.as_ref().and_then(|edit| guards::fix(world, script, step, edit));
    draft.help(advice.help).fix(fix)
}

/// Adds why the script ends there, and what then does not run.
fn ends(world: &World<'_, '_>, found: &Found<'_, '_>, draft: Draft) -> Draft {
    let script = found.at.script;
    let draft = match script.turn_of(found.at.id).and_then(|turn| turn.errexit_at) {
        Some(at) => draft.related(at, "a failing command ends the script from here on"),
        None => draft,
    };
    match world.lost(script, found.at.id) {
        Some(lost) => draft.related(lost, "so this does not run"),
        None => draft,
    }
}
