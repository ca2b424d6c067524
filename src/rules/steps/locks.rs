//! The part of `steps/lockfile-ignored` that is not about `npm install`: a deploy that gets newer versions,
//! and pip next to another tool's lockfile, which pip does not read.

use crate::facts::deploy::is_here;
use crate::facts::world::World;
use crate::finding::RuleId;
use crate::finding::{Finding, Severity};
use crate::model::Step;
use crate::project::manifest::{PythonKind, PythonManifest};
use crate::repo::names::base;
use crate::repo::names::is_beside;
use crate::rules::id;
use crate::tools::effect::{Ecosystem, Role};
use crate::tools::packaging::{leaves_out_requirements, update, works_as_pip, works_by_lockfile};

const RULE: RuleId = id::STEPS_LOCKFILE_IGNORED;

/// An update in a deploy, and `pip install` beside a lockfile.
pub(super) fn lockfile_passed_by(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let inventory = &context.project.inventory;
    for (script, id, step) in context.steps().filter(|(.., step)| is_here(step)) {
        if let Some((lockfile, instead)) = update(&step.argv) {
            let has = |path: &&String| {
                base(path) == lockfile
                    && !is_beside(path.rsplit_once('/').map_or("", |(directory, _)| directory))
            };
            let Some(path) = inventory.manifests.iter().find(has) else { continue };
            let (words, sure) = (context.words(step.span), context.confidence(script, id, None));
            let text = format!(
                "`{words}` installs untried versions instead of those in {path}, and rewrites that file"
            );
            let help = format!("update during development, and write `{instead}` here");
            let draft = context.finding(RULE, step.span, text).severity(Severity::Warning);
            found.push(draft.at_most(sure).help(help).done());
        } else if let Some((manifest, lockfile)) = pip(context, step) {
            let of = context.sources.file(manifest.file).path();
            let (words, sure) = (context.words(step.span), context.confidence(script, id, None));
            let text = format!(
                "`{words}` installs any versions that {of} allows, because pip does not read {lockfile}"
            );
            let help = match base(lockfile) {
                "uv.lock" => "write `uv sync --frozen`, or install what `uv export --frozen` writes",
                "poetry.lock" => "write `poetry install --only main`",
                "pdm.lock" => "write `pdm sync --prod`",
                _ => "write `pipenv sync`",
            };
            found.push(context.finding(RULE, step.span, text).at_most(sure).help(help).done());
        }
    }
}

/// What pip installs from a manifest, and another tool's lockfile beside it.
fn pip<'c>(context: &'c World<'_, '_>, step: &Step) -> Option<(&'c PythonManifest, &'c String)> {
    if !works_as_pip(&step.argv)
        || !step.deed.roles.contains(&Role::Dependencies(Ecosystem::Python))
        || leaves_out_requirements(&step.argv)
    {
        return None;
    }
    // This is checked last, because there are many steps and few manifests.
    if !context.project.needs.python.iter().any(|m| m.lockfile.is_some())
        // Who works by the lockfile, or writes it out as requirements, knows of it.
        || context.steps().any(|(.., other)| works_by_lockfile(&other.argv))
    {
        return None;
    }
    let manifests = || context.project.needs.python.iter().filter(|m| !is_beside(&m.directory));
    let lock_of = |manifest: &'c PythonManifest| {
        let lockfile = manifest.lockfile.as_ref()?;
        let beside = lockfile.rsplit_once('/').map_or("", |(directory, _)| directory) == manifest.directory;
        beside.then_some((manifest, lockfile))
    };
    let words: Vec<String> = step.argv.args.iter().map(|arg| arg.value.to_string()).collect();
    let list = words.iter().position(|word| matches!(word.as_str(), "-r" | "--requirement"));
    if let Some(list) = list.and_then(|at| words.get(at + 1)) {
        // If several files have that name, it is not known which one is meant.
        let mut named = manifests().filter(|m| base(context.sources.file(m.file).path()) == base(list));
        let manifest =
            named.next().filter(|m| m.kind == PythonKind::Requirements && named.next().is_none())?;
        let bound = |d: &&crate::project::manifest::Declared| {
            d.requirement.as_ref().is_some_and(|bound| bound.starts_with("==") || bound.starts_with('@'))
        };
        let pinned = manifest.dependencies.iter().filter(bound).count();
        let loose = manifest.dependencies.len() - pinned;
        return lock_of(manifest).filter(|_| loose > pinned);
    }
    let itself = words.iter().any(|word| {
        let target = word.split('[').next().unwrap_or(word);
        matches!(target, "." | "./")
    });
    let mut projects = manifests().filter(|m| m.kind == PythonKind::Pyproject && !m.dependencies.is_empty());
    let project = projects.next().filter(|_| itself && projects.next().is_none())?;
    lock_of(project)
}
