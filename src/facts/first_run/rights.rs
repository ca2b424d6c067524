//! Where an account makes something in the first run although the directory belongs to root.

use crate::facts::ground::Ground;
use crate::facts::owners::reaches;
use crate::model::{Deployment, OnFailure, Presence, Step, StepId, User};
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::Place;
use crate::source::Span;
use crate::tools::effect::{Change, Resource, Role};

/// Directories that every server has, that belong to root and that only root may write to: hier(7), and the layout of
/// Debian's base-files.
const ROOTS: [&str; 18] = [
    "/", "/etc", "/etc/nginx", "/etc/systemd/system", "/home", "/mnt", "/opt", "/root", "/run", "/srv",
    "/usr", "/usr/bin", "/usr/local", "/usr/local/bin", "/var", "/var/lib", "/var/log", "/var/www",
];

/// True for a directory of every server, whatever it holds.
pub(super) fn is_of_the_system(path: &str) -> bool {
    ROOTS.contains(&path) || matches!(path, "/tmp" | "/var/backups" | "/var/cache" | "/var/tmp")
}

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
        .skip_while(|path| climbs && untouched(path) && !path.as_literal().is_some_and(is_of_the_system));
    let parent = above.next()?;
    let directory = ROOTS.iter().find(|root| parent.as_literal() == Some(**root))?;
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
    let unknown = script.steps[..id.0 as usize]
        .iter()
        .any(|step| !step.deed.known && step.argv.to_string().contains(&path.to_string()));
    (!elsewhere && !unknown).then_some(*directory)
}
