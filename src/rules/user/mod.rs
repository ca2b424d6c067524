//! F5: who runs what.

mod account_missing;
mod accounts;
mod runs_as_root;

use super::Rule;

/// The rules of this family in Rust.
pub(super) const RULES: &[(&str, Rule)] = &[
    ("user/runs-as-root", runs_as_root::runs_as_root),
    ("user/account-missing", account_missing::account_missing),
];
