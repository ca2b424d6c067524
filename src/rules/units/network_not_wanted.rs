//! `units/network-not-wanted`: systemd.special(7), `network-online.target`: a unit that is to start after it also has to
//! want it.

use crate::facts::world::{UnitAt, World};
use crate::finding::Finding;
use crate::rules::id;
use crate::rules::units::{Judged, judged};

/// `units/network-not-wanted`.
pub(super) fn network_not_wanted(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    for unit in judged(world) {
        judge_unit(&unit, found);
    }
}

fn judge_unit(unit: &Judged<'_, '_, '_>, found: &mut Vec<Finding>) {
    const TARGET: &str = "network-online.target";
    let names = |key: &str| unit.at.unit.units_of(key);
    let Some((_, span)) = names("After").into_iter().find(|(name, _)| name == TARGET) else { return };
    let keys = ["Wants", "Requires", "BindsTo", "Requisite", "Upholds"];
    let wanted =
        |at: &UnitAt| keys.iter().any(|key| at.unit.units_of(key).iter().any(|(name, _)| name == TARGET));
    // One unit that wants it starts it for all. The manager of a user has no such target.
    if unit.is_of_a_user() || unit.context.units.iter().any(wanted) {
        return;
    }
    let message = format!("`After={TARGET}` has no effect, because no unit wants that target");
    let help = format!("add `Wants={TARGET}`");
    found.push(unit.finding(id::UNITS_NETWORK_NOT_WANTED, span, message).help(help).done());
}
