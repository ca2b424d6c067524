//! `env/other-default`: two places read one variable with different defaults.

use crate::facts::environment::names::{is_credential, is_given};
use crate::facts::environment::table::{Read, Reader, Variable, Writer};
use crate::facts::world::World;
use crate::finding::RuleId;
use crate::finding::{Confidence, Finding};
use crate::project::env::Need;
use crate::repo::names::base;
use crate::rules::id;
use crate::source::FileId;
use std::collections::BTreeMap;

const RULE: RuleId = id::ENV_OTHER_DEFAULT;

/// Each program of a repo has its own variable of such a name.
const OF_EACH: [&str; 12] = [
    "PORT", "HOST", "BIND", "LISTEN", "WORKERS", "LOG_LEVEL", "LOGLEVEL", "DEBUG", "NAME", "TIMEOUT",
    "DEBUG_MODE", "LOG_FILE",
];

/// Places that read a variable, each with its default.
type Defaults<'c> = Vec<(&'c Read, String)>;

pub(super) fn other_default(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    if context.project.composes.is_empty() && context.project.env.uses.is_empty() {
        return;
    }
    let table = context.environment();
    for (name, variable) in table.iter().filter(|(name, _)| !is_given(name) && !name.starts_with("TEST_")) {
        // If somebody sets it, no default is used.
        let set = variable.writes.iter().any(|w| {
            matches!(w.by, Writer::Sample | Writer::File | Writer::Written | Writer::Export | Writer::Unit)
        });
        of_compose(context, name, variable, set, found);
        of_code(context, name, variable, set, found);
    }
}

/// `${X:-a}` and `${X:-b}` in one compose file: Compose reads both from the same environment.
fn of_compose(context: &World<'_, '_>, name: &str, variable: &Variable, set: bool, found: &mut Vec<Finding>) {
    let mut files: BTreeMap<FileId, Defaults<'_>> = BTreeMap::new();
    for read in variable.reads.iter().filter(|r| r.by == Reader::Compose) {
        if let Need::Default(text) = &read.need
            && !text.contains('$')
        {
            files.entry(read.span.file).or_default().push((read, plain(text)));
        }
    }
    for reads in files.values() {
        // A switch that is on for one service and off for another is intended.
        let switch = reads.iter().all(|(_, value)| truth(value).is_some());
        // An address may differ inside and outside of a container.
        let most = match is_credential(name) {
            _ if set || switch => Confidence::Low,
            true => Confidence::High,
            false => Confidence::Medium,
        };
        tell(context, name, reads, most, found);
    }
}

/// `getenv("X", "a")` and `getenv("X", "b")` in one program.
fn of_code(context: &World<'_, '_>, name: &str, variable: &Variable, set: bool, found: &mut Vec<Finding>) {
    let mut programs: BTreeMap<(&str, &str, String), Defaults<'_>> = BTreeMap::new();
    for read in variable.reads.iter().filter(|r| r.by == Reader::Code) {
        let path = context.sources.file(read.span.file).path();
        if is_of_itself(path) {
            continue;
        }
        if let Need::Default(text) = &read.need
            && let Some(value) = literal(text)
        {
            let (language, directory) = program(context, path);
            let mode = format!("{} {}", mode(path), mode_of_class(context, read));
            programs.entry((language, directory, mode)).or_default().push((read, value));
        }
    }
    for reads in programs.values() {
        // A page loads it over http and https.
        if reads.iter().all(|(_, value)| matches!(value.as_str(), "80" | "443")) {
            continue;
        }
        let own = OF_EACH.contains(&name);
        let most = if set || own { Confidence::Low } else { Confidence::Medium };
        tell(context, name, reads, most, found);
    }
}

/// The program of a code file: its language and the nearest directory above it with a manifest.
fn program<'p>(context: &'p World<'_, '_>, path: &'p str) -> (&'p str, &'p str) {
    let language = if path.ends_with(".py") { "python" } else { "javascript" };
    let directory = |path: &'p str| path.rsplit_once('/').map_or("", |(directory, _)| directory);
    let manifests = context.project.inventory.manifests.iter().filter(|m| {
        matches!(base(m), "package.json" | "pyproject.toml" | "setup.py" | "Pipfile" | "manage.py")
            || base(m).starts_with("requirements")
    });
    let above = manifests
        .map(|m| directory(m))
        .filter(|dir| dir.is_empty() || path.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/')));
    (language, above.max_by_key(|dir| dir.len()).unwrap_or_default())
}

