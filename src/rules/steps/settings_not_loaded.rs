//! `steps/settings-not-loaded`: settings of a daemon are written, and nothing makes the daemon read them.

use crate::facts::packages::is_opaque_call;
use crate::facts::sites::may_enable;
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::model::{Deployment, Step, StepId};
use crate::rules::id;
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::tools::daemons::{Daemon, reader};
use crate::tools::effect::{Change, Effect, PathKind, Resource, Role};
use crate::tools::sites::available;

/// For each script and daemon, finds the first file that is written after the last time at which the daemon reads it.
pub(super) fn settings_not_loaded(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for &script in context.scripts() {
        let mut told: Vec<&Daemon> = Vec::new();
        for (id, step) in script.iter() {
            let Some((path, daemon)) = setting(step) else { continue };
            if told.contains(&daemon)
                || is_not_enabled(context, script, path)
                || is_loaded(context, script, id, (path, daemon))
            {
                continue;
            }
            told.push(daemon);
            found.push(tell(context, script, id, (path, daemon)));
        }
    }
}

type Setting<'s> = (&'s Value, &'static Daemon);

/// The file that a step writes and that a daemon reads only when it is told to.
fn setting(step: &Step) -> Option<Setting<'_>> {
    if matches!(step.place, Place::Container(_)) {
        return None;
    }
    step.deed.effects.iter().find_map(|effect| {
        let path = match (&effect.change, &effect.resource) {
            (Change::Write | Change::Append | Change::Edit, Resource::Path(path)) => path,
            (Change::Create(kind), Resource::Path(path)) if *kind != PathKind::Directory => path,
            (Change::Append, Resource::Line { file, .. }) => file,
            _ => return None,
        };
        Some((path, reader(path)?))
    })
}

/// True for a site that nothing enables on a new server, so that no daemon reads it: `steps/site-not-enabled` tells it.
fn is_not_enabled(context: &World<'_, '_>, script: &Deployment<'_>, path: &Value) -> bool {
    available(path).is_some_and(|(server, name)| {
        context.sets_up(script)
            && !server.brings(&name)
            && !context.steps_with(script).any(|step| may_enable(step, server, &name))
    })
}

/// True if the daemon reads the file after the step, or may do so.
fn is_loaded(
    context: &World<'_, '_>,
    script: &Deployment<'_>,
    id: StepId,
    (path, daemon): Setting<'_>,
) -> bool {
    let step = script.step(id);
    let loads = |other: &Step| daemon.may_be_reloaded_by(&other.argv, &other.deed, path);
    let here = script.iter().any(|(at, other)| {
        let later = || at > id && script.may_meet(at, id);
        // A function that nothing calls in sight may be called in any order, and a loop comes round again.
        let any_order = || step.entry != 0 || step.in_loop && other.in_loop;
        (later() || any_order()) && (loads(other) || is_opaque_call(other))
    });
    // Who calls such a function may call another script's function too.
    let library = step.entry != 0 && context.steps().any(|(_, _, other)| loads(other));
    let deploy = context.deploy();
    here || library
        || is_put_back(script, id, path)
        || loaded_elsewhere(context, script, (path, daemon)) == Some(Confidence::High)
        || deploy.says_to(|line| daemon.is_spoken_of(line))
        || deploy.calls_to(|line| daemon.is_spoken_of(line))
}

/// True if the step puts back what an earlier step has saved: the daemon may still have that.
fn is_put_back(script: &Deployment<'_>, id: StepId, path: &Value) -> bool {
    let puts = |step: &Step, from: &Value, to: &Value| {
        step.deed.puts().any(|(effect, content)| {
            content.from.as_ref() == Some(from)
                && matches!(&effect.resource, Resource::Path(own) if own == to)
        })
    };
    let sources = script.step(id).deed.puts().filter_map(|(_, content)| content.from.as_ref());
    sources.into_iter().any(|saved| {
        puts(script.step(id), saved, path)
            && script.iter().take(id.0 as usize).any(|(_, step)| puts(step, path, saved))
    })
}

/// How sure it is that another script loads the file; `None` if none does. One that changes settings of the daemon too
/// loads them for its own sake, and need not run after this one.
fn loaded_elsewhere(
    context: &World<'_, '_>,
    script: &Deployment<'_>,
    (path, daemon): Setting<'_>,
) -> Option<Confidence> {
    let others = context.together(script).filter(|other| !std::ptr::eq(*other, script));
    let loaders = others.filter(|other| {
        other.steps.iter().any(|step| daemon.may_be_reloaded_by(&step.argv, &step.deed, path))
    });
    let removes = |effect: &Effect| match (&effect.change, &effect.resource) {
        (Change::Remove, Resource::Path(path)) => reader(path) == Some(daemon),
        _ => false,
    };
    let changes = |step: &Step| {
        setting(step).is_some_and(|(_, of)| of == daemon) || step.deed.effects.iter().any(removes)
    };
    let for_itself = |other: &Deployment<'_>| other.steps.iter().any(changes);
    loaders.map(|other| if for_itself(other) { Confidence::Low } else { Confidence::High }).max()
}

fn tell(
    context: &World<'_, '_>,
    script: &Deployment<'_>,
    id: StepId,
    (path, daemon): Setting<'_>,
) -> Finding {
    let step = script.step(id);
    let before = script.iter().take(id.0 as usize);
    let last = before.filter(|(_, other)| daemon.may_be_reloaded_by(&other.argv, &other.deed, path)).last();
    let is_loader = |other: &Step| !other.deed.roles.contains(&Role::SystemPackages);
    let last = last.filter(|(_, other)| is_loader(other));
    let message = match &last {
        Some((_, load)) => format!(
            "`{}` comes after {} has read its settings on {}, and nothing makes it read them again",
            context.words(step.span),
            daemon.name,
            context.line_beside(load.span, step.span)
        ),
        None => format!("{path} is written, but nothing makes {} read it", daemon.name),
    };
    let manages = context.steps_with(script).any(|step| {
        step.deed.roles.iter().any(|role| matches!(role, Role::SystemPackages | Role::Restart | Role::Enable))
    });
    let alone = loaded_elsewhere(context, script, (path, daemon)).is_none();
    let sure = if manages && alone { Confidence::High } else { Confidence::Medium };
    let mut draft = context
        .finding(id::STEPS_SETTINGS_NOT_LOADED, step.span, message)
        .at_most(sure)
        .at_most(context.confidence(script, id, Some(path)))
        .help(format!("run `{}` after it", daemon.reload));
    if let Some((_, load)) = last {
        draft = draft.related(load.span, "this comes too early");
    }
    let passed = script.iter().find_map(|(_, other)| Some((other, daemon.passes_over(&other.argv, path)?)));
    match passed {
        Some((other, why)) => draft.related(other.span, why).done(),
        None => draft.done(),
    }
}
