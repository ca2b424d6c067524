//! `rerun/git-ownership`: git refuses to work in a tree that the first run gave to another account.

use crate::facts::world::World;
use crate::finding::Finding;
use crate::model::{OnFailure, User};
use crate::rules::id;
use crate::shell::wrappers::Place;
use crate::tools::effect::Change;
use crate::tools::git;
use crate::tools::git_asked;

/// Finds git commands of root in a tree that a `chown -R` of the script gives away.
pub(in crate::rules) fn git_ownership(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for (script, id, step) in context.steps() {
        let sudo = step.wrappers.contains(&"sudo");
        if !git_asked::minds_the_owner(&step.argv)
            || step.user != User::Root
            || step.place != Place::Here
            || sudo
        {
            continue;
        }
        let Some(tree) = git::command(&step.argv).map(|inner| inner.cwd) else { continue };
        let trusted = context.steps().any(|(_, _, other)| git_asked::trusts_a_directory(&other.argv));
        if trusted || script.second_run(id).skipped_by().is_some() {
            continue;
        }
        let given = script.iter().filter(|(other, _)| *other != id).find_map(|(_, other)| {
            let away = other.deed.effects.iter().find_map(|e| match &e.change {
                Change::Own { user: Some(user), recursive: true, .. }
                    if tree.is_under(e.resource.name())
                        && user.as_literal().is_some_and(|u| u != "root" && u != "0") =>
                {
                    Some(user.clone())
                }
                _ => None,
            })?;
            // It is taken back before git runs.
            Some((away, other.span))
        });
        let Some((owner, chown)) = given else { continue };
        let taken_back = script.steps[..id.0 as usize].iter().any(|s| {
            s.deed.effects.iter().any(|e| {
                matches!(&e.change, Change::Own { user: Some(u), .. } if u.as_literal() == Some("root"))
                    && tree.is_under(e.resource.name())
            })
        });
        if taken_back {
            continue;
        }
        let words = context.words(step.span);
        let text = format!(
            "`{words}` fails from the second run on, because {} gives the tree to `{owner}`",
            context.line(chown)
        );
        let mut draft = context
            .finding(id::RERUN_GIT_OWNERSHIP, step.span, text)
            .at_most(context.confidence(script, id, None))
            .help(format!("run git as the owner: `sudo -u {owner} git …`"))
            .related(chown, "this gives the tree away, and git refuses a tree of another owner");
        if step.on_failure == OnFailure::Aborts
            && let Some(lost) = context.lost(script, id)
        {
            draft = draft.related(lost, "so this does not run");
        }
        found.push(draft.done());
    }
}
