//! Where an account makes something in the first run although the directory belongs to root.

use crate::facts::ground::Ground;
use crate::facts::owners::reaches;
use crate::model::{Deployment, OnFailure, Presence, Step, StepId, User};
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::Place;
use crate::source::Span;
use crate::tools::effect::{Change, Resource, Role};
use crate::tools::place::{OF_ROOT, is_on_every_server};

/// A step that makes something where its account may not.
pub(crate) struct Refused<'s> {
    /// The step.
    pub(crate) step: StepId,
    /// The words that name what it makes.
    pub(crate) span: Span,
    /// What it makes.
    pub(crate) path: &'s Value,
    /// The account.
    pub(crate) account: &'s Value,
    /// The directory.
    pub(crate) directory: &'static str,
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
        if !counts || account.as_literal() == Some("root") || account.knowledge() > Knowledge::Symbolic {
            continue;
        }
        let made = step.deed.effects.iter().filter(|effect| matches!(effect.change, Change::Create(_)));
        let refused = made.into_iter().find_map(|effect| {
            let Resource::Path(path) = &effect.resource else { return None };
            // The shell that calls the command opens its redirects.
            if step.argv.stdout.as_ref().is_some_and(|(to, _)| to == path) {
                return None;
            }
            let directory = directory_of_root(world, script, id, path)?;
            Some(Refused { step: id, span: effect.operand.unwrap_or(step.span), path, account, directory })
        });
        found.extend(refused.filter(|new| found.iter().all(|old| !new.path.is_under(old.path))));
    }
    found
}

/// The directory of root in which a path would come to lie, if nobody has made it before or may write there.
fn directory_of_root(
    world: &Ground<'_, '_>,
    script: &Deployment<'_>,
    id: StepId,
    path: &Value,
) -> Option<&'static str> {
    let is_known = path.knowledge() <= Knowledge::Symbolic && !path.is_glob();
    let untouched =
        |path: &Value| script.first_state(id, &Resource::Path(path.clone())).presence == Presence::Untouched;
    if !is_known || !untouched(path) {
        return None;
    }
    // git-clone(1) makes the directories above.
    let climbs = script.step(id).deed.roles.contains(&Role::Clone);
    let above = std::iter::successors(Some(path.dirname()), |path| Some(path.dirname())).take(16);
    let mut above = above
        .skip_while(|path| climbs && untouched(path) && !path.as_literal().is_some_and(is_on_every_server));
    let parent = above.next()?;
    let directory = OF_ROOT.iter().find(|root| parent.as_literal() == Some(**root))?;
    let opens = |step: &Step| {
        step.deed.effects.iter().any(|effect| match (&effect.change, &effect.resource) {
            (Change::Own { recursive, .. } | Change::Mode { recursive, .. }, Resource::Path(target)) => {
                reaches(target, *recursive, &parent)
            }
            _ => false,
        })
    };
    // Another script may have made it, or opened the directory.
    let elsewhere = world.steps().any(|(other, _, step)| {
        let makes = step.deed.effects.iter().any(|effect| {
            matches!(effect.change, Change::Create(_) | Change::Write)
                && matches!(&effect.resource, Resource::Path(made) if path.is_under(made) || made.is_under(path))
                && !std::ptr::eq(other, script)
        });
        makes || opens(step)
    });
    if elsewhere {
        return None;
    }
    let shown = path.to_string();
    let mut unknown = script.steps[..id.0 as usize].iter().filter(|step| !step.deed.known);
    let may_be_made = unknown.any(|step| step.argv.to_string().contains(&shown));
    (!may_be_made).then_some(*directory)
}
