//! `units/literal-variable`, `units/lost-variable`: a `$NAME` that systemd should get but does not, or that
//! it gets but should not. Both depend on whether the heredoc's delimiter is quoted.

use crate::finding::RuleId;
use crate::finding::{Applicability, Confidence, Edit, Finding, Fix};
use crate::project::unit::{Directive, words};
use crate::rules::id;
use crate::rules::units::{Judged, is_command};
use crate::shell::value::{Knowledge, Value};
use crate::source::Span;

const LITERAL: RuleId = id::UNITS_LITERAL_VARIABLE;
const LOST: RuleId = id::UNITS_LOST_VARIABLE;

/// What systemd sets for the processes of a unit, systemd.exec(5), ENVIRONMENT VARIABLES IN SPAWNED PROCESSES.
const OF_SYSTEMD: &[&str] = &[
    "MAINPID",
    "MANAGERPID",
    "PIDFILE",
    "INVOCATION_ID",
    "NOTIFY_SOCKET",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
    "LISTEN_FDS",
    "LISTEN_PID",
    "LISTEN_FDNAMES",
    "SERVICE_RESULT",
    "EXIT_CODE",
    "EXIT_STATUS",
    "MONITOR_SERVICE_RESULT",
    "MONITOR_UNIT",
    "TRIGGER_UNIT",
    "TRIGGER_PATH",
    "RUNTIME_DIRECTORY",
    "STATE_DIRECTORY",
    "CACHE_DIRECTORY",
    "LOGS_DIRECTORY",
    "CONFIGURATION_DIRECTORY",
    "CREDENTIALS_DIRECTORY",
    "JOURNAL_STREAM",
    "SYSTEMD_EXEC_PID",
    "MEMORY_PRESSURE_WATCH",
    "REMOTE_ADDR",
    "REMOTE_PORT",
    "PATH",
    "LANG",
    "USER",
    "LOGNAME",
    "HOME",
    "SHELL",
    "XDG_RUNTIME_DIR",
    "TERM",
    "TZ",
];

/// Both rules.
pub(super) fn variables(unit: &Judged<'_, '_, '_>, found: &mut Vec<Finding>) {
    for directive in &unit.at.unit.directives {
        if !directive.value.contains('$') || directive.key.starts_with("X-") {
            continue;
        }
        match is_command(&directive.key) {
            true => command(unit, directive, found),
            false => literal(unit, directive, found),
        }
        lost(unit, directive, found);
    }
}

/// `$NAME` and `${NAME}` in a text: the whole, and the name. `$$` is not one.
fn references(text: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = text[at..].find('$') {
        let start = at + next;
        let rest = &text[start + 1..];
        let (name, whole) = match rest.strip_prefix('{') {
            Some(inner) => {
                let name = name_at(inner);
                let closed = inner[name.len()..].starts_with('}');
                (if closed { name } else { "" }, 3 + name.len())
            }
            None => (name_at(rest), 1 + name_at(rest).len()),
        };
        if name.is_empty() {
            at = start + if rest.starts_with('$') { 2 } else { 1 };
            continue;
        }
        found.push((&text[start..start + whole], name));
        at = start + whole;
    }
    found
}

fn name_at(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    if text.starts_with(|c: char| c.is_ascii_digit()) { "" } else { &text[..end] }
}

/// A variable where systemd expands none.
fn literal(unit: &Judged<'_, '_, '_>, directive: &Directive, found: &mut Vec<Finding>) {
    let key = directive.key.as_str();
    if matches!(key, "Description" | "Documentation" | "SyslogIdentifier" | "PassEnvironment") {
        return;
    }
    let of_script = |name: &str| {
        unit.script.is_some_and(|(script, _)| script.constants.iter().any(|(constant, _)| constant == name))
    };
    let environment = key == "Environment";
    let meant = references(&directive.value).into_iter().find(|(whole, name)| {
        // A password may contain a `$`.
        let itself = [format!("{name}={whole}"), format!("{name}=\"{whole}\"")];
        let sure = !environment
            || matches!(*name, "PATH" | "HOME" | "USER" | "PYTHONPATH")
            || of_script(name)
            || itself.iter().any(|assignment| directive.value.contains(assignment));
        sure && unit.is_literal(whole)
    });
    let Some((whole, name)) = meant else { return };
    let message = match environment {
        true => format!("systemd does not expand variables here, so the value holds the letters `{whole}`"),
        false => format!("systemd does not expand variables here, so `{key}=` gets the letters `{whole}`"),
    };
    let help = match (unit.read.literal.is_some() && of_script(name), name) {
        (true, _) => "remove the quotes from the heredoc's delimiter (`<<EOF`), and write `\\$` for each variable that is meant for systemd".to_owned(),
        (_, "HOME") => "write the whole path, or in a user's unit `%h`".to_owned(),
        (_, "PATH") => {
            "write the whole value, usually `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`"
                .to_owned()
        }
        _ => "write the value itself".to_owned(),
    };
    let mut draft = unit.finding(LITERAL, directive.value_span, message).help(help);
    if unit.script.is_none() {
        draft = draft.at_most(Confidence::Medium);
    }
    found.push(draft.done());
}

