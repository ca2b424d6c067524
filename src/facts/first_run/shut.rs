//! Files of root that an account changes in the first run, although their modes keep it out.

use crate::facts::access::{Held, Holdings, WRITE, Who};
use crate::facts::ground::Ground;
use crate::model::{Deployment, OnFailure, Step, StepId, User};
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::source::Span;
use crate::tools::effect::{Change, Effect, How, Resource};
use crate::tools::place::renames;

/// A step that changes a file which it may not write to.
pub(crate) struct Shut<'s> {
    /// The step.
    pub(crate) step: StepId,
    /// The words that name the file.
    pub(crate) span: Span,
    /// The file.
    pub(crate) file: Held<'s>,
    /// The account that runs the step.
    pub(crate) account: &'s Value,
}

/// The steps of a script that are kept out so.
pub(crate) fn shut_files<'s>(world: &Ground<'_, '_>, script: &'s Deployment<'_>) -> Vec<Shut<'s>> {
    let mut found = Vec::new();
    if world.given.is_set_up {
        return found;
    }
    let may_be_shut = |step: &Step| {
        let counts = step.entry == 0 && step.place == Place::Here && step.on_failure != OnFailure::Handled;
        counts && step.deed.effects.iter().any(|effect| changes(step, effect))
    };
    let is_one = |step: &Step| {
        matches!(&step.user, User::Named(name) if name.as_literal() != Some("root")) && may_be_shut(step)
    };
    if !script.steps.iter().any(is_one) {
        return found;
    }
    let mut holdings = Holdings::default();
    for (id, step) in script.iter() {
        holdings.follow(script, id, step);
        let User::Named(account) = &step.user else { continue };
        if !is_one(step) {
            continue;
        }
        let refused = step.deed.effects.iter().filter(|effect| changes(step, effect)).find_map(|effect| {
            let path = match &effect.resource {
                Resource::Path(path) | Resource::Line { file: path, .. } => path,
                _ => return None,
            };
            let file = holdings
                .get(path)
                .filter(|held| !held.is_directory && held.owner == Who::Root && held.lacks(account, WRITE))?;
            Some(Shut { step: id, span: effect.operand.unwrap_or(step.span), file: *file, account })
        });
        found.extend(refused);
    }
    found
}

/// True for an effect that writes into a file that is there, and does not put another one in its place.
fn changes(step: &Step, effect: &Effect) -> bool {
    let is_of_file = matches!(&effect.resource, Resource::Path(_) | Resource::Line { .. });
    let is_put = effect.content.as_ref().is_some_and(|content| content.how != How::Secret);
    matches!(effect.change, Change::Edit | Change::Write | Change::Append)
        && is_of_file
        && *step.doer(effect) == step.user
        && !is_put
        && !renames(&step.argv)
}
