//! `steps/not-enabled`: words the finding that a unit is gone after a reboot.

use crate::facts::lifecycle::{first, stem};
use crate::facts::world::World;
use crate::rules::draft::Draft;
use crate::rules::guards::line_before;
use crate::rules::queries::{Found, Wording};
use crate::tools::effect::Change;

pub(super) const WORDING: Wording = Wording::Command(word);

fn word(context: &World<'_, '_>, found: &Found<'_, '_>, draft: Draft) -> Draft {
    let Some(unit) = found.at.unit else { return draft };
    let stem = stem(unit);
    let mut draft = draft
        .message(format!("{} is started but never enabled, so it is gone after a reboot", unit.name))
        .help(format!("run `systemctl enable {stem}`"));
    if let Some(start) = first(&context.deploy(), unit, &[Change::Start, Change::Restart]) {
        draft = draft.related(start.step.span, "this only starts it");
        // In a loop over units, the line would have to name another unit each time.
        let own = context.scripts().get(start.script);
        let own = own.filter(|_| context.sources.text(start.step.span).contains(stem));
        let enable = format!("systemctl enable {stem}");
        draft = draft.fix(own.and_then(|own| line_before(context, own, start.step, &enable)));
    }
    match unit.unit.get("Install", "WantedBy") {
        Some(install) => draft.related(install.span, "this is what enabling would do"),
        None => draft,
    }
}
