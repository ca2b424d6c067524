//! `units/no-restart`: a service that is meant to keep running stays down after its first crash.
//!
//! Facts: systemd.service(5), `Restart=`: the default is `no`; `on-failure` is recommended for services that run for long.

use crate::facts::world::{Origin, World};
use crate::finding::{Finding, Severity};
use crate::project::unit::{UnitKind, is_true};
use crate::rules::id;
use crate::rules::units::{Judged, base, judged};
use crate::shell::wrappers::is_shell;
use crate::tools::known_units::ends_by_itself;
use crate::tools::serves::{Language, Stays};

/// `units/no-restart`.
pub(super) fn no_restart(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    for unit in judged(world).filter(|unit| unit.read.kind == UnitKind::Service) {
        found.extend(judge_unit(&unit));
    }
}

fn judge_unit(unit: &Judged<'_, '_, '_>) -> Option<Finding> {
    let at = unit.at;
    let given = |key: &str| at.unit.get("Service", key).is_some();
    let lasts = matches!(at.unit.service_type(), "simple" | "exec" | "notify" | "notify-reload");
    if !lasts || given("Restart") || given("RemainAfterExit") || !is_wanted(unit) || may_have_more_lines(unit)
    {
        return None;
    }
    let starts = at.unit.exec_start();
    let exec = starts.last()?;
    // What a shell runs may end by itself, and so may a job whose name says so.
    if is_shell(base(&exec.program)) || ends_by_itself(&at.name) || is_started_by_another(unit) {
        return None;
    }
    let serves = exec.serves()?;
    if matches!(serves.stays, Stays::Background { .. }) || serves.language == Language::Container {
        return None;
    }
    let (_, place) = at.unit.sections.iter().find(|(name, _)| name == "Service")?;
    let message = format!("{} stays down after a crash, because it has no `Restart=`", at.name);
    let mut draft = unit.finding(id::UNITS_NO_RESTART, *place, message);
    draft = draft.help("write `Restart=on-failure` into `[Service]`");
    let sibling = unit.context.units.iter().find_map(|other| {
        (other.name != at.name).then(|| other.unit.get("Service", "Restart").map(|restart| restart.span))?
    });
    // Where no unit is started again, that may be meant.
    draft = match sibling {
        Some(span) => draft.related(span, "another unit of the project is started again"),
        None => draft.severity(Severity::Info),
    };
    Some(draft.related(exec.span, "it runs this").done())
}

/// True for a service that starts at boot, or that a script starts for good.
fn is_wanted(unit: &Judged<'_, '_, '_>) -> bool {
    unit.at.unit.has_install()
        && (unit.at.origin != Origin::InRepo || unit.context.deploy().is_started(&unit.at.name))
}

/// True if a line of a template may become the directive, or if a step adds a file to the unit.
fn may_have_more_lines(unit: &Judged<'_, '_, '_>) -> bool {
    let own = format!("/{}.d/", unit.at.name);
    let adds = |path: &str| path.contains(&own) || path.contains("/service.d/");
    let names = unit.context.steps().flat_map(|(.., step)| &step.deed.effects).map(|e| e.resource.name());
    names.filter(|name| name.key().contains(".d/")).any(|name| adds(&name.to_string()))
        || unit.at.unit.directives.iter().any(|directive| directive.key.contains('$'))
        || unit.at.unit.problems.iter().any(|problem| {
            let text = unit.context.sources.text(problem.span);
            !unit.is_plain(text) || !unit.is_literal(text)
        })
}

/// True for work that a timer, a socket, a path or the failure of another unit starts.
fn is_started_by_another(unit: &Judged<'_, '_, '_>) -> bool {
    let name = unit.at.name.as_str();
    let stem = name.trim_end_matches(".service");
    unit.context.units.iter().any(|other| {
        other.unit.triggers(&other.name).is_some_and(|started| started == name)
            || ["OnFailure", "OnSuccess"]
                .iter()
                .any(|key| other.unit.units_of(key).iter().any(|(other, _)| other == name || other == stem))
    }) || unit.at.unit.get("Unit", "RefuseManualStart").is_some_and(|d| is_true(&d.value))
}
