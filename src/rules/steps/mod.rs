//! F5: steps that a deployment must have.

mod build;
mod calls;
mod dependencies;
mod deploy;
mod installs;
mod libraries;
mod locks;
mod migrations;
mod names;
mod order;
mod programs;
mod providers;
mod restarted;
mod undefined;
mod units;
mod words;

use super::Rule;
use super::context::Context;
use crate::finding::Finding;
use crate::project::manifest::Needs;

pub(super) use deploy::Deploy;
pub(super) use words::{Work, asks_for};

/// The rules of this family in Rust: they share what is worked out of the deploy as a whole.
pub(super) const RULES: &[(&str, Rule)] = &[
    ("steps", all),
    ("steps/before-…", order::too_early),
    ("steps/lockfile-ignored", installs::lockfile_ignored),
    ("steps/lockfile-ignored", locks::lockfile_passed_by),
    ("steps/other-environment", installs::other_environment),
    ("steps/restarted-too-early", restarted::restarted_too_early),
];

const ALL: &[fn(&Deploy<'_, '_, '_>, &mut Vec<Finding>)] = &[
    dependencies::no_dependencies,
    build::no_build,
    build::no_cargo_build,
    migrations::no_migrations,
    migrations::no_static_files,
    programs::missing_program,
    libraries::missing_library,
    units::units,
    undefined::undefined_units,
];

fn all(context: &Context<'_, '_>, found: &mut Vec<Finding>) {
    // Without a manifest and without a unit there is no step that could be missing.
    if context.units.is_empty() && context.project.needs == Needs::default() {
        return;
    }
    let deploy = Deploy::new(context);
    for rule in ALL {
        rule(&deploy, found);
    }
}
