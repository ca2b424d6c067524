//! `units/no-install`: `systemctl enable` of a unit that does not say what that should do.

use crate::facts::world::{Origin, World};
use crate::finding::{Confidence, Finding, Severity};
use crate::project::unit::UnitKind;
use crate::rules::id;
use crate::rules::units::{Judged, judged};
use crate::tools::effect::{Change, Resource};

/// `units/no-install`.
pub(super) fn no_install(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    for unit in judged(world) {
        judge_unit(&unit, found);
    }
}

fn judge_unit(unit: &Judged<'_, '_, '_>, found: &mut Vec<Finding>) {
    let at = unit.at;
    let wanted = ["WantedBy", "RequiredBy", "UpheldBy", "Alias", "Also"];
    // A key in the wrong section is reported by the other rule.
    let misplaced = at.unit.directives.iter().any(|d| wanted.contains(&d.key.as_str()));
    if at.unit.has_install() || misplaced || at.origin == Origin::InRepo {
        return;
    }
    let Some((script, _)) = unit.script else { return };
    let enables = |name: &str| name == at.name || format!("{name}.service") == at.name;
    let enabled = script.iter().find_map(|(id, step)| {
        let operand = step.deed.effects.iter().find_map(|e| match (&e.change, &e.resource) {
            (Change::Enable, Resource::Unit(name)) if name.as_literal().is_some_and(enables) => {
                Some(e.operand.unwrap_or(step.span))
            }
            _ => None,
        });
        operand.map(|operand| (id, operand))
    });
    let Some((id, operand)) = enabled else { return };
    // A unit that a timer, a socket or another unit of the project starts needs no enabling.
    let stem = at.name.trim_end_matches(".service");
    let brought = unit.context.units.iter().filter(|other| other.name != at.name).find(|other| {
        other.unit.triggers(&other.name).is_some_and(|t| t == at.name)
            || ["Wants", "Requires", "BindsTo", "Upholds"]
                .iter()
                .any(|key| other.unit.units_of(key).iter().any(|(n, _)| n == &at.name || n == stem))
    });
    let message = match brought {
        Some(other) => format!(
            "enabling {} does nothing, because it has no [Install] section; {} starts it",
            at.name, other.name
        ),
        None => format!(
            "{} will not start at boot: it has no [Install] section, so enabling does nothing",
            at.name
        ),
    };
    let target = match unit.read.kind {
        UnitKind::Timer => "timers.target",
        UnitKind::Socket => "sockets.target",
        _ => "multi-user.target",
    };
    let mut draft = unit
        .finding(id::UNITS_NO_INSTALL, at.unit.span, message)
        .at_most(unit.context.confidence(script, id, None))
        .related(operand, "this enables it");
    draft = match brought {
        Some(other) => draft.severity(Severity::Info).help(format!("enable {} alone", other.name)),
        None => draft.help(format!("end the unit with `[Install]` and `WantedBy={target}`")),
    };
    // A text that is put together from unknown pieces may contain the section after all.
    if unit.read.literal.as_ref().is_some_and(|l| l.lines().any(|line| line.trim().is_empty()))
        && unit.at.unit.problems.iter().any(|p| unit.context.sources.text(p.span).contains('$'))
    {
        draft = draft.at_most(Confidence::Low);
    }
    let mut finding = draft.done();
    // The whole unit is too long to point at, so its first line is used.
    if let Some((_, span)) = at.unit.sections.last() {
        finding.span = *span;
    }
    found.push(finding);
}
