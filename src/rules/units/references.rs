//! The variables that a unit's text refers to, and those that systemd itself sets.

/// What systemd sets for the processes of a unit, systemd.exec(5), ENVIRONMENT VARIABLES IN SPAWNED PROCESSES.
pub(super) const OF_SYSTEMD: &[&str] = &[
    "MAINPID", "MANAGERPID", "PIDFILE", "INVOCATION_ID", "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC",
    "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "SERVICE_RESULT", "EXIT_CODE", "EXIT_STATUS",
    "MONITOR_SERVICE_RESULT", "MONITOR_UNIT", "TRIGGER_UNIT", "TRIGGER_PATH", "RUNTIME_DIRECTORY",
    "STATE_DIRECTORY", "CACHE_DIRECTORY", "LOGS_DIRECTORY", "CONFIGURATION_DIRECTORY",
    "CREDENTIALS_DIRECTORY", "JOURNAL_STREAM", "SYSTEMD_EXEC_PID", "MEMORY_PRESSURE_WATCH", "REMOTE_ADDR",
    "REMOTE_PORT", "PATH", "LANG", "USER", "LOGNAME", "HOME", "SHELL", "XDG_RUNTIME_DIR", "TERM", "TZ",
];

/// `$NAME` and `${NAME}` in a text: the whole, and the name. `$$` is not one.
pub(super) fn references(text: &str) -> Vec<(&str, &str)> {
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
