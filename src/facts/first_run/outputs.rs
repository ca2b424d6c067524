//! What a build makes, where the step that needs it comes before the build.

use crate::facts::first_run::disk::{Disk, Skips};
use crate::facts::outputs::OUTPUTS;
use crate::facts::packages::{is_opaque_call, tree};
use crate::model::{Step, StepId};
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::tools::calls::compiles;
use crate::tools::compilers::compiler_of;
use crate::tools::effect::{Ecosystem, Role};
use crate::tools::unnamed::may_make;

/// The scripts of package.json that npm runs by itself when it installs: npm-scripts(7), "Life Cycle Operation Order".
const AT_INSTALL: [&str; 4] = ["prepare", "preinstall", "install", "postinstall"];

impl Disk<'_, '_, '_> {
    /// The build that makes the path, if it surely comes later and nothing before may have made it. What git holds is there
    /// without a build.
    pub(super) fn built_later(&self, path: &Value, before: StepId) -> Option<StepId> {
        let key = path.key();
        if !key.split('/').any(|part| OUTPUTS.contains(&part)) && compiler_of(key).is_none() {
            return None;
        }
        let own = self.script().step(before);
        let may_make = |id: StepId, step: &Step| {
            step.place == Place::Here
                && step.entry == own.entry
                && step.span != own.span
                && !step.in_loop
                && !step.background
                && self.skips(id) == Skips::Never
        };
        let builds = self.script().after(before).filter_map(|(id, step)| Some((id, step, built(step)?)));
        let (id, _, of) = builds
            .filter(|(_, step, _)| works_above(step, path))
            .find(|(id, step, _)| may_make(*id, step))?;
        (!self.is_in_git(path) && !self.may_be_built(path, of, before) && !self.made_elsewhere(path))
            .then_some(id)
    }

    /// True if a file of the repo may be meant: its path ends as this one does.
    fn is_in_git(&self, path: &Value) -> bool {
        let key = path.key().trim_end_matches("/.").trim_end_matches('/');
        let from = key.split('/').position(|part| OUTPUTS.contains(&part) || part == "target");
        let output: Vec<&str> = key.split('/').skip(from.unwrap_or_default()).collect();
        let (output, below) = (output.join("/"), format!("{}/", output.join("/")));
        let inventory = &self.world().project.inventory;
        inventory.outputs.iter().any(|own| key.split_once(own.as_str()).is_some_and(is_whole))
            || inventory.files().any(|file| file.ends_with(&output) || file.contains(&below))
    }

    /// True if a step before may have made it. Packages are built while they are installed only if the manifest says so.
    fn may_be_built(&self, path: &Value, of: Ecosystem, before: StepId) -> bool {
        let packages = &self.world().project.needs.node;
        let builds_by_itself =
            || packages.iter().any(|package| AT_INSTALL.iter().any(|name| package.script(name).is_some()));
        self.script().steps[..before.0 as usize].iter().any(|step| {
            let roles = &step.deed.roles;
            is_opaque_call(step)
                || compiles(&step.argv)
                || built(step) == Some(of) && works_above(step, path)
                || roles.contains(&Role::Unpack)
                || roles.contains(&Role::Dependencies(Ecosystem::Node)) && builds_by_itself()
                || built(step).is_none() && may_make(&step.argv, &step.deed, path)
        })
    }
}

/// True if what stands around a part of a path leaves it whole names.
fn is_whole((before, after): (&str, &str)) -> bool {
    (before.is_empty() || before.ends_with('/')) && (after.is_empty() || after.starts_with('/'))
}

/// Whose code the step builds.
fn built(step: &Step) -> Option<Ecosystem> {
    step.deed.roles.iter().find_map(|role| match role {
        Role::Build(of) => Some(*of),
        _ => None,
    })
}

/// True if the step works in a directory above the path, or in an unknown one.
fn works_above(step: &Step, path: &Value) -> bool {
    tree(step).is_none_or(|root| path.is_under(&root) && *path != root)
}