/// A variable in a command line: systemd inserts what `Environment=` and `EnvironmentFile=` set, except in
/// the program's path.
fn command(unit: &Judged<'_, '_, '_>, directive: &Directive, found: &mut Vec<Finding>) {
    let words = words(&directive.value);
    let Some((program, _)) = words.first() else { return };
    let program = program.trim_start_matches(['-', '@', ':', '+', '!', '|']);
    if let Some((whole, _)) = references(program).into_iter().find(|(whole, _)| unit.is_literal(whole))
        && program.starts_with('$')
    {
        let message = format!(
            "systemd does not expand `{whole}` in the program's path, so it does not start the service"
        );
        let help = "write the program's whole path; only its arguments can hold variables";
        let mut draft = unit.finding(LITERAL, directive.value_span, message).help(help);
        if unit.script.is_none() {
            draft = draft.at_most(Confidence::Medium);
        }
        found.push(draft.done());
        return;
    }
    let Some((script, _)) = unit.script else { return };
    let of_unit = unit.at.unit.environment();
    let elsewhere = !unit.at.unit.environment_files().is_empty()
        || unit.at.unit.get("Service", "PassEnvironment").is_some();
    let unset = words[1..].iter().flat_map(|(word, _)| references(word).into_iter().map(move |r| (word, r)));
    let unset = unset.into_iter().find(|(word, (whole, name))| {
        let assigned = ["=", " in "].iter().any(|after| word.contains(&format!("{name}{after}")))
            || word.contains(&format!("read {name}"));
        unit.is_literal(whole)
            && script.constants.iter().any(|(constant, _)| constant == name)
            && !of_unit.iter().any(|(variable, ..)| variable == name)
            && !OF_SYSTEMD.contains(name)
            && !elsewhere
            && !assigned
    });
    if let Some((_, (whole, name))) = unset {
        let message = format!(
            "`{whole}` is empty when systemd runs this: only the script sets it, and the heredoc is quoted"
        );
        let help = format!(
            "remove the quotes from the heredoc's delimiter (`<<EOF`), or set it in the unit: `Environment={name}=…`"
        );
        found.push(unit.finding(LITERAL, directive.value_span, message).help(help).done());
    }
}

/// A variable that was meant for systemd, but that the shell expanded when it wrote the unit.
fn lost(unit: &Judged<'_, '_, '_>, directive: &Directive, found: &mut Vec<Finding>) {
    let Some((script, id)) = unit.script else { return };
    if !is_command(&directive.key) {
        return;
    }
    let step = script.step(id);
    let Some(written) = step.written.iter().find(|w| w.path.basename().is_shown_as(&unit.at.name)) else {
        return;
    };
    let of_unit = unit.at.unit.environment();
    for (whole, name) in references(&directive.value) {
        // A variable to which nothing in the script gives a value.
        let taken = written.value.key().contains(Value::hole(name, 0, Knowledge::Symbolic).key());
        let of_systemd = OF_SYSTEMD.contains(&name)
            && !matches!(
                name,
                "PATH" | "LANG" | "USER" | "LOGNAME" | "HOME" | "SHELL" | "TERM" | "TZ" | "XDG_RUNTIME_DIR"
            );
        let meant = of_systemd || of_unit.iter().any(|(variable, ..)| variable == name);
        if !taken || !meant || unit.is_literal(whole) {
            continue;
        }
        let message = format!(
            "the shell expands `{whole}` to nothing when it writes the unit, so systemd never sees it"
        );
        let draft = unit
            .finding(LOST, directive.value_span, message)
            .help(format!(
                "write `\\{whole}`, or quote the heredoc's delimiter (`<<'EOF'`) if the shell should expand nothing"
            ))
            .fix(fix(unit, directive, name));
        found.push(draft.done());
    }
}

/// A backslash before the `$`, if it occurs in the directive once.
fn fix(unit: &Judged<'_, '_, '_>, directive: &Directive, name: &str) -> Option<Fix> {
    let text = unit.context.sources.text(directive.span);
    let mut places = references(text).into_iter().filter(|(_, n)| *n == name);
    let (whole, _) = places.next().filter(|_| places.next().is_none())?;
    let at = directive.span.start + text.find(whole)? as u32;
    Some(Fix {
        title: format!("Leave ${name} to systemd"),
        applicability: Applicability::Unsafe,
        edits: vec![Edit {
            span: Span { start: at, end: at + whole.len() as u32, ..directive.span },
            text: format!("\\{whole}"),
        }],
    })
}
