//! Where an account makes something in the first run although the directory belongs to root.

use crate::facts::ground::Ground;
use crate::facts::owners::{is_roots, reaches};
use crate::facts::packages::is_opaque_call;
use crate::finding::Confidence;
use crate::model::{Deployment, OnFailure, Presence, Step, StepId, User};
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::Place;
use crate::source::Span;
use crate::tools::effect::{Change, Mode, PathKind, Resource, Role};
use crate::tools::known_accounts::{comes_by_itself, is_on_a_new_server};
use crate::tools::new_server::makes_the_directories_above;
use crate::tools::place::{OF_ROOT, is_on_every_server};
use std::borrow::Cow;

/// A step that makes something where its account may not.
pub(crate) struct Refused<'s> {
    /// The step.
    pub(crate) step: StepId,
    /// The words that name what it makes.
    pub(crate) span: Span,
    /// What it makes, or the directory itself if it fills that.
    pub(crate) path: Cow<'s, Value>,
    /// The account.
    pub(crate) account: &'s Value,
    /// The directory.
    pub(crate) directory: Value,
    /// The step of root that makes the directory; `None` if every server has it.
    pub(crate) made: Option<StepId>,
    /// How sure it is that the step makes something there.
    pub(crate) sure: Confidence,
}

/// The steps of a script that are refused so, each once.
pub(crate) fn refused<'s>(world: &Ground<'_, '_>, script: &'s Deployment<'_>) -> Vec<Refused<'s>> {
    let mut found: Vec<Refused<'s>> = Vec::new();
    if world.given.is_set_up {
        return found;
    }
    for (id, step) in script.iter() {
        let User::Named(account) = &step.user else { continue };
        let counts = step.entry == 0 && step.place == Place::Here && step.on_failure != OnFailure::Handled;
        if !counts
            || matches!(account.as_literal(), Some("" | "root"))
            || account.knowledge() > Knowledge::Symbolic
        {
            continue;
        }
        let made = step.deed.effects.iter();
        let made = made.filter(|effect| matches!(effect.change, Change::Create(_) | Change::Write));
        let refused = made.into_iter().find_map(|effect| {
            let Resource::Path(path) = &effect.resource else { return None };
            if *step.doer(effect) != step.user {
                return None;
            }
            let span = effect.operand.unwrap_or(step.span);
            let sure = Confidence::High;
            // A clone fills a directory that is there.
            let is_clone =
                effect.change == Change::Create(PathKind::Tree) && step.deed.roles.contains(&Role::Clone);
            let filled = || is_clone.then(|| filled_of_root(world, script, id, path)).flatten();
            let (directory, made) = directory_of_root(world, script, id, path).or_else(filled)?;
            Some(Refused { step: id, span, path: Cow::Borrowed(path), account, directory, made, sure })
        });
        let refused = refused.or_else(|| hands_over(world, script, id, account));
        found.extend(refused.filter(|new| found.iter().all(|old| !new.path.is_under(&old.path))));
    }
    found
}

/// A directory of root that is there when a step fills it, and the step that makes it.
fn filled_of_root(
    world: &Ground<'_, '_>,
    script: &Deployment<'_>,
    id: StepId,
    path: &Value,
) -> Option<(Value, Option<StepId>)> {
    let made = made_by_root(script, id, path)?;
    is_left_to_root(world, script, id, path, (path, Some(made))).then(|| (path.clone(), Some(made)))
}

/// A directory that a step gives to a program which is not known, for the program to put something into it: it is empty and
/// belongs to root, or it is not there and has the account's own name, so that no package brings it.
fn hands_over<'s>(
    world: &Ground<'_, '_>,
    script: &'s Deployment<'_>,
    id: StepId,
    account: &'s Value,
) -> Option<Refused<'s>> {
    let step = script.step(id);
    if step.deed.known || !step.deed.effects.is_empty() {
        return None;
    }
    let is_file = |path: &Value| path.basename().key().contains('.');
    step.argv.args.iter().filter(|arg| !arg.is_option()).find_map(|arg| {
        let path = step.argv.path(arg);
        if path.as_literal().is_none_or(|text| !text.starts_with('/')) || is_file(&path) {
            return None;
        }
        let is_own = path.basename() == *account && world.sets_up(script);
        let (directory, made) = match made_by_root(script, id, &path) {
            Some(made) if is_filled(script, made, id, &path) => return None,
            Some(made) => (path.clone(), Some(made)),
            None if is_own && !world.app_writes().is_given(&path, &path.to_string()) => {
                directory_of_root(world, script, id, &path)?
            }
            None => return None,
        };
        if made.is_some() && !is_left_to_root(world, script, id, &path, (&path, made)) {
            return None;
        }
        let sure = Confidence::Medium;
        Some(Refused { step: id, span: arg.span, path: Cow::Owned(path), account, directory, made, sure })
    })
}

/// True if a step between two puts something into the directory.
fn is_filled(script: &Deployment<'_>, made: StepId, before: StepId, directory: &Value) -> bool {
    let puts = |step: &Step| {
        step.deed.effects.iter().any(|effect| match &effect.resource {
            Resource::Path(path) => path != directory && path.is_under(directory),
            Resource::Line { file, .. } => file.is_under(directory),
            _ => false,
        })
    };
    script.steps[made.0 as usize..before.0 as usize].iter().any(puts)
}

