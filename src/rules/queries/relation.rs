//! How two commands stand to each other, apart from their order.

use crate::facts::deploy::names::same_unit;
use crate::facts::firsts::asks_for;
use crate::facts::modes::narrows;
use crate::facts::packages::{ecosystem, same_packages};
use crate::facts::world::World;
use crate::model::{Deployment, Step, StepId, User};
use crate::shell::value::Value;
use crate::syntax::query::Relation;
use crate::tools::effect::{Change, Resource};

pub(super) fn holds(
    world: &World<'_, '_>,
    script: &Deployment<'_>,
    relation: Relation,
    (one, other): (StepId, StepId),
) -> bool {
    let (first, second) = (script.step(one), script.step(other));
    match relation {
        Relation::FirstMakes => {
            world.firsts(script).is_some_and(|firsts| firsts.lacking(script, one, other).is_some())
        }
        Relation::AsksFor => asks_for(script, one, other),
        // Asked where the steps are known by their places.
        Relation::After | Relation::Before => false,
        Relation::Narrows => narrows(first, second),
        Relation::Covers => covers(first, second),
        Relation::SameResource => changes(first).any(|a| changes(second).any(|b| a == b)),
        Relation::SameUnit => {
            units(first).any(|a| units(second).any(|b| same_unit(&a, &b) || same_unit(&b, &a)))
        }
        Relation::SameDirectory => first.argv.cwd == second.argv.cwd,
        Relation::SamePlace => first.place == second.place,
        Relation::SameUser => same_user(&first.user, &second.user),
        Relation::SameEcosystem => ecosystem(first).is_some_and(|of| ecosystem(second) == Some(of)),
        Relation::SamePackages => ecosystem(second).is_some_and(|of| same_packages(second, first, of)),
    }
}

/// The first one changes a path that the second one makes or writes, or with all below it what that lies in.
fn covers(first: &Step, second: &Step) -> bool {
    let made = || {
        second.deed.effects.iter().filter_map(|e| match (&e.change, &e.resource) {
            (Change::Create(_) | Change::Write | Change::Append, Resource::Path(path)) => Some(path),
            _ => None,
        })
    };
    first.deed.effects.iter().any(|e| {
        let Resource::Path(covered) = &e.resource else { return false };
        let below = match &e.change {
            Change::Own { recursive, .. } | Change::Mode { recursive, .. } => *recursive,
            Change::Remove => true,
            _ => false,
        };
        made().any(|path| path == covered || below && path.is_under(covered))
    })
}

fn changes(step: &Step) -> impl Iterator<Item = &Resource> {
    step.deed.effects.iter().filter(|e| e.change != Change::Use).map(|e| &e.resource)
}

/// The units that a step drives, or that lie at a path which it writes.
fn units(step: &Step) -> impl Iterator<Item = String> {
    step.deed.effects.iter().filter_map(|e| match &e.resource {
        Resource::Unit(name) => Some(name.to_string()),
        Resource::Path(path) if is_unit_file(path) => Some(path.basename().to_string()),
        _ => None,
    })
}

fn is_unit_file(path: &Value) -> bool {
    let end = path.known_suffix();
    ["service", "timer", "socket", "path", "mount", "target"]
        .iter()
        .any(|kind| end.strip_suffix(kind).is_some_and(|before| before.ends_with('.')))
}

fn same_user(a: &User, b: &User) -> bool {
    match (a, b) {
        (User::Named(a), User::Named(b)) => a == b || a.looks_like(b),
        (User::Unknown, _) | (_, User::Unknown) => false,
        _ => a == b,
    }
}
