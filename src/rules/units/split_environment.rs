//! `units/split-environment`: systemd.exec(5), `Environment=`: blanks separate assignments.

use super::comment_in_value::comment_in;
use crate::facts::world::World;
use crate::finding::Finding;
use crate::project::unit::{Directive, words};
use crate::rules::id;
use crate::rules::units::{Judged, judged};
use crate::shell::value::has_hole;

/// `units/split-environment`.
pub(super) fn split_environment(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    for unit in judged(world) {
        for directive in &unit.at.unit.directives {
            let assigns = directive.key == "Environment" && directive.section == "Service";
            if assigns && comment_in(&unit, directive).is_none() {
                judge_assignments(&unit, directive, found);
            }
        }
    }
}

fn judge_assignments(unit: &Judged<'_, '_, '_>, directive: &Directive, found: &mut Vec<Finding>) {
    if unit.holds_substitution(&directive.value) {
        return;
    }
    let split = words(&directive.value);
    let Some(at) = split.iter().position(|(word, _)| !word.contains('=') && !word.is_empty()) else { return };
    let (word, _) = &split[at];
    let before = at.checked_sub(1).map(|before| split[before].0.as_str());
    // What the script inserts may contain the assignment.
    if !unit.is_plain(word) || has_hole(&directive.value) {
        return;
    }
    let name = before.and_then(|b| b.split_once('=')).map(|(name, _)| name);
    let message = match name {
        Some(name) => {
            format!("the value of `{name}` ends at the blank, and systemd ignores `{word}`")
        }
        None => format!("systemd ignores `{word}`, because it is not an assignment"),
    };
    let help = match (name, before) {
        (Some(_), Some(before)) => {
            format!("put quotes around the whole assignment: `Environment=\"{before} {word}…\"`")
        }
        _ => "write `Environment=NAME=value`".to_owned(),
    };
    found.push(unit.finding(id::UNITS_SPLIT_ENVIRONMENT, directive.span, message).help(help).done());
}
