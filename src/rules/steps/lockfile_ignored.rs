//! `steps/lockfile-ignored`: an install may bring other versions than those that were tried: `npm install`, an update, and
//! pip next to another tool's lockfile, which pip does not read.

use crate::facts::deploy::is_here;
use crate::facts::deploy::names::works_in;
use crate::facts::packages::installs_manifest;
use crate::facts::world::World;
use crate::finding::{Confidence, Finding, RuleId, Severity};
use crate::model::Step;
use crate::project::manifest::{PythonKind, PythonManifest};
use crate::repo::names::{base, directory, is_beside};
use crate::rules::id;
use crate::shell::argv::Argv;
use crate::shell::wrappers::Place;
use crate::tools::effect::{Ecosystem, Role};
use crate::tools::git_asked;
use crate::tools::packaging::{leaves_out_requirements, loose, update, works_as_pip, works_by_lockfile};

const RULE: RuleId = id::STEPS_LOCKFILE_IGNORED;

/// `steps/lockfile-ignored`.
pub(super) fn lockfile_ignored(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    npm(world, found);
    passed_by(world, found);
}

/// `npm install` where the repo has a lockfile of that manager.
fn npm(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let packages = &context.project.needs.node;
    for (script, id, step) in context.steps() {
        if !installs_manifest(step, Ecosystem::Node) || matches!(step.place, Place::Container(_)) {
            continue;
        }
        let Some(manager) = loose(&step.argv) else { continue };
        let strict = manager.strict_install();
        let fits = packages.iter().find(|p| {
            p.manager == manager
                && p.lockfile.is_some()
                && !is_beside(&p.directory)
                && works_in(step, p, packages)
        });
        let Some(lockfile) = fits.and_then(|p| p.lockfile.as_ref()) else { continue };
        // If more than one package may be meant, all of them must have a lockfile, or nothing is reported.
        if packages.iter().any(|p| p.lockfile.is_none() && works_in(step, p, packages)) {
            continue;
        }
        // npm follows the lockfile as long as package.json agrees. The harm is more likely if a pull would stop at the
        // changed lockfile.
        let runs = |asked: fn(&Argv) -> bool| script.steps.iter().any(|s| asked(&s.argv));
        let pulls = runs(git_asked::pulls) && !runs(git_asked::undoes_changes);
        let sure = if pulls { Confidence::Medium } else { Confidence::Low };
        let text = format!(
            "`{}` may install other versions than {lockfile} and rewrite it, which stops the next `git pull`",
            context.words(step.span),
        );
        found.push(
            context
                .finding(RULE, step.span, text)
                .at_most(context.confidence(script, id, None).min(sure))
                .help(format!("write `{strict}`, which installs what the lockfile names or fails"))
                .done(),
        );
    }
}

/// An update in a deploy, and `pip install` beside a lockfile.
fn passed_by(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let inventory = &context.project.inventory;
    for (script, id, step) in context.steps().filter(|(.., step)| is_here(step)) {
        if let Some((lockfile, instead)) = update(&step.argv) {
            let has = |path: &&String| base(path) == lockfile && !is_beside(directory(path));
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
        // A repo that works by the lockfile, or writes it out as requirements, knows of it.
        || context.steps().any(|(.., other)| works_by_lockfile(&other.argv))
    {
        return None;
    }
    let manifests = || context.project.needs.python.iter().filter(|m| !is_beside(&m.directory));
    let lock_of = |manifest: &'c PythonManifest| {
        let lockfile = manifest.lockfile.as_ref()?;
        let beside = directory(lockfile) == manifest.directory;
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
