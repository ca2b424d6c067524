//! Compares the table of directives and the verdicts of `units/…` with `systemd-analyze verify` of the machine. If the
//! program is missing, nothing is compared, and a message outside of the test harness says so.

use crate::check::{Request, Target, check};
use crate::finding::Confidence;
use crate::project::unit::UnitKind;
use crate::project::unit::directives::{BASE, SECTIONS, Standing, all, sections, standing};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// The release of systemd on this machine.
fn version() -> Option<u32> {
    let output = Command::new("systemd-analyze").arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_whitespace().nth(1)?.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Reports that a comparison did not take place.
fn skipped(test: &str) {
    crate::support::skipped(test, "systemd-analyze");
}

/// What `systemd-analyze verify` says of units in a directory of their own.
fn verify(units: &[(String, String)]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new("systemd-analyze");
    command.args(["--man=no", "verify"]);
    for (name, text) in units {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        command.arg(path);
    }
    let output = command.output().unwrap();
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The kind of unit that has a section, and what else such a unit needs.
fn unit_of(section: &str) -> (&'static str, &'static str) {
    match section {
        "Timer" => ("timer", "[Timer]\nOnCalendar=daily\n"),
        "Socket" => ("socket", "[Socket]\nListenStream=/run/x.sock\n"),
        "Path" => ("path", "[Path]\nPathExists=/tmp\n"),
        "Mount" => ("mount", "[Mount]\nWhat=/dev/null\n"),
        _ => ("service", "[Service]\nExecStart=/bin/true\n"),
    }
}

/// The keys that systemd does not know in the section. An empty value is valid for almost any key, and resets it.
fn unknown(section: &str, keys: &BTreeSet<String>) -> BTreeSet<String> {
    let (ending, needed) = unit_of(section);
    let name = if ending == "mount" { "mnt-table.mount".to_owned() } else { format!("table.{ending}") };
    let mut unknown = BTreeSet::new();
    let mut rest: Vec<&String> = keys.iter().collect();
    while !rest.is_empty() {
        let lines: String = rest.iter().map(|key| format!("[{section}]\n{key}=\n")).collect();
        let said = verify(&[(name.clone(), format!("{needed}{lines}"))]);
        // An error that is fatal to systemd ends its reading there, so what comes after it is read in another turn.
        let last = said.lines().filter_map(|line| {
            let (_, place) = line.split_once(&format!("/{name}:"))?;
            place.split(':').next()?.parse::<usize>().ok()
        });
        let fatal = said.contains("fatal error").then(|| last.max()).flatten();
        let read = fatal.map_or(rest.len(), |line| (line - needed.lines().count()).div_ceil(2));
        assert!(read > 0, "{said}");
        let here = rest.drain(..read.min(rest.len()));
        unknown.extend(
            here.filter(|key| {
                said.contains(&format!("Unknown key '{key}' in section"))
                    || said.contains(&format!("Unknown key name '{key}' in section"))
            })
            .cloned(),
        );
    }
    unknown
}

#[test]
fn the_table_is_that_of_systemd() {
    let Some(version) = version() else { return skipped("the_table_is_that_of_systemd") };
    let keys: BTreeSet<String> = all().into_iter().map(|(_, key)| key).collect();
    // Only systemctl reads `[Install]`, so systemd accepts anything there.
    for section in SECTIONS.into_iter().filter(|s| *s != "Install") {
        let theirs = unknown(section, &keys);
        for key in &keys {
            let ours = standing(section, key);
            let known_there = !theirs.contains(key);
            let agree = match ours {
                Standing::Known => known_there || version < BASE,
                Standing::Newer => !known_there || version > BASE,
                // The table may say that it is gone, or an older release still reads it.
                Standing::Removed(_) => known_there || version > BASE,
                Standing::Unknown => !known_there,
            };
            assert!(
                agree,
                "[{section}] {key}=: {ours:?}, and systemd {version} {} it",
                if known_there { "knows" } else { "does not know" }
            );
        }
    }
    // The comparison saw a known and an unknown directive.
    assert!(
        !unknown("Service", &keys).contains("Restart") && unknown("Service", &keys).contains("OnCalendar")
    );
}

#[test]
fn sections_are_those_of_systemd() {
    if version().is_none() {
        return skipped("sections_are_those_of_systemd");
    }
    for (kind, section) in [
        (UnitKind::Service, "Service"),
        (UnitKind::Timer, "Timer"),
        (UnitKind::Socket, "Socket"),
        (UnitKind::Path, "Path"),
    ] {
        let (ending, needed) = unit_of(section);
        let names: Vec<&str> = SECTIONS.into_iter().chain(["Servce", "X-Notes", "service"]).collect();
        let mut text = needed.to_owned();
        for name in &names {
            text.push_str(&format!("[{name}]\nX-Note=1\n"));
        }
        let said = verify(&[(format!("sections.{ending}"), text)]);
        for name in names {
            let known = sections(kind).contains(&name) || name.starts_with("X-");
            let theirs = !said.contains(&format!("Unknown section '{name}'"));
            assert_eq!(known, theirs, "[{name}] of a {ending}: {said}");
        }
    }
}

/// Rules that say the same as `systemd-analyze verify`, and the lines of a `[Service]` that show it.
const LINES: &[(&str, &str, bool)] = &[
    ("units/invalid-value", "Type=daemon", true),
    ("units/invalid-value", "Type=idle", false),
    ("units/invalid-value", "Restart=allways", true),
    ("units/invalid-value", "Restart=on-watchdog", false),
    ("units/invalid-value", "KillMode=cgroup", true),
    ("units/invalid-value", "KillMode=mixed", false),
    ("units/invalid-value", "PrivateTmp=tru", true),
    ("units/invalid-value", "PrivateTmp=On", false),
    ("units/invalid-value", "PrivateTmp=y", false),
    ("units/invalid-value", "NoNewPrivileges=F", false),
    ("units/invalid-value", "RestartSec=5 sekunden", true),
    ("units/invalid-value", "RestartSec=1h 30min", false),
    ("units/invalid-value", "RestartSec=1h30min5", false),
    ("units/invalid-value", "RestartSec=0.5", false),
    ("units/invalid-value", "RestartSec=infinity", false),
    ("units/invalid-value", "RestartSec=5mins", true),
    ("units/invalid-value", "TimeoutStartSec=2 minutes", false),
    ("units/invalid-value", "TimeoutStopSec=-1", true),
    ("units/invalid-value", "WatchdogSec=five", true),
    ("units/relative-path", "ExecStartPre=./check", true),
    ("units/relative-path", "ExecStartPre=venv/bin/check", true),
    ("units/relative-path", "ExecStartPre=-~/check", true),
    ("units/relative-path", "ExecStartPre=-/bin/true ./x", false),
    ("units/relative-path", "ExecStartPre=true ./x", false),
    ("units/relative-path", "WorkingDirectory=shop", true),
    ("units/relative-path", "WorkingDirectory=~/shop", true),
    ("units/relative-path", "WorkingDirectory=~", false),
    ("units/relative-path", "WorkingDirectory=-/tmp", false),
    ("units/relative-path", "EnvironmentFile=.env", true),
    ("units/relative-path", "EnvironmentFile=-/etc/x.env", false),
    ("units/literal-variable", "WorkingDirectory=$HOME/shop", true),
    ("units/literal-variable", "ExecStartPre=${APP}/bin/x", true),
    ("units/literal-variable", "ExecStartPre=/bin/true $APP", false),
    ("units/split-environment", "Environment=A=b c", true),
    ("units/split-environment", "Environment=\"A=b c\"", false),
    ("units/split-environment", "Environment=A=\"b c\" D=e", false),
    ("units/wrong-exec-start", "ExecStart=/bin/true", true),
    ("units/wrong-exec-start", "ExecStart=\nExecStart=/bin/true", false),
    ("units/wrong-section", "WantedBy=multi-user.target", true),
    ("units/wrong-section", "StartLimitIntervalSec=5", true),
    ("units/wrong-section", "StartLimitInterval=5", false),
    ("units/unknown-directive", "Restat=no", true),
    ("units/unknown-directive", "restart=no", true),
    ("units/unknown-directive", "no sign at all", true),
    ("units/unknown-directive", "X-Restat=no", false),
];

/// The rules that find a fault in the unit, in a repo that contains nothing else.
fn found(text: &str) -> BTreeSet<String> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("web.service"), text).unwrap();
    std::fs::write(dir.path().join("start.sh"), "echo\n").unwrap();
    let mut request =
        Request { targets: vec![Target::Path(Path::new(dir.path()).to_owned())], ..Request::default() };
    request.confidence = Some(Confidence::Low);
    let report = check(&request).unwrap();
    report.findings.iter().map(|f| f.rule.to_string()).collect()
}

#[test]
fn verdicts_are_those_of_systemd() {
    if version().is_none() {
        return skipped("verdicts_are_those_of_systemd");
    }
    let unit = |line: &str| format!("[Unit]\nDescription=x\n[Service]\nExecStart=/bin/true\n{line}\n");
    let units: Vec<(String, String)> =
        LINES.iter().enumerate().map(|(i, (_, line, _))| (format!("u{i}.service"), unit(line))).collect();
    let said = verify(&units);
    for (index, (rule, line, wrong)) in LINES.iter().enumerate() {
        let name = format!("u{index}.service");
        let theirs: Vec<&str> = said
            .lines()
            .filter(|l| l.contains(&format!("/{name}:")) || l.starts_with(&format!("{name}:")))
            .collect();
        assert_eq!(!theirs.is_empty(), *wrong, "systemd of `{line}`: {theirs:?}");
        let ours = found(&unit(line));
        assert_eq!(ours.contains(*rule), *wrong, "{rule} of `{line}`: {ours:?}");
    }
}
