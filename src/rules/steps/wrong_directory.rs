//! `steps/wrong-directory`: a command looks for a file of the project where that is not: where the script is called from, although
//! the script has brought the project to another directory, or in a new directory into which nothing puts it.

use crate::facts::packages::is_opaque_call;
use crate::facts::repo_paths::Sure;
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::model::{Deployment, OnFailure, Presence, Step, StepId, called_from, repo_root};
use crate::repo::names::{base, directory};
use crate::rules::id;
use crate::shell::line::commands;
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::Place;
use crate::tools::effect::{Change, PathKind, Resource, Role};
use crate::tools::project_file::{ProjectFile, looks_for};

/// `steps/wrong-directory`.
pub(super) fn wrong_directory(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    where_it_is_called(context, found);
    for (_, script) in context.deploy().deploying() {
        found.extend(in_an_empty_directory(context, script));
    }
}

/// The first command of each script that looks for a file of the project where the script is called from, after a clone has
/// brought the project to another directory.
fn where_it_is_called(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for (_, script) in context.deploy().deploying() {
        let Some((clone, path)) = script.iter().find_map(|(id, step)| Some((id, cloned(step)?))) else {
            continue;
        };
        let later = script.iter().filter(|(id, step)| *id > clone && counts(step));
        let mut wrong = later.filter_map(|(id, step)| Some((id, step, looks_for(&step.argv)?)));
        let Some((id, step, file)) = wrong.find(|(id, _, file)| !may_be_there(script, *id, file)) else {
            continue;
        };
        let Some(file) = in_repo(context, &file) else { continue };
        let inside = directory(file);
        if works_in_its_own_repo(context, script, clone) || !is_the_project(context, script, path) {
            continue;
        }
        let wanted = match inside.is_empty() {
            true => path.to_string(),
            false => format!("{path}/{inside}"),
        };
        let message = format!(
            "`{}` runs where the script was called from, and not in {wanted}, where {} is",
            context.words(step.span),
            base(file)
        );
        let draft = context
            .finding(id::STEPS_WRONG_DIRECTORY, step.span, message)
            .at_most(context.confidence(script, id, None))
            .at_most(if context.deploy().may_do_anything() { Confidence::Medium } else { Confidence::High })
            .help(format!("write `cd {wanted}` before it"))
            .related(script.step(clone).span, "this brings the project");
        found.push(draft.done());
    }
}

/// The directory into which a step clones.
fn cloned(step: &Step) -> Option<&Value> {
    let is_clone = step.entry == 0 && step.place == Place::Here && step.deed.roles.contains(&Role::Clone);
    let mut effects = step.deed.effects.iter().filter(|_| is_clone);
    effects.find_map(|effect| match (&effect.change, &effect.resource) {
        (Change::Create(PathKind::Tree), Resource::Path(path)) => {
            let is_elsewhere =
                path.is_absolute() && !path.is_under(&called_from()) && !path.is_under(&repo_root());
            (is_elsewhere && path.knowledge() <= Knowledge::Symbolic).then_some(path)
        }
        _ => None,
    })
}

/// True for a step that works where the script was called from.
fn counts(step: &Step) -> bool {
    step.entry == 0
        && step.place == Place::Here
        && step.on_failure != OnFailure::Handled
        && step.argv.cwd == called_from()
}

/// True if the file may be where the script was called from: the script asks for it or makes it, or it runs what is not known.
fn may_be_there(script: &Deployment<'_>, id: StepId, file: &ProjectFile) -> bool {
    let paths: Vec<Value> =
        file.names.iter().map(|name| Value::literal(*name).resolve(&called_from())).collect();
    let is_asked = script.guards_of(id).any(|(_, guard)| {
        guard.cond.facts().iter().any(|fact| paths.iter().any(|path| fact.resource.name() == path))
    });
    let is_made = paths
        .iter()
        .any(|path| script.first_state(id, &Resource::Path(path.clone())).presence != Presence::Untouched);
    is_asked || is_made || script.steps[..id.0 as usize].iter().any(is_opaque_call)
}

/// The file in the repo, that of the highest directory if there are several.
fn in_repo<'c>(context: &'c World<'_, '_>, file: &ProjectFile) -> Option<&'c str> {
    let paths = context.repo_paths();
    let files = file.names.iter().flat_map(|name| paths.ending_in(name));
    files.min_by_key(|file| directory(file).len())
}

