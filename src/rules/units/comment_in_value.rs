//! `units/comment-in-value`: in systemd.syntax(7), a comment must have a line of its own.

use crate::facts::world::World;
use crate::finding::Finding;
use crate::project::unit::{Directive, words};
use crate::rules::id;
use crate::rules::units::{Judged, is_command, judged};

/// `units/comment-in-value`.
pub(super) fn comment_in_value(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    for unit in judged(world) {
        for directive in &unit.at.unit.directives {
            let Some(word) = comment_in(&unit, directive) else { continue };
            let message = format!(
                "a comment after a value is part of the value: systemd reads `{word} …` as part of `{}=`",
                directive.key
            );
            let help = "put the comment on a line of its own";
            found.push(unit.finding(id::UNITS_COMMENT_IN_VALUE, directive.span, message).help(help).done());
        }
    }
}

/// The first word of the comment behind a value.
pub(super) fn comment_in(unit: &Judged<'_, '_, '_>, directive: &Directive) -> Option<String> {
    if unit.holds_substitution(&directive.value) {
        return None;
    }
    let free_text = matches!(directive.key.as_str(), "Description" | "Documentation" | "SyslogIdentifier");
    if free_text || directive.key.starts_with("X-") || !directive.value.contains('#') {
        return None;
    }
    let split = words(&directive.value);
    let at = split.iter().skip(1).position(|(word, bare)| *bare && word.starts_with('#'));
    // A single word may be the name of a channel or a colour, so the command decides.
    let at = at? + 1;
    let alone = is_command(&directive.key) && split[at].0 != "#" && at + 1 == split.len();
    if alone {
        return None;
    }
    Some(split[at].0.clone())
}
