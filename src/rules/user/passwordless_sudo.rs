//! `user/passwordless-sudo`: an account may become root without a password.

use crate::facts::world::World;
use crate::finding::{Finding, Severity};
use crate::rules::id;
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::source::Span;

/// `user/passwordless-sudo`.
pub(in crate::rules) fn passwordless_sudo(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let mut told: Vec<Span> = Vec::new();
    for (script, id, step) in context.steps() {
        let files = step.written.iter().filter(|w| is_sudoers(&w.path));
        for written in files.filter(|_| !matches!(step.place, Place::Container(_))) {
            let mut at = 0;
            for line in written.content.text.split_inclusive('\n') {
                let range = at..at + line.trim_end().len();
                at += line.len();
                let Some(who) = unrestricted(line) else { continue };
                let span = written.content.span(range);
                if told.contains(&span) {
                    continue;
                }
                told.push(span);
                let serves = context
                    .units
                    .iter()
                    .find(|u| u.name.ends_with(".service") && u.unit.user().is_some_and(|d| d.value == who));
                let what = match serves {
                    Some(at) => format!("and {} runs as `{who}`", at.name),
                    None => "for any command".to_owned(),
                };
                let draft = context
                    .finding(
                        id::USER_PASSWORDLESS_SUDO,
                        span,
                        format!("`{who}` can become root without a password, {what}"),
                    )
                    .at_most(context.confidence(script, id, None))
                    .help(format!(
                        "name the commands that it needs: `{who} ALL=(root) NOPASSWD: /usr/bin/systemctl restart shop`"
                    ));
                let draft = match serves {
                    Some(_) => draft,
                    None => draft.severity(Severity::Info),
                };
                found.push(draft.done());
            }
        }
    }
}

fn is_sudoers(path: &Value) -> bool {
    path.as_literal() == Some("/etc/sudoers") || path.known_prefix().starts_with("/etc/sudoers.d/")
}

/// The account that can run everything without a password by a line of sudoers(5).
fn unrestricted(line: &str) -> Option<String> {
    let line = line.trim();
    let (who, rest) = line.split_once([' ', '\t'])?;
    let (_, commands) = rest.split_once('=')?;
    let commands: String = commands.chars().filter(|c| !c.is_whitespace()).collect();
    let tags = match commands.strip_prefix('(') {
        Some(run_as) => {
            let (run_as, tags) = run_as.split_once(')')?;
            // Another account than root is a different matter.
            if !run_as.split([',', ':']).any(|u| matches!(u, "ALL" | "root")) {
                return None;
            }
            tags
        }
        None => &commands,
    };
    let any = tags.contains("NOPASSWD:") && tags.rsplit(':').next() == Some("ALL");
    let plain = !who.starts_with('#') && !matches!(who, "root" | "Defaults");
    (any && plain).then(|| who.to_owned())
}

#[test]
fn unrestricted_lines_are_told() {
    for line in [
        "deploy ALL=(ALL) NOPASSWD:ALL",
        "a ALL=(ALL:ALL) NOPASSWD: ALL\n",
        "%ops ALL=NOPASSWD: SETENV: ALL",
        "\tx ALL = (root) NOPASSWD:ALL",
    ] {
        assert!(unrestricted(line).is_some(), "{line}");
    }
    for line in [
        "# deploy ALL=(ALL) NOPASSWD:ALL",
        "deploy ALL=(ALL) ALL",
        "deploy ALL=(ALL) NOPASSWD: /usr/bin/systemctl restart web",
        "deploy ALL=(postgres) NOPASSWD: ALL",
        "Defaults:deploy !requiretty",
        "root ALL=(ALL) NOPASSWD: ALL",
        "deploy",
    ] {
        assert_eq!(unrestricted(line), None, "{line}");
    }
}
