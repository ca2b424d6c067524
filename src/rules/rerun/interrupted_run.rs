//! `rerun/interrupted-run`: a guard checks for what the first command behind it creates. If a later command
//! behind it fails, or the run is interrupted there, each further run finds the thing and skips the rest for
//! ever.

use super::moved_head::behind_moved_head;
use super::undone::{is_done_again, may_well_fail, same};
use crate::facts::world::World;
use crate::finding::{Confidence, Finding, Severity};
use crate::model::condition::Cond;
use crate::model::{Deployment, Guard, GuardId, OnFailure, Step, StepId};
use crate::rules::id;
use crate::tools::effect::{Change, PathKind, Resource};
use crate::tools::place;

/// For each guard, finds the first command that stays undone.
pub(in crate::rules) fn interrupted_run(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for &script in context.scripts() {
        behind_moved_head(context, script, found);
        let mut seen: Vec<GuardId> = Vec::new();
        for (id, _) in script.iter() {
            let Some(guard_id) = script.second_run(id).skipped_by() else { continue };
            if !seen.contains(&guard_id) {
                seen.push(guard_id);
                found.extend(behind(context, script, guard_id));
            }
        }
    }
}

fn behind(context: &World<'_, '_>, script: &Deployment<'_>, guard_id: GuardId) -> Option<Finding> {
    let guard = &script.guards[guard_id.0 as usize];
    let resource = asked_for(guard)?;
    let inside: Vec<(StepId, &Step)> = script.behind(guard_id).collect();
    let at = inside.iter().position(|(_, s)| makes(s, &resource))?;
    let (maker_id, maker) = inside[at];
    // The command must create it whenever the guard lets it run.
    let certain = script.guards_of(maker_id).take_while(|(g, _)| *g != guard_id).all(|(_, g)| succeeded(g));
    // A script that removes it again if something fails takes care of this.
    let taken_back = script.steps.iter().any(|s| {
        s.deed.effects.iter().any(|e| e.change == Change::Remove && touches(&e.resource, &resource))
    });
    if !certain || maker.in_loop || taken_back {
        return None;
    }
    let rest = || {
        inside[at + 1..].iter().copied().filter(|(id, s)| {
            s.span != maker.span
                && s.place == maker.place
                && s.on_failure != OnFailure::Handled
                && !is_told_elsewhere(s, &resource)
                && !is_done_again(script, guard_id, *id, s)
        })
    };
    let heavy = rest().find(|(_, s)| may_well_fail(s));
    let (id, step) = heavy.or_else(|| rest().find(|(_, s)| changes_something(s, &resource)))?;
    let what = match &resource {
        Resource::Path(path) => path.to_string(),
        other => format!("the {} {}", other.kind(), other.name()),
    };
    let text = format!(
        "`{}` never runs if the first run stops before it, because {what} exists from {} on",
        context.words(step.span),
        context.line_beside(maker.span, step.span),
    );
    let mut draft = context
        .finding(id::RERUN_INTERRUPTED_RUN, step.span, text)
        .at_most(context.confidence(script, id, Some(resource.name())))
        .related(maker.span, "this creates what the guard checks for")
        .related(guard.span, "this skips all of it once that exists")
        .help("keep only the command that creates it behind the guard, or create last what the guard checks for");
    if heavy.is_none() {
        // Commands that stay on the machine seldom fail.
        draft = draft.severity(Severity::Info).at_most(Confidence::Low);
    }
    Some(draft.done())
}

/// The one resource whose absence the guard checks for.
fn asked_for(guard: &Guard) -> Option<Resource> {
    if guard.cond.has_opaque() {
        return None;
    }
    let facts = guard.cond.facts();
    let resource = facts.first()?.resource.clone();
    let told = matches!(
        resource,
        Resource::Path(_)
            | Resource::User(_)
            | Resource::Group(_)
            | Resource::Database(_)
            | Resource::Role(_)
            | Resource::Container(_)
            | Resource::Volume(_)
    );
    if !resource.name().is_stable() {
        return None;
    }
    let there = guard.cond.evaluate(&mut |leaf| match leaf {
        Cond::Fact(fact) if fact.resource == resource => Some(true),
        _ => None,
    });
    let one = facts.iter().all(|f| f.resource == resource);
    (told && one && there == Some(!guard.holds)).then_some(resource)
}

fn succeeded(guard: &Guard) -> bool {
    guard.holds && matches!(guard.cond, Cond::Works(_) | Cond::Always(true))
}

/// True if both are the same thing, or paths of which one is inside the other.
fn touches(a: &Resource, b: &Resource) -> bool {
    match (a, b) {
        (Resource::Path(a), Resource::Path(b)) => a == b || b.is_under(a),
        _ => same(a, b),
    }
}

/// True if the resource exists after the step.
fn makes(step: &Step, resource: &Resource) -> bool {
    step.deed.effects.iter().any(|e| match (&e.change, &e.resource, resource) {
        (Change::Create(PathKind::Tree), Resource::Path(tree), Resource::Path(asked))
            if asked.is_under(tree) =>
        {
            true
        }
        (Change::Create(_) | Change::Write | Change::Append, Resource::Path(path), Resource::Path(asked)) => {
            path == asked || path.is_under(asked)
        }
        (Change::Create(_) | Change::Append | Change::Write, made, asked) => same(made, asked),
        _ => false,
    })
}

/// True if `rerun/install-behind-guard` reports it: a path skips the step for ever, whether the run is interrupted or not.
fn is_told_elsewhere(step: &Step, resource: &Resource) -> bool {
    matches!(resource, Resource::Path(_)) && step.deed.roles.iter().any(|role| role.prepares())
}

/// True if it leaves something that somebody would miss: a right of an account, a line, a setting of the file itself.
fn changes_something(step: &Step, asked: &Resource) -> bool {
    if place::changes_what_is_there(&step.argv) {
        return true;
    }
    step.deed.effects.iter().any(|e| match (&e.change, &e.resource) {
        (Change::Append, Resource::Line { .. }) => true,
        (Change::Edit, Resource::Path(_)) => same(&e.resource, asked),
        (Change::Create(_), Resource::User(_) | Resource::Crontab(_)) => true,
        _ => false,
    })
}
