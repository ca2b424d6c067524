//! The virtual environments whose programs units run.

use super::python::python_manifest;
use crate::facts::deploy::{Deploy, is_saying, line_of};
use crate::facts::parts::{Origin, UnitAt};
use crate::model::Step;
use crate::repo::names::base;
use crate::shell::line::stretches;
use crate::source::{FileId, Span};
use crate::tools::effect::{Change, Ecosystem, Resource, Role};
use crate::tools::packaging::{is_in_conda, manages_environments};
use crate::tools::python::is_environment;
use crate::tools::work::Work;
use std::cell::OnceCell;

/// A virtual environment that a unit needs on a new machine.
#[derive(Clone, Debug)]
pub(crate) struct Environment<'r> {
    /// The first unit that runs its programs.
    pub(crate) at: &'r UnitAt,
    /// Where it is.
    pub(crate) directory: String,
    /// The manifest that would be installed into it.
    pub(crate) manifest: Option<FileId>,
    /// The printed line that only tells people to fill it.
    pub(crate) said: Option<Span>,
}

/// The environments that units need, except those that a step uses as if they were there already.
pub(super) fn environments<'c>(deploy: &Deploy<'c, '_, '_>) -> Vec<Environment<'c>> {
    let found = deploy.kept().environments.get_or_init(|| find_environments(deploy));
    let of = |(unit, directory): &(usize, String)| Environment {
        at: &deploy.world.units[*unit],
        directory: directory.clone(),
        manifest: python_manifest(deploy),
        said: deploy.says(Work::PythonDependencies),
    };
    found.iter().map(of).collect()
}

fn find_environments(deploy: &Deploy<'_, '_, '_>) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    // This takes longer to find out than what the units run.
    let is_asked = OnceCell::new();
    let asks = || deploy.is_from_scratch() && !deploy.in_containers() && !deploy.calls(Work::VirtualEnv);
    for (number, at) in deploy.world.units.iter().enumerate().filter(|(_, at)| at.origin != Origin::InRepo) {
        let Some(directory) = at.unit.exec_start().iter().find_map(|e| environment_in(&e.line())) else {
            continue;
        };
        if !*is_asked.get_or_init(asks) {
            return found;
        }
        // A name that only the shell knows may mean any directory.
        let is_told = found.iter().any(|(_, other)| *other == directory);
        if is_told || base(&directory).contains('$') || is_used(deploy, base(&directory)) {
            continue;
        }
        found.push((number, directory));
    }
    found
}

impl Environment<'_> {
    /// True if the step makes it, or if its tool makes it where it installs.
    pub(super) fn is_made_by(&self, step: &Step) -> bool {
        let name = base(&self.directory);
        let creates = step.deed.roles.contains(&Role::VirtualEnv)
            && step.deed.effects.iter().any(|e| match (&e.change, &e.resource) {
                (Change::Create(_), Resource::Path(path)) => {
                    path.basename().as_literal().is_none_or(|b| b == name)
                }
                _ => false,
            });
        let manages = || {
            manages_environments(&step.argv)
                && step.deed.roles.iter().any(|r| matches!(r, Role::Dependencies(Ecosystem::Python)))
        };
        creates || manages()
    }
}

/// True if a step works with the environment, so that it exists.
fn is_used(deploy: &Deploy<'_, '_, '_>, name: &str) -> bool {
    let (inside, end) = (format!("{name}/bin/"), format!("/{name}"));
    deploy.activates(Some(name))
        || deploy.steps().filter(|step| !is_saying(step)).any(|step| {
            let line = line_of(step);
            line.contains(&inside) || line.ends_with(&end)
        })
}

/// The virtual environment whose programs a command runs: for `/srv/app/venv/bin/celery` it is
/// `/srv/app/venv`.
pub(super) fn environment_in(command: &str) -> Option<String> {
    for word in stretches(command).flatten() {
        let Some(at) = word.find("/bin/") else { continue };
        let directory = &word[..at];
        let name = directory.rsplit('/').next().unwrap_or(directory);
        let conda = is_in_conda(directory);
        if !conda && (is_environment(name) || word.ends_with("/bin/activate")) {
            return Some(directory.to_owned());
        }
    }
    None
}

#[test]
fn environments_are_found_in_commands() {
    for (command, environment) in [
        ("/srv/app/venv/bin/celery app:app", Some("/srv/app/venv")),
        ("/bin/bash -c source bot_env/bin/activate && python x.py", Some("bot_env")),
        ("/usr/bin/env python3 x.py", None),
        ("/usr/local/bin/celery x", None),
        ("/opt/miniconda/envs/x/bin/python", None),
    ] {
        assert_eq!(environment_in(command).as_deref(), environment, "{command}");
    }
}
