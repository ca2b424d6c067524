//! What a script itself has moved or removed before a step needs it.

use crate::facts::first_run::disk::Lack;
use crate::finding::Confidence;
use crate::model::{Deployment, Presence, Step, StepId};
use crate::shell::value::{Knowledge, Value};
use crate::tools::effect::{Change, PathKind, Resource, Role};
use crate::tools::prints::is_new_file;
use hashbrown::HashMap;

/// The paths that the steps of a script remove by their names, and the first step that does so.
pub(super) fn removed<'s>(script: &'s Deployment<'_>) -> HashMap<&'s Value, StepId> {
    let mut removed = HashMap::new();
    for (id, step) in script.iter() {
        for effect in step.deed.effects.iter().filter(|effect| effect.change == Change::Remove) {
            if let Resource::Path(path) = &effect.resource {
                removed.entry(path).or_insert(id);
            }
        }
    }
    removed
}

/// What is known of a file that is needed at a step and that an earlier step has moved or removed for sure.
pub(super) fn gone(script: &Deployment<'_>, path: &Value, before: StepId) -> Option<Lack> {
    let is_known = path.knowledge() <= Knowledge::Symbolic || is_the_only_one(script, path);
    if !is_known || path.is_glob() {
        return None;
    }
    let state = script.first_state(before, &Resource::Path(path.clone()));
    let gone = state.by.filter(|_| state.presence == Presence::Gone)?;
    let remover = script.step(gone);
    let names_it = |step: &Step| {
        step.deed.effects.iter().any(|effect| {
            effect.change == Change::Remove && matches!(&effect.resource, Resource::Path(own) if own == path)
        })
    };
    // A build, an archive or a service may bring it back, and so may what is unknown.
    let only_sets = |role: &Role| matches!(role, Role::ReadOnly | Role::Owner | Role::Mode);
    let between = &script.steps[gone.0 as usize + 1..before.0 as usize];
    let may_come_back = between.iter().any(|step| {
        !step.deed.known
            || !step.deed.roles.iter().all(only_sets)
            || step.deed.effects.iter().any(|effect| {
                matches!(effect.change, Change::Create(PathKind::Tree | PathKind::Any))
                    && matches!(&effect.resource, Resource::Path(made) if path.is_under(made))
            })
    });
    // Behind a guard of its own it may not have run.
    let runs_before =
        script.guards_of(gone).all(|(own, _)| script.guards_of(before).any(|(other, _)| own == other));
    (runs_before && names_it(remover) && !remover.in_loop && !may_come_back).then_some(Lack {
        later: None,
        gone: Some(gone),
        holder: None,
        in_repo: None,
        sure: Confidence::High,
    })
}

/// True for the name of a new file, if the script makes only one that has such a name.
fn is_the_only_one(script: &Deployment<'_>, path: &Value) -> bool {
    let shown = path.to_string();
    let made = || script.steps.iter().filter(|step| shown == format!("$({})", step.argv));
    is_new_file(&shown) && made().count() == 1
}