/// True if the script works with the files of the repo in which it lies itself, so that it may be called from there.
fn works_in_its_own_repo(context: &World<'_, '_>, script: &Deployment<'_>, clone: StepId) -> bool {
    let inventory = &context.project.inventory;
    script.iter().any(|(id, step)| {
        let mut words = step.argv.args.iter().map(|arg| step.argv.path(arg));
        words.any(|path| {
            let rest = path.is_under(&called_from()).then(|| &path.key()[called_from().key().len()..]);
            let is_of_repo = rest.is_some_and(|rest| {
                let rest = rest.trim_matches('/');
                // A bare word is more often a name: `useradd shop`.
                rest.contains(['.', '/']) && inventory.holds(rest) == Some(true)
            });
            path.is_under(&repo_root()) || id < clone && is_of_repo
        }) || step.argv.cwd.is_under(&repo_root())
    })
}

/// True if what is cloned is the project that is read: its files are named there, or its units and sites are about that place.
fn is_the_project(context: &World<'_, '_>, script: &Deployment<'_>, path: &Value) -> bool {
    let shown = path.to_string();
    let is_known = || context.repo_paths().below(&shown).is_some_and(|below| below.sure > Sure::Likely);
    let files = || {
        let project = context.project;
        let units = project.unit_files.iter().chain(&project.texts).map(|(_, file)| *file);
        units.chain(project.process_files.iter().map(|file| file.file)).filter(|file| *file != script.file)
    };
    let speaks = || files().any(|file| context.sources.file(file).text().contains(&shown));
    let works_there = || {
        context.units.iter().any(|at| {
            at.unit.working_directory().is_some_and(|directory| directory.value.starts_with(&shown))
        })
    };
    is_known() || works_there() || speaks()
}

/// A unit of the script that looks for a file of the project in a directory that the script makes, and into which nothing puts
/// such a file.
fn in_an_empty_directory(world: &World<'_, '_>, script: &Deployment<'_>) -> Option<Finding> {
    let number = world.scripts().iter().position(|own| std::ptr::eq(*own, script))?;
    world.units.iter().filter(|at| at.origin.script() == Some(number)).find_map(|at| {
        let directory = at.unit.working_directory()?;
        let exec = at.unit.exec_start().into_iter().next()?;
        let file = commands(&exec.words()).iter().find_map(|one| looks_for(one.argv()))?;
        let place = Value::literal(&directory.value);
        let made = makes(script, &place)?;
        let of_repo = file.names.iter().find_map(|name| world.repo_paths().ending_in(name).min())?;
        if may_be_filled(world, &place, &file) || world.deploy().may_do_anything() {
            return None;
        }
        let message = format!("{} looks for {of_repo} in {place}, and nothing puts it there", at.name);
        let draft = world.finding(id::STEPS_WRONG_DIRECTORY, directory.value_span, message);
        let draft = draft.at_most(world.confidence(script, made, None)).related(exec.span, "it runs this");
        let draft = draft.related(script.step(made).span, "the directory is new");
        Some(draft.help(format!("copy it: `install -m 0644 {of_repo} {place}/`")).done())
    })
}

/// The step that makes a directory, and nothing in it.
fn makes(script: &Deployment<'_>, place: &Value) -> Option<StepId> {
    let makes = |step: &Step| {
        step.deed.effects.iter().any(|effect| match (&effect.change, &effect.resource) {
            (Change::Create(PathKind::Directory), Resource::Path(path)) => path == place,
            _ => false,
        })
    };
    script.iter().find(|(_, step)| step.entry == 0 && makes(step)).map(|(id, _)| id)
}

/// True if some step puts the file there, or may do so.
fn may_be_filled(world: &World<'_, '_>, place: &Value, file: &ProjectFile) -> bool {
    world.steps().any(|(.., step)| {
        step.deed.effects.iter().any(|effect| {
            let Resource::Path(path) = &effect.resource else { return false };
            let puts = match &effect.change {
                Change::Create(kind) => *kind != PathKind::Directory,
                change => matches!(change, Change::Write | Change::Append | Change::Edit),
            };
            let name = path.basename();
            let is_it = name.as_literal().is_none_or(|name| file.names.contains(&name)) || path.is_glob();
            puts && (path.as_literal().is_none()
                || path == place
                || place.is_under(path)
                || path.is_under(place) && is_it)
        })
    })
}
