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

use crate::facts;
use crate::finding::{Finding, Severity};
use crate::project::manifest::Needs;
use crate::rules::Rule;
use crate::rules::context::{Context, Draft};
use crate::source::Span;
use crate::tools::work::Work;
use std::ops::Deref;

/// The rules of this family in Rust: they share what is worked out of the deploy as a whole.
pub(super) const RULES: &[(&str, Rule)] = &[
    ("steps", all),
    ("steps/before-…", order::too_early),
    ("steps/lockfile-ignored", installs::lockfile_ignored),
    ("steps/lockfile-ignored", locks::lockfile_passed_by),
    ("steps/other-environment", installs::other_environment),
    ("steps/restarted-too-early", restarted::restarted_too_early),
];

/// The deploy as a whole, and what its findings are made with.
pub(super) struct Deploy<'c, 'r, 'a> {
    /// What all rules see.
    pub(super) context: &'c Context<'r, 'a>,
    deploy: facts::deploy::Deploy<'c, 'r, 'a>,
}

impl<'c, 'r, 'a> Deref for Deploy<'c, 'r, 'a> {
    type Target = facts::deploy::Deploy<'c, 'r, 'a>;

    fn deref(&self) -> &Self::Target {
        &self.deploy
    }
}

impl<'c, 'r, 'a> Deploy<'c, 'r, 'a> {
    pub(super) fn new(context: &'c Context<'r, 'a>) -> Self {
        Deploy { context, deploy: context.deploy() }
    }

    /// A finding about work that is missing. It is less bad where it is printed by a script that starts nothing, which
    /// leaves the rest to people, and where another script does it.
    pub(crate) fn missing(
        &self,
        rule: &str,
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
        let mut draft = self.context.finding(rule, place, message);
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
