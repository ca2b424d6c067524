//! `rerun/never-updated`: the code is cloned once, and no later run updates it.

use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::model::{Deployment, OnFailure, Outcome, Step, StepId};
use crate::rules::id;
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::Place;
use crate::source::FileId;
use crate::tools::calls::calls_script;
use crate::tools::effect::{Change, How, PathKind, Resource, Role};
use crate::tools::git;
use crate::tools::git_asked::{self, Update};
use crate::tools::place;

/// Finds clones that nothing updates.
pub(in crate::rules) fn never_updated(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for (script, id, step) in context.steps() {
        let Some(tree) = cloned(step) else { continue };
        let second = script.second_run(id);
        let swallowed = matches!(second.outcome, Outcome::Fails(_)) && step.on_failure == OnFailure::Handled;
        if !(second.skipped_by().is_some() || swallowed) || is_pinned(step) {
            continue;
        }
        let Some(user) = works_in(script, id, tree) else { continue };
        if is_brought(context, tree) {
            continue;
        }
        let half = match updates(context, tree) {
            Updates::Done => continue,
            Updates::Half(half) => Some(half),
            Updates::None => None,
        };
        let work = format!(
            "`{}` on {}",
            context.words(user.span),
            context.line_beside(user.span, script.step(id).span)
        );
        let confidence = context.confidence(script, id, Some(tree)).min(Confidence::Medium);
        if let Some((other, update)) = half {
            let words = context.words(other.span);
            let (text, help) = match update {
                Update::Fetches => (
                    format!(
                        "nothing checks out what `{words}` fetches, so {work} deploys the old code again"
                    ),
                    format!(
                        "check it out: `git -C {tree} merge --ff-only`, or run `git pull --ff-only` instead"
                    ),
                ),
                _ => (
                    format!("nothing fetches before `{words}`, so {work} deploys the old code again"),
                    format!("run `git -C {tree} fetch` before it"),
                ),
            };
            let draft = context.finding(id::RERUN_NEVER_UPDATED, other.span, text).at_most(confidence);
            found.push(draft.related(step.span, "only the first run clones").help(help).done());
            continue;
        }
        let text = format!(
            "`{}` {} from the second run on, so {work} deploys the old code again",
            context.words(step.span),
            if swallowed { "fails unnoticed" } else { "is skipped" },
        );
        let mut draft = context
            .finding(id::RERUN_NEVER_UPDATED, step.span, text)
            .at_most(confidence)
            .related(user.span, "this works with what the first run has fetched")
            .help(format!("pull if it exists: `if [ -d {tree}/.git ]; then git -C {tree} pull --ff-only; else git clone …; fi`"));
        if let Some(guard) = second.skipped_by() {
            draft = draft.related(script.guards[guard.0 as usize].span, "this skips it");
        }
        found.push(draft.done());
    }
}

/// The tree that a `git clone` creates.
fn cloned(step: &Step) -> Option<&Value> {
    if !step.deed.roles.contains(&Role::Clone) || step.place != Place::Here {
        return None;
    }
    step.deed.effects.iter().find_map(|e| match (&e.change, &e.resource) {
        (Change::Create(PathKind::Tree), Resource::Path(path)) if path.knowledge() < Knowledge::Unknown => {
            Some(path)
        }
        _ => None,
    })
}

/// True if a tag or a commit is checked out, so that this version is meant.
fn is_pinned(step: &Step) -> bool {
    git_asked::wanted_branch(&step.argv).is_some_and(|branch| {
        let shown = branch.to_string();
        shown.contains(|c: char| c.is_ascii_digit())
            || shown.to_ascii_lowercase().contains("version")
            || shown.to_ascii_lowercase().contains("tag")
    })
}

/// The step that installs, builds or migrates in the tree in each run.
fn works_in<'r>(script: &'r Deployment<'_>, id: StepId, tree: &Value) -> Option<&'r Step> {
    script.after(id).find_map(|(other, s)| {
        let works = s.deed.roles.iter().any(|role| role.prepares() || *role == Role::ComposeUp);
        let there = place::works_in(&s.argv).is_under(tree)
            || s.argv.cwd.is_under(tree)
            || s.argv.program.value.is_under(tree)
            || s.argv.args.iter().any(|a| s.argv.path(a).is_under(tree) && a.value.key().contains('/'));
        (works && there && script.second_run(other).skipped_by().is_none()).then_some(s)
    })
}

/// How far git commands bring a tree up to date.
enum Updates<'r> {
    None,
    /// One half is missing, or comes too late.
    Half((&'r Step, Update)),
    Done,
}

/// How far the git commands of all scripts bring a tree up to date.
fn updates<'r>(context: &'r World<'_, '_>, tree: &Value) -> Updates<'r> {
    let mut half = None;
    let mut has_fetched = false;
    for (_, _, step) in context.steps() {
        let Some(update) = git_asked::update(&step.argv).filter(|_| may_be_of(step, tree)) else { continue };
        match update {
            Update::Whole => return Updates::Done,
            Update::TakesOver if has_fetched => return Updates::Done,
            Update::Fetches => has_fetched = true,
            Update::TakesOver => {}
        }
        // If the two are there in the wrong order, what is taken over is old.
        if half.is_none_or(|(_, earlier)| earlier == Update::Fetches) {
            half = Some((step, update));
        }
    }
    half.map_or(Updates::None, Updates::Half)
}

/// True if some step, or some other script or workflow of the repo, brings newer code without git, or in a way that is not
/// known.
fn is_brought(context: &World<'_, '_>, tree: &Value) -> bool {
    let by_step = context.steps().any(|(script, id, s)| {
        let brings = s.deed.puts().any(|(effect, content)| {
            let Resource::Path(to) = &effect.resource else { return false };
            match content.how {
                How::Copied | How::Kept => tree.is_under(to),
                How::Synced | How::Unpacked => {
                    to.is_under(tree) || tree.is_under(to) || to.as_literal().is_none()
                }
                _ => false,
            }
        });
        let removes = s.deed.effects.iter().any(|e| {
            e.change == Change::Remove && matches!(&e.resource, Resource::Path(p) if tree.is_under(p))
        });
        (brings || removes) && script.second_run(id).skipped_by().is_none()
            || calls_script(&s.argv) && !s.deed.known
    });
    let modelled =
        |file: FileId| context.scripts().iter().any(|s| s.file == file || s.sourced.contains(&file));
    let mut others = context.project.texts.iter().filter(|(_, file)| !modelled(*file));
    by_step || others.any(|(_, file)| git_asked::text_updates(context.sources.file(*file).text()))
}

/// True if a git command works in the tree, in one of that name, or in an unknown directory.
fn may_be_of(step: &Step, tree: &Value) -> bool {
    let directory = git::command(&step.argv).map_or_else(|| step.argv.cwd.clone(), |inner| inner.cwd);
    directory.as_literal().is_none()
        || tree.as_literal().is_none()
        || directory.is_under(tree)
        || directory.basename() == tree.basename()
}
