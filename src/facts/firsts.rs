//! Which accounts and paths the steps of a script make first, and whether another script may have made them before.

use crate::facts::owners::holders;
use crate::model::{Deployment, Step, StepId, User};
use crate::shell::value::{Knowledge, Value};
use crate::tools::effect::{Change, Effect, PathKind, Resource, Role};
use hashbrown::HashMap;

/// What a step needs that only a later step makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lacking<'s> {
    /// The account that runs it.
    Runner(&'s Value),
    /// The account that it gives a path to.
    Account(&'s Value),
    /// The path whose owner or mode it sets.
    Path(&'s Value),
}

/// What a script makes, with the first step that makes it.
#[derive(Default)]
pub(crate) struct Firsts<'s> {
    accounts: Steps<'s>,
    /// Every path that is made or used, and everything that contains it.
    paths: Steps<'s>,
    /// Trees that bring contents with them.
    filled: Steps<'s>,
    /// The first step that is not fully known.
    unknown: Option<StepId>,
    /// The first step that installs packages of the system: the script sets a server up.
    pub(crate) sets_up: Option<StepId>,
}

#[derive(Default)]
struct Steps<'s>(HashMap<&'s str, StepId>);

impl<'s> Steps<'s> {
    fn add(&mut self, key: &'s str, id: StepId) {
        self.0.entry(key).or_insert(id);
    }

    fn is_before(&self, key: &str, id: StepId) -> bool {
        self.0.get(key.trim_end_matches('/')).is_some_and(|first| *first < id)
    }
}

impl<'s> Firsts<'s> {
    pub(crate) fn of(script: &'s Deployment<'_>) -> Self {
        let mut firsts = Firsts::default();
        for (id, step) in script.iter() {
            if !step.deed.known {
                firsts.unknown.get_or_insert(id);
            }
            if step.deed.roles.contains(&Role::SystemPackages) {
                firsts.sets_up.get_or_insert(id);
            }
            for effect in &step.deed.effects {
                match (&effect.change, &effect.resource) {
                    (Change::Create(_), Resource::User(name)) => {
                        firsts.accounts.add(name.key().trim_end_matches('/'), id);
                    }
                    (
                        Change::Create(_) | Change::Write | Change::Use | Change::Edit,
                        Resource::Path(path),
                    ) => {
                        holders(path.key()).for_each(|holder| firsts.paths.add(holder, id));
                        if fills(effect) {
                            firsts.filled.add(path.key().trim_end_matches('/'), id);
                        }
                    }
                    (_, Resource::Line { file, .. }) => firsts.paths.add(file.key(), id),
                    _ => {}
                }
            }
        }
        firsts
    }

    /// The account or path that a step needs and that a later step of the same flow makes first. No step before the one
    /// that needs it may have made it, used it or brought it inside a tree.
    pub(crate) fn lacking(
        &self,
        script: &'s Deployment<'_>,
        maker: StepId,
        needs: StepId,
    ) -> Option<Lacking<'s>> {
        let (making, step) = (script.step(maker), script.step(needs));
        if maker <= needs || making.entry != step.entry {
            return None;
        }
        if let User::Named(user) = &step.user
            && makes_account(making, user)
            && !self.accounts.is_before(user.key(), needs)
        {
            return Some(Lacking::Runner(user));
        }
        step.deed.effects.iter().find_map(|effect| {
            let Resource::Path(path) = &effect.resource else { return None };
            if let Change::Own { user: Some(user), .. } = &effect.change
                && makes_account(making, user)
                && user.knowledge() < Knowledge::Unknown
                && !self.accounts.is_before(user.key(), needs)
            {
                return Some(Lacking::Account(user));
            }
            let sets = matches!(effect.change, Change::Own { .. } | Change::Mode { .. });
            let is_first = sets
                && makes_path(making, path)
                && making.guard == step.guard
                && !brings(step, &effect.resource)
                && path.is_absolute()
                && !path.is_glob()
                && path.knowledge() < Knowledge::Unknown
                && !self.may_hold(path, needs);
            is_first.then_some(Lacking::Path(path))
        })
    }

    /// True if a step before this one may have made the path.
    fn may_hold(&self, path: &Value, id: StepId) -> bool {
        self.unknown.is_some_and(|first| first < id)
            || self.paths.is_before(path.key(), id)
            || holders(path.key()).any(|holder| self.filled.is_before(holder, id))
    }
}

/// For each account and directory, the numbers of the scripts that make it.
pub(crate) type Makers<'s> = HashMap<&'s Resource, Vec<usize>>;

pub(crate) fn makers<'s>(scripts: &[&'s Deployment<'_>]) -> Makers<'s> {
    let mut makers = Makers::new();
    for (number, script) in scripts.iter().enumerate() {
        let effects = script.iter().flat_map(|(_, step)| &step.deed.effects);
        for effect in effects.filter(|effect| is_made(effect)) {
            let scripts = makers.entry(&effect.resource).or_default();
            if scripts.last() != Some(&number) {
                scripts.push(number);
            }
        }
    }
    makers
}

/// True for an effect that makes an account or a directory.
pub(super) fn is_made(effect: &Effect) -> bool {
    match (&effect.change, &effect.resource) {
        (Change::Create(_), Resource::User(_)) => true,
        (Change::Create(kind), Resource::Path(_)) => matches!(kind, PathKind::Directory | PathKind::Tree),
        _ => false,
    }
}

/// True if a guard of a step asks for the account or the path that another step makes.
pub(crate) fn asks_for(script: &Deployment<'_>, id: StepId, maker: StepId) -> bool {
    let made = || script.step(maker).deed.effects.iter().filter(|effect| is_made(effect));
    script.guards_of(id).any(|(_, guard)| {
        guard.cond.facts().iter().any(|fact| {
            made().any(|effect| match (&fact.resource, &effect.resource) {
                (Resource::User(asked), Resource::User(made)) => asked == made,
                (Resource::Path(asked), Resource::Path(made)) => asked.is_under(made) || made.is_under(asked),
                _ => false,
            })
        })
    })
}

fn makes_account(step: &Step, user: &Value) -> bool {
    let made = step.deed.effects.iter().filter(|effect| is_made(effect));
    made.into_iter().any(|effect| matches!(&effect.resource, Resource::User(name) if name == user))
}

fn makes_path(step: &Step, path: &Value) -> bool {
    let made = step.deed.effects.iter().filter(|effect| is_made(effect));
    made.into_iter().any(|effect| matches!(&effect.resource, Resource::Path(made) if made == path))
}

fn brings(step: &Step, resource: &Resource) -> bool {
    let made = |effect: &Effect| matches!(effect.change, Change::Create(_) | Change::Write);
    step.deed.effects.iter().any(|effect| made(effect) && effect.resource == *resource)
}

/// True for a tree that brings contents with it.
fn fills(effect: &Effect) -> bool {
    matches!(effect.change, Change::Create(PathKind::Tree | PathKind::Any) | Change::Write)
}
