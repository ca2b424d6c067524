//! F5: the family `services`: do Compose, units and architecture agree on what runs?

mod architecture;
mod links;
mod named;

use super::Rule;

/// The rules of this family in Rust.
pub(super) const RULES: &[(&str, Rule)] =
    &[("services/no-unit", links::links), ("services/not-deployed", architecture::architecture)];
