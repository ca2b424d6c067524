//! `rerun/git-ownership`: git refuses to work in a tree that belongs to another account after the first run.
//!
//! Facts, tried with git 2.47: git refuses if the work tree's directory or its `.git` belongs to another account than the
//! one that runs it (git-config(1), `safe.directory`). If git clones into an existing directory, that keeps its owner. git
//! also trusts the account that called sudo.

use crate::facts::owners::{before, reaches};
use crate::facts::world::World;
use crate::finding::Finding;
use crate::model::{Caller, Deployment, OnFailure, Step, StepId, User};
use crate::rules::id;
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::source::Span;
use crate::tools::effect::{Change, Resource, Role};
use crate::tools::find::picks;
use crate::tools::git;
use crate::tools::git_asked;
use crate::tools::known_accounts::logs_in;

/// Why git refuses a tree in the second run.
struct Refusal {
    /// What made the tree another account's, as the end of "… fails from the second run on, because …".
    cause: String,
    /// The command that did so.
    place: Span,
    /// What the finding says at that command.
    note: &'static str,
    /// What to write instead.
    help: String,
}

impl Refusal {
    /// Root's git meets a tree of an account.
    fn of_owner(owner: &Value, cause: String, place: Span, note: &'static str) -> Self {
        Refusal { cause, place, note, help: format!("run git as the owner: `sudo -u {owner} git …`") }
    }
}

/// Finds git commands in a tree of another account.
pub(in crate::rules) fn git_ownership(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    if context.steps().any(|(_, _, step)| git_asked::trusts_a_directory(&step.argv)) {
        return;
    }
    for (script, id, step) in context.steps() {
        let minds = git_asked::minds_the_owner(&step.argv) && !git_asked::trusts_its_tree(&step.argv);
        if !minds || step.place != Place::Here || trusts_by_setting(script) {
            continue;
        }
        let Some(tree) = git::command(&step.argv).map(|inner| inner.cwd) else { continue };
        if script.second_run(id).skipped_by().is_some() || is_made_anew(script, id, &tree) {
            continue;
        }
        let refusal = match &step.user {
            // sudo tells git who called it.
            User::Root if !step.wrappers.contains(&"sudo") => of_another(context, script, id, &tree),
            User::Named(account) => of_root(context, (script, step), account, &tree),
            _ => None,
        };
        if let Some(refusal) = refusal {
            found.push(finding(context, script, id, refusal));
        }
    }
}

/// True if the script sets a variable that makes git accept another owner.
fn trusts_by_setting(script: &Deployment<'_>) -> bool {
    script.constants.iter().any(|(name, value)| git_asked::is_trusting_setting(name, value))
}

/// True if each run removes the tree above the command, so that the last run left nothing of it.
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
    // `find … -name '*.log' -exec chown` leaves the directory itself alone.
    if step.place != Place::Here || picks(&step.argv) {
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
fn of_another(context: &World<'_, '_>, script: &Deployment<'_>, id: StepId, tree: &Value) -> Option<Refusal> {
    // The last command above that gives the tree away counts; if there is none, the last one below, which the last run has
    // reached. If that is in an arm of a choice, the first arm counts.
    let givers: Vec<(StepId, &Value, Span)> =
        script.iter().filter_map(|(at, step)| Some((at, given_to(step, tree)?, step.span))).collect();
    let last = givers.iter().rfind(|(at, ..)| *at < id).or_else(|| givers.iter().rfind(|(at, ..)| *at > id));
    let first_arm = last.and_then(|last| givers.iter().find(|(at, ..)| !script.may_meet(*at, last.0)));
    if let Some(&(_, owner, place)) = first_arm.or(last) {
        // git trusts the account that called sudo, and a script that tests for root is called by sudo.
        let may_call = matches!(script.caller, Caller::Root(Some(_)));
        let is_callers = may_call && owner.as_literal().is_some_and(logs_in);
        let is_known = owner.as_literal().is_some() && !is_root(owner) && !is_callers;
        let cause =
            format!("{} gives the tree to `{owner}`", context.line_beside(place, script.step(id).span));
        let note = "this gives the tree away, and git refuses a tree of another owner";
        return is_known.then(|| Refusal::of_owner(owner, cause, place, note));
    }
    script.steps.iter().filter(|s| clones(s, tree)).find_map(|s| match &s.user {
        User::Named(owner) => {
            let cause =
                format!("`{owner}` clones the tree on {}", context.line_beside(s.span, script.step(id).span));
            let note = "the tree belongs to the account that clones it, and git refuses it to another one";
            Some(Refusal::of_owner(owner, cause, s.span, note))
        }
        _ => None,
    })
}

/// Root clones the tree, and nothing gives all of it to the account.
fn of_root(
    context: &World<'_, '_>,
    (script, step): (&Deployment<'_>, &Step),
    account: &Value,
    tree: &Value,
) -> Option<Refusal> {
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
    (!is_given).then(|| Refusal {
        cause: format!("root clones the tree on {}", context.line_beside(clone.span, step.span)),
        place: clone.span,
        note: "`.git` belongs to root, and git refuses a tree of another owner",
        help: format!(
            "clone as the owner: `sudo -u {account} git clone …`, or give the clone away: `chown -R {account}: …`"
        ),
    })
}

fn clones(step: &Step, tree: &Value) -> bool {
    step.place == Place::Here
        && step.deed.roles.contains(&Role::Clone)
        && step.deed.effects.iter().any(
            |e| matches!((&e.change, &e.resource), (Change::Create(_), Resource::Path(path)) if path == tree),
        )
}

fn finding(context: &World<'_, '_>, script: &Deployment<'_>, id: StepId, refusal: Refusal) -> Finding {
    let step = script.step(id);
    let words = context.words(step.span);
    let message = format!("`{words}` fails from the second run on, because {}", refusal.cause);
    let draft = context
        .finding(id::RERUN_GIT_OWNERSHIP, step.span, message)
        .at_most(context.confidence(script, id, None))
        .help(refusal.help)
        .related(refusal.place, refusal.note);
    match context.lost(script, id).filter(|_| step.on_failure == OnFailure::Aborts) {
        Some(lost) => draft.related(lost, "so this does not run").done(),
        None => draft.done(),
    }
}
