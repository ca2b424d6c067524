//! `units/no-time`: a timer that never elapses, because it names no time.
//!
//! Facts: systemd.timer(5); `timer_verify` of systemd refuses a timer without any of these settings.

use crate::facts::world::World;
use crate::finding::Finding;
use crate::project::unit::UnitKind;
use crate::rules::id;
use crate::rules::units::{Judged, judged};

/// The settings of which a timer needs one.
const TIMES: [&str; 8] = [
    "OnActiveSec", "OnBootSec", "OnStartupSec", "OnUnitActiveSec", "OnUnitInactiveSec", "OnCalendar",
    "OnClockChange", "OnTimezoneChange",
];

/// `units/no-time`.
pub(super) fn no_time(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    for unit in judged(world).filter(|unit| unit.read.kind == UnitKind::Timer) {
        found.extend(judge_unit(&unit));
    }
}

fn judge_unit(unit: &Judged<'_, '_, '_>) -> Option<Finding> {
    let at = unit.at;
    let (_, place) =
        at.unit.sections.iter().find(|(name, _)| name == "Timer").or(at.unit.sections.first())?;
    // A drop-in of another timer contains only its changes.
    let is_whole = at.unit.sections.iter().any(|(name, _)| matches!(name.as_str(), "Install" | "Unit"));
    // `$SCHEDULE` on a line of its own may hold the setting. One in the wrong section is told by another rule.
    let is_unknown =
        at.unit.directives.iter().any(|d| d.key.contains('$') || TIMES.contains(&d.key.as_str()))
            || at.unit.problems.iter().any(|problem| {
                let text = unit.context.sources.text(problem.span);
                !unit.is_plain(text) || !unit.is_literal(text)
            });
    if !is_whole || is_unknown {
        return None;
    }
    let message = format!("systemd refuses {}, because it says no time", at.name);
    let help = "say when it starts the service: `OnCalendar=daily`, or `OnBootSec=` with `OnUnitActiveSec=`";
    Some(unit.finding(id::UNITS_NO_TIME, *place, message).help(help).done())
}
