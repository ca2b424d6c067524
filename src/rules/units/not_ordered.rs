//! `units/not-ordered`: a service needs another unit, and is not started after it.
//!
//! Facts: systemd.unit(5), `Requires=` and `Wants=`: they say nothing about the order. Without `After=` both units are
//! started, and stopped, at the same time.

use crate::facts::deploy::names::same_unit;
use crate::facts::world::World;
use crate::finding::Finding;
use crate::project::unit::UnitKind;
use crate::rules::id;
use crate::rules::units::{Judged, judged};
use crate::tools::known_units::{answers_when_started, listens_for};
use crate::tools::supplies::are_of_one_supply;

/// `units/not-ordered`.
pub(super) fn not_ordered(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    for unit in judged(world).filter(|unit| unit.read.kind == UnitKind::Service && !unit.is_of_a_user()) {
        judge_unit(&unit, found);
    }
}

fn judge_unit(unit: &Judged<'_, '_, '_>, found: &mut Vec<Finding>) {
    let names = |key: &str| unit.at.unit.units_of(key);
    let (after, before) = (names("After"), names("Before"));
    for key in ["Requires", "BindsTo", "Requisite", "Wants"] {
        for (name, span) in names(key) {
            let stem = name.trim_end_matches(".service");
            let is_ordered = |(other, _): &(String, _)| {
                same_unit(other, &name)
                    || are_of_one_supply(other, &name)
                    || listens_for(stem).is_some_and(|socket| socket == other)
            };
            // What the deploy brings itself may be meant to start at the same time.
            let is_own = unit.context.units.iter().any(|at| same_unit(&at.name, &name));
            if !answers_when_started(&name)
                || is_own
                || after.iter().chain(&before).any(is_ordered)
                || after.iter().any(|(other, _)| {
                    let is_last =
                        ["multi-user.target", "graphical.target", "default.target"].contains(&other.as_str());
                    is_last || !unit.is_plain(other)
                })
            {
                continue;
            }
            let message = format!(
                "`{key}={name}` starts {name} and {} at the same time, because no `After=` orders them",
                unit.at.name
            );
            let draft = unit.finding(id::UNITS_NOT_ORDERED, span, message);
            found.push(draft.help(format!("add `After={name}`")).done());
        }
    }
}
