//! `units/wrong-type`: `Type=` does not fit how the program starts: in the foreground or the background, with or without
//! telling systemd that it is ready.
//!
//! Facts: systemd.service(5), `Type=`. `tools::serves` knows what a program does when it is started.

use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::project::unit::{Exec, UnitKind, is_true};
use crate::rules::id;
use crate::rules::units::{Judged, judged};
use crate::tools::serves::{Left, Serves, Stays};

/// `units/wrong-type`.
pub(super) fn wrong_type(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    for unit in judged(world).filter(|unit| unit.read.kind == UnitKind::Service) {
        judge_unit(&unit, found);
    }
}

fn judge_unit(unit: &Judged<'_, '_, '_>, found: &mut Vec<Finding>) {
    let starts = unit.at.unit.exec_start();
    let Some(exec) = starts.last() else { return };
    let kind = unit.at.unit.service_type();
    let remains = unit.at.unit.get("Service", "RemainAfterExit").is_some_and(|d| is_true(&d.value));
    let serves = exec.serves();
    if kind == "oneshot" && !remains {
        found.extend(stops_at_once(unit, exec, serves.as_ref()));
        return;
    }
    let Some(serves) = serves else { return };
    let name = &serves.argv.name;
    let (message, help, confidence) = match (kind, serves.stays) {
        ("forking", Stays::Foreground { sure }) => (
            format!(
                "the start times out: `Type=forking` waits for {name} to go to the background, which it never does"
            ),
            match serves.notifies {
                Some(true) => format!("write `Type=notify`, because {name} reports when it is ready"),
                _ => "write `Type=simple`, or remove the line".to_owned(),
            },
            if sure { Confidence::High } else { Confidence::Medium },
        ),
        ("simple" | "exec" | "notify" | "idle", Stays::Background { by, left, instead }) if !remains => (
            match left {
                // The containers belong to the daemon, not to the service.
                Left::Containers => format!(
                    "`{by}` returns at once, so for `Type={kind}` the service has ended, whatever the containers do"
                ),
                Left::Process | Left::Daemons => format!(
                    "`{by}` puts {name} into the background, where `Type={kind}` makes systemd stop it"
                ),
            },
            match instead {
                Some(instead) => instead.to_owned(),
                None => format!("let {name} stay in the foreground, or write `Type=forking` with `PIDFile=`"),
            },
            Confidence::High,
        ),
        ("notify", Stays::Foreground { .. }) if serves.notifies == Some(false) => (
            format!(
                "the start times out: `Type=notify` waits for {name} to report that it is ready, which it never does"
            ),
            "write `Type=simple`, or remove the line".to_owned(),
            Confidence::Medium,
        ),
        _ => return,
    };
    let place = unit.at.unit.get("Service", "Type").map_or(exec.span, |d| d.span);
    let draft = unit.finding(id::UNITS_WRONG_TYPE, place, message).at_most(confidence).help(help);
    found.push(draft.related(exec.span, "it runs this").done());
}

/// A one-shot that leaves something running is over when its commands have ended, so that systemd runs `ExecStop=` then.
fn stops_at_once(unit: &Judged<'_, '_, '_>, exec: &Exec, serves: Option<&Serves>) -> Option<Finding> {
    let stop = unit.at.unit.get("Service", "ExecStop")?;
    let serves = serves.filter(|serves| matches!(serves.stays, Stays::Background { .. }))?;
    if unit.at.unit.directives.iter().any(|directive| directive.key == "RemainAfterExit") {
        return None;
    }
    let message = format!(
        "{} stops what it has started at once: a `oneshot` is over when `{}` returns, and then `ExecStop=` runs",
        unit.at.name, serves.argv.name
    );
    let draft = unit.finding(id::UNITS_WRONG_TYPE, stop.span, message).help("add `RemainAfterExit=yes`");
    Some(draft.related(exec.span, "this leaves it running").done())
}
