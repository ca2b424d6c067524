//! How guards relate to each other and to resources: whether a step runs only where another one does.

use crate::model::condition::Cond;
use crate::model::{About, Guard, GuardId, guards_from};
use crate::tools::effect::Resource;
use crate::tools::says::Fact;

pub(super) enum Relation<'g> {
    /// They are in different arms of one choice.
    Excludes,
    /// All guards of the one also apply to the other.
    Implied,
    /// The one has these additional guards.
    Extra(Vec<&'g Guard>),
}

/// How the guards of an event relate to those of the asker.
pub(super) fn relation(guards: &[Guard], event: Option<GuardId>, asker: Option<GuardId>) -> Relation<'_> {
    // Most steps of a long script are behind no guard, or behind the same one.
    if event.is_none() || event == asker {
        return Relation::Implied;
    }
    let shared = common(guards, event, asker);
    let own = |from| guards_from(guards, from).take_while(move |(id, _)| Some(*id) != shared);
    let mut extra = Vec::new();
    for (_, guard) in own(event) {
        if let Some((choice, arm)) = guard.choice {
            for (_, other) in own(asker) {
                let Some((_, other_arm)) = other.choice.filter(|(other, _)| *other == choice) else {
                    continue;
                };
                let other_branch = arm != other_arm && arm != u32::MAX && other_arm != u32::MAX;
                if other_branch || guard.holds != other.holds && guard.cond == other.cond {
                    return Relation::Excludes;
                }
            }
        }
        // Conditions on facts change as the script goes on; others do not.
        if matches!(guard.about, About::Opaque | About::Constant) && !matches!(guard.cond, Cond::Always(_)) {
            match guards_from(guards, asker).find(|(_, other)| other.cond == guard.cond) {
                Some((_, other)) if other.holds != guard.holds => return Relation::Excludes,
                Some(_) => continue,
                None => {}
            }
        }
        extra.push(guard);
    }
    if extra.is_empty() { Relation::Implied } else { Relation::Extra(extra) }
}

/// The innermost guard that both are behind.
fn common(guards: &[Guard], a: Option<GuardId>, b: Option<GuardId>) -> Option<GuardId> {
    let (mut a, mut b) = (a?, b?);
    while a != b {
        let (depth_a, depth_b) = (guards[a.0 as usize].depth, guards[b.0 as usize].depth);
        if depth_a >= depth_b {
            a = guards[a.0 as usize].outer?;
        } else {
            b = guards[b.0 as usize].outer?;
        }
    }
    Some(a)
}

/// True if a fact is about the resource (or, for paths, about one that contains it).
pub(crate) fn concerns(fact: &Fact, resource: &Resource) -> bool {
    match (&fact.resource, resource) {
        (Resource::Path(asked), Resource::Path(path)) => {
            asked == path || path.is_under(asked) || asked.is_under(path)
        }
        (Resource::Line { file: asked, .. }, Resource::Line { file, .. }) => asked == file,
        (asked, made) => asked == made || asked.kind() == made.kind() && asked.name().looks_like(made.name()),
    }
}

/// True if a guard holds because the resource, or what contains it, exists.
pub(super) fn asserts(guard: &Guard, resource: &Resource) -> bool {
    let there = |truth: bool| {
        guard.cond.evaluate(&mut |leaf| match leaf {
            Cond::Fact(fact) if concerns(fact, resource) => Some(truth),
            _ => None,
        })
    };
    there(true) == Some(guard.holds) && there(false) != Some(guard.holds)
}
