//! `rerun/git-ownership`: git refuses to work in a tree that belongs to another account after the first run.
//!
//! Facts, tried with git 2.47: git refuses if the work tree's directory or its `.git` belongs to another account than the one that
//! runs it (git-config(1), `safe.directory`). A clone leaves a directory that is there to its owner. sudo's caller is trusted too.

use crate::facts::world::World;
use crate::finding::Finding;
use crate::model::{Deployment, OnFailure, Step, StepId, User};
use crate::rules::id;
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::source::Span;
use crate::tools::effect::{Change, Resource, Role};
use crate::tools::git;
use crate::tools::git_asked;

/// Why a tree belongs to another account.
enum Why {
    /// Root's git meets a tree that the script gives to an account.
    Given(Value, Span),
    /// Root's git meets a tree that an account has cloned.
    ClonedBy(Value, Span),
    /// An account's git meets what root has cloned, and nothing gives all of it to the account.
    Roots(Value, Span),
}

/// Finds git commands in a tree of another account.
pub(in crate::rules) fn git_ownership(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for (script, id, step) in context.steps() {
        if !git_asked::minds_the_owner(&step.argv) || step.place != Place::Here {
            continue;
        }
        let Some(tree) = git::command(&step.argv).map(|inner| inner.cwd) else { continue };
        let trusted = context.steps().any(|(_, _, other)| git_asked::trusts_a_directory(&other.argv));
        if trusted || script.second_run(id).skipped_by().is_some() {
            continue;
        }
        let why = match &step.user {
            // sudo tells git who called it.
            User::Root if !step.wrappers.contains(&"sudo") => of_another(script, id, &tree),
            User::Named(account) => of_root(script, account, &tree),
            _ => None,
        };
        if let Some(why) = why {
            found.push(judge(context, script, id, &why));
        }
    }
}

/// The tree is not root's: it is given away, or another account clones it.
fn of_another(script: &Deployment<'_>, id: StepId, tree: &Value) -> Option<Why> {
    let given = script.iter().filter(|(other, _)| *other != id).find_map(|(_, other)| {
        let away = other.deed.effects.iter().find_map(|e| match &e.change {
            Change::Own { user: Some(user), recursive, .. }
                if (e.resource.name() == tree || *recursive && tree.is_under(e.resource.name()))
                    && user.as_literal().is_some_and(|u| u != "root" && u != "0") =>
            {
                Some(user.clone())
            }
            _ => None,
        })?;
        Some(Why::Given(away, other.span))
    });
    let cloned = || {
        script.steps.iter().filter(|s| clones(s, tree)).find_map(|s| match &s.user {
            User::Named(account) => Some(Why::ClonedBy(account.clone(), s.span)),
            _ => None,
        })
    };
    // It is taken back before git runs.
    let taken_back = script.steps[..id.0 as usize].iter().any(|s| {
        s.deed.effects.iter().any(|e| {
            matches!(&e.change, Change::Own { user: Some(u), .. } if u.as_literal() == Some("root"))
                && tree.is_under(e.resource.name())
        })
    });
    given.or_else(cloned).filter(|_| !taken_back)
}

/// Root clones the tree, and nothing gives all of it to the account.
fn of_root(script: &Deployment<'_>, account: &Value, tree: &Value) -> Option<Why> {
    let clone =
        script.steps.iter().find(|s| clones(s, tree) && s.user == User::Root && s.place == Place::Here)?;
    let is_given = script.steps.iter().any(|s| {
        s.deed.effects.iter().any(|e| match &e.change {
            // An owner that is not known may be this one.
            Change::Own { user: Some(user), recursive: true, .. } => {
                (user == account || user.as_literal().is_none()) && tree.is_under(e.resource.name())
            }
            _ => false,
        })
    });
    (!is_given).then(|| Why::Roots(account.clone(), clone.span))
}

fn clones(step: &Step, tree: &Value) -> bool {
    step.deed.roles.contains(&Role::Clone)
        && step.deed.effects.iter().any(
            |e| matches!((&e.change, &e.resource), (Change::Create(_), Resource::Path(path)) if path == tree),
        )
}

fn judge(context: &World<'_, '_>, script: &Deployment<'_>, id: StepId, why: &Why) -> Finding {
    let step = script.step(id);
    let words = context.words(step.span);
    let (text, help, place, note) = match why {
        Why::Given(owner, place) => (
            format!(
                "`{words}` fails from the second run on, because {} gives the tree to `{owner}`",
                context.line(*place)
            ),
            format!("run git as the owner: `sudo -u {owner} git …`"),
            *place,
            "this gives the tree away, and git refuses a tree of another owner",
        ),
        Why::ClonedBy(owner, place) => (
            format!(
                "`{words}` fails from the second run on, because `{owner}` clones the tree on {}",
                context.line(*place)
            ),
            format!("run git as the owner: `sudo -u {owner} git …`"),
            *place,
            "this tree belongs to the account that clones it, and git refuses it to another one",
        ),
        Why::Roots(account, place) => (
            format!(
                "`{words}` fails as `{account}` from the second run on, because root clones the tree on {}",
                context.line(*place)
            ),
            format!(
                "clone as the owner: `sudo -u {account} git clone …`, or give the clone away: `chown -R {account}: …`"
            ),
            *place,
            "`.git` belongs to root, and git refuses a tree of another owner",
        ),
    };
    let draft = context
        .finding(id::RERUN_GIT_OWNERSHIP, step.span, text)
        .at_most(context.confidence(script, id, None))
        .help(help)
        .related(place, note);
    match context.lost(script, id).filter(|_| step.on_failure == OnFailure::Aborts) {
        Some(lost) => draft.related(lost, "so this does not run").done(),
        None => draft.done(),
    }
}
