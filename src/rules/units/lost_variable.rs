//! `units/lost-variable`: a `$NAME` that systemd should get, and that the shell took while it wrote the unit.

use super::references::{OF_SYSTEMD, references};
use crate::facts::world::World;
use crate::finding::{Applicability, Edit, Finding, Fix};
use crate::project::unit::Directive;
use crate::rules::id;
use crate::rules::units::{Judged, is_command, judged};
use crate::shell::value::{Knowledge, Value};
use crate::source::Span;

/// `units/lost-variable`.
pub(super) fn lost_variable(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    for unit in judged(world) {
        for directive in &unit.at.unit.directives {
            if directive.value.contains('$') && !directive.key.starts_with("X-") {
                judge_directive(&unit, directive, found);
            }
        }
    }
}

fn judge_directive(unit: &Judged<'_, '_, '_>, directive: &Directive, found: &mut Vec<Finding>) {
    let Some((script, id)) = unit.script else { return };
    if !is_command(&directive.key) {
        return;
    }
    let step = script.step(id);
    let Some(written) = step.written.iter().find(|w| w.path.basename().is_shown_as(&unit.at.name)) else {
        return;
    };
    let of_unit = unit.at.unit.environment();
    for (whole, name) in references(&directive.value) {
        // Nothing in the script gives the variable a value.
        let taken = written.value.key().contains(Value::hole(name, 0, Knowledge::Symbolic).key());
        let of_systemd = OF_SYSTEMD.contains(&name)
            && !matches!(
                name,
                "PATH" | "LANG" | "USER" | "LOGNAME" | "HOME" | "SHELL" | "TERM" | "TZ" | "XDG_RUNTIME_DIR"
            );
        let meant = of_systemd || of_unit.iter().any(|(variable, ..)| variable == name);
        if !taken || !meant || unit.is_literal(whole) {
            continue;
        }
        let message = format!(
            "the shell expands `{whole}` to nothing when it writes the unit, so systemd never sees it"
        );
        let draft = unit
            .finding(id::UNITS_LOST_VARIABLE, directive.value_span, message)
            .help(format!(
                "write `\\{whole}`, or quote the heredoc's delimiter (`<<'EOF'`) if the shell should expand nothing"
            ))
            .fix(fix(unit, directive, name));
        found.push(draft.done());
    }
}

/// Puts a backslash before the `$`, if the name occurs only once in the directive.
fn fix(unit: &Judged<'_, '_, '_>, directive: &Directive, name: &str) -> Option<Fix> {
    let text = unit.context.sources.text(directive.span);
    let mut places = references(text).into_iter().filter(|(_, n)| *n == name);
    let (whole, _) = places.next().filter(|_| places.next().is_none())?;
    let at = directive.span.start + text.find(whole)? as u32;
    Some(Fix {
        title: format!("Leave ${name} to systemd"),
        applicability: Applicability::Unsafe,
        edits: vec![Edit {
            span: Span { start: at, end: at + whole.len() as u32, ..directive.span },
            text: format!("\\{whole}"),
        }],
    })
}
