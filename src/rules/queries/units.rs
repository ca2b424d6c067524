//! What query files ask about units.

use super::At;
use crate::facts::deploy::names;
use crate::facts::lifecycle;
use crate::facts::old_code;
use crate::facts::world::{UnitAt, World};
use crate::shell::value::Value;
use crate::syntax::query::{Drive, UnitWord};
use crate::tools::effect::{Change, Resource};

/// The units that a command may be about.
pub(super) fn own<'w>(context: &'w World<'_, '_>) -> impl Iterator<Item = &'w UnitAt> {
    let deploy = context.deploy();
    context.units.iter().filter(move |at| lifecycle::brought_by(&deploy, at).is_some())
}

/// True if the command brings the unit.
pub(super) fn brings(context: &World<'_, '_>, at: At<'_, '_>, unit: &UnitAt) -> bool {
    lifecycle::brought_by(&context.deploy(), unit) == Some(at.numbers())
}

/// True if the command does one of these to the unit.
pub(super) fn drives(at: At<'_, '_>, unit: &UnitAt, drives: &[Drive]) -> bool {
    let changes: Vec<Change> = drives.iter().map(|drive| change(*drive)).collect();
    lifecycle::drives(at.step(), unit, &changes)
}

/// True if one of these is true of the unit.
pub(super) fn is(context: &World<'_, '_>, at: At<'_, '_>, unit: &UnitAt, words: &[UnitWord]) -> bool {
    let deploy = context.deploy();
    words.iter().any(|word| match word {
        UnitWord::Started => lifecycle::first(&deploy, unit, &[Change::Start]).is_some(),
        UnitWord::Restarted => lifecycle::first_restart(&deploy, unit).is_some(),
        UnitWord::Stopped => lifecycle::first(&deploy, unit, &[Change::Stop]).is_some(),
        UnitWord::Enabled => lifecycle::is_enabled(&deploy, unit),
        UnitWord::StartedElsewhere => lifecycle::may_be_started(&deploy, unit),
        UnitWord::OnDemand => lifecycle::is_on_demand(&deploy, unit),
        UnitWord::Removed => lifecycle::is_removed(&deploy, unit),
        UnitWord::Installable => unit.unit.has_install(),
        UnitWord::OneShot => lifecycle::ends_by_itself(unit),
        UnitWord::Transient => unit.unit.is_oneshot_work(),
        UnitWord::LeftRunning => old_code::missed(&deploy, unit, at.numbers()).is_some(),
    })
}

/// True if both are about one unit: they bring it, drive it, or write its file.
pub(super) fn same(context: &World<'_, '_>, first: At<'_, '_>, second: At<'_, '_>) -> bool {
    let (first, second) = (names(context, first), names(context, second));
    first.iter().any(|a| second.iter().any(|b| names::same_unit(a, b) || names::same_unit(b, a)))
}

/// True if the first one may bring the unit that the second one is about.
pub(super) fn may_bring(first: At<'_, '_>, second: At<'_, '_>) -> bool {
    second.unit.is_some_and(|unit| lifecycle::may_bring(first.step(), unit))
}

/// True if the first one starts the unit as the second one does, or enables it as the second one only enables it. What
/// drives an unknown unit may drive this one.
pub(super) fn alike(first: At<'_, '_>, second: At<'_, '_>) -> bool {
    let Some(unit) = second.unit else { return false };
    let starts = [Change::Start, Change::Restart];
    let is_start = lifecycle::drives(second.step(), unit, &starts);
    let wanted: &[Change] = if is_start { &starts } else { &[Change::Enable] };
    let any = [Change::Start, Change::Restart, Change::Enable];
    let unknown =
        |resource: &Resource| matches!(resource, Resource::Unit(name) if name.as_literal().is_none());
    lifecycle::drives(first.step(), unit, wanted)
        || first.step().deed.effects.iter().any(|e| any.contains(&e.change) && unknown(&e.resource))
}

/// The units that a command is about.
fn names(context: &World<'_, '_>, at: At<'_, '_>) -> Vec<String> {
    if let Some(unit) = at.unit {
        return vec![unit.name.clone()];
    }
    let effects = at.step().deed.effects.iter().filter_map(|e| match &e.resource {
        Resource::Unit(name) => Some(name.to_string()),
        Resource::Path(path) if is_unit_file(path) => Some(path.basename().to_string()),
        _ => None,
    });
    let brought = own(context).filter(|unit| brings(context, at, unit)).map(|unit| unit.name.clone());
    effects.chain(brought).collect()
}

fn is_unit_file(path: &Value) -> bool {
    let end = path.known_suffix();
    ["service", "timer", "socket", "path", "mount", "target"]
        .iter()
        .any(|kind| end.strip_suffix(kind).is_some_and(|before| before.ends_with('.')))
}

fn change(drive: Drive) -> Change {
    match drive {
        Drive::Start => Change::Start,
        Drive::Restart => Change::Restart,
        Drive::Stop => Change::Stop,
        Drive::Enable => Change::Enable,
    }
}
