//! Why no rule reports what the second run of a step does. The query files and the rules themselves say what is reported.

use crate::facts::appended::lasting;
use crate::facts::world::World;
use crate::finding::RuleId;
use crate::model::{Deployment, OnFailure, Outcome, StepId};
use crate::rules::id;
use crate::syntax::query::{Part, Pattern, Queries, QueryFile};
use crate::tools::effect::{Change, Resource};
use crate::tools::thing::Thing;

/// True if a rule is about what the second run of a command does. Its query file asks that, or it is one of two in Rust.
pub(crate) fn is_about_second_run(queries: &Queries, rule: &RuleId) -> bool {
    let asks = |file: &QueryFile| file.of(Part::Finding).any(Pattern::asks_second_run);
    [id::RERUN_DATA_DESTROYED, id::RERUN_FILE_REPLACED].contains(rule)
        || queries.files().iter().any(|file| **file.rule() == **rule && asks(file))
}

/// Why a harmful second run of a step is not reported, if no rule does; `None` if the second run does no harm.
pub(crate) fn unreported(world: &World<'_, '_>, script: &Deployment<'_>, id: StepId) -> Option<&'static str> {
    let step = script.step(id);
    let second = script.second_run(id);
    let effect = second.effect.and_then(|index| step.deed.effects.get(index));
    let is_handled = step.on_failure == OnFailure::Handled;
    match second.outcome {
        Outcome::Skipped(_) | Outcome::NoChange | Outcome::Unknown => return None,
        Outcome::Fails(_) | Outcome::Duplicates(_) if is_handled => {
            return Some("the script handles the failure itself");
        }
        Outcome::Fails(_) | Outcome::Duplicates(_) => {}
        Outcome::Overwrites(_) | Outcome::Nests(_) | Outcome::Prompts(_) => return Some(NO_RULE),
    }
    Some(match effect.map(|effect| (&effect.change, &effect.resource)) {
        Some((Change::Remove, _)) => "what it removes is gone already, and the script goes on",
        Some((_, Resource::Other(Thing::Commit, _))) => {
            "whether there is something to commit depends on what has changed since"
        }
        Some((Change::Append, Resource::Line { .. })) => lasting(world, script, id).err().unwrap_or(NO_RULE),
        _ => NO_RULE,
    })
}

/// A test makes sure that no measured case has this reason.
const NO_RULE: &str = "no rule looks for it";

#[cfg(test)]
#[path = "unreported_tests.rs"]
mod tests;
