//! Services: systemd, sysv, supervisor.

use crate::shell::argv::{Arg, Argv};
use crate::shell::value::Value;
use crate::tools::advice::kinds::{Edit, Words};
use crate::tools::draft::{Draft, nothing, word};
use crate::tools::effect::{Again, Change, Deed, Resource, Role};
use crate::tools::patterns::Pattern;
use crate::tools::says::facts::{Aspect, Says};
use crate::tools::serves::served::{Left, Serves, Stays};
use crate::tools::signals;

/// The command that people are told to restart the machine with.
pub(crate) const REBOOT: &str = "reboot";

/// The options of systemctl(1).
const SYSTEMCTL: &str = "now q|quiet f|force user system H|host: M|machine: t|type: state: p|property: root: n|lines: o|output: \
         s|signal: kill-whom: no-reload no-block no-pager runtime job-mode: what: message: a|all l|full";
/// The options of supervisorctl.
const SUPERVISORCTL: &str = "c|configuration: s|serverurl: u|username: p|password: i";

/// What success says: `systemctl is-active`, `service NAME status` and `supervisorctl status NAME` (since 4.0) fail if it
/// does not run.
pub(super) fn succeeds(argv: &Argv) -> Option<Says> {
    let running = |resource: Resource| Some(Says::fact(resource, Aspect::Running));
    let process = |arg: &Arg| Resource::Process(arg.value.clone());
    match argv.name.as_str() {
        "systemctl" => {
            let options = argv.options(SYSTEMCTL);
            let verb = options.operands.first()?.value.as_literal()?;
            let unit = unit(&options.operands.get(1)?.value);
            let aspect = match verb {
                "is-active" | "status" => Aspect::Running,
                "is-enabled" => Aspect::Enabled,
                "cat" | "list-unit-files" | "list-units" => Aspect::Exists,
                _ => return None,
            };
            Some(Says::fact(unit, aspect))
        }
        "service" if argv.literal(1) == Some("status") => running(unit(&argv.args.first()?.value)),
        "supervisorctl" => {
            let operands = argv.options(SUPERVISORCTL).operands;
            (word(&operands, 0) == "status").then(|| running(process(operands.get(1)?)))?
        }
        "pgrep" | "pidof" => running(process(argv.args.last()?)),
        _ => None,
    }
}

/// What a line in a list of units or processes says. In the status of one unit, the words of the line say it.
pub(super) fn lists(argv: &Argv, pattern: &Pattern) -> Option<Says> {
    let name = pattern.name();
    match argv.name.as_str() {
        "ps" => Some(Says::fact(Resource::Process(name), Aspect::Running)),
        "systemctl" if !is_about_one(argv) => Some(Says::exists(unit(&name))),
        "supervisorctl" if argv.args.len() < 2 => Some(Says::exists(Resource::Process(name))),
        _ => {
            let says = succeeds(argv)?;
            if pattern.says_off()? { says.negate() } else { Some(says) }
        }
    }
}

fn is_about_one(argv: &Argv) -> bool {
    let operands = argv.options(SYSTEMCTL).operands;
    operands.len() > 1 && matches!(word(&operands, 0), "status" | "is-active" | "is-enabled")
}

#[test]
fn states_are_asked() {
    crate::tools::table::says(&[
        ("systemctl is-active --quiet web", "Running unit web.service"),
        ("systemctl is-enabled web.timer", "Enabled unit web.timer"),
        ("systemctl list-unit-files web.service", "Exists unit web.service"),
        ("systemctl list-units | grep -q web", "Exists unit web.service"),
        ("systemctl status web | grep -q running", "Running unit web.service"),
        ("systemctl is-active web | grep -q inactive", "not Running unit web.service"),
        ("systemctl is-active web | grep -q active", ""),
        ("systemctl is-active web | grep -qx active", "Running unit web.service"),
        ("systemctl restart web", ""),
        ("service nginx status", "Running unit nginx.service"),
        ("supervisorctl status web", "Running process web"),
        ("supervisorctl status | grep -q web", "Exists process web"),
        ("pgrep -f shop", "Running process shop"),
        ("ps aux | grep -q shop", "Running process shop"),
    ]);
}

/// Terminals that keep a program running in the background.
pub(crate) fn serves(argv: &Argv) -> Option<Serves> {
    let by = match argv.name.as_str() {
        "screen" if argv.has_any(&["-dmS", "-dm"]) => "screen -dm",
        "tmux" if argv.has_word("-d") && argv.has_any(&["new-session", "new"]) => "tmux new -d",
        _ => return None,
    };
    let stays = Stays::Background { by, left: Left::Process, instead: None };
    Some(Serves { stays, ..Serves::unknown(argv.clone()) })
}

