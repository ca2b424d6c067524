//! `rerun/duplicate-lines`: words the finding that each run appends the same text to a file, or to a crontab, again.

use crate::facts::appended::{added, is_own_text};
use crate::facts::world::World;
use crate::finding::{Confidence, Severity};
use crate::rules::draft::Draft;
use crate::rules::guards;
use crate::rules::queries::{Found, Wording};
use crate::shell::value::{Knowledge, Value};
use crate::tools::effect::{Prints, Resource};
use crate::tools::git_asked;

pub(super) const WORDING: Wording = Wording::Command(word);

fn word(world: &World<'_, '_>, found: &Found<'_, '_>, draft: Draft) -> Draft {
    let (script, id, step) = (found.at.script, found.at.id, found.at.step());
    let crontab = step.deed.effects.iter().find_map(|e| match &e.resource {
        Resource::Crontab(user) => Some(user),
        _ => None,
    });
    if let Some(user) = crontab {
        let whose = if user.is_empty() { String::new() } else { format!(" of `{user}`") };
        let text =
            format!("each run adds its line to the crontab{whose} again, so the job runs several times");
        let help =
            "remove the old line first: `(crontab -l 2>/dev/null | grep -vF NAME; echo LINE) | crontab -`";
        return draft.message(text).help(help);
    }
    let Some((file, text)) = added(script, id) else { return draft };
    if git_asked::is_git(&step.argv) {
        let message = format!("each run adds `{text}` to {file} again, because git keeps each one");
        let help =
            "test for it first: `git config --get-all KEY | grep -qxF VALUE || git config --add KEY VALUE`";
        return draft.message(message).severity(Severity::Info).help(help);
    }
    if text.knowledge() == Knowledge::Fresh {
        let message = format!("each run appends a new value to {file}, and the last one counts");
        return draft
            .message(message)
            .help(format!("write it only if it is missing: `grep -q … {file} || …`"));
    }
    let draft = match text.knowledge() {
        Knowledge::Unknown => draft.at_most(Confidence::Medium),
        _ => draft,
    };
    // Advice for `sed -i` and similar commands comes from their own tool.
    let says = matches!(step.deed.prints, Prints::Words | Prints::Same | Prints::Through);
    if is_own_text(step, file) && !says && !step.argv.name.is_empty() {
        return super::again::word(world, found, draft);
    }
    // A command's output has no words to quote.
    let own = is_own_text(step, file);
    let line = first_line(text).filter(|line| own && !line.contains("$output"));
    let message = match &line {
        None if !own => format!("each run appends the output of `{}` to {file} again", step.argv.name),
        Some(line) => format!("each run appends `{line}` to {file} again"),
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
    draft.message(message).help(help).fix(guards::line_fix(world, script, id))
}

/// The line, if there is only one and it is short enough to be quoted.
fn first_line(text: &Value) -> Option<String> {
    let shown = text.to_string();
    let mut lines = shown.lines().filter(|l| !l.trim().is_empty());
    let line = lines.next()?.trim().to_owned();
    (lines.next().is_none() && line.chars().count() <= 80 && !line.contains('`')).then_some(line)
}
