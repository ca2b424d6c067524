//! `steps/empty-file`: a temporary file is put in its place before anything is written to it.

use crate::facts::world::World;
use crate::finding::Finding;
use crate::model::{Deployment, Step, StepId};
use crate::rules::id;
use crate::shell::value::{Knowledge, Value};
use crate::tools::effect::{Change, How, Resource, Role};
use crate::tools::prints::is_new_file;

/// For each file of mktemp that a step moves or copies to another place, looks for the step that fills it.
pub(super) fn empty_file(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for &script in context.scripts() {
        for (id, step) in script.iter() {
            for (effect, content) in step.deed.puts() {
                let Resource::Path(target) = &effect.resource else { continue };
                let is_put = matches!(content.how, How::Moved | How::Copied | How::Kept);
                let Some(source) = content.from.as_ref().filter(|from| is_put && is_temporary(from)) else {
                    continue;
                };
                if filled(script, id, source, true).is_some() {
                    continue;
                }
                let late = filled(script, id, source, false).map(|late| script.step(late).span);
                let message = match late {
                    Some(late) => {
                        format!("{target} gets an empty file: it is filled only on {}", context.line(late))
                    }
                    None => format!("{target} gets an empty file: nothing writes to it after `mktemp`"),
                };
                let draft = context
                    .finding(id::STEPS_EMPTY_FILE, step.span, message)
                    .at_most(context.confidence(script, id, None))
                    .help("write the whole text to the temporary file first, then move it");
                let draft = match late {
                    Some(late) => draft.related(late, "this comes too late"),
                    None => draft,
                };
                found.push(draft.done());
            }
        }
    }
}

/// True for the name that `mktemp` gave to a new file.
fn is_temporary(path: &Value) -> bool {
    path.knowledge() == Knowledge::Fresh && is_new_file(&path.to_string())
}

/// The first step that writes to the file, or may do so: before the step that moves it, or after it.
fn filled(script: &Deployment<'_>, id: StepId, path: &Value, before: bool) -> Option<StepId> {
    let mut steps = script.iter().filter(|(at, _)| if before { *at < id } else { *at > id });
    steps.find(|(at, step)| may_fill(step, path) && script.may_meet(*at, id)).map(|(at, _)| at)
}

fn may_fill(step: &Step, path: &Value) -> bool {
    let mut of_it = step.deed.effects.iter().filter(|effect| match &effect.resource {
        Resource::Path(own) => own == path,
        Resource::Line { file, .. } => file == path,
        _ => false,
    });
    let keeps = |change: &Change| {
        matches!(change, Change::Own { .. } | Change::Mode { .. } | Change::Remove | Change::Use)
    };
    if let Some(first) = of_it.next() {
        return !keeps(&first.change) || of_it.any(|effect| !keeps(&effect.change));
    }
    // An operand, an option's value, or a mount: `$tmp:/out`.
    let is_named = step.argv.args.iter().any(|arg| {
        let around = arg.value.key().split_once(path.key());
        around.is_some_and(|(before, after)| {
            !before.contains(' ') && (after.is_empty() || after.starts_with([':', ',']))
        })
    });
    let to_it = step.argv.stdout.as_ref().is_some_and(|(to, _)| to == path);
    to_it || is_named && !step.deed.roles.contains(&Role::ReadOnly)
}
