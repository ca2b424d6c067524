//! Who runs what.

mod account_missing;
mod passwordless_sudo;
mod roots_home;
mod runs_as_root;
mod service_as_root;

use crate::finding::RuleId;
use crate::rules::queries::Wording;
use crate::rules::{Rule, id};

/// The rules of this family in Rust.
pub(super) const RULES: &[(&str, Rule)] = &[
    ("user/account-missing", account_missing::account_missing),
    ("user/service-as-root", service_as_root::service_as_root),
    ("user/roots-home", roots_home::roots_home),
    ("user/passwordless-sudo", passwordless_sudo::passwordless_sudo),
];

/// How its query files are worded, where their pages do not say it.
pub(super) const WORDINGS: &[(RuleId, Wording)] =
    &[(id::USER_RUNS_AS_ROOT, Wording::Command(runs_as_root::word))];
