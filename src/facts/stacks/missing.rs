//! The environment files that a service of a started Compose file needs, and that nothing makes.

use crate::facts::repo_paths::Sure;
use crate::facts::stacks::Stack;
use crate::facts::world::World;
use crate::model::OnFailure;
use crate::project::compose::{EnvFile, Service};
use crate::repo::names::base;
use crate::shell::wrappers::Place;
use crate::tools::effect::Role;

/// An environment file that a service needs.
pub(crate) struct MissingFile<'w, 'a> {
    pub(crate) stack: &'w Stack<'w, 'a>,
    pub(crate) service: &'w Service,
    pub(crate) file: &'w EnvFile,
    /// Its path in the repo.
    pub(crate) path: String,
}

/// The environment files that are missing when a step starts the containers, one for each step.
pub(crate) fn missing_files<'w, 'r, 'a>(world: &'w World<'r, 'a>) -> Vec<MissingFile<'w, 'a>>
where
    'r: 'w,
{
    let mut found: Vec<MissingFile<'w, 'a>> = Vec::new();
    for stack in world.stacks() {
        let step = stack.step;
        let counts = step.entry == 0
            && step.place == Place::Here
            && step.on_failure != OnFailure::Handled
            && !step.status_checked;
        if !counts || found.iter().any(|other| other.stack.step.span == step.span) {
            continue;
        }
        let files =
            stack.services.iter().flat_map(|service| service.env_file.iter().map(move |f| (*service, f)));
        let missing = files.filter(|(_, file)| file.required).find_map(|(service, file)| {
            let path = stack.compose.path(&file.path)?;
            world.repo_paths().lacks(&path).then_some((service, file, path))
        });
        let Some((service, file, path)) = missing else { continue };
        if is_named(world, stack, &path) || world.deploy().may_do_anything() {
            continue;
        }
        found.push(MissingFile { stack, service, file, path });
    }
    found
}

/// True if a script or a text for people may have the file made. Where the script itself has just cloned the repo, only that
/// script can have made it.
fn is_named(world: &World<'_, '_>, stack: &Stack<'_, '_>, path: &str) -> bool {
    let name = base(path);
    let says = |file| names_file(world.sources.file(file).text(), name);
    let mut own: Vec<_> = stack.script.steps.iter().map(|step| step.span.file).collect();
    own.push(stack.script.file);
    own.dedup();
    if own.into_iter().any(says) {
        return true;
    }
    let cwd = stack.step.argv.cwd.to_string();
    let below = world.repo_paths().below(&cwd);
    let is_cloned = stack.script.steps.iter().any(|step| step.deed.roles.contains(&Role::Clone));
    if is_cloned && below.is_some_and(|below| below.sure >= Sure::Named) {
        return false;
    }
    let project = world.project;
    let texts = project.texts.iter().chain(&project.guides).map(|(_, file)| *file);
    texts.chain(world.scripts().iter().map(|script| script.file)).any(says)
}

/// True if the text has the name of a file, and not only as a part of a longer one.
fn names_file(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    text.match_indices(name)
        .any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + name.len()..].starts_with(is_part))
}
