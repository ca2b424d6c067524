//! Whether a file is surely there when a step adds to it.

use crate::facts::ground::Ground;
use crate::model::condition::Cond;
use crate::model::{Deployment, Guard, Step, StepId};
use crate::shell::builtins::Builtin;
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::tools::effect::{Change, Resource};
use hashbrown::HashSet;

/// The files that are surely there, because a command before has searched, edited or sourced them.
#[derive(Default)]
pub(super) struct CountedOn {
    files: HashSet<Value>,
    /// How many steps have been looked at.
    steps: usize,
}

impl CountedOn {
    /// True if the script counts on the file: a condition has ensured that it exists, or a step before this one counts on it.
    /// Appending then keeps its mode. Steps are asked about in their order.
    pub(super) fn has(
        &mut self,
        world: &Ground<'_, '_>,
        script: &Deployment<'_>,
        id: StepId,
        file: &Value,
    ) -> bool {
        let is_searched = |guard: &Guard| {
            let hides_errors = || {
                // Whoever hides the error of `grep` may have no file.
                let text = world.sources.text(guard.span);
                text.contains("2>") || text.contains("&>") || text.contains(" -s") || text.contains("qs")
            };
            guard.cond.facts().iter().any(|fact| is_line_of(&fact.resource, file)) && !hides_errors()
        };
        for step in &script.steps[self.steps.min(id.0 as usize)..id.0 as usize] {
            self.files.extend(counted_on(step));
        }
        self.steps = id.0 as usize;
        self.files.contains(file)
            || script.guards_of(id).any(|(_, guard)| is_lacking_without(guard, file) || is_searched(guard))
    }
}

/// True if the step would not run if the file were not there.
fn is_lacking_without(guard: &Guard, file: &Value) -> bool {
    let missing = guard.cond.evaluate(&mut |leaf| match leaf {
        Cond::Fact(fact) if matches!(&fact.resource, Resource::Path(path) if path == file) => Some(false),
        _ => None,
    });
    missing == Some(!guard.holds)
}

/// The files without which a step fails, or says that they are missing.
fn counted_on(step: &Step) -> impl Iterator<Item = Value> {
    let is_here = step.place == Place::Here;
    let edited = step.deed.effects.iter().filter_map(|effect| match (&effect.change, &effect.resource) {
        (Change::Edit, Resource::Path(path)) => Some(path.clone()),
        (Change::Remove, Resource::Line { file, .. }) => Some(file.clone()),
        _ => None,
    });
    let is_source = is_here && Builtin::named(&step.argv.name) == Some(Builtin::Source);
    let sourced = step.argv.args.first().filter(|_| is_source).map(|arg| step.argv.path(arg));
    edited.filter(move |_| is_here).chain(sourced)
}

fn is_line_of(resource: &Resource, file: &Value) -> bool {
    matches!(resource, Resource::Line { file: own, .. } if own == file)
}
