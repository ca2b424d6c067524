//! `units/unknown-target`: a unit is to be started with a target that the manager does not have.
//!
//! Facts: systemd.special(7), which has a chapter for the targets of users. systemctl(1) enables such a unit all the same, and
//! says only "is added as a dependency to a non-existent unit" (systemd 250 and later).

use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::rules::id;
use crate::rules::units::{Judged, judged};
use crate::source::Span;
use crate::tools::known_units::{SYSTEM_TARGETS, USER_TARGETS};

/// Names at least this similar (Jaro-Winkler) are taken for misspellings of each other.
const ALIKE: f64 = 0.9;

/// `units/unknown-target`.
pub(super) fn unknown_target(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    for unit in judged(world) {
        for key in ["WantedBy", "RequiredBy", "UpheldBy"] {
            for directive in unit.at.unit.all("Install", key) {
                for name in directive.value.split_whitespace() {
                    judge_target(&unit, name, directive.value_span, found);
                }
            }
        }
    }
}

fn judge_target(unit: &Judged<'_, '_, '_>, name: &str, span: Span, found: &mut Vec<Finding>) {
    let of_user = unit.is_of_a_user();
    let known = if of_user { USER_TARGETS } else { SYSTEM_TARGETS };
    if !name.ends_with(".target") || !unit.is_plain(name) || name.contains('%') || known.contains(&name) {
        return;
    }
    // Each desktop has its own.
    if of_user && name.ends_with("-session.target") {
        return;
    }
    let context = unit.context;
    let own = context.units.iter().any(|at| at.name == name);
    let said = context.steps().any(|(.., step)| {
        step.argv.args.iter().any(|arg| {
            let word = arg.value.to_string();
            word.contains(name) || word.ends_with(".target") && word.contains(['*', '$'])
        })
    });
    if own || said || context.deploy().called_mentions(name) {
        return;
    }
    let alike = known.iter().map(|target| (strsim::jaro_winkler(target, name), *target));
    let meant = alike.filter(|(alike, _)| *alike >= ALIKE).max_by(|a, b| a.0.total_cmp(&b.0));
    let of_system = of_user && SYSTEM_TARGETS.contains(&name);
    let (why, sure) = match (of_system, &meant) {
        (true, _) => ("a user's manager has no such target", Confidence::High),
        (false, Some(_)) => ("there is no such target", Confidence::High),
        // A package may bring it.
        (false, None) => ("nothing brings that target", Confidence::Medium),
    };
    let help = match (of_system, meant) {
        (true, _) => "write `WantedBy=default.target`".to_owned(),
        (false, Some((_, meant))) => format!("write `{meant}`"),
        (false, None) => format!("install a unit {name}, or name a target that exists"),
    };
    let message = format!("{} never starts with `{name}`, because {why}", unit.at.name);
    found.push(unit.finding(id::UNITS_UNKNOWN_TARGET, span, message).at_most(sure).help(help).done());
}
