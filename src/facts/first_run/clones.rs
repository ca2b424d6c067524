//! Clones that git refuses in the first run, because the directory is not empty.

use crate::facts::first_run::disk::{Brings, Disk, Skips};
use crate::facts::ground::Ground;
use crate::model::{Deployment, OnFailure, Presence, StepId};
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::tools::effect::{Change, PathKind, Resource, Role};
use crate::tools::thing::Thing;

/// A clone into a directory that an earlier step has filled.
pub(crate) struct RefusedClone<'s> {
    /// The clone.
    pub(crate) step: StepId,
    /// The directory.
    pub(crate) path: &'s Value,
    /// The step that put something into it.
    pub(crate) filler: StepId,
}

/// The clones of a script that git-clone(1) refuses: "destination path already exists and is not an empty directory".
pub(crate) fn refused_clones<'a, 's>(
    world: &Ground<'_, 'a>,
    script: &'s Deployment<'a>,
) -> Vec<RefusedClone<'s>> {
    let clones = script.iter().filter(|(_, step)| {
        step.entry == 0
            && step.place == Place::Here
            && step.on_failure != OnFailure::Handled
            && step.deed.roles.contains(&Role::Clone)
    });
    let mut disk = None;
    let refused = clones.filter_map(|(id, step)| {
        let path = step.deed.effects.iter().find_map(|effect| match (&effect.change, &effect.resource) {
            (Change::Create(PathKind::Tree), Resource::Path(path)) => Some(path),
            _ => None,
        })?;
        let state = script.first_state(id, &Resource::Path(path.clone()));
        let filler = state.by.filter(|_| state.presence == Presence::There && state.is_filled())?;
        // `mkdir -p "$(dirname "$DIR")"` names the directory itself, and puts nothing into it.
        let is_inside = |made: &Value| made != path && made.is_under(path) && !made.key().contains("/..");
        let fills = script.step(filler).deed.effects.iter().any(|effect| {
            matches!(effect.change, Change::Create(_) | Change::Write | Change::Append)
                && match &effect.resource {
                    Resource::Path(made) | Resource::Line { file: made, .. } => is_inside(made),
                    _ => false,
                }
        });
        // Another clone of the same directory is another branch of the same work.
        let is_clone = script.step(filler).deed.roles.contains(&Role::Clone);
        let disk = disk.get_or_insert_with(|| Disk::of(world, script));
        (fills
            && !is_clone
            && !is_emptied(script, path, filler, id)
            && !matches!(disk.skips(id), Skips::Always(_)))
        .then_some(RefusedClone { step: id, path, filler })
    });
    refused.collect()
}

/// True if a step between the two may have emptied the directory: `find DIR -mindepth 1 -delete`, or `rm -rf DIR/*`.
fn is_emptied(script: &Deployment<'_>, path: &Value, from: StepId, to: StepId) -> bool {
    script.after(from).take_while(|(id, _)| *id < to).flat_map(|(_, step)| &step.deed.effects).any(|effect| {
        effect.change == Change::Remove
            && match &effect.resource {
                Resource::Other(Thing::Files, directory) => directory == path,
                Resource::Path(files) => files.is_glob() && files.dirname() == *path,
                _ => false,
            }
    })
}

impl Disk<'_, '_, '_> {
    /// True for a file of this repo in a clone of it that is there.
    pub(super) fn has_been_cloned(&self, resource: &Resource, before: StepId) -> bool {
        let Resource::Path(path) = resource else { return false };
        self.trees().iter().take_while(|tree| tree.step < before).any(|tree| {
            let roles = &self.script().step(tree.step).deed.roles;
            let is_clone = || roles.contains(&Role::Clone) && path != tree.root && path.is_under(tree.root);
            let is_there = || {
                self.script().first_state(before, &Resource::Path(tree.root.clone())).presence
                    == Presence::There
            };
            let rest = || path.key()[tree.root.key().len()..].trim_matches('/');
            is_clone()
                && is_there()
                && matches!(self.brings(tree), Brings::Repo(..))
                && self.world().project.inventory.holds(rest()) == Some(true)
        })
    }
}
