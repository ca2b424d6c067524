//! Steps that a deployment must have.

mod installs;
mod libraries;
mod locks;
mod order;
mod programs;
mod restarted;
mod undefined;
mod units;

use crate::facts::deploy::Deploy;
use crate::facts::world::World;
use crate::finding::{Finding, Severity};
use crate::project::manifest::Needs;
use crate::rules::draft::Draft;
use crate::rules::{Entry, id};
use crate::source::Span;
use crate::tools::work::Work;

include!(concat!(env!("OUT_DIR"), "/rules_steps.rs"));

/// Rules that share a file with others.
pub(super) const SHARED: &[Entry] = &[
    (&[id::STEPS_MISSING_PROGRAM], missing_program),
    (&[id::STEPS_MISSING_LIBRARY], missing_library),
    (&[id::STEPS_UNDEFINED_UNIT], undefined_unit),
    (&[id::STEPS_NOT_RELOADED, id::STEPS_NOT_ENABLED, id::STEPS_NOT_RESTARTED], units_of_deploy),
    (&[id::STEPS_BEFORE_DATABASE, id::STEPS_BEFORE_UNIT], order::too_early),
    (&[id::STEPS_LOCKFILE_IGNORED], installs::lockfile_ignored),
    (&[id::STEPS_LOCKFILE_IGNORED], locks::lockfile_passed_by),
    (&[id::STEPS_OTHER_ENVIRONMENT], installs::other_environment),
    (&[id::STEPS_RESTARTED_TOO_EARLY], restarted::restarted_too_early),
];

/// Work that is missing is less bad where it is printed by a script that starts nothing, which leaves the rest to people,
/// and where another script does it.
fn done_elsewhere(deploy: Deploy<'_, '_, '_>, draft: Draft, work: Work, said: Option<Span>) -> Draft {
    let mut draft = draft;
    if let Some((path, another_server)) = deploy.elsewhere(work) {
        // Two servers may share a database, but never their files.
        draft = match (another_server, work) {
            (true, Work::Migrate) => {
                draft.add(&format!(" (only {path} does, on another server)")).severity(Severity::Warning)
            }
            (true, _) => draft.add(&format!(" (only {path} does, on another server)")),
            (false, _) => {
                draft.add(&format!(" (only {path} does, which is not a part of it)")).severity(Severity::Info)
            }
        };
    } else if said.is_some() && deploy.processes().is_empty() {
        draft = draft.severity(Severity::Warning);
    }
    match said {
        Some(said) => draft.related(said, "this is only printed, not run"),
        None => draft,
    }
}

/// Runs rules about the deploy as a whole.
fn of_deploy(
    world: &World<'_, '_>,
    rules: &[fn(&Deploy<'_, '_, '_>, &mut Vec<Finding>)],
    found: &mut Vec<Finding>,
) {
    // Without a manifest and without a unit, no step could be missing.
    if world.units.is_empty() && world.project.needs == Needs::default() {
        return;
    }
    let deploy = world.deploy();
    rules.iter().for_each(|rule| rule(&deploy, found));
}

fn missing_program(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    of_deploy(world, &[programs::missing_program], found);
}

fn missing_library(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    of_deploy(world, &[libraries::missing_library], found);
}

fn undefined_unit(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    of_deploy(world, &[undefined::undefined_units], found);
}

fn units_of_deploy(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    of_deploy(world, &[units::units], found);
}
