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

use crate::finding::RuleId;
use crate::rules::queries::Wording;
use crate::rules::{Rule, id};

/// The rules of this family in Rust.
pub(super) const RULES: &[(&str, Rule)] = &[
    ("permissions/no-owner", no_owner::no_owner),
    ("permissions/secret-mode", secret_mode::secret_mode),
    ("permissions/not-executable", not_executable::not_executable),
    ("permissions/secret-in-unit", secret_in_unit::secret_in_unit),
    ("permissions/too-early", too_early::too_early),
];

/// How its query files are worded, where their pages do not say it.
pub(super) const WORDINGS: &[(RuleId, Wording)] = &[
    (id::PERMISSIONS_REDIRECT_AS_CALLER, Wording::Command(redirect_as_caller::word)),
    (id::PERMISSIONS_WORLD_WRITABLE, Wording::Command(world_writable::word)),
];
