//! Whether a file is surely there when a step adds to it.

use crate::facts::ground::Ground;
use crate::facts::owners::before;
use crate::model::condition::Cond;
use crate::model::{Deployment, Guard, Step, StepId};
use crate::shell::builtins::Builtin;
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::tools::effect::{Change, Effect, Resource};

/// True if the script counts on the file: a condition has ensured that it exists, or a command before has searched, edited
/// or sourced it. Appending then keeps its mode.
pub(super) fn stands_already(
    world: &Ground<'_, '_>,
    script: &Deployment<'_>,
    id: StepId,
    file: &Value,
) -> bool {
    let is_searched = |guard: &Guard| {
        let text = world.sources.text(guard.span);
        // Whoever hides the error of `grep` may have no file.
        let hides = text.contains("2>") || text.contains("&>") || text.contains(" -s") || text.contains("qs");
        !hides && guard.cond.facts().iter().any(|fact| is_line_of(&fact.resource, file))
    };
    script.guards_of(id).any(|(_, guard)| is_lacking_without(guard, file) || is_searched(guard))
        || before(script, id).any(|step| counts_on(step, file))
}

/// True if the step would not run if the file were not there.
fn is_lacking_without(guard: &Guard, file: &Value) -> bool {
    let missing = guard.cond.evaluate(&mut |leaf| match leaf {
        Cond::Fact(fact) if matches!(&fact.resource, Resource::Path(path) if path == file) => Some(false),
        _ => None,
    });
    missing == Some(!guard.holds)
}

/// True for a step that fails without the file, or says that it is missing.
fn counts_on(step: &Step, file: &Value) -> bool {
    let edits = |effect: &Effect| match (&effect.change, &effect.resource) {
        (Change::Edit, Resource::Path(path)) => path == file,
        (Change::Remove, resource) => is_line_of(resource, file),
        _ => false,
    };
    let is_source = Builtin::named(&step.argv.name) == Some(Builtin::Source);
    let sources = || is_source && step.argv.args.first().is_some_and(|arg| step.argv.path(arg) == *file);
    step.place == Place::Here && (step.deed.effects.iter().any(edits) || sources())
}

fn is_line_of(resource: &Resource, file: &Value) -> bool {
    matches!(resource, Resource::Line { file: own, .. } if own == file)
}
