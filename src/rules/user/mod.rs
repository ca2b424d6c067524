//! F5: who runs what.

mod account_missing;
mod accounts;
mod runs_as_root;

pub(super) use account_missing::account_missing;
pub(super) use runs_as_root::runs_as_root;
