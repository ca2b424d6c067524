//! `units/wrong-type`: whether the program goes to the background as `Type=` has it; `units/no-pid-file`: whether systemd
//! can tell which process is left then.
//!
//! Facts: systemd.service(5), `Type=`; gunicorn's `--daemon`, celery's `multi` and `--detach`, nginx's `daemon`,
//! redis-server's `--daemonize`, `pm2 start`, `docker compose up -d`, each of its own documentation. gunicorn tells
//! systemd that it is ready (its arbiter), uvicorn and its like do not.

use crate::finding::RuleId;
use crate::finding::{Confidence, Finding};
use crate::project::unit::{Exec, UnitKind, is_true, split_words};
use crate::rules::id;
use crate::rules::units::{Judged, base};

const RULE: RuleId = id::UNITS_WRONG_TYPE;
const PID_FILE: RuleId = id::UNITS_NO_PID_FILE;

/// Programs that stay in the foreground whatever they are called with.
const STAYS: &[&str] = &[
    "uvicorn",
    "hypercorn",
    "daphne",
    "streamlit",
    "waitress-serve",
    "npm",
    "yarn",
    "pnpm",
    "next",
    "serve",
];

/// `units/wrong-type`.
pub(super) fn processes(unit: &Judged<'_, '_, '_>, found: &mut Vec<Finding>) {
    if unit.read.kind != UnitKind::Service {
        return;
    }
    let starts = unit.at.unit.exec_start();
    let Some(exec) = starts.last() else { return };
    let Some(command) = Command::of(exec) else { return };
    let kind = unit.at.unit.service_type();
    let name = &command.name;
    let remains = unit.at.unit.get("Service", "RemainAfterExit").is_some_and(|d| is_true(&d.value));
    let (message, help, confidence) = match (kind, command.daemonizes(), command.stays()) {
        ("forking", _, Some(sure)) => (
            format!(
                "the start times out: `Type=forking` waits for {name} to go to the background, which it never does"
            ),
            match name.as_str() {
                "gunicorn" => "write `Type=notify`, because gunicorn reports when it is ready".to_owned(),
                _ => "write `Type=simple`, or remove the line".to_owned(),
            },
            sure,
        ),
        ("simple" | "exec" | "notify" | "idle", Some(how), _) if !remains => (
            match name.as_str() {
                // The containers are the daemon's, not the service's.
                "docker" | "docker-compose" => format!(
                    "`{how}` returns at once, so for `Type={kind}` the service has ended, whatever the containers do"
                ),
                _ => format!(
                    "`{how}` puts {name} into the background, where `Type={kind}` makes systemd stop it"
                ),
            },
            match how {
                "docker compose up -d" | "up -d" => {
                    "remove `-d`, or write `Type=oneshot` with `RemainAfterExit=yes`".to_owned()
                }
                "pm2 start" => "write `pm2-runtime`, or `Type=forking`".to_owned(),
                _ => format!("let {name} stay in the foreground, or write `Type=forking` with `PIDFile=`"),
            },
            Confidence::High,
        ),
        ("notify", None, _) if matches!(name.as_str(), "uvicorn" | "hypercorn" | "daphne" | "streamlit") => (
            format!(
                "the start times out: `Type=notify` waits for {name} to report that it is ready, which it never does"
            ),
            "write `Type=simple`, or remove the line".to_owned(),
            Confidence::Medium,
        ),
        ("forking", _, None) => return no_pid_file(unit, name, found),
        _ => return,
    };
    let place = unit.at.unit.get("Service", "Type").map_or(exec.span, |d| d.span);
    let draft = unit.finding(RULE, place, message).at_most(confidence).help(help);
    found.push(draft.related(exec.span, "it runs this").done());
}

/// systemd.service(5), `Type=`: with `forking` it is recommended to use `PIDFile=` too; else systemd guesses, which it can
/// only where one process is left.
fn no_pid_file(unit: &Judged<'_, '_, '_>, name: &str, found: &mut Vec<Finding>) {
    let given = |key: &str| unit.at.unit.get("Service", key).is_some();
    let Some(kind) = unit.at.unit.get("Service", "Type").filter(|_| !given("PIDFile")) else { return };
    // What starts others and keeps nothing of its own has no main process to be found.
    if given("GuessMainPID")
        || given("RemainAfterExit")
        || matches!(name, "docker" | "docker-compose" | "pm2")
    {
        return;
    }
    let message = format!("without `PIDFile=` systemd has to guess which process of {name} to watch");
    let help = "name the file to which the program writes its process id: `PIDFile=/run/…`";
    found.push(unit.finding(PID_FILE, kind.span, message).help(help).done());
}