/// True for a program that consists of one file: a tool in a folder of tools, a script of Node beside the manifest.
fn is_of_itself(path: &str) -> bool {
    let tools =
        path.rsplit_once('/').map_or("", |(directories, _)| directories).split('/').any(|directory| {
            ["scripts", "script", "tools", "tool", "bin", "hack", "utils_scripts", "experiments", "spikes"]
                .contains(&directory)
        });
    tools || !path.contains('/') && !path.ends_with(".py")
}

/// `production` for `settings_production.py` and `config/production.js`: settings of different modes differ.
fn mode(path: &str) -> String {
    let words = path.split(['/', '.', '-', '_']);
    let mode = words.filter(|word| {
        [
            "production", "prod", "development", "dev", "local", "staging", "test", "testing", "demo",
            "docker", "ci",
        ]
        .contains(word)
    });
    mode.collect::<Vec<_>>().join("-")
}

/// The name of the class around a place, if it is for one mode: `class ProductionConfig(Config):`.
fn mode_of_class<'r>(context: &World<'r, '_>, read: &Read) -> &'r str {
    const MODES: [&str; 6] = ["Prod", "Dev", "Test", "Stag", "Local", "Docker"];
    let text = context.sources.file(read.span.file).text();
    let before = text.get(..read.span.start as usize).unwrap_or_default();
    let mut outer = before.lines().rev().filter(|line| !line.starts_with([' ', '\t', '#', ')', '\r']));
    let first = outer.find(|line| !line.is_empty()).unwrap_or_default();
    let class =
        first.strip_prefix("class ").map(|rest| rest.split(['(', ':', ' ']).next().unwrap_or_default());
    class.filter(|name| MODES.iter().any(|mode| name.starts_with(mode))).unwrap_or_default()
}

fn tell(
    context: &World<'_, '_>,
    name: &str,
    reads: &[(&Read, String)],
    most: Confidence,
    found: &mut Vec<Finding>,
) {
    let Some((first, value)) = reads.first() else { return };
    let Some((other, different)) = reads.iter().find(|(_, v)| !are_alike(v, value)) else { return };
    let place = |read: &Read| {
        let file = base(context.sources.file(read.span.file).path());
        format!("{file}:{}", context.sources.line(read.span))
    };
    // A default may be a password.
    let values = if is_credential(name) || value.len() + different.len() > 60 {
        String::new()
    } else {
        format!(" (`{different}` here, `{value}` there)")
    };
    let message = format!("`{name}` has a different default here than in {}{values}", place(first),);
    found.push(
        context
            .finding(RULE, other.span, message)
            .at_most(most)
            .help(format!("read `{name}` in one place, or give it the same default everywhere"))
            .related(first.span, "the other default is here")
            .done(),
    );
}

/// A literal string or number, without insignificant parts; `None` for anything else.
fn literal(text: &str) -> Option<String> {
    let text = text.trim();
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'));
    let inner = match quote {
        Some(quote) => {
            let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
            (!inner.contains([quote, '$', '{', '\\'])).then_some(inner)?
        }
        None if matches!(text, "True" | "False" | "true" | "false") => text,
        None if text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'_' | b'.')) => text,
        None => return None,
    };
    Some(plain(inner))
}

/// True if two defaults mean the same, `True` and `1` too.
fn are_alike(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
        || truth(one).is_some_and(|truth_of_one| truth(other) == Some(truth_of_one))
}

/// The truth value that a default stands for, if it is a switch.
fn truth(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// `8000` and `"8000"`, `1` and `1.0`, `localhost` and `127.0.0.1`, with and without a final slash, are the same.
fn plain(value: &str) -> String {
    let value = value.trim().trim_matches(['"', '\'']);
    let number = value.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'_' | b'.'));
    if number && !value.is_empty() && value.matches('.').count() < 2 {
        let digits = value.replace('_', "");
        return digits.strip_suffix(".0").map(str::to_owned).unwrap_or(digits);
    }
    value.trim_end_matches('/').replace("127.0.0.1", "localhost").replace("0.0.0.0", "localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_that_mean_the_same_are_the_same() {
        for (one, other) in [
            ("8000", "\"8000\""),
            ("1.0", "'1'"),
            ("60_000", "60000"),
            ("\"http://localhost:80/\"", "'http://127.0.0.1:80'"),
            ("5.0", "5"),
            ("\"127.0.0.1\"", "'localhost'"),
        ] {
            assert_eq!(literal(one), literal(other), "{one}");
            assert!(literal(one).is_some(), "{one}");
        }
        for none in ["f\"{x}\"", "HOME / \"x\"", "`${a}`", "\"a\" + \"b\"", "[]"] {
            assert_eq!(literal(none), None, "{none}");
        }
        assert_ne!(literal("8000"), literal("5000"));
        assert!(are_alike("True", "1") && are_alike("off", "0") && !are_alike("1", "2"));
    }
}
