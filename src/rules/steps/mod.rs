//! F5: steps that a deployment must have.

mod build;
mod calls;
mod dependencies;
mod deploy;
mod migrations;
mod names;
mod undefined;
mod units;
mod words;

pub(super) use build::no_build;
pub(super) use dependencies::no_dependencies;
pub(super) use migrations::no_migrations;
pub(super) use undefined::undefined_units;
pub(super) use units::units;

pub(super) use deploy::Deploy;
