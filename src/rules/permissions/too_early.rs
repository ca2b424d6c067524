//! `permissions/too-early`: `chown` or `chmod` comes before the account or the path exists.

use crate::facts::owners::from;
use crate::facts::world::World;
use crate::finding::Finding;
use crate::model::{Deployment, OnFailure, Step, StepId};
use crate::rules::id;
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::Place;
use crate::source::Span;
use crate::tools::effect::{Change, Effect, PathKind, Resource, Role};
use std::collections::HashMap;

/// `permissions/too-early`.
pub(in crate::rules) fn too_early(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for &script in context.scripts() {
        // One account that comes too late is one fault, however often it is named.
        let mut told: Vec<Span> = Vec::new();
        let made = Made::of(script);
        for (id, step) in script.iter() {
            let creates = step.deed.roles.contains(&Role::Account);
            if !creates && step.place == Place::Here && step.on_failure != OnFailure::Handled {
                found.extend(judge(context, script, &made, id, step, &mut told));
            }
        }
    }
}

fn judge(
    context: &World<'_, '_>,
    script: &Deployment<'_>,
    made: &Made<'_>,
    id: StepId,
    step: &Step,
    told: &mut Vec<Span>,
) -> Option<Finding> {
    let words = context.words(step.span);
    let (message, later, about, help) = step.deed.effects.iter().find_map(|effect| {
        let Resource::Path(path) = &effect.resource else { return None };
        if let Change::Own { user: Some(user), .. } = &effect.change
            && let Some(later) = account_later(context, script, made, id, user)
        {
            let message = format!(
                "`{words}` fails with \"invalid user\", because `{user}` is created only on {}",
                context.line(later.span)
            );
            return Some((message, later, user.clone(), format!("create `{user}` first")));
        }
        let brings = step.deed.effects.iter().any(|other| {
            matches!(other.change, Change::Create(_) | Change::Write) && other.resource == effect.resource
        });
        if brings || !matches!(effect.change, Change::Own { .. } | Change::Mode { .. }) {
            return None;
        }
        let later = path_later(script, made, id, path)?;
        let message = format!(
            "`{words}` comes too early, because `{path}` is created only on {}: no such file or directory",
            context.line(later.span)
        );
        Some((message, later, path.clone(), format!("write it after {}", context.line(later.span))))
    })?;
    if told.contains(&later.span) {
        return None;
    }
    told.push(later.span);
    Some(
        context
            .finding(id::PERMISSIONS_TOO_EARLY, step.span, message)
            .at_most(context.confidence(script, id, Some(&about)))
            .related(later.span, "made here")
            .help(help)
            .done(),
    )
}

/// The step that creates the account, if it comes only afterwards.
fn account_later<'s>(
    context: &World<'_, '_>,
    script: &'s Deployment<'_>,
    made: &Made<'_>,
    id: StepId,
    user: &Value,
) -> Option<&'s Step> {
    let creates = |step: &Step| {
        step.deed.effects.iter().any(
            |e| matches!((&e.change, &e.resource), (Change::Create(_), Resource::User(name)) if name == user),
        )
    };
    if user.knowledge() >= Knowledge::Unknown || made.accounts.before(user, id) {
        return None;
    }
    // If another script creates it too, this one may come after that; a script that sets up a server comes
    // first.
    let first = script.steps.iter().any(|s| s.deed.roles.contains(&Role::SystemPackages));
    let elsewhere = context
        .scripts()
        .iter()
        .any(|&other| !std::ptr::eq(other, script) && other.steps.iter().any(creates));
    if elsewhere && !first {
        return None;
    }
    // A check whether the account exists may find it.
    let asked = script.guards_of(id).any(|(_, guard)| {
        guard.cond.facts().iter().any(|fact| matches!(&fact.resource, Resource::User(name) if name == user))
    });
    let entry = script.step(id).entry;
    let later = from(script, id).skip(1).find(|s| s.entry == entry && creates(s))?;
    (!asked).then_some(later)
}

/// The step that creates the path, if nothing has created it, or what contains it, before.
fn path_later<'s>(script: &'s Deployment<'_>, made: &Made<'_>, id: StepId, path: &Value) -> Option<&'s Step> {
    let unsure = !path.is_absolute() || path.is_glob() || path.knowledge() >= Knowledge::Unknown;
    let brought = made.unknown.is_some_and(|first| first < id)
        || made.paths.before(path, id)
        || above(path.key()).any(|holder| made.filled.is_before(holder, id));
    let tested = script.guards_of(id).any(|(_, guard)| {
        guard.cond.has_opaque()
            || guard
                .cond
                .facts()
                .iter()
                .any(|f| matches!(&f.resource, Resource::Path(p) if path.is_under(p) || p.is_under(path)))
    });
    if unsure || brought || tested {
        return None;
    }
    let entry = script.step(id).entry;
    let own = script.step(id).guard;
    let later = made.first_made.get(path).into_iter().flatten().filter(|at| **at > id);
    later.map(|at| script.step(*at)).find(|s| s.entry == entry && s.guard == own)
}

/// What a script creates, each with the first step that does. It is needed for each path that is given away.
#[derive(Default)]
struct Made<'s> {
    accounts: Firsts<'s>,
    /// Everything that is created, and what contains it.
    paths: Firsts<'s>,
    /// Trees that bring contents with them.
    filled: Firsts<'s>,
    /// A command that is not fully known.
    unknown: Option<StepId>,
    /// The steps that fail if the path exists: `mkdir`, `git clone`. Whoever wrote them knows that it does
    /// not.
    first_made: HashMap<&'s Value, Vec<StepId>>,
}

#[derive(Default)]
struct Firsts<'s>(HashMap<&'s str, StepId>);

impl<'s> Firsts<'s> {
    fn add(&mut self, key: &'s str, id: StepId) {
        self.0.entry(key).or_insert(id);
    }

    fn before(&self, what: &Value, id: StepId) -> bool {
        self.is_before(what.key().trim_end_matches('/'), id)
    }

    fn is_before(&self, key: &str, id: StepId) -> bool {
        self.0.get(key).is_some_and(|first| *first < id)
    }
}

impl<'s> Made<'s> {
    fn of(script: &'s Deployment<'_>) -> Self {
        let mut made = Made::default();
        for (id, step) in script.iter() {
            if !step.deed.known {
                made.unknown.get_or_insert(id);
            }
            for effect in &step.deed.effects {
                match (&effect.change, &effect.resource) {
                    (Change::Create(_), Resource::User(name)) => made.accounts.add(name.key(), id),
                    (
                        Change::Create(_) | Change::Write | Change::Use | Change::Edit,
                        Resource::Path(path),
                    ) => {
                        above(path.key()).for_each(|holder| made.paths.add(holder, id));
                        if fills(effect) {
                            made.filled.add(path.key().trim_end_matches('/'), id);
                        }
                    }
                    (_, Resource::Line { file, .. }) => made.paths.add(file.key(), id),
                    _ => {}
                }
                if let (Change::Create(PathKind::Directory | PathKind::Tree), Resource::Path(path)) =
                    (&effect.change, &effect.resource)
                {
                    made.first_made.entry(path).or_default().push(id);
                }
            }
        }
        made
    }
}

/// A path and what contains it.
fn above(path: &str) -> impl Iterator<Item = &str> {
    std::iter::once(path.trim_end_matches('/')).chain(path.match_indices('/').map(|(at, _)| &path[..at]))
}

/// A tree that brings contents with it.
fn fills(effect: &Effect) -> bool {
    matches!(effect.change, Change::Create(PathKind::Tree | PathKind::Any) | Change::Write)
}
