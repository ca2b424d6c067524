//! F5: owners and modes of new paths.

use super::context::Context;
use crate::finding::Finding;

/// `permissions/no-owner`.
pub(super) fn no_owner(context: &Context<'_, '_>, found: &mut Vec<Finding>) {
    let _ = (context, found);
}

/// `permissions/secret-mode`.
pub(super) fn secret_mode(context: &Context<'_, '_>, found: &mut Vec<Finding>) {
    let _ = (context, found);
}