/// `systemctl restart` for `systemctl start`, which does not affect a unit that already runs.
pub(super) fn restart_instead(argv: &Argv) -> Option<Edit> {
    let verb = argv.args.iter().find(|arg| arg.value.as_literal() == Some("start"))?;
    (argv.name == "systemctl").then(|| {
        Edit::Instead(Words {
            place: verb.span,
            written: "start".to_owned(),
            text: "restart".to_owned(),
            title: "restart it".to_owned(),
            is_safe: false,
        })
    })
}

/// The unit that a name means; without a suffix it is a service (systemctl(1), "Parameter Syntax").
fn unit(value: &Value) -> Resource {
    const SUFFIXES: [&str; 11] = [
        ".service", ".socket", ".timer", ".target", ".path", ".mount", ".automount", ".slice", ".scope",
        ".device", ".swap",
    ];
    let mut name = value.basename();
    let known = name.known_suffix();
    let complete = SUFFIXES.iter().any(|suffix| known.ends_with(suffix)) || name.is_glob();
    if !complete {
        name.push_str(".service");
    }
    Resource::Unit(name)
}

/// systemctl(1): a request for a state that is already there changes nothing. A unit that does not exist is
/// an error, the first time as well as the second.
pub(crate) fn systemctl(argv: &Argv) -> Deed {
    let options = argv.options(SYSTEMCTL);
    let mut draft = Draft::of(argv);
    let Some((verb, units)) = options.operands.split_first() else {
        return Deed::read_only();
    };
    let mut each = |units: &[&Arg], change: Change| {
        for operand in units {
            draft.add(operand, change.clone(), unit(&operand.value), Again::NoChange);
        }
    };
    match verb.value.as_literal().unwrap_or_default() {
        "daemon-reload" | "daemon-reexec" => {
            draft.role(Role::DaemonReload);
        }
        "enable" | "reenable" => {
            each(units, Change::Enable);
            if options.has("now") {
                each(units, Change::Start);
                draft.role(Role::Restart);
            }
            draft.role(Role::Enable);
            // "also reloads the system manager configuration (in a way equivalent to daemon-reload)"
            if !options.has("no-reload") {
                draft.role(Role::DaemonReload);
            }
        }
        "reboot" | "poweroff" | "halt" | "kexec" => {
            draft.role(Role::Reboot);
        }
        "start" => {
            each(units, Change::Start);
            draft.role(Role::Restart);
        }
        "restart"
        | "reload"
        | "try-restart"
        | "reload-or-restart"
        | "try-reload-or-restart"
        | "force-reload" => {
            each(units, Change::Restart);
            draft.role(Role::Restart);
        }
        // A signal may ask a program to read its settings or its code again: `systemctl kill -s HUP web`.
        "kill" if options.value("s").is_some_and(|signal| !signals::ends(signal)) => {
            draft.role(Role::Signal);
        }
        "stop" | "kill" => each(units, Change::Stop),
        name @ ("disable" | "mask") => {
            if options.has("now") {
                each(units, Change::Stop);
            }
            // "implicitly reloads the system manager configuration after completing the operation"
            if name == "disable" && !options.has("no-reload") {
                draft.role(Role::DaemonReload);
            }
        }
        "unmask" | "reset-failed" | "set-default" | "set-property" | "daemon" | "isolate" | "preset"
        | "link" | "revert" | "set-environment" | "import-environment" | "clean" => {}
        "edit" => draft.asks("opens an editor", "write the file below /etc/systemd/system", None),
        "status" | "is-active" | "is-enabled" | "is-failed" | "show" | "cat" | "list-units"
        | "list-unit-files" | "list-timers" | "list-sockets" | "list-dependencies" | "is-system-running"
        | "show-environment" | "help" => {
            return Deed::read_only();
        }
        _ => {
            draft.partly();
        }
    }
    draft.done()
}

/// True for a restart that leaves a unit alone if it does not run: systemctl(1), `try-restart`.
pub(crate) fn starts_nothing(argv: &Argv) -> bool {
    argv.name == "systemctl" && argv.has_any(&["try-restart", "condrestart", "try-reload-or-restart"])
}

/// The unit files that systemctl(1) links to at their own place: `enable PATH`, `link PATH`.
pub(crate) fn links(argv: &Argv) -> impl Iterator<Item = &Arg> {
    let verb = argv.has_any(&["enable", "link", "reenable"]);
    let linked = argv.name == "systemctl" && verb;
    argv.args.iter().filter(move |arg| linked && arg.value.key().contains('/'))
}

/// True if a program installs a unit of its own name: `/opt/tunnel/tunnel service install`.
pub(crate) fn installs_its_unit(argv: &Argv, stem: &str) -> bool {
    argv.name == stem && argv.has_any(&["install", "service"])
}

/// True if the command asks whether a unit exists, or may ask that: `systemctl is-enabled`, `[ -f … ]`.
pub(crate) fn may_test_unit(argv: &Argv) -> bool {
    let asks = argv.has_any(&["list-unit-files", "is-enabled", "list-units", "cat"]);
    argv.name == "systemctl" && asks || matches!(argv.name.as_str(), "[" | "test" | "[[")
}

