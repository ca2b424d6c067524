//! `rerun/duplicate-lines`: each run appends the same text to a file, or to a crontab, again.

use crate::facts::world::World;
use crate::finding::RuleId;
use crate::finding::{Confidence, Finding, Severity};
use crate::model::{Deployment, Guard, Outcome, StepId};
use crate::rules::guards;
use crate::rules::id;
use crate::shell::value::{Knowledge, Value};
use crate::tools::effect::{Change, Prints, Resource};
use crate::tools::git_asked;

/// Finds them.
pub(in crate::rules) fn duplicate_lines(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    const RULE: RuleId = id::RERUN_DUPLICATE_LINES;
    for (script, id, step) in context.steps() {
        let second = script.second_run(id);
        let Outcome::Duplicates(_) = second.outcome else { continue };
        let Some(effect) = second.effect.and_then(|i| step.deed.effects.get(i)) else { continue };
        if step.deed.effects.iter().any(|e| matches!(e.resource, Resource::Crontab(_))) {
            let user = effect.resource.name();
            let whose = if user.is_empty() { String::new() } else { format!(" of `{user}`") };
            let text =
                format!("each run adds its line to the crontab{whose} again, so the job runs several times");
            let help = "remove the old line first: `(crontab -l 2>/dev/null | grep -vF NAME; echo LINE) | crontab -`";
            let confidence = context.confidence(script, id, None);
            found.push(context.finding(RULE, step.span, text).at_most(confidence).help(help).done());
            continue;
        }
        let (Change::Append, Resource::Line { file, text }) = (&effect.change, &effect.resource) else {
            continue;
        };
        if is_log(file) || text.knowledge() == Knowledge::Fresh || step.in_loop && !file.is_stable() {
            continue;
        }
        if git_asked::is_git(&step.argv) {
            let asked = |(_, guard): (_, &Guard)| context.sources.text(guard.span).contains("git config");
            if script.guards_of(id).any(asked) {
                continue;
            }
            found.push(repeated_value(context, script, id, file, text));
            continue;
        }
        // A program's output is more often a log or a report than a setting, except for lists of keys.
        let prints = matches!(step.deed.prints, Prints::Words | Prints::Same | Prints::Through);
        let own_words = prints || step.argv.name.is_empty();
        let list = is_list(file);
        if !own_words && !list {
            continue;
        }
        if text.knowledge() >= Knowledge::Unknown && !list && !file.known_prefix().starts_with("/etc/") {
            continue;
        }
        // A function that is called with many texts is one line of the script.
        if found.iter().any(|f| *f.rule == *RULE && f.span == step.span) {
            continue;
        }
        // A command's output has no words to quote.
        let line = first_line(text).filter(|line| own_words && !line.contains("$output"));
        let message = match &line {
            None if !own_words => {
                format!("each run appends the output of `{}` to {file} again", step.argv.name)
            }
            Some(line) => {
                format!("each run appends `{line}` to {file} again")
            }
            None => format!("each run appends the same text to {file} again"),
        };
        let help = match line {
            Some(line) if !line.contains('\'') => {
                format!(
                    "append it only if it is missing: `grep -qxF '{line}' {file} || …`, or write the whole file"
                )
            }
            _ => format!("check for it first (`grep -q … {file} || …`), or write the whole file with `>`"),
        };
        let mut confidence = context.confidence(script, id, Some(file));
        if text.knowledge() >= Knowledge::Unknown {
            confidence = confidence.min(Confidence::Medium);
        }
        let fix = guards::line_fix(context, script, id);
        found.push(context.finding(RULE, step.span, message).at_most(confidence).help(help).fix(fix).done());
    }
}

/// `git config --add KEY VALUE`: git reads the values of a key as a list.
fn repeated_value(
    context: &World<'_, '_>,
    script: &Deployment<'_>,
    id: StepId,
    file: &Value,
    text: &Value,
) -> Finding {
    let step = script.step(id);
    let message = format!("each run adds `{text}` to {file} again, because git keeps each one");
    let help =
        "test for it first: `git config --get-all KEY | grep -qxF VALUE || git config --add KEY VALUE`";
    let confidence = context.confidence(script, id, Some(file));
    context
        .finding(id::RERUN_DUPLICATE_LINES, step.span, message)
        .at_most(confidence)
        .severity(Severity::Info)
        .help(help)
        .done()
}

/// The line, if there is only one and it is short enough to be quoted.
fn first_line(text: &Value) -> Option<String> {
    let shown = text.to_string();
    let mut lines = shown.lines().filter(|l| !l.trim().is_empty());
    let line = lines.next()?.trim().to_owned();
    (lines.next().is_none() && line.chars().count() <= 80 && !line.contains('`')).then_some(line)
}

/// Files that are meant to grow, and files that belong to one run.
fn is_log(file: &Value) -> bool {
    let shown = file.to_string();
    let name = shown.rsplit('/').next().unwrap_or(&shown).to_ascii_lowercase();
    let variable =
        name.starts_with('$') && (name.contains("log") || name.contains("report") || name.contains("tmp"));
    name.ends_with(".log")
        || name.ends_with(".out")
        || name.ends_with(".err")
        || name == "log"
        || variable
        || name.contains("history")
        || name.contains("report")
        || name.contains("summary")
        || shown.starts_with("/var/log/")
        || shown.starts_with("/dev/")
        || shown.starts_with("/proc/")
        || shown.starts_with("/sys/")
        || shown.contains("$GITHUB_")
        || shown.contains("$BASH_ENV")
}

/// Lists, in which even a program's output is a lasting entry.
fn is_list(file: &Value) -> bool {
    ["known_hosts", "authorized_keys", "fstab", "hosts", ".bashrc", ".profile", ".zshrc", "sysctl.conf"]
        .iter()
        .any(|name| file.known_suffix().ends_with(name))
}
