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

use super::Rule;

pub(super) use deploy::Deploy;

/// The rules of this family in Rust. A function may serve several rules that share their work.
pub(super) const RULES: &[(&str, Rule)] = &[
    ("steps/no-dependencies", dependencies::no_dependencies),
    ("steps/no-build", build::no_build),
    ("steps/no-migrations", migrations::no_migrations),
    ("steps/not-reloaded", units::units),
    ("steps/undefined-unit", undefined::undefined_units),
];