/// True if the command may start or restart an app by other means than a service manager or a signal: it touches a file,
/// opens a terminal that keeps running, or reboots.
pub(crate) fn may_start_otherwise(argv: &Argv) -> bool {
    matches!(argv.name.as_str(), "touch" | "reboot" | "passenger-config" | "screen" | "tmux" | "nohup")
}

/// service(8), invoke-rc.d(8): `service NAME restart`.
pub(crate) fn service(argv: &Argv) -> Deed {
    let mut draft = Draft::of(argv);
    let operands: Vec<&Arg> = argv.args.iter().collect();
    let Some(name) = operands.first() else {
        return Deed::read_only();
    };
    let change = match word(&operands, 1) {
        "start" => Change::Start,
        "restart" | "reload" | "force-reload" | "try-restart" => Change::Restart,
        "stop" => {
            draft.add(name, Change::Stop, unit(&name.value), Again::NoChange);
            return draft.done();
        }
        "status" => return Deed::read_only(),
        _ => {
            draft.partly();
            return draft.done();
        }
    };
    draft.add(name, change, unit(&name.value), Again::NoChange);
    draft.role(Role::Restart);
    draft.done()
}

/// update-rc.d(8), chkconfig(8) and rc-update enable a service at boot.
pub(crate) fn update_rc(argv: &Argv) -> Deed {
    let options = argv.options("f");
    let mut draft = Draft::of(argv);
    let name = match argv.name.as_str() {
        "rc-update" => options.operands.get(1),
        _ => options.operands.first(),
    };
    let on = argv.has_any(&["defaults", "enable", "on", "add"]);
    if let Some(name) = name.filter(|_| on) {
        draft.add(name, Change::Enable, unit(&name.value), Again::NoChange);
        draft.role(Role::Enable);
    }
    draft.done()
}

#[test]
fn units_are_driven() {
    crate::tools::table::check(&[
        ("systemctl daemon-reload", "[DaemonReload]"),
        ("systemctl enable web", "enable unit web.service [Enable] [DaemonReload]"),
        (
            "systemctl enable --now web.timer",
            "enable unit web.timer; start unit web.timer [Restart] [Enable] [DaemonReload]",
        ),
        ("systemctl restart a b@1", "restart unit a.service; restart unit b@1.service [Restart]"),
        ("systemctl start $S", "start unit $S.service [Restart]"),
        ("systemctl stop x", "stop unit x.service"),
        ("systemctl kill x", "stop unit x.service"),
        ("systemctl kill -s HUP x", "[Signal]"),
        ("monit restart x", "[Restart]"),
        ("systemctl is-active --quiet x", "[ReadOnly]"),
        ("systemctl disable --now x", "stop unit x.service [DaemonReload]"),
        ("systemctl frob x", "unknown"),
        ("service nginx restart", "restart unit nginx.service [Restart]"),
        ("update-rc.d web defaults", "enable unit web.service [Enable]"),
    ]);
}

/// supervisorctl: `start` of a running program prints `already started` and exits with 0; `update` reads the
/// configuration.
pub(crate) fn supervisorctl(argv: &Argv) -> Deed {
    let options = argv.options(SUPERVISORCTL);
    let mut draft = Draft::of(argv);
    let change = match word(&options.operands, 0) {
        "start" => Change::Start,
        "restart" | "signal" => Change::Restart,
        "stop" => Change::Stop,
        "reread" | "status" | "avail" | "tail" | "pid" => return Deed::read_only(),
        "update" | "reload" => {
            draft.role(Role::Restart);
            return draft.done();
        }
        _ => {
            draft.partly();
            return draft.done();
        }
    };
    if change != Change::Stop {
        draft.role(Role::Restart);
    }
    for name in &options.operands[1..] {
        let process = Resource::Process(name.value.clone());
        draft.add(name, change.clone(), process, Again::NoChange);
    }
    draft.done()
}

/// monit(1): the names are those of its own settings, not of units.
pub(crate) fn monit(argv: &Argv) -> Deed {
    let mut draft = Draft::of(argv);
    match word(&argv.options("g: c: d: l: p: s: v I").operands, 0) {
        "start" | "restart" => draft.role(Role::Restart),
        "stop" | "monitor" | "unmonitor" | "reload" => &mut draft,
        "status" | "summary" | "report" | "validate" | "procmatch" => return Deed::read_only(),
        _ => draft.partly(),
    };
    draft.done()
}

/// loginctl(1): lingering is a state.
pub(crate) fn loginctl(argv: &Argv) -> Deed {
    match argv.literal(0) {
        Some("enable-linger" | "disable-linger") => nothing(),
        _ => Deed::read_only(),
    }
}

#[test]
fn processes_are_driven() {
    crate::tools::table::check(&[
        ("supervisorctl restart all", "restart process all [Restart]"),
        ("supervisorctl reread", "[ReadOnly]"),
    ]);
}
