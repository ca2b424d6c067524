//! F5: the family `services`: do Compose, units and architecture agree on what runs?

mod architecture;
mod compared;
mod differences;
mod documents;
mod links;
pub mod matrix;
mod named;
mod other;
mod undefined;

use super::Rule;

pub(in crate::rules) use compared::Compared;

/// The rules of this family in Rust.
pub(super) const RULES: &[(&str, Rule)] = &[
    ("services/no-unit", links::links),
    ("services/not-deployed", architecture::architecture),
    ("services/other-command", other::commands),
    ("services/other-port", other::ports),
    ("services/undefined", undefined::undefined),
];
