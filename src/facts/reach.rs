//! Paths that an account can't reach. Root's home is closed to everybody else, whoever owns what lies below it.

use crate::facts::ground::Ground;
use crate::facts::owners::{is_account_name, lies_under};
use crate::facts::parts::UnitAt;
use crate::model::{Caller, Deployment, Step, StepId, User};
use crate::project::unit::Unit;
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::Place;
use crate::source::Span;
use crate::tools::plain::opens_no_path;

/// A service that needs a path which its account can't reach.
pub(crate) struct Unreachable<'w> {
    pub(crate) at: &'w UnitAt,
    /// The path as the unit names it.
    pub(crate) path: String,
    /// The place that names it.
    pub(crate) span: Span,
    /// The status that systemd gives the failure, systemd.exec(5).
    pub(crate) status: &'static str,
}

/// The first operand of a step that its account can't reach.
pub(crate) fn out_of_reach<'s>(
    world: &Ground<'_, '_>,
    script: &Deployment<'_>,
    step: &'s Step,
) -> Option<&'s Value> {
    let User::Named(name) = &step.user else { return None };
    if name.as_literal() == Some("root") || opens_no_path(&step.argv) {
        return None;
    }
    let operands = step.argv.args.iter().map(|arg| &arg.value);
    let mut all = std::iter::once(&step.argv.program.value).chain(operands);
    all.find(|value| is_in_roots_home(script, value)).filter(|_| !world.is_roots_home_open())
}

/// The services of the units that a step writes or installs, each with the first path that its account can't reach.
pub(crate) fn units_out_of_reach<'w>(
    world: &'w Ground<'_, '_>,
    script: &Deployment<'_>,
    id: StepId,
) -> Vec<Unreachable<'w>> {
    if script.step(id).place != Place::Here {
        return Vec::new();
    }
    let by_root = matches!(script.caller, Caller::Root(_));
    let brought = world.units_brought(script, id);
    let others = brought
        .filter(|at| at.unit.user().is_some_and(|user| is_account_name(&user.value) && user.value != "root"));
    let unreachable = others.filter_map(|at| {
        let (path, span, status) = needed(&at.unit, by_root)?;
        Some(Unreachable { at, path, span, status })
    });
    unreachable.filter(|_| !world.is_roots_home_open()).collect()
}

/// True for root's home as a script of root writes it.
fn is_in_roots_home(script: &Deployment<'_>, path: &Value) -> bool {
    let by_name = path.is_under(&Value::literal("/root"));
    let by_home = matches!(script.caller, Caller::Root(_))
        && path.is_under(&Value::hole("HOME", 0, Knowledge::Symbolic));
    by_name || by_home
}

/// The first path of a service that lies in root's home, and the status of the failure in systemd.exec(5).
fn needed(unit: &Unit, by_root: bool) -> Option<(String, Span, &'static str)> {
    let is_it = |path: &str| lies_under(path, "/root") || by_root && lies_under(path, "$HOME");
    let directory = unit.working_directory().filter(|d| is_it(&d.value));
    if let Some(directory) = directory {
        return Some((directory.value.clone(), directory.span, "status=200/CHDIR"));
    }
    let exec = unit.exec_start().into_iter().find(|exec| is_it(&exec.program))?;
    Some((exec.program, exec.span, "status=203/EXEC"))
}
