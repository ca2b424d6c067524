//! `steps/before-unit`: how it is worded that a unit is used above the command that brings it.

use crate::facts::lifecycle::drives;
use crate::facts::world::World;
use crate::rules::draft::Draft;
use crate::rules::queries::{Found, Wording};
use crate::tools::effect::Change;

pub(super) const WORDING: Wording = Wording::Command(word);

fn word(context: &World<'_, '_>, found: &Found<'_, '_>, draft: Draft) -> Draft {
    let (Some(unit), Some(brings)) = (found.at.unit, found.other) else { return draft };
    let step = found.at.step();
    let starts = drives(step, unit, &[Change::Start, Change::Restart]);
    let message = format!(
        "`{}` runs before {} writes {}, and nothing {} it afterwards",
        context.words(step.span),
        context.line(brings.step().span),
        unit.name,
        if starts { "starts" } else { "enables" },
    );
    draft
        .message(message)
        .related(unit.span, "the unit is written here")
        .help("write the unit, run `systemctl daemon-reload`, then enable and start it")
}
