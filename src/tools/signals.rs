//! Signals that commands send: what a signal does, and to which processes it goes. It knows nothing about units' files.

use crate::shell::argv::{Arg, Argv};
use crate::shell::value::Value;

/// The options of `systemctl kill`.
const SYSTEMCTL: &str = "s|signal: kill-whom: kill-value: q|quiet user system H|host: M|machine:";

/// What a signal usually does to a program that serves (signal(7), and the pages of the servers).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// The program replaces its workers, or itself: gunicorn, uWSGI, Puma, Unicorn, nginx, PHP-FPM.
    Renews,
    /// It ends in order.
    Ends,
    /// It ends at once.
    Kills,
    /// It goes on as it is.
    Nothing,
}

/// Which processes get a signal.
#[derive(Debug)]
pub(crate) enum Target<'a> {
    /// Those of these units.
    Units(Vec<&'a Arg>),
    /// Those whose command lines fit one of these patterns.
    Lines(Vec<&'a Arg>),
    /// It is not known which.
    Unknown,
}

/// A signal that a command sends.
#[derive(Debug)]
pub(crate) struct Sent<'a> {
    pub(crate) signal: Signal,
    pub(crate) target: Target<'a>,
}

/// The signal of `kill`, `pkill`, `killall`, `fuser -k` and `systemctl kill`.
pub(crate) fn sent(argv: &Argv) -> Option<Sent<'_>> {
    let (target, usual) = match argv.name.as_str() {
        "systemctl" if argv.has_word("kill") => {
            let mut operands = argv.options(SYSTEMCTL).operands;
            (Target::Units(operands.split_off(1)), Signal::Ends)
        }
        "pkill" | "killall" => {
            let operands = process_names(argv);
            let target = if operands.is_empty() { Target::Unknown } else { Target::Lines(operands) };
            (target, Signal::Ends)
        }
        "kill" => (Target::Unknown, Signal::Ends),
        "fuser" if argv.args.iter().any(|arg| arg.value.known_prefix().starts_with("-k")) => {
            (Target::Unknown, Signal::Kills)
        }
        _ => return None,
    };
    let signal = named(argv).map_or(usual, |name| meaning(&name));
    (signal != Signal::Nothing).then_some(Sent { signal, target })
}

/// The operands of pkill(1) and killall(1).
pub(super) fn process_names(argv: &Argv) -> Vec<&Arg> {
    argv.options("f e x n o u|uid|euid: U: g: G: P|parent: t: s|signal: F|pidfile: v").operands
}

impl Sent<'_> {
    /// True if the signal goes to the process with this command line, or may go to it.
    pub(crate) fn may_reach(&self, line: &str) -> bool {
        match &self.target {
            Target::Units(_) => false,
            Target::Lines(patterns) => patterns.iter().any(|pattern| may_fit(&pattern.value, line)),
            Target::Unknown => true,
        }
    }
}

/// The name or the number of the signal that the words name: `-HUP`, `-9`, `-s USR2`, `--signal=QUIT`. It is empty if it
/// is not known.
fn named(argv: &Argv) -> Option<String> {
    let mut words = argv.args.iter().map(|arg| &arg.value);
    while let Some(word) = words.next() {
        let text = word.known_prefix();
        if matches!(text, "-s" | "--signal") {
            return Some(words.next().and_then(Value::as_literal).unwrap_or_default().to_owned());
        }
        if let Some(joined) = text.strip_prefix("--signal=") {
            return Some(joined.to_owned());
        }
        let bare = text.strip_prefix('-').unwrap_or_default();
        let is_name = bare.len() > 1 && bare.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if is_name || !bare.is_empty() && bare.bytes().all(|b| b.is_ascii_digit()) {
            return Some(bare.to_owned());
        }
    }
    None
}

/// A name may have `SIG` before it, and its case does not matter (tried with podman 4.3).
fn meaning(name: &str) -> Signal {
    let name = name.to_ascii_uppercase();
    match name.strip_prefix("SIG").unwrap_or(&name) {
        "HUP" | "1" | "USR1" | "10" | "USR2" | "12" => Signal::Renews,
        "KILL" | "9" | "ABRT" | "6" => Signal::Kills,
        "" | "INT" | "2" | "QUIT" | "3" | "TERM" | "15" => Signal::Ends,
        _ => Signal::Nothing,
    }
}

/// True if a signal tells a process to end, or if it is not known which one it is.
pub(super) fn ends(signal: &Value) -> bool {
    let meaning = signal.as_literal().map(meaning);
    meaning.is_none_or(|meaning| matches!(meaning, Signal::Ends | Signal::Kills))
}

/// True if a pattern of pkill(1) fits the command line, or may do so. Of the expressions, `.*`, `.`, `[x]` and the anchors
/// are understood.
fn may_fit(pattern: &Value, line: &str) -> bool {
    let Some(pattern) = pattern.as_literal() else { return true };
    let plain: String = pattern.chars().filter(|c| !matches!(c, '[' | ']' | '^' | '$' | '\\')).collect();
    if plain.contains(['(', '|', '?', '+', '{']) {
        return true;
    }
    let mut rest = line;
    plain.split(".*").all(|piece| {
        let found = rest.find(piece);
        rest = found.map_or("", |at| &rest[at + piece.len()..]);
        found.is_some()
    })
}

#[test]
fn signals_reach_processes() {
    const LINE: &str = "/srv/shop/venv/bin/gunicorn -b 127.0.0.1:8000 shop.wsgi:app";
    for (command, signal, reaches) in [
        ("pkill -HUP gunicorn", Some(Signal::Renews), true),
        ("pkill -f 'gunicorn.*shop.wsgi'", Some(Signal::Ends), true),
        ("pkill -f '[g]unicorn'", Some(Signal::Ends), true),
        ("pkill -f 'gunicorn shop'", Some(Signal::Ends), false),
        ("pkill -USR2 -f celery", Some(Signal::Renews), false),
        ("pkill -f $NAME", Some(Signal::Ends), true),
        ("killall -s USR2 gunicorn", Some(Signal::Renews), true),
        ("killall -9 node gunicorn", Some(Signal::Kills), true),
        ("kill -TERM $PID", Some(Signal::Ends), true),
        ("kill -0 $PID", None, false),
        ("fuser -k 8000/tcp", Some(Signal::Kills), true),
        ("fuser 8000/tcp", None, false),
        ("systemctl kill -s HUP web", Some(Signal::Renews), false),
        ("systemctl kill --signal=SIGUSR2 web", Some(Signal::Renews), false),
        ("systemctl restart web", None, false),
    ] {
        let argv = crate::shell::argv::tests::argv(command);
        let sent = sent(&argv);
        assert_eq!(sent.as_ref().map(|sent| sent.signal), signal, "{command}");
        assert_eq!(sent.is_some_and(|sent| sent.may_reach(LINE)), reaches, "{command}");
    }
}
