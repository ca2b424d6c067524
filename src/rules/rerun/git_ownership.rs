//! `rerun/git-ownership`: git refuses to work in a tree that belongs to another account after the first run.
//!
//! Facts, tried with git 2.47: git refuses if the work tree's directory or its `.git` belongs to another account than the one that
//! runs it (git-config(1), `safe.directory`). A clone leaves a directory that is there to its owner. sudo's caller is trusted too.

use crate::facts::owners::{before, reaches};
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
    if context.steps().any(|(_, _, step)| git_asked::trusts_a_directory(&step.argv)) {
        return;
    }
    for (script, id, step) in context.steps() {
        if !git_asked::minds_the_owner(&step.argv) || step.place != Place::Here {
            continue;
        }
        let Some(tree) = git::command(&step.argv).map(|inner| inner.cwd) else { continue };
        if script.second_run(id).skipped_by().is_some() || is_made_anew(script, id, &tree) {
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

/// Each run removes the tree above the command, so that the last run left nothing of it.
fn is_made_anew(script: &Deployment<'_>, id: StepId, tree: &Value) -> bool {
    before(script, id).any(|step| {
        step.place == Place::Here
            && step.deed.effects.iter().any(|e| {
                e.change == Change::Remove
                    && matches!(&e.resource, Resource::Path(path) if tree.is_under(path))
            })
    })
}

/// The account that the step gives the tree's directory to, alone or with all in it.
fn given_to<'s>(step: &'s Step, tree: &Value) -> Option<&'s Value> {
    if step.place != Place::Here {
        return None;
    }
    step.deed.effects.iter().find_map(|e| match &e.change {
        Change::Own { user: Some(user), recursive, .. } => {
            reaches(e.resource.name(), *recursive, tree).then_some(user)
        }
        _ => None,
    })
}

fn is_root(account: &Value) -> bool {
    matches!(account.as_literal(), Some("root" | "0"))
}

/// The tree is not root's when the command runs again: the last run gave it away, or another account clones it.
fn of_another(script: &Deployment<'_>, id: StepId, tree: &Value) -> Option<Why> {
    // What was given above the command counts, and otherwise what the last run left: each time the last one. Of two arms of one
    // choice it is the first.
    let givers: Vec<(StepId, &Value, Span)> =
        script.iter().filter_map(|(at, step)| Some((at, given_to(step, tree)?, step.span))).collect();
    let last = givers.iter().rfind(|(at, ..)| *at < id).or_else(|| givers.iter().rfind(|(at, ..)| *at > id));
    let first_arm = last.and_then(|last| givers.iter().find(|(at, ..)| !script.may_meet(*at, last.0)));
    if let Some(&(_, account, span)) = first_arm.or(last) {
        let is_known = account.as_literal().is_some() && !is_root(account);
        return is_known.then(|| Why::Given(account.clone(), span));
    }
    script.steps.iter().filter(|s| clones(s, tree)).find_map(|s| match &s.user {
        User::Named(account) => Some(Why::ClonedBy(account.clone(), s.span)),
        _ => None,
    })
}

/// Root clones the tree, and nothing gives all of it to the account.
fn of_root(script: &Deployment<'_>, account: &Value, tree: &Value) -> Option<Why> {
    let clone = script.steps.iter().find(|s| clones(s, tree) && s.user == User::Root)?;
    let is_given = script.steps.iter().any(|s| {
        s.deed.effects.iter().any(|e| match &e.change {
            // An owner that is not known may be this one, and so may a number.
            Change::Own { user: Some(user), recursive: true, .. } => {
                let is_other = |name: &str| name.parse::<u32>().is_err();
                (user == account || !user.as_literal().is_some_and(is_other))
                    && reaches(e.resource.name(), true, tree)
            }
            _ => false,
        })
    });
    (!is_given).then(|| Why::Roots(account.clone(), clone.span))
}

fn clones(step: &Step, tree: &Value) -> bool {
    step.place == Place::Here
        && step.deed.roles.contains(&Role::Clone)
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
