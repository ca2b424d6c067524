//! `steps/unset-variable`: the script reads a variable that nothing has set.

use crate::facts::first_run::unset_names;
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::model::{Unset, UnsetKind};
use crate::rules::id;

/// `steps/unset-variable`.
pub(super) fn unset_variable(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for script in context.deploy().all() {
        for one in unset_names(context, script) {
            let Unset { name, later, .. } = one;
            let what = match (one.kind, later) {
                (UnsetKind::Function, _) => continue,
                (UnsetKind::Ending, _) => "so `set -u` ends the script here",
                (UnsetKind::Empty, _) => "so it is empty here",
            };
            let sure = match one.kind {
                UnsetKind::Ending => Confidence::High,
                _ => Confidence::Medium,
            };
            let message = match later {
                Some(later) => format!("`${name}` is set only later, on {}, {what}", context.line(*later)),
                None => format!("nothing sets `${name}`, {what}"),
            };
            let help = match later {
                Some(_) => format!("set `{name}` before it is read"),
                None => format!("set `{name}`, or write `${{{name}:?}}` if the caller must set it"),
            };
            let mut draft =
                context.finding(id::STEPS_UNSET_VARIABLE, one.span, message).at_most(sure).help(help);
            if let Some(later) = later {
                draft = draft.related(*later, "it is set here");
            }
            found.push(draft.done());
        }
    }
}
