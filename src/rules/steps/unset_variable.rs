//! `steps/unset-variable`: the script reads a variable that nothing has set.

use crate::facts::first_run::unset_names;
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::model::{Unset, UnsetKind};
use crate::rules::id;

/// `steps/unset-variable`. A statement that reads several is one finding.
pub(super) fn unset_variable(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for script in context.deploy().all() {
        let names = unset_names(context, script, false);
        let alike = |one: &&Unset, other: &&Unset| {
            one.span == other.span && one.kind == other.kind && one.later.is_none() && other.later.is_none()
        };
        found.extend(names.chunk_by(alike).filter_map(|names| judge(context, names)));
    }
}

/// The finding about the names that one statement reads.
fn judge(context: &World<'_, '_>, names: &[&Unset]) -> Option<Finding> {
    let (first, others) = names.split_first()?;
    let (name, several) = (&first.name, !others.is_empty());
    let (what, sure) = match first.kind {
        UnsetKind::Ending => ("so `set -u` ends the script here", Confidence::High),
        _ if several => ("so they are empty here", Confidence::Medium),
        _ => ("so it is empty here", Confidence::Medium),
    };
    let message = match first.later {
        Some(later) => {
            format!("`${name}` is set only later, on {}, {what}", context.line_beside(later, first.span))
        }
        None => {
            let shown: Vec<String> = names.iter().take(4).map(|one| format!("`${}`", one.name)).collect();
            format!("nothing sets {}, {what}", shown.join(", "))
        }
    };
    let help = match first.later {
        Some(_) => format!("set `{name}` before it is read"),
        None if first.kind == UnsetKind::Elements => format!("set `{name}` before it is read"),
        None => format!("set `{name}`, or write `${{{name}:?}}` if the caller must set it"),
    };
    let mut draft = context.finding(id::STEPS_UNSET_VARIABLE, first.span, message).at_most(sure).help(help);
    if let Some(later) = first.later {
        draft = draft.related(later, "it is set here");
    }
    Some(draft.done())
}
