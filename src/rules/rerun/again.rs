//! How it is worded what a command does when the script runs again.

use crate::facts::world::World;
use crate::finding::Severity;
use crate::model::{OnFailure, Outcome};
use crate::rules::draft::Draft;
use crate::rules::guards;
use crate::rules::queries::Found;
use crate::tools::advice::advice;

/// Why the second run goes wrong, what then never runs, and what to write instead.
pub(super) fn word(context: &World<'_, '_>, found: &Found<'_, '_>, draft: Draft) -> Draft {
    let (script, id, step) = (found.at.script, found.at.id, found.at.step());
    let words = context.words(step.span);
    let outcome = script.second_run(id).outcome;
    let draft = match outcome {
        Outcome::Fails(why) => {
            let text = format!("`{words}` fails when the script runs again ({why})");
            if step.on_failure == OnFailure::Aborts {
                ends(context, found, draft.message(text))
            } else {
                draft.message(format!("{text}, but the script goes on")).severity(Severity::Warning)
            }
        }
        Outcome::Duplicates(why) | Outcome::Overwrites(why) => {
            draft.message(format!("`{words}` {why} each time the script runs"))
        }
        Outcome::Nests(why) | Outcome::Prompts(why) => {
            draft.message(format!("when the script runs again, `{words}` {why}"))
        }
        Outcome::Skipped(_) | Outcome::NoChange | Outcome::Unknown => return draft,
    };
    let effect = script.second_run(id).effect.and_then(|i| step.deed.effects.get(i));
    let advice = outcome.again().and_then(|again| advice(&step.argv, &step.deed, effect, again));
    let fix = advice.as_ref().and_then(|advice| guards::fix(context, script, step, advice.edit.as_ref()?));
    let draft = match advice {
        Some(advice) => draft.help(advice.help),
        None => draft,
    };
    draft.fix(fix)
}

/// Why the script ends there, and what then does not run.
fn ends(context: &World<'_, '_>, found: &Found<'_, '_>, draft: Draft) -> Draft {
    let script = found.at.script;
    let draft = match script.errexit_at {
        Some(at) => draft.related(at, "a failing command ends the script from here on"),
        None => draft,
    };
    match context.lost(script, found.at.id) {
        Some(lost) => draft.related(lost, "so this does not run"),
        None => draft,
    }
}
