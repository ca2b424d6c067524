//! Units as systemd gets them, if nothing unknown happens to their text on the way.

use crate::facts::ground::Ground;
use crate::facts::parts::{Origin, UnitAt};
use crate::finding::Confidence;
use crate::model::{Deployment, StepId};
use crate::project::unit::UnitKind;
use crate::shell::value;
use crate::shell::wrappers::Place;
use crate::tools::effect::{Change, Resource};
use crate::tools::services::links;

/// A unit as systemd gets it.
pub(crate) struct ReadUnit {
    pub(crate) unit: usize,
    pub(crate) kind: UnitKind,
    /// The index of the script that writes or installs it, and the step.
    pub(crate) script: Option<(usize, StepId)>,
    /// What the script writes, without the parts that it inserts. A `$NAME` that is left is literal.
    pub(crate) literal: Option<String>,
    /// The highest confidence of a finding about it.
    pub(crate) confidence: Confidence,
}

/// The units of a world, in order.
pub(crate) fn read_units(world: &Ground<'_, '_>) -> Vec<ReadUnit> {
    (0..world.units.len()).filter_map(|unit| read_unit(world, unit)).collect()
}

/// Reads one unit; `None` if something changes its text before systemd reads it, or if it is no unit.
fn read_unit(world: &Ground<'_, '_>, unit: usize) -> Option<ReadUnit> {
    let at = &world.units[unit];
    let kind = UnitKind::of(&at.name);
    let (script, literal, confidence) = match at.origin {
        Origin::InRepo => (None, None, Confidence::High),
        Origin::Installed(index, id) | Origin::Written(index, id) => {
            let script = world.scripts().get(index)?;
            let step = script.step(id);
            let as_it_is = step.deed.copies() || links(&step.argv).next().is_some();
            let written = step.written.iter().find(|w| w.path.basename().is_shown_as(&at.name));
            // Nobody knows the result of `sed … template > x.service` or `envsubst`.
            if matches!(at.origin, Origin::Installed(..)) && !as_it_is
                || matches!(step.place, Place::Container(_))
                || is_edited(script, id, &at.name)
            {
                return None;
            }
            let literal = written.map(|w| without_holes(w.value.key()));
            (Some((index, id)), literal, world.confidence(script, id, None))
        }
    };
    // If a template seems to be installed unchanged, something unseen has filled it in.
    let of_the_repo = matches!(at.origin, Origin::InRepo | Origin::Installed(..));
    if kind == UnitKind::Other || of_the_repo && is_template(world, at) {
        return None;
    }
    Some(ReadUnit { unit, kind, script, literal, confidence })
}

/// True if a later step changes the installed file: `sed -i`, another line appended.
fn is_edited(script: &Deployment<'_>, id: StepId, name: &str) -> bool {
    script.iter().filter(|(step, _)| step.0 >= id.0).any(|(_, step)| {
        step.deed.effects.iter().any(|e| match (&e.change, &e.resource) {
            (Change::Edit, resource) => resource.name().basename().is_shown_as(name),
            (Change::Append, Resource::Line { file, .. }) => file.basename().is_shown_as(name),
            _ => false,
        })
    })
}

/// True for a file of the repo that somebody fills in before it is installed: it contains marks for that.
fn is_template(world: &Ground<'_, '_>, at: &UnitAt) -> bool {
    let text = world.sources.file(at.span.file).text();
    let marks = ["{{", "<%", "%%", "__APP", "__USER", "__DIR", "@@", "/path/to", "<YOUR", "<your"];
    marks.iter().any(|mark| text.contains(mark))
}

/// What remains of a value's key without the holes for inserted parts (`shell::value`).
fn without_holes(key: &str) -> String {
    let text = value::without_holes(key);
    // The text of a comment never gets to systemd.
    let lines = text.lines().filter(|line| !line.trim_start().starts_with(['#', ';']));
    lines.collect::<Vec<&str>>().join("\n")
}