/// What really runs: the module behind `python -m`, the command behind `env`.
pub(super) struct Command {
    pub(super) name: String,
    pub(super) args: Vec<String>,
}

impl Command {
    /// `None` for a shell's text of more than one command, and for what is not known.
    pub(super) fn of(exec: &Exec) -> Option<Command> {
        let mut words: Vec<String> = std::iter::once(exec.program.clone()).chain(exec.args.clone()).collect();
        loop {
            let name = base(words.first()?).to_owned();
            match name.as_str() {
                "env" => {
                    words.remove(0);
                    while words.first().is_some_and(|w| w.contains('=') || w.starts_with('-')) {
                        words.remove(0);
                    }
                }
                "sh" | "bash" | "dash" | "zsh" => {
                    let at = words.iter().position(|w| matches!(w.as_str(), "-c" | "-lc" | "-ec"))?;
                    let text = words.get(at + 1)?.clone();
                    // What runs last is what stays.
                    let last = text
                        .split("&&")
                        .flat_map(|part| part.split(';'))
                        .filter(|part| !part.trim().is_empty())
                        .last()?
                        .to_owned();
                    if last.contains(['|', '&', '<', '>']) {
                        return None;
                    }
                    words = split_words(last.trim().trim_start_matches("exec "));
                }
                "uv" | "poetry" | "pipenv" | "pdm" if words.get(1).is_some_and(|w| w == "run") => {
                    words.drain(..2);
                    if words.first().is_some_and(|w| w.starts_with('-')) {
                        return None;
                    }
                }
                _ if is_python(&name) => {
                    words.remove(0);
                    while words.first().is_some_and(|w| matches!(w.as_str(), "-u" | "-O" | "-B")) {
                        words.remove(0);
                    }
                    if words.first().is_none_or(|w| w != "-m") {
                        return Some(Command { name: "python".to_owned(), args: words });
                    }
                    words.remove(0);
                    let name = words.first()?.clone();
                    return Some(Command { name, args: words.split_off(1) });
                }
                _ => return Some(Command { name, args: words.split_off(1) }),
            }
        }
    }

    fn has(&self, wanted: &[&str]) -> bool {
        self.args.iter().any(|arg| wanted.contains(&arg.as_str()))
    }

    /// The words by which it goes to the background.
    fn daemonizes(&self) -> Option<&'static str> {
        let text = self.args.join(" ");
        match self.name.as_str() {
            "gunicorn" if self.has(&["--daemon", "-D"]) => Some("--daemon"),
            "celery" if self.has(&["--detach", "-D"]) => Some("--detach"),
            "celery" if self.has(&["multi"]) && self.has(&["start", "restart"]) => Some("celery multi"),
            "nginx" if !text.contains("daemon off") && !self.has(&["-t", "-s"]) => Some("nginx"),
            "redis-server" if text.contains("--daemonize yes") => Some("--daemonize yes"),
            "pm2" if self.has(&["start"]) && !self.has(&["--no-daemon"]) => Some("pm2 start"),
            "docker" if self.has(&["up"]) && self.has(&["-d", "--detach"]) => Some("up -d"),
            "docker-compose" if self.has(&["up"]) && self.has(&["-d", "--detach"]) => Some("up -d"),
            "docker" if self.args.first().is_some_and(|a| a == "run") && self.has(&["-d", "--detach"]) => {
                Some("docker run -d")
            }
            "screen" if self.has(&["-dmS", "-dm"]) => Some("screen -dm"),
            "tmux" if self.has(&["-d"]) && self.has(&["new-session", "new"]) => Some("tmux new -d"),
            _ => None,
        }
    }

    /// It stays in the foreground; how sure that is.
    fn stays(&self) -> Option<Confidence> {
        if self.daemonizes().is_some() {
            return None;
        }
        let config = || self.args.iter().any(|a| a == "-c" || a.starts_with("--config"));
        match self.name.as_str() {
            "gunicorn" if config() => Some(Confidence::Medium),
            "gunicorn" => Some(Confidence::High),
            "celery" if self.has(&["worker", "beat"]) => Some(Confidence::High),
            "python" if self.has(&["runserver"]) => Some(Confidence::High),
            "flask" if self.has(&["run"]) => Some(Confidence::High),
            "docker" | "docker-compose" if self.has(&["up"]) => Some(Confidence::High),
            "node" | "java" => Some(Confidence::Medium),
            name if STAYS.contains(&name) => Some(Confidence::High),
            _ => None,
        }
    }
}

/// `python`, `python3`, `python3.12`.
pub(super) fn is_python(name: &str) -> bool {
    name.strip_prefix("python").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
}
