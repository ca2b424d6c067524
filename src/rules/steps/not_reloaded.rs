//! `steps/not-reloaded`: words the finding that systemd starts what it read before.

use crate::facts::world::World;
use crate::rules::draft::Draft;
use crate::rules::guards::line_before;
use crate::rules::queries::{Found, Wording};
use crate::tools::effect::Role;

pub(super) const WORDING: Wording = Wording::Command(word);

fn word(context: &World<'_, '_>, found: &Found<'_, '_>, draft: Draft) -> Draft {
    let (Some(unit), Some(start)) = (found.at.unit, found.other) else { return draft };
    let (script, step) = (start.script, start.step());
    let message = format!(
        "{} is written, but systemd does not reload it before {} starts it",
        unit.name,
        context.line_beside(step.span, found.at.step().span)
    );
    let draft = draft
        .message(message)
        .help("run `systemctl daemon-reload` in between, because systemd keeps the version that it has read")
        .related(step.span, "this starts the version that systemd read last")
        .fix(line_before(context, script, step, "systemctl daemon-reload"));
    let mut below = script.after(start.id);
    match below.find(|(_, s)| s.deed.roles.contains(&Role::DaemonReload)) {
        Some((_, reload)) => draft.related(reload.span, "this comes too late"),
        None => draft,
    }
}
