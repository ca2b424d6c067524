//! `units/literal-variable`: a `$NAME` that systemd gets, and should not. Whether a heredoc's word is quoted decides.

use super::references::{OF_SYSTEMD, references};
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::project::unit::{Directive, words};
use crate::rules::id;
use crate::rules::units::{Judged, is_command, judged};

/// `units/literal-variable`.
pub(super) fn literal_variable(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    for unit in judged(world) {
        for directive in &unit.at.unit.directives {
            if !directive.value.contains('$') || directive.key.starts_with("X-") {
                continue;
            }
            match is_command(&directive.key) {
                true => judge_command(&unit, directive, found),
                false => judge_value(&unit, directive, found),
            }
        }
    }
}

/// Judges a value in which systemd expands no variables.
fn judge_value(unit: &Judged<'_, '_, '_>, directive: &Directive, found: &mut Vec<Finding>) {
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
    let mut draft = unit.finding(id::UNITS_LITERAL_VARIABLE, directive.value_span, message).help(help);
    if unit.script.is_none() {
        draft = draft.at_most(Confidence::Medium);
    }
    found.push(draft.done());
}

/// Judges a command line, in which systemd inserts what `Environment=` and `EnvironmentFile=` set, except in the program's
/// path.
fn judge_command(unit: &Judged<'_, '_, '_>, directive: &Directive, found: &mut Vec<Finding>) {
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
        let mut draft = unit.finding(id::UNITS_LITERAL_VARIABLE, directive.value_span, message).help(help);
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
        found.push(unit.finding(id::UNITS_LITERAL_VARIABLE, directive.value_span, message).help(help).done());
    }
}
