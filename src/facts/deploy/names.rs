//! Names and directories that mean the same thing. It knows only texts.

use crate::model::Step;
use crate::project::manifest::NodePackage;
use crate::tools::packaging::works_in_a_workspace;

/// True for the name of a script that goes back to an older release, removes the app or secures a machine, and so does not
/// deploy. `install-hardened.sh` installs.
pub(super) fn is_away(name: &str) -> bool {
    const AWAY: [&str; 8] =
        ["firewall", "rollback", "restore", "backup", "uninstall", "teardown", "remove", "destroy"];
    let secures = name.match_indices("harden").any(|(at, _)| !name[at..].starts_with("hardened"));
    secures || AWAY.iter().any(|away| name.contains(away))
}

/// A unit's name with its suffix.
pub(crate) fn full_name(name: &str) -> String {
    let (stem, ending) = parts(name);
    format!("{stem}.{ending}")
}

/// A unit's name and its suffix. A name without a suffix is a service.
fn parts(name: &str) -> (&str, &str) {
    match name.rsplit_once('.') {
        Some((stem, ending @ ("service" | "timer" | "socket" | "target" | "path" | "mount"))) => {
            (stem, ending)
        }
        _ => (name, "service"),
    }
}

/// True for a name that may mean units with other names: an instance, a glob, a variable.
pub(crate) fn is_loose(used: &str) -> bool {
    used.contains(['@', '*']) || used.starts_with('$')
}

/// True if the names mean the same unit: `web` and `web.service`, a template and its instance, a glob and what it
/// covers. A name of which nothing is known may be any unit.
pub(crate) fn same_unit(used: &str, unit: &str) -> bool {
    let (used_parts, unit_parts) = (parts(used), parts(unit));
    if used_parts == unit_parts {
        return true;
    }
    if let Some((stem, _)) = unit_parts.0.split_once('@')
        && used_parts.0.split_once('@').is_some_and(|(other, _)| other == stem)
    {
        return true;
    }
    // Each unit and each step comes here, so names are put together for few of them.
    if !is_loose(used) {
        return false;
    }
    let (used, unit) = (full_name(used), full_name(unit));
    if let Some((before, after)) = used.split_once('*') {
        return unit.starts_with(before) && unit.ends_with(after);
    }
    let bare = used.trim_end_matches(".service");
    bare.starts_with('$') && bare[1..].chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '{' | '}'))
}

/// True if a step works in the package's directory, or in the whole workspace.
pub(crate) fn works_in(step: &Step, package: &NodePackage, all: &[NodePackage]) -> bool {
    let line = line_of(step);
    if works_in_a_workspace(&line) {
        return true;
    }
    let mut directory = step.argv.cwd.to_string();
    let mut args = step.argv.args.iter();
    while let Some(arg) = args.next() {
        let text = arg.value.to_string();
        if matches!(text.as_str(), "--prefix" | "-C" | "--dir" | "--cwd") {
            if let Some(next) = args.next() {
                directory = step.argv.path(next).to_string();
            }
        } else if let Some(value) =
            ["--prefix=", "--cwd=", "--dir="].iter().find_map(|o| text.strip_prefix(o))
        {
            directory = format!("{directory}/{value}");
        }
    }
    is_directory(&directory, package, all)
}

/// True if a directory on the server is that of the package, as far as its end shows.
pub(crate) fn is_directory(directory: &str, package: &NodePackage, all: &[NodePackage]) -> bool {
    fn last(dir: &str) -> &str {
        dir.trim_end_matches('/').rsplit('/').next().unwrap_or(dir)
    }
    let end = last(directory);
    let own = last(&package.directory);
    if let Some(name) = end.strip_prefix('$') {
        // The variable's name says which package it is: `cd "$FRONTEND_DIR"`.
        let name = name.to_ascii_lowercase();
        let named = |p: &NodePackage| {
            !p.directory.is_empty() && name.contains(&last(&p.directory).to_ascii_lowercase())
        };
        return named(package) || !all.iter().any(named);
    }
    if package.directory.is_empty() {
        return !all.iter().any(|p| !p.directory.is_empty() && last(&p.directory) == end);
    }
    end == own
}

/// The words of the command, with blanks between them.
pub(crate) fn line_of(step: &Step) -> String {
    let words = || std::iter::once(&step.argv.program).chain(&step.argv.args).map(|word| &word.value);
    let mut line = String::with_capacity(words().map(|value| value.key().len() + 1).sum());
    for (index, value) in words().enumerate() {
        if index > 0 {
            line.push(' ');
        }
        value.show(&mut line);
    }
    line
}

/// The directory of a printed `cd DIR`.
pub(super) fn printed_cd(line: &str) -> Option<String> {
    let (before, after) = line.split_once("cd ")?;
    let command = before.is_empty() || before.ends_with([' ', '"', '(', '`', '\'', '\t', ':']);
    let target = after.split([' ', ';', '&', ')', '"', '`', '\'']).next().unwrap_or_default();
    (command && !target.is_empty()).then(|| target.trim_end_matches('/').to_owned())
}
