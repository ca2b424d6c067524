//! What a script lets accounts do as root: the lines that it writes for sudo(8), sudoers(5).

use crate::model::Step;
use crate::shell::value::Value;
use crate::source::Span;

/// A line that lets an account run everything as root, without a password.
pub(crate) struct Grant {
    /// The account, or `%GROUP`.
    pub(crate) who: String,
    pub(crate) span: Span,
}

/// The lines of this kind that a step writes.
pub(crate) fn grants(step: &Step) -> Vec<Grant> {
    let mut grants = Vec::new();
    for written in step.written.iter().filter(|written| is_sudoers(&written.path)) {
        let mut at = 0;
        for line in written.content.text.split_inclusive('\n') {
            let range = at..at + line.trim_end().len();
            at += line.len();
            grants.extend(unrestricted(line).map(|who| Grant { who, span: written.content.span(range) }));
        }
    }
    grants
}

fn is_sudoers(path: &Value) -> bool {
    path.as_literal() == Some("/etc/sudoers") || path.known_prefix().starts_with("/etc/sudoers.d/")
}

/// The account that a line of sudoers(5) lets run everything without a password.
fn unrestricted(line: &str) -> Option<String> {
    let line = line.trim();
    let (who, rest) = line.split_once([' ', '\t'])?;
    let (_, commands) = rest.split_once('=')?;
    let commands: String = commands.chars().filter(|c| !c.is_whitespace()).collect();
    let tags = match commands.strip_prefix('(') {
        Some(run_as) => {
            let (run_as, tags) = run_as.split_once(')')?;
            // A line that allows only another account than root is harmless here.
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
