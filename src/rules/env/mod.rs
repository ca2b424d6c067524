//! F5: the family `env`: do code, samples and deployment agree on environment variables?

mod undocumented;

use super::Rule;

/// The rules of this family in Rust.
pub(super) const RULES: &[(&str, Rule)] = &[("env/undocumented", undocumented::undocumented)];
