//! `rerun/errors-ignored`: an install, a build or a migration can fail, and the restart still happens.

use crate::facts::world::World;
use crate::finding::RuleId;
use crate::finding::{Confidence, Finding};
use crate::model::{Deployment, OnFailure, Step, StepId, Turn};
use crate::rules::id;
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::source::{FileId, Span};
use crate::tools::effect::{Resource, Role};
use crate::tools::git_asked::{fetches, pulls};
use crate::tools::known_units::is_foreign;

const RULE: RuleId = id::RERUN_ERRORS_IGNORED;

/// How many commands that can fail are named with a finding.
const RELATED: usize = 4;

/// Finds the first such step of each script.
pub(in crate::rules) fn errors_ignored(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let turns =
        context.scripts().iter().flat_map(|&script| script.turns().iter().map(move |turn| (script, turn)));
    for (script, turn) in turns {
        let pairs = pairs(script, turn);
        let Some((first, then)) = pairs.first() else { continue };
        let (first, then) = (script.step(*first), script.step(*then));
        let what = format!(
            "`{}` ({}) can fail, and `{}` ({}) still runs",
            context.words(first.span),
            context.line(first.span),
            context.words(then.span),
            context.line(then.span),
        );
        // errexit is not passed on to a new shell: `bash -c`, `su - app <<END`.
        let errexit = turn.errexit_at.filter(|at| at.file == first.span.file && at.start < first.span.start);
        let in_another = errexit.is_some() || !matches!(first.place, Place::Here);
        if !in_another {
            let text = format!("the script does not stop on errors: {what}");
            let mut draft = context.finding(RULE, opening(context, turn.file), text);
            for (other, _) in pairs.iter().take(RELATED) {
                draft = draft.related(script.step(*other).span, "this can fail");
            }
            found.push(draft.help("write `set -euo pipefail` after the first line").done());
            continue;
        }
        let text = format!("the shell that runs this does not stop on errors: {what}");
        let mut draft = context.finding(RULE, first.span, text).at_most(Confidence::Medium);
        if let Some(errexit) = errexit {
            draft = draft.related(errexit, "this applies only to the script's own shell");
        }
        found.push(draft.help("write `set -e` as its first command").done());
    }
}

/// The steps whose failure nobody sees, each with the first later step that builds on it.
fn pairs(script: &Deployment<'_>, turn: &Turn) -> Vec<(StepId, StepId)> {
    let mut pairs = Vec::new();
    let unseen = |step: &Step| {
        step.entry == 0
            && !step.errexit
            && step.on_failure == OnFailure::Continues
            && !step.status_checked
            && !step.background
            && step.wrappers.iter().all(|w| *w != "ssh")
    };
    let prepares = |step: &Step| step.deed.roles.iter().any(|role| role.prepares() || *role == Role::Source);
    let builds_on = |step: &Step| {
        !only_foreign_services(step)
            && step
                .deed
                .roles
                .iter()
                .any(|r| matches!(r, Role::Restart | Role::Migrate | Role::Serve | Role::ComposeUp))
    };
    // `git pull` fails where `git fetch` does: its status tells of both.
    let told_by_pull = |id: StepId, step: &Step| {
        let again = |s: &Step| pulls(&s.argv) && s.argv.cwd == step.argv.cwd && s.place == step.place;
        fetches(&step.argv) && script.after(id).any(|(_, s)| again(s) && !unseen(s))
    };
    let own = script.iter().filter(|(id, _)| turn.has(*id));
    for (id, step) in own.filter(|(id, s)| unseen(s) && prepares(s) && !told_by_pull(*id, s)) {
        let guards: Vec<_> = script.guards_of(id).map(|(g, _)| g).collect();
        let later = script.after(id).take_while(|(other, _)| turn.has(*other)).find(|(other, s)| {
            s.entry == 0
                && builds_on(s)
                && s.span != step.span
                && s.place == step.place
                // A step that runs only if the other succeeded is not a fault.
                && guards.iter().all(|g| script.guards_of(*other).any(|(o, _)| o == *g))
                && !script.guards_of(*other).any(|(_, g)| g.span.covers(step.span))
        });
        pairs.extend(later.map(|(other, _)| (id, other)));
        if pairs.len() >= RELATED {
            break;
        }
    }
    pairs
}

/// True if a step starts only services that know nothing about the app.
fn only_foreign_services(step: &Step) -> bool {
    let mut units = step.deed.effects.iter().filter_map(|e| match &e.resource {
        Resource::Unit(unit) => Some(unit),
        _ => None,
    });
    let foreign = |unit: &Value| is_foreign(&unit.to_string());
    units.next().is_some_and(foreign) && units.all(foreign)
}

/// Where `set -e` would be: the first line.
fn opening(context: &World<'_, '_>, script: FileId) -> Span {
    let file = context.sources.file(script);
    let line = file.line_range(1);
    Span { file: script, start: line.start as u32, end: line.end as u32 }
}
