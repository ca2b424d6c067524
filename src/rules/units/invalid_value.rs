//! `units/invalid-value`: a value that systemd does not understand.

use super::comment_in_value::comment_in;
use crate::facts::world::World;
use crate::finding::Finding;
use crate::project::unit::Directive;
use crate::project::unit::directives::is_boolean;
use crate::rules::id;
use crate::rules::units::{Judged, judged};

/// systemd.service(5), `Type=`; `notify-reload` is newer than 252.
const TYPES: &[&str] = &["simple", "exec", "forking", "oneshot", "dbus", "notify", "notify-reload", "idle"];
/// systemd.service(5), `Restart=`.
const RESTARTS: &[&str] =
    &["no", "always", "on-success", "on-failure", "on-abnormal", "on-watchdog", "on-abort"];
/// systemd.kill(5), `KillMode=`.
const KILL_MODES: &[&str] = &["control-group", "mixed", "process", "none"];
/// The words for yes and no: systemd.syntax(7).
const BOOLEANS: &[&str] = &["1", "yes", "y", "true", "t", "on", "0", "no", "n", "false", "f", "off"];
/// What some of those directives take besides since systemd 257: systemd.exec(5).
const BESIDES: [(&str, &[&str]); 4] = [
    ("PrivateTmp", &["disconnected"]),
    ("PrivateUsers", &["self", "identity", "full"]),
    ("ProtectControlGroups", &["private", "strict"]),
    ("ProtectHostname", &["private"]),
];
/// Directives that take a time span and nothing else except `infinity`.
const TIMES: &[&str] = &[
    "RestartSec", "TimeoutSec", "TimeoutStartSec", "TimeoutStopSec", "StartLimitIntervalSec",
    "StartLimitInterval", "WatchdogSec", "RuntimeMaxSec", "OnBootSec", "OnStartupSec", "OnActiveSec",
    "OnUnitActiveSec", "OnUnitInactiveSec", "RandomizedDelaySec", "AccuracySec",
];
/// systemd.time(7), PARSING TIME SPANS.
const SPANS: &[&str] = &[
    "usec", "us", "µs", "msec", "ms", "seconds", "second", "sec", "s", "minutes", "minute", "min", "m",
    "hours", "hour", "hr", "h", "days", "day", "d", "weeks", "week", "w", "months", "month", "M", "years",
    "year", "y",
];

/// `units/invalid-value`.
pub(super) fn invalid_value(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    for unit in judged(world) {
        for directive in &unit.at.unit.directives {
            let judged = unit.is_plain(&directive.value) && !directive.value.is_empty();
            if judged && comment_in(&unit, directive).is_none() {
                judge_value(&unit, directive, found);
            }
        }
    }
}

fn judge_value(unit: &Judged<'_, '_, '_>, directive: &Directive, found: &mut Vec<Finding>) {
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
        BOOLEANS => {
            let word = value.split_once(':').map_or(value, |(word, _)| word);
            BOOLEANS.contains(&lower.as_str())
                || BESIDES.iter().any(|(of, words)| *of == key && words.contains(&word))
        }
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
    found.push(unit.finding(id::UNITS_INVALID_VALUE, directive.span, message).help(help).done());
}

/// True for a time span, that is, numbers with or without a unit each: systemd.time(7).
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
