//! `units/invalid-value`, `units/comment-in-value`, `units/split-environment`, `units/network-not-wanted`:
//! values that systemd understands differently than intended.

use crate::finding::Finding;
use crate::finding::RuleId;
use crate::project::unit::directives::is_boolean;
use crate::project::unit::{Directive, words};
use crate::rules::id;
use crate::rules::units::{Judged, is_command};
use crate::shell::value::has_hole;

const INVALID: RuleId = id::UNITS_INVALID_VALUE;
const COMMENT: RuleId = id::UNITS_COMMENT_IN_VALUE;
const ENVIRONMENT: RuleId = id::UNITS_SPLIT_ENVIRONMENT;
const NETWORK: RuleId = id::UNITS_NETWORK_NOT_WANTED;

/// systemd.service(5), `Type=`; `notify-reload` is newer than 252.
const TYPES: &[&str] = &["simple", "exec", "forking", "oneshot", "dbus", "notify", "notify-reload", "idle"];
/// systemd.service(5), `Restart=`.
const RESTARTS: &[&str] =
    &["no", "always", "on-success", "on-failure", "on-abnormal", "on-watchdog", "on-abort"];
/// systemd.kill(5), `KillMode=`.
const KILL_MODES: &[&str] = &["control-group", "mixed", "process", "none"];
/// systemd.syntax(7).
const BOOLEANS: &[&str] = &["1", "yes", "y", "true", "t", "on", "0", "no", "n", "false", "f", "off"];
/// Directives that take a time span and nothing else except `infinity`.
const TIMES: &[&str] = &[
    "RestartSec",
    "TimeoutSec",
    "TimeoutStartSec",
    "TimeoutStopSec",
    "StartLimitIntervalSec",
    "StartLimitInterval",
    "WatchdogSec",
    "RuntimeMaxSec",
    "OnBootSec",
    "OnStartupSec",
    "OnActiveSec",
    "OnUnitActiveSec",
    "OnUnitInactiveSec",
    "RandomizedDelaySec",
    "AccuracySec",
];
/// systemd.time(7), PARSING TIME SPANS.
const SPANS: &[&str] = &[
    "usec", "us", "µs", "msec", "ms", "seconds", "second", "sec", "s", "minutes", "minute", "min", "m",
    "hours", "hour", "hr", "h", "days", "day", "d", "weeks", "week", "w", "months", "month", "M", "years",
    "year", "y",
];

/// All four rules.
pub(super) fn values(unit: &Judged<'_, '_, '_>, found: &mut Vec<Finding>) {
    for directive in &unit.at.unit.directives {
        if comment(unit, directive, found) {
            continue;
        }
        if unit.is_plain(&directive.value) && !directive.value.is_empty() {
            invalid(unit, directive, found);
        }
        if directive.key == "Environment" && directive.section == "Service" {
            environment(unit, directive, found);
        }
    }
    network(unit, found);
}

fn invalid(unit: &Judged<'_, '_, '_>, directive: &Directive, found: &mut Vec<Finding>) {
    let (key, value) = (directive.key.as_str(), directive.value.as_str());
    let service = directive.section == "Service";
    let choices = match key {
        "Type" if service => TYPES,
        "Restart" if service => RESTARTS,
        "KillMode" if service => KILL_MODES,
        _ if is_boolean(key) => BOOLEANS,
        _ => &[],
    };
    let lower = value.to_ascii_lowercase();
    let right = match choices {
        [] => !TIMES.contains(&key) || is_time(value),
        BOOLEANS => BOOLEANS.contains(&lower.as_str()),
        _ => choices.contains(&value),
    };
    if right {
        return;
    }
    let message = format!("systemd does not understand the value of `{key}={value}` and ignores the line");
    let help = match choices {
        [] => {
            "write numbers with units of time, such as `5s`, `2min` or `1h 30min`, or `infinity`".to_owned()
        }
        BOOLEANS => "write `yes` or `no`".to_owned(),
        _ => match choices
            .iter()
            .max_by(|a, b| strsim::jaro_winkler(a, &lower).total_cmp(&strsim::jaro_winkler(b, &lower)))
        {
            Some(best) if strsim::jaro_winkler(best, &lower) > 0.8 => format!("write `{key}={best}`"),
            _ => format!("use one of these: {}", choices.join(", ")),
        },
    };
    found.push(unit.finding(INVALID, directive.span, message).help(help).done());
}

