//! F5: compose services against units.

use super::context::Context;
use crate::finding::Finding;

/// `services/no-unit` and `services/no-service`.
pub(super) fn links(context: &Context<'_, '_>, found: &mut Vec<Finding>) {
    let _ = (context, found);
}