/// The directory of root in which a path would come to lie, if nobody has made the path before or may write there, and the
/// step that makes the directory.
fn directory_of_root(
    world: &Ground<'_, '_>,
    script: &Deployment<'_>,
    id: StepId,
    path: &Value,
) -> Option<(Value, Option<StepId>)> {
    let is_known = path.knowledge() <= Knowledge::Symbolic && !path.is_glob();
    let untouched =
        |path: &Value| script.first_state(id, &Resource::Path(path.clone())).presence == Presence::Untouched;
    if !is_known || !untouched(path) {
        return None;
    }
    let step = script.step(id);
    // A package's account has a directory of its own.
    let is_of_a_package = matches!(&step.user, User::Named(name) if name.as_literal().is_some_and(|name| {
        comes_by_itself(name) && !is_on_a_new_server(name)
    }));
    let climbs = makes_the_directories_above(&step.argv) && !is_of_a_package;
    let above = std::iter::successors(Some(path.dirname()), |path| Some(path.dirname())).take(16);
    let mut above = above
        .skip_while(|path| climbs && untouched(path) && !path.as_literal().is_some_and(is_on_every_server));
    let parent = above.next()?;
    // A step that works in a directory below it shows that somebody has made that one.
    let is_relied_on = |step: &Step| {
        let cwd = &step.argv.cwd;
        *cwd != parent && cwd.is_under(&parent) && path.is_under(cwd)
    };
    if script.steps[..=id.0 as usize].iter().any(is_relied_on) {
        return None;
    }
    // What is deeper in `/home` lies in somebody's home.
    if parent.as_literal() == Some("/home") && path.dirname() != parent {
        return None;
    }
    let made = match parent.as_literal() {
        Some(text) if OF_ROOT.contains(&text) => None,
        _ => Some(made_by_root(script, id, &parent)?),
    };
    is_left_to_root(world, script, id, path, (&parent, made)).then_some((parent, made))
}

/// True if no step may have made the path before, and none lets others than root write to the directory around it.
fn is_left_to_root(
    world: &Ground<'_, '_>,
    script: &Deployment<'_>,
    id: StepId,
    path: &Value,
    (parent, made): (&Value, Option<StepId>),
) -> bool {
    // A group may write only where the mode lets it, and that is asked of the mode.
    let is_for_group = made.is_some_and(|made| script.step(made).umask.is_none_or(|mask| mask & 0o020 != 0));
    let is_roots = |user: &Option<Value>| user.as_ref().is_none_or(|user| user.as_literal() == Some("root"));
    let opens = |step: &Step| {
        step.deed.effects.iter().any(|effect| match (&effect.change, &effect.resource) {
            // Nobody but the owner may write.
            (Change::Mode { mode: Mode::Octal(bits), .. }, _) if bits & 0o022 == 0 => false,
            (Change::Own { user, .. }, _) if is_for_group && is_roots(user) => false,
            (Change::Own { recursive, .. } | Change::Mode { recursive, .. }, Resource::Path(target)) => {
                reaches(target, *recursive, parent)
            }
            _ => false,
        })
    };
    // Another script may have made it, or opened the directory. What this one does with its own directory later helps
    // nobody.
    let elsewhere = world.steps().any(|(other, at, step)| {
        let is_other = !std::ptr::eq(other, script);
        let makes = step.deed.effects.iter().any(|effect| {
            matches!(effect.change, Change::Create(_) | Change::Write)
                && matches!(&effect.resource, Resource::Path(made) if path.is_under(made) || made.is_under(path))
        });
        is_other && makes || (is_other || made.is_none() || at < id) && opens(step)
    });
    if elsewhere {
        return false;
    }
    let from = made.map_or(0, |made| made.0 as usize);
    let shown = made.map_or_else(|| path.to_string(), |_| parent.to_string());
    let mut unknown = script.steps[from..id.0 as usize].iter().filter(|step| !step.deed.known);
    let may_be_made =
        unknown.any(|step| step.argv.to_string().contains(&shown) || made.is_some() && is_opaque_call(step));
    !may_be_made
}

/// The step of root that makes a directory, if it is the only one that makes it.
fn made_by_root(script: &Deployment<'_>, before: StepId, directory: &Value) -> Option<StepId> {
    let resource = Resource::Path(directory.clone());
    let state = script.first_state(before, &resource);
    let makes = |step: &Step| {
        step.deed.effects.iter().any(|effect| {
            matches!(effect.change, Change::Create(PathKind::Directory | PathKind::Tree))
                && effect.resource == resource
        })
    };
    let mut making = script.iter().take_while(|(id, _)| *id < before).filter(|(_, step)| makes(step));
    let (made, step) = making.next()?;
    let is_roots = is_roots(step) && !step.deed.roles.contains(&Role::Account);
    (state.presence == Presence::There && is_roots && making.next().is_none()).then_some(made)
}
