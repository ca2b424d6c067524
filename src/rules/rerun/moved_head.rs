//! A guard that compares HEAD with the remote branch: once the code has been pulled, they are equal, whatever became of the
//! rest of that run.

use super::undone::{is_done_again, may_well_fail};
use crate::facts::world::World;
use crate::finding::Finding;
use crate::model::{Deployment, Guard, GuardId, OnFailure, Step, StepId};
use crate::rules::id;
use crate::tools::effect::Role;
use crate::tools::git_asked::{Tip, prints_tip};

/// Finds the guards of a script that skip what an earlier run has left undone.
pub(super) fn behind_moved_head(world: &World<'_, '_>, script: &Deployment<'_>, found: &mut Vec<Finding>) {
    let tips: Vec<(String, Tip)> = script
        .steps
        .iter()
        .filter_map(|step| Some((assigned(world, step)?, prints_tip(&step.argv)?)))
        .collect();
    if !tips.iter().any(|(_, tip)| *tip == Tip::Own) || !tips.iter().any(|(_, tip)| *tip == Tip::Remote) {
        return;
    }
    for (number, guard) in script.guards.iter().enumerate() {
        let id = GuardId(number as u32);
        if asks_for_news(world, guard, &tips)
            && let Some(told) = undone(world, script, id, &tips)
        {
            found.push(told);
            return;
        }
    }
}

/// The variable to which a script assigns what a command prints: `LOCAL=$(git rev-parse HEAD)`.
fn assigned(world: &World<'_, '_>, step: &Step) -> Option<String> {
    prints_tip(&step.argv)?;
    let before = world.sources.file(step.span.file).text().get(..step.span.start as usize)?;
    let line = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
    let name = line[..line.rfind("$(")?].trim_end_matches('"').strip_suffix('=')?;
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let name = name.rsplit(|c| !is_part(c)).next().unwrap_or_default();
    Some(name.to_owned()).filter(|name| !name.is_empty())
}

/// True if a text expands one of the variables that hold such a commit.
fn expands(text: &str, tips: &[(String, Tip)], which: Tip) -> bool {
    let mut names = tips.iter().filter(|(_, tip)| *tip == which).map(|(name, _)| name.as_str());
    names.any(|name| {
        [format!("${name}"), format!("${{{name}")].iter().any(|written| {
            text.match_indices(written.as_str()).any(|(at, _)| {
                let next = text[at + written.len()..].chars().next();
                next.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '_')
            })
        })
    })
}

/// True if the steps behind a guard run only where HEAD and the remote branch differ.
fn asks_for_news(world: &World<'_, '_>, guard: &Guard, tips: &[(String, Tip)]) -> bool {
    let text = world.sources.text(guard.span);
    expands(text, tips, Tip::Own)
        && expands(text, tips, Tip::Remote)
        && guard.says == text.contains("!=")
        && !text.contains(['\n', ';'])
}

fn undone(
    world: &World<'_, '_>,
    script: &Deployment<'_>,
    guard: GuardId,
    tips: &[(String, Tip)],
) -> Option<Finding> {
    let moves =
        |step: &Step| step.deed.roles.contains(&Role::Source) && !step.deed.roles.contains(&Role::Clone);
    // Who goes back to the old commit tries again.
    let goes_back = |step: &Step| moves(step) && expands(world.sources.text(step.span), tips, Tip::Own);
    if script.steps.iter().any(goes_back) {
        return None;
    }
    let (head, mover) = script.behind(guard).find(|(_, step)| moves(step))?;
    let stops = |(id, step): &(StepId, &Step)| {
        *id > head
            && step.place == mover.place
            && step.on_failure == OnFailure::Aborts
            && may_well_fail(step)
            && !moves(step)
            && !is_done_again(script, guard, *id, step)
    };
    let (id, step) = script.behind(guard).find(stops)?;
    let span = script.guards[guard.0 as usize].span;
    let message = format!(
        "if `{}` fails, no later run repeats it: HEAD is the newest commit by then, so this test skips the rest",
        world.words(step.span)
    );
    let draft = world
        .finding(id::RERUN_INTERRUPTED_RUN, span, message)
        .at_most(world.confidence(script, id, None))
        .related(mover.span, "this moves HEAD")
        .related(step.span, "a failure here leaves the old version running")
        .help(
            "compare with a file to which the last step writes the commit, or move HEAD back if a step fails",
        );
    Some(draft.done())
}
