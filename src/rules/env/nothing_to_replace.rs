//! `env/nothing-to-replace`: a command fills in a line of a settings file, and the file that it is made from has no such line.

use crate::facts::world::World;
use crate::finding::Finding;
use crate::model::{Deployment, Step, StepId};
use crate::repo::names::base;
use crate::rules::id;
use crate::shell::argv::Stdin;
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::source::FileId;
use crate::tools::effect::{Change, Resource};
use crate::tools::replaced::replaced_settings;

/// `env/nothing-to-replace`.
pub(super) fn nothing_to_replace(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for &script in context.scripts() {
        for (id, step) in script.iter().filter(|(_, step)| step.place == Place::Here) {
            let names = replaced_settings(&step.argv);
            if names.is_empty() {
                continue;
            }
            let Some((file, copy)) = filled_in(context, script, id, step) else { continue };
            let text = context.sources.file(file).text();
            let lacks = |name: &&String| {
                let line = format!("{name}=");
                !text.lines().any(|own| own.starts_with(&line)) && !is_named_elsewhere(script, id, name)
            };
            for name in names.iter().filter(lacks) {
                let path = context.sources.file(file).path();
                let message = format!(
                    "`{}` replaces the line `{name}=`, which {path} does not have",
                    context.words(step.span)
                );
                let draft = context
                    .finding(id::ENV_NOTHING_TO_REPLACE, step.span, message)
                    .at_most(context.confidence(script, id, None))
                    .help(format!("add `{name}=` to {path}"));
                let draft = match copy {
                    Some(copy) => {
                        draft.related(script.step(copy).span, format!("{} comes from it", base(path)))
                    }
                    None => draft,
                };
                found.push(draft.done());
            }
        }
    }
}

/// The file of the repo from which comes what a step edits, and the step that has copied it.
fn filled_in(
    context: &World<'_, '_>,
    script: &Deployment<'_>,
    id: StepId,
    step: &Step,
) -> Option<(FileId, Option<StepId>)> {
    let edited = step.deed.effects.iter().find_map(|effect| match (&effect.change, &effect.resource) {
        (Change::Edit, Resource::Path(path)) => Some(path.clone()),
        _ => None,
    });
    let read = || step.argv.args.iter().map(|arg| step.argv.path(arg)).next_back();
    let path = edited.or_else(read)?;
    let mut held = of_the_repo(context, &path).map(|file| (file, None));
    // What happens to the file before must be known.
    for (at, other) in script.iter().take_while(|(at, _)| *at < id) {
        for effect in &other.deed.effects {
            let is_it = match &effect.resource {
                Resource::Path(own) | Resource::Line { file: own, .. } => *own == path,
                _ => false,
            };
            if !is_it {
                continue;
            }
            match &effect.change {
                Change::Write | Change::Create(_) => {
                    let from = effect.content.as_ref().and_then(|content| content.from.as_ref())?;
                    held = Some((of_the_repo(context, from)?, Some(at)));
                }
                Change::Edit if !replaced_settings(&other.argv).is_empty() => {}
                Change::Append | Change::Edit => return None,
                _ => {}
            }
        }
    }
    held
}

/// The file of the repo that a path means, if its text was read.
fn of_the_repo(context: &World<'_, '_>, path: &Value) -> Option<FileId> {
    let shown = path.to_string();
    let below = context.repo_paths().below(&shown)?;
    context.sources.find(below.path)
}

/// True if another step names the setting: it may add the line.
fn is_named_elsewhere(script: &Deployment<'_>, id: StepId, name: &str) -> bool {
    let names = |value: &Value| value.key().contains(name);
    script.iter().filter(|(at, _)| *at != id).any(|(_, step)| {
        step.argv.args.iter().any(|arg| names(&arg.value))
            || step.written.iter().any(|written| names(&written.value))
            || matches!(&step.argv.stdin, Stdin::Text(text) if names(text))
    })
}
