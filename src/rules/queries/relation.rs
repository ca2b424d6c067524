//! How two commands stand to each other, apart from their order.

use crate::facts::modes::narrows;
use crate::facts::packages::{ecosystem, other_packages, same_packages};
use crate::model::{Step, User};
use crate::syntax::query::Relation;
use crate::tools::effect::{Change, Resource};

pub(super) fn holds(relation: Relation, first: &Step, second: &Step) -> bool {
    match relation {
        // The caller answers these, because it knows the places of the steps.
        Relation::After
        | Relation::Before
        | Relation::Later
        | Relation::FirstMakes
        | Relation::AsksFor
        | Relation::GivesAway
        | Relation::Holds
        | Relation::Hides
        | Relation::SameUnit
        | Relation::MayBringUnit
        | Relation::DrivesAlike => false,
        Relation::Narrows => narrows(first, second),
        Relation::Covers => covers(first, second),
        Relation::SameResource => changes(first).any(|a| changes(second).any(|b| a == b)),
        Relation::SameDirectory => first.argv.cwd == second.argv.cwd,
        Relation::SamePlace => first.place == second.place,
        Relation::SameUser => same_user(&first.user, &second.user),
        Relation::SameEcosystem => ecosystem(first).is_some_and(|of| ecosystem(second) == Some(of)),
        Relation::SamePackages => same_packages(first, second),
        Relation::OtherPackages => other_packages(first, second),
    }
}

/// True if the first one changes a path that the second one makes or writes, or everything in a directory above it.
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

fn same_user(a: &User, b: &User) -> bool {
    match (a, b) {
        (User::Named(a), User::Named(b)) => a == b || a.looks_like(b),
        (User::Unknown, _) | (_, User::Unknown) => false,
        _ => a == b,
    }
}
