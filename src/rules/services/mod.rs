//! The family `services`: do Compose, units and architecture agree on what runs?

mod architecture;
mod links;
mod other;
mod undefined;

use crate::rules::Rule;

/// The rules of this family in Rust.
pub(super) const RULES: &[(&str, Rule)] = &[
    ("services/no-unit", links::links),
    ("services/not-deployed", architecture::architecture),
    ("services/other-command", other::commands),
    ("services/other-port", other::ports),
    ("services/undefined", undefined::undefined),
];
