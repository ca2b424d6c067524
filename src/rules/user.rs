//! F5: who runs what.

use super::context::Context;
use crate::finding::Finding;

/// `user/runs-as-root`.
pub(super) fn runs_as_root(context: &Context<'_, '_>, found: &mut Vec<Finding>) {
    let _ = (context, found);
}

/// `user/account-missing`.
pub(super) fn account_missing(context: &Context<'_, '_>, found: &mut Vec<Finding>) {
    let _ = (context, found);
}