/// systemd.time(7): numbers, each with or without a unit.
fn is_time(value: &str) -> bool {
    if value == "infinity" {
        return true;
    }
    let mut rest = value.trim();
    while !rest.is_empty() {
        let number = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        if number.len() == rest.len() {
            return false;
        }
        let number = number.trim_start();
        let end = number.find(|c: char| !c.is_alphabetic()).unwrap_or(number.len());
        if end > 0 && !SPANS.contains(&&number[..end]) {
            return false;
        }
        rest = number[end..].trim_start();
    }
    true
}

/// A `#` after a value: systemd.syntax(7) knows comments only on lines of their own.
fn comment(unit: &Judged<'_, '_, '_>, directive: &Directive, found: &mut Vec<Finding>) -> bool {
    if unit.holds_substitution(&directive.value) {
        return false;
    }
    let free_text = matches!(directive.key.as_str(), "Description" | "Documentation" | "SyslogIdentifier");
    if free_text || directive.key.starts_with("X-") || !directive.value.contains('#') {
        return false;
    }
    let split = words(&directive.value);
    let at = split.iter().skip(1).position(|(word, bare)| *bare && word.starts_with('#'));
    // A single word may be a channel's or a colour's name, and the command decides.
    let Some(at) = at.map(|at| at + 1) else { return false };
    let alone = is_command(&directive.key) && split[at].0 != "#" && at + 1 == split.len();
    if alone {
        return false;
    }
    let message = format!(
        "a comment after a value is part of the value: systemd reads `{} …` as part of `{}=`",
        split[at].0, directive.key
    );
    let help = "put the comment on a line of its own";
    found.push(unit.finding(COMMENT, directive.span, message).help(help).done());
    true
}

/// systemd.exec(5), `Environment=`: blanks separate assignments.
fn environment(unit: &Judged<'_, '_, '_>, directive: &Directive, found: &mut Vec<Finding>) {
    if unit.holds_substitution(&directive.value) {
        return;
    }
    let split = words(&directive.value);
    let Some(at) = split.iter().position(|(word, _)| !word.contains('=') && !word.is_empty()) else { return };
    let (word, _) = &split[at];
    let before = at.checked_sub(1).map(|before| split[before].0.as_str());
    // What the script inserts may contain the assignment.
    if !unit.is_plain(word) || has_hole(&directive.value) {
        return;
    }
    let name = before.and_then(|b| b.split_once('=')).map(|(name, _)| name);
    let message = match name {
        Some(name) => {
            format!("the value of `{name}` ends at the blank, and systemd ignores `{word}`")
        }
        None => format!("systemd ignores `{word}`, because it is not an assignment"),
    };
    let help = match (name, before) {
        (Some(_), Some(before)) => {
            format!("put quotes around the whole assignment: `Environment=\"{before} {word}…\"`")
        }
        _ => "write `Environment=NAME=value`".to_owned(),
    };
    found.push(unit.finding(ENVIRONMENT, directive.span, message).help(help).done());
}

/// systemd.special(7), `network-online.target`: a unit that should start after it also has to want it.
fn network(unit: &Judged<'_, '_, '_>, found: &mut Vec<Finding>) {
    const TARGET: &str = "network-online.target";
    let names = |key: &str| unit.at.unit.units_of(key);
    let Some((_, span)) = names("After").into_iter().find(|(name, _)| name == TARGET) else { return };
    let keys = ["Wants", "Requires", "BindsTo", "Requisite", "Upholds"];
    let wanted = |at: &crate::facts::world::UnitAt| {
        keys.iter().any(|key| at.unit.units_of(key).iter().any(|(name, _)| name == TARGET))
    };
    // One unit that wants it starts it for all.
    if unit.context.units.iter().any(wanted) {
        return;
    }
    let message = format!("`After={TARGET}` has no effect, because no unit wants that target");
    let help = format!("add `Wants={TARGET}`");
    found.push(unit.finding(NETWORK, span, message).help(help).done());
}
