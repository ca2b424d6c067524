//! `rerun/mirror-deletes`: `rsync --delete` makes a directory like its source, and deletes what the script
//! itself, or the app, has put there since.

use crate::facts::secrets::is_lasting_env_file;
use crate::facts::world::World;
use crate::finding::{Applicability, Confidence, Edit, Finding, Fix};
use crate::model::{Deployment, Step, StepId};
use crate::repo::names::base;
use crate::rules::id;
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::source::Span;
use crate::tools::archives;
use crate::tools::effect::{Change, PathKind, Resource};

/// Finds mirrors over files that are created once, and over directories that the app fills.
pub(in crate::rules) fn mirror_deletes(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for (script, id, step) in context.steps() {
        let Some(mirror) = mirror(step).filter(|_| script.second_run(id).skipped_by().is_none()) else {
            continue;
        };
        let mut lost: Vec<(Value, StepId)> = Vec::new();
        for (other, made) in script.iter().filter(|(other, s)| *other != id && s.place == Place::Here) {
            for effect in &made.deed.effects {
                if let Some(path) = kept_by_nobody(script, other, &effect.change, &effect.resource)
                    && !lost.iter().any(|(known, _)| known == path || path.is_under(known))
                    && mirror.deletes(path)
                {
                    lost.push((path.clone(), other));
                }
            }
        }
        let Some((first, maker)) = lost.first() else { continue };
        let names: Vec<String> = lost.iter().map(|(path, _)| path.to_string()).collect();
        let makers = script.step(*maker);
        let then = match is_lasting_env_file(first) {
            true => {
                let line = context.line_beside(makers.span, step.span);
                format!("{line} creates it again without what was filled in")
            }
            false => "the app's files there are lost".to_owned(),
        };
        let text = format!(
            "`{}` deletes {} when the script runs again, and {then}",
            context.words(step.span),
            names.join(" and "),
        );
        let mut confidence = context.confidence(script, id, Some(first));
        if *maker < id {
            confidence = confidence.min(Confidence::Medium);
        }
        let excludes: Vec<String> = lost
            .iter()
            .filter_map(|(path, _)| mirror.relative(path))
            .map(|rel| format!("--exclude=/{rel}"))
            .collect();
        found.push(
            context
                .finding(id::RERUN_MIRROR_DELETES, step.span, text)
                .at_most(confidence)
                .related(makers.span, "this creates it, but the source does not have it")
                .help(format!("exclude it: `{}`", excludes.join(" ")))
                .fix(fix(context, step, &excludes))
                .done(),
        );
    }
}

/// What no step restores as it was: an environment file that is written only if it is missing, a database in
/// a file, a directory for users' uploads.
fn kept_by_nobody<'r>(
    script: &Deployment<'_>,
    id: StepId,
    change: &Change,
    resource: &'r Resource,
) -> Option<&'r Value> {
    let Resource::Path(path) = resource else { return None };
    let shown = path.to_string();
    let name = base(&shown);
    let kept = match change {
        Change::Create(PathKind::Directory) => {
            matches!(name, "uploads" | "media" | "data" | "storage" | "backups" | "instance" | "db")
        }
        Change::Write | Change::Create(PathKind::File | PathKind::Any) => {
            let once = script.second_run(id).skipped_by().is_some_and(|guard| {
                let facts = script.guards[guard.0 as usize].cond.facts();
                facts.iter().any(|fact| matches!(&fact.resource, Resource::Path(asked) if asked == path))
            });
            // `cp -n` and `touch` keep an existing file.
            (once || matches!(change, Change::Create(_))) && is_lasting_env_file(path)
        }
        _ => false,
    };
    kept.then_some(path)
}

/// An `rsync --delete` to a directory of this machine.
struct Mirror<'a> {
    target: &'a Value,
    excludes: Vec<Value>,
}

/// rsync(1): files that `--exclude` names are not deleted either, unless `--delete-excluded` is given.
fn mirror(step: &Step) -> Option<Mirror<'_>> {
    if step.place != Place::Here {
        return None;
    }
    let excludes = archives::mirrors(&step.argv)?;
    let target = step.deed.effects.iter().find_map(|e| match (&e.change, &e.resource) {
        (Change::Write, Resource::Path(path)) => Some(path),
        _ => None,
    })?;
    Some(Mirror { target, excludes })
}

impl Mirror<'_> {
    /// The path below the target.
    fn relative(&self, path: &Value) -> Option<String> {
        let below = path.key().strip_prefix(self.target.key())?.strip_prefix('/')?;
        (!below.is_empty() && below.is_ascii() && !below.contains(char::is_control)).then(|| below.to_owned())
    }

    fn deletes(&self, path: &Value) -> bool {
        let Some(relative) = self.relative(path) else { return false };
        !self.excludes.iter().any(|pattern| {
            let Some(pattern) = pattern.as_literal() else { return true };
            let pattern = pattern.trim_end_matches(['/', '*']);
            if pattern.is_empty() {
                return true;
            }
            let anchored = pattern.trim_start_matches('/');
            let Ok(glob) = glob::Pattern::new(anchored) else { return true };
            if pattern.contains('/') {
                return relative.starts_with(anchored) || glob.matches(&relative);
            }
            relative.split('/').any(|part| glob.matches(part) || part == anchored)
        })
    }
}

fn fix(context: &World<'_, '_>, step: &Step, excludes: &[String]) -> Option<Fix> {
    let program = step.argv.program.span;
    let written = context.sources.text(program) == step.argv.name && step.span.covers(program);
    let plain = |text: &String| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-=/._".contains(&b));
    (written && excludes.iter().all(plain)).then(|| Fix {
        title: "exclude what the source does not have".to_owned(),
        applicability: Applicability::Unsafe,
        edits: vec![Edit {
            span: Span { start: program.end, ..program },
            text: format!(" {}", excludes.join(" ")),
        }],
    })
}
