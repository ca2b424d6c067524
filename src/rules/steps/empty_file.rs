//! `steps/empty-file`: a temporary file is put in its place before anything is written to it, or a settings file is made
//! empty and stays so.

use crate::facts::secrets::is_lasting_env_file;
use crate::facts::world::World;
use crate::finding::Finding;
use crate::model::{Deployment, Step, StepId};
use crate::repo::names::base;
use crate::rules::id;
use crate::shell::builtins::Builtin;
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::Place;
use crate::tools::effect::{Change, How, Resource, Role};
use crate::tools::prints::is_new_file;

/// For each file of mktemp that a step moves or copies to another place, looks for the step that fills it.
pub(super) fn empty_file(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for &script in context.scripts() {
        for (id, step) in script.iter() {
            found.extend(left_empty(context, script, id, step));
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
                        format!(
                            "{target} gets an empty file: it is filled only on {}",
                            context.line_beside(late, step.span)
                        )
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

/// Judges a step that makes a settings file empty: nothing fills it afterwards, in whatever way.
fn left_empty(context: &World<'_, '_>, script: &Deployment<'_>, id: StepId, step: &Step) -> Option<Finding> {
    let path = emptied(step)?;
    if step.entry != 0 || step.place != Place::Here || step.in_loop || !is_of_settings(context, script, path)
    {
        return None;
    }
    if script.iter().any(|(at, other)| at > id && fills(other, path) && script.may_meet(at, id)) {
        return None;
    }
    let earlier =
        script.iter().filter(|(at, other)| *at < id && fills(other, path) && script.may_meet(*at, id)).last();
    let shown = path.to_string();
    let message = match earlier {
        Some((_, other)) => {
            format!(
                "{shown} is emptied here, after {} has filled it",
                context.line_beside(other.span, step.span)
            )
        }
        None => {
            let mut others = context.steps().filter(|(other, ..)| !std::ptr::eq(*other, script));
            let name = base(&shown);
            let deploy = context.deploy();
            if others.any(|(_, _, other)| fills(other, path))
                || deploy.mentions(&[name])
                || deploy.may_do_anything()
                || !deploy.is_from_scratch()
            {
                return None;
            }
            format!("{shown} stays empty: nothing writes to it")
        }
    };
    let draft = context
        .finding(id::STEPS_EMPTY_FILE, step.span, message)
        .at_most(context.confidence(script, id, Some(path)))
        .help("make the file with its owner and mode first, then write the text to it");
    Some(match earlier {
        Some((_, other)) => draft.related(other.span, "this is lost").done(),
        None => draft.done(),
    })
}

/// The file that a step leaves empty, whatever it held before: `install /dev/null FILE`, `: > FILE`.
fn emptied(step: &Step) -> Option<&Value> {
    let copied = step.deed.puts().find_map(|(effect, content)| {
        let is_nothing = content.from.as_ref().and_then(Value::as_literal) == Some("/dev/null");
        match &effect.resource {
            Resource::Path(path) if is_nothing && effect.change == Change::Write => Some(path),
            _ => None,
        }
    });
    let written = || step.written.iter().find(|written| written.value.is_empty() && !written.append);
    copied.or_else(|| written().map(|written| &written.path))
}

/// True if a step writes something to the file, or may do so. The shell only reads what it sources.
fn fills(step: &Step, path: &Value) -> bool {
    emptied(step) != Some(path)
        && Builtin::named(&step.argv.name) != Some(Builtin::Source)
        && may_fill(step, path)
}

/// True for a file of variables: by its name, because a unit is given it, or because a later step sources it.
fn is_of_settings(context: &World<'_, '_>, script: &Deployment<'_>, path: &Value) -> bool {
    let sources = |step: &Step| {
        Builtin::named(&step.argv.name) == Some(Builtin::Source)
            && step.argv.args.first().is_some_and(|arg| step.argv.path(arg) == *path)
    };
    let is_given = || {
        let shown = path.to_string();
        context.units.iter().flat_map(|at| at.unit.environment_files()).any(|file| file.path == shown)
    };
    is_lasting_env_file(path) || script.steps.iter().any(sources) || is_given()
}
