//! `user/root-refused`: a script that ends for root does what only root may do.

use crate::facts::world::World;
use crate::finding::Finding;
use crate::model::condition::Cond;
use crate::model::{Caller, Deployment, Guard, OnFailure, Step, StepId, User};
use crate::rules::id;
use crate::shell::wrappers::Place;
use crate::tools::needs_root;

/// `user/root-refused`.
pub(super) fn root_refused(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for (_, script) in context.deploy().deploying().filter(|(_, script)| script.caller == Caller::Ordinary) {
        found.extend(script.iter().find_map(|(id, step)| judge(context, script, id, step)));
    }
}

fn judge(context: &World<'_, '_>, script: &Deployment<'_>, id: StepId, step: &Step) -> Option<Finding> {
    let is_callers = step.user == User::Caller && step.entry == 0 && step.place == Place::Here;
    if !is_callers || step.on_failure == OnFailure::Handled || !needs_root(&step.argv, &step.deed) {
        return None;
    }
    let (_, guard) = script.guards_of(id).find(|(_, guard)| keeps_root_out(guard))?;
    let (words, line) = (context.words(step.span), context.line(guard.span));
    let message = format!("`{words}` needs root, and the test on {line} ends the script for root");
    let draft = context
        .finding(id::USER_ROOT_REFUSED, step.span, message)
        .related(guard.span, "the test")
        .help("turn the test round, or write `sudo` before each command that needs root");
    Some(draft.done())
}

/// True if root does not get behind it.
fn keeps_root_out(guard: &Guard) -> bool {
    let truth = guard.cond.evaluate(&mut |leaf| (*leaf == Cond::Root).then_some(true));
    truth == Some(!guard.holds) && !matches!(guard.cond, Cond::Always(_))
}
