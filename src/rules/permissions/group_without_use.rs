//! `permissions/group-without-use`: a settings file is made with a group, and with a mode that gives everybody the same rights.

use crate::facts::givers::mode_set_by;
use crate::facts::owners::{is_roots, reaches};
use crate::facts::secrets::{is_env_file, is_settings_file};
use crate::facts::world::World;
use crate::finding::Finding;
use crate::model::{Deployment, Step, StepId};
use crate::rules::id;
use crate::shell::value::Value;
use crate::tools::effect::{Change, Mode, Resource};

/// For each settings file that one command makes, with its group and its mode, compares what both give.
pub(super) fn group_without_use(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for (script, id, step) in context.steps().filter(|(.., step)| is_roots(step)) {
        let Some((path, group, bits)) = given(step).find(|(path, ..)| !is_changed(script, id, path)) else {
            continue;
        };
        let message = format!(
            "`{}` makes `{path}` for the group `{group}`, but the mode {bits:04o} gives everybody the same",
            step.argv.name
        );
        let draft = context
            .finding(id::PERMISSIONS_GROUP_WITHOUT_USE, step.span, message)
            .at_most(context.confidence(script, id, Some(path)))
            .help("give the mode, too: `-m 0640`");
        found.push(draft.done());
    }
}

/// The settings files that a step makes for a group, with the mode, if that gives everybody all rights of the group.
fn given(step: &Step) -> impl Iterator<Item = (&Value, &Value, u32)> {
    step.deed.effects.iter().filter_map(|effect| {
        let (Change::Own { user, group: Some(group), .. }, Resource::Path(path)) =
            (&effect.change, &effect.resource)
        else {
            return None;
        };
        let Some(Mode::Octal(bits)) = mode_set_by(step, &effect.resource) else { return None };
        let makes = step.deed.effects.iter().any(|made| {
            made.change == Change::Write && made.resource == effect.resource && made.content.is_some()
        });
        let name = path.basename().to_string();
        let is_settings = is_env_file(&name) || is_settings_file(&name);
        // A name without an ending may be a program's, and those are for everybody.
        let is_owners = user.as_ref().is_some_and(|user| !matches!(user.as_literal(), Some("root" | "0")));
        let is_pointless = bits >> 3 & 0o7 == bits & 0o7;
        (makes
            && is_settings
            && !is_owners
            && is_pointless
            && !matches!(group.as_literal(), Some("root" | "0" | "wheel")))
        .then_some((path, group, *bits))
    })
}

/// True if a later step sets the mode.
fn is_changed(script: &Deployment<'_>, id: StepId, path: &Value) -> bool {
    script.after(id).flat_map(|(_, step)| &step.deed.effects).any(|effect| {
        match (&effect.change, &effect.resource) {
            (Change::Mode { recursive, .. }, Resource::Path(target)) => reaches(target, *recursive, path),
            _ => false,
        }
    })
}
