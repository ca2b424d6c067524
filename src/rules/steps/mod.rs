//! Steps that a deployment must have.

mod build;
mod dependencies;
mod installs;
mod libraries;
mod locks;
mod migrations;
mod order;
mod programs;
mod restarted;
mod undefined;
mod units;

use crate::facts::deploy::Deploy;
use crate::facts::world::World;
use crate::finding::{Finding, RuleId, Severity};
use crate::project::manifest::Needs;
use crate::rules::Rule;
use crate::rules::draft::Draft;
use crate::source::Span;
use crate::tools::work::Work;

/// The rules of this family in Rust: they share what is worked out of the deploy as a whole.
pub(super) const RULES: &[(&str, Rule)] = &[
    ("steps", all),
    ("steps/before-…", order::too_early),
    ("steps/lockfile-ignored", installs::lockfile_ignored),
    ("steps/lockfile-ignored", locks::lockfile_passed_by),
    ("steps/other-environment", installs::other_environment),
    ("steps/restarted-too-early", restarted::restarted_too_early),
];

impl Deploy<'_, '_, '_> {
    /// A finding about work that is missing. It is less bad where it is printed by a script that starts nothing, which
    /// leaves the rest to people, and where another script does it.
    pub(crate) fn missing(
        &self,
        rule: RuleId,
        place: Span,
        message: &str,
        work: Work,
        said: Option<Span>,
    ) -> Draft {
        let other = self.elsewhere(work);
        let message = match other {
            Some(path) => format!("{message} (only {path} does, which is not a part of it)"),
            None => message.to_owned(),
        };
        let mut draft = self.world.finding(rule, place, message);
        if other.is_some() {
            draft = draft.severity(Severity::Info);
        } else if said.is_some() && self.processes().is_empty() {
            draft = draft.severity(Severity::Warning);
        }
        match said {
            Some(said) => draft.related(said, "only printed, not run"),
            None => draft,
        }
    }
}

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

fn all(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    // Without a manifest and without a unit there is no step that could be missing.
    if context.units.is_empty() && context.project.needs == Needs::default() {
        return;
    }
    let deploy = context.deploy();
    for rule in ALL {
        rule(&deploy, found);
    }
}
