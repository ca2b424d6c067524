//! `units/no-pid-file`: systemd cannot tell which process of a program in the background it should watch.
//!
//! Facts: systemd.service(5), `Type=`: with `forking` it is recommended to use `PIDFile=` too. Otherwise systemd guesses,
//! which works only if one process is left.

use crate::facts::world::World;
use crate::finding::Finding;
use crate::project::unit::UnitKind;
use crate::rules::id;
use crate::rules::units::{Judged, judged};
use crate::tools::serves::{Language, Left, Serves, Stays};

/// `units/no-pid-file`.
pub(super) fn no_pid_file(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    for unit in judged(world).filter(|unit| unit.read.kind == UnitKind::Service) {
        let forks = unit.at.unit.service_type() == "forking";
        let Some(exec) = unit.at.unit.exec_start().into_iter().last().filter(|_| forks) else { continue };
        let Some(serves) = exec.serves() else { continue };
        if matches!(serves.stays, Stays::Background { .. } | Stays::Unknown) {
            judge_unit(&unit, &serves, found);
        }
    }
}

fn judge_unit(unit: &Judged<'_, '_, '_>, serves: &Serves, found: &mut Vec<Finding>) {
    let given = |key: &str| unit.at.unit.get("Service", key).is_some();
    let Some(kind) = unit.at.unit.get("Service", "Type").filter(|_| !given("PIDFile")) else { return };
    // A program that only starts others leaves no main process to find.
    if given("GuessMainPID")
        || given("RemainAfterExit")
        || serves.language == Language::Container
        || matches!(serves.stays, Stays::Background { left: Left::Daemons | Left::Containers, .. })
    {
        return;
    }
    let name = &serves.argv.name;
    let of = if name.is_empty() { String::new() } else { format!(" of {name}") };
    let message =
        format!("systemd guesses which process{of} to watch, because `Type=forking` has no `PIDFile=`");
    let help = "name the file that the program writes its process id to: `PIDFile=/run/…`";
    found.push(unit.finding(id::UNITS_NO_PID_FILE, kind.span, message).help(help).done());
}
