//! `units/wrong-section`: a directive that systemd reads in another section only.

use crate::facts::world::World;
use crate::finding::Finding;
use crate::project::unit::UnitKind;
use crate::project::unit::directives::{SECTIONS, Standing, sections, standing};
use crate::rules::id;
use crate::rules::units::judged;

/// Where a directive that is ignored belongs.
pub(super) enum Elsewhere {
    /// In another section of the same unit.
    Here(&'static str),
    /// In a section of another unit: `OnCalendar=` in a service.
    OtherUnit(&'static str),
}

/// Where a directive of this name belongs, if the section of a unit of this kind does not have it.
pub(super) fn belongs_elsewhere(kind: UnitKind, key: &str) -> Option<Elsewhere> {
    let known = sections(kind);
    let own = known.last().copied().unwrap_or("Unit");
    let here =
        [own, "Unit", "Install"].into_iter().find(|other| known.contains(other) && is_read(other, key));
    let other_unit = || SECTIONS.iter().find(|other| !known.contains(other) && is_read(other, key));
    here.map(Elsewhere::Here).or_else(|| other_unit().map(|other| Elsewhere::OtherUnit(other)))
}

/// True if systemd reads a directive of this name in that section.
pub(super) fn is_read(section: &str, key: &str) -> bool {
    matches!(standing(section, key), Standing::Known | Standing::Newer) && !key.starts_with("X-")
}

/// `units/wrong-section`.
pub(super) fn wrong_section(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    for unit in judged(world) {
        let known = sections(unit.read.kind);
        for directive in &unit.at.unit.directives {
            let (section, key) = (directive.section.as_str(), directive.key.as_str());
            let ignored = known.contains(&section) && matches!(standing(section, key), Standing::Unknown);
            if !ignored || !unit.is_plain(key) || key.is_empty() {
                continue;
            }
            let Some(elsewhere) = belongs_elsewhere(unit.read.kind, key) else { continue };
            let (place, help) = match elsewhere {
                Elsewhere::Here(other) => (format!("[{other}]"), Some(format!("move the line to [{other}]"))),
                Elsewhere::OtherUnit(other) => (format!("[{other}] of another unit"), None),
            };
            let message = format!("systemd ignores `{key}=` in [{section}], because it belongs in {place}");
            let mut draft = unit.finding(id::UNITS_WRONG_SECTION, directive.span, message);
            if let Some(help) = help {
                draft = draft.help(help);
            }
            found.push(draft.done());
        }
    }
}
