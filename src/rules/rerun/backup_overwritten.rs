//! `rerun/backup-overwritten`: each run makes the copy of the original again, after the first run has changed the file.

use crate::facts::world::World;
use crate::finding::{Finding, Severity};
use crate::model::Step;
use crate::rules::id;
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::tools::effect::{Change, How, Resource};

/// Finds backups under one name that a second run makes after the first has changed the file.
pub(in crate::rules) fn backup_overwritten(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for (script, id, step) in context.steps() {
        if script.second_run(id).skipped_by().is_some() || step.in_loop {
            continue;
        }
        let Some((original, copy)) = backup(step) else { continue };
        let keeps_first = step.argv.args.iter().any(|a| {
            matches!(a.value.as_literal(), Some("-n" | "--no-clobber" | "-u" | "--backup" | "-b"))
                || a.value.known_prefix().starts_with("--backup")
        });
        let changed = script.after(id).find(|(_, s)| changes(s, &original));
        // The original is restored before it is changed, or at the end, so each run starts from the original.
        let restored = script.steps.iter().any(|s| {
            s.deed.puts().any(|(effect, content)| {
                let back = matches!(&effect.resource, Resource::Path(to) if *to == original);
                back && (content.how.is_copy() || content.how == How::Moved)
                    && content.from.as_ref() == Some(&copy)
            })
        });
        // Whoever removes the copy in each run keeps it for that run only: `rm -rf X.old; mv X X.old; mv X.new X`.
        let removed = script.steps.iter().any(|s| {
            s.deed.effects.iter().any(|e| {
                e.change == Change::Remove && matches!(&e.resource, Resource::Path(path) if *path == copy)
            })
        });
        let Some((_, change)) = changed.filter(|_| !removed) else { continue };
        if keeps_first || restored || script.guards_of(id).any(|(_, g)| g.cond.has_opaque()) {
            continue;
        }
        let text = format!(
            "the second run overwrites the backup {copy} with a file that {} has changed",
            context.line_beside(change.span, step.span),
        );
        let original_meant =
            [".orig", ".original", ".dist", ".default"].iter().any(|s| copy.to_string().ends_with(s));
        let mut draft = context
            .finding(id::RERUN_BACKUP_OVERWRITTEN, step.span, text)
            .at_most(context.confidence(script, id, Some(&original)))
            .related(change.span, "this changes it")
            .help(format!("keep the first copy: `[ -e {copy} ] || cp -p {original} {copy}`"));
        if original_meant {
            draft = draft.severity(Severity::Warning);
        }
        found.push(draft.done());
    }
}

/// `cp F F.bak`, `mv F F.orig`: the file, and the name of its copy in every run.
fn backup(step: &Step) -> Option<(Value, Value)> {
    let mut puts = step.deed.puts();
    let (effect, content) = puts.next().filter(|_| step.place == Place::Here)?;
    let (Resource::Path(copy), Some(original)) = (&effect.resource, &content.from) else { return None };
    if puts.next().is_some() || !content.how.is_copy() && content.how != How::Moved {
        return None;
    }
    let added = copy.key().strip_prefix(original.key())?;
    let names = [
        ".bak", ".backup", ".orig", ".original", ".old", ".dist", ".default", ".save", "~", "_backup", ".bkp",
    ];
    (names.contains(&added) && copy.is_stable()).then(|| (original.clone(), copy.clone()))
}

fn changes(step: &Step, file: &Value) -> bool {
    step.deed.effects.iter().any(|e| match (&e.change, &e.resource) {
        (Change::Write | Change::Edit | Change::Append | Change::Create(_), Resource::Path(path)) => {
            path == file
        }
        (Change::Append, Resource::Line { file: to, .. }) => to == file,
        _ => false,
    })
}
