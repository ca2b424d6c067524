//! Who runs what.

mod account_missing;
mod passwordless_sudo;
mod roots_home;
mod runs_as_root;
mod service_as_root;

use crate::rules::Rule;

/// The rules of this family in Rust.
pub(super) const RULES: &[(&str, Rule)] = &[
    ("user/runs-as-root", runs_as_root::runs_as_root),
    ("user/account-missing", account_missing::account_missing),
    ("user/service-as-root", service_as_root::service_as_root),
    ("user/roots-home", roots_home::roots_home),
    ("user/passwordless-sudo", passwordless_sudo::passwordless_sudo),
];
