//! `units/wrong-type`: whether the program goes to the background as `Type=` has it; `units/no-pid-file`: whether systemd
//! can tell which process is left then.
//!
//! Facts: systemd.service(5), `Type=`. What a program does when it is started stands in `tools::serves`.

use crate::finding::RuleId;
use crate::finding::{Confidence, Finding};
use crate::project::unit::{UnitKind, is_true};
use crate::rules::id;
use crate::rules::units::Judged;
use crate::tools::serves::{Language, Left, Serves, Stays};

const RULE: RuleId = id::UNITS_WRONG_TYPE;
const PID_FILE: RuleId = id::UNITS_NO_PID_FILE;

/// `units/wrong-type`.
pub(super) fn processes(unit: &Judged<'_, '_, '_>, found: &mut Vec<Finding>) {
    if unit.read.kind != UnitKind::Service {
        return;
    }
    let starts = unit.at.unit.exec_start();
    let Some(exec) = starts.last() else { return };
    let Some(serves) = exec.serves() else { return };
    let kind = unit.at.unit.service_type();
    let name = &serves.argv.name;
    let remains = unit.at.unit.get("Service", "RemainAfterExit").is_some_and(|d| is_true(&d.value));
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
                // The containers are the daemon's, not the service's.
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
        ("forking", Stays::Background { .. } | Stays::Unknown) => return no_pid_file(unit, &serves, found),
        _ => return,
    };
    let place = unit.at.unit.get("Service", "Type").map_or(exec.span, |d| d.span);
    let draft = unit.finding(RULE, place, message).at_most(confidence).help(help);
    found.push(draft.related(exec.span, "it runs this").done());
}

/// systemd.service(5), `Type=`: with `forking` it is recommended to use `PIDFile=` too; else systemd guesses, which it can
/// only where one process is left.
fn no_pid_file(unit: &Judged<'_, '_, '_>, serves: &Serves, found: &mut Vec<Finding>) {
    let given = |key: &str| unit.at.unit.get("Service", key).is_some();
    let Some(kind) = unit.at.unit.get("Service", "Type").filter(|_| !given("PIDFile")) else { return };
    // What starts others and keeps nothing of its own has no main process to be found.
    if given("GuessMainPID")
        || given("RemainAfterExit")
        || serves.language == Language::Container
        || matches!(serves.stays, Stays::Background { left: Left::Daemons | Left::Containers, .. })
    {
        return;
    }
    let name = &serves.argv.name;
    let message = format!(
        "`Type=forking` without `PIDFile=`: systemd guesses which process of {name} is the one to watch"
    );
    let help = "name the file that the program writes its process id to: `PIDFile=/run/…`";
    found.push(unit.finding(PID_FILE, kind.span, message).help(help).done());
}
