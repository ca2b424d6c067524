//! Owners and modes of new paths.

mod modes;
mod needs;
mod no_owner;
mod not_executable;
mod redirect_as_caller;
mod secret_in_unit;
mod secret_mode;
mod too_early;
mod world_writable;

use crate::rules::Rule;

/// The rules of this family in Rust.
pub(super) const RULES: &[(&str, Rule)] = &[
    ("permissions/no-owner", no_owner::no_owner),
    ("permissions/secret-mode", secret_mode::secret_mode),
    ("permissions/world-writable", world_writable::world_writable),
    ("permissions/not-executable", not_executable::not_executable),
    ("permissions/redirect-as-caller", redirect_as_caller::redirect_as_caller),
    ("permissions/secret-in-unit", secret_in_unit::secret_in_unit),
    ("permissions/too-early", too_early::too_early),
];
