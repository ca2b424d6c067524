//! `user/group-not-active`: an account joins Docker's group, and runs docker in the same session.

use crate::facts::world::World;
use crate::finding::Finding;
use crate::model::{Along, Caller, Deployment, OnFailure, Step, StepId, User};
use crate::rules::id;
use crate::shell::wrappers::Place;
use crate::tools::docker_group::{begins_session, joins, needs_socket, opens_socket};

/// `user/group-not-active`.
pub(in crate::rules) fn group_not_active(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    for &script in world.scripts() {
        if matches!(script.caller, Caller::Root(_))
            || script.steps.iter().any(|step| begins_session(&step.argv) || opens_socket(&step.argv))
        {
            continue;
        }
        let Some((joined, join)) =
            script.iter().find(|(_, step)| step.place == Place::Here && joins(&step.argv))
        else {
            continue;
        };
        let first = script.iter().find(|(id, step)| *id > joined && is_refused(script, joined, *id, step));
        if let Some((_, step)) = first {
            let message = format!(
                "`{}` is refused in the first run: the group `docker` counts only from the next login",
                world.words(step.span)
            );
            let draft = world.finding(id::USER_GROUP_NOT_ACTIVE, step.span, message);
            let draft = draft.related(join.span, "the account joins the group here");
            found.push(draft.help("write `sudo docker` in this script, or `sg docker -c '…'`").done());
        }
    }
}

/// True if a step that surely follows the first joining needs the group.
fn is_refused(script: &Deployment<'_>, joined: StepId, id: StepId, step: &Step) -> bool {
    step.user == User::Caller
        && step.place == Place::Here
        && step.entry == script.step(joined).entry
        && step.on_failure != OnFailure::Handled
        && needs_socket(&step.argv)
        && script.runs_along(id, joined) == Along::Always
        && !script.runs_instead_of(id, joined)
}
