//! F5: owners and modes of new paths.

mod needs;
mod no_owner;
mod secret_mode;
mod secrets;

use super::Rule;

/// The rules of this family in Rust.
pub(super) const RULES: &[(&str, Rule)] =
    &[("permissions/no-owner", no_owner::no_owner), ("permissions/secret-mode", secret_mode::secret_mode)];
