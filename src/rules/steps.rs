//! F5: steps that a deployment must have.

use super::context::Context;
use crate::finding::Finding;

/// `steps/no-dependencies`.
pub(super) fn no_dependencies(context: &Context<'_, '_>, found: &mut Vec<Finding>) {
    let _ = (context, found);
}

/// `steps/no-build`.
pub(super) fn no_build(context: &Context<'_, '_>, found: &mut Vec<Finding>) {
    let _ = (context, found);
}

/// `steps/no-migrations`.
pub(super) fn no_migrations(context: &Context<'_, '_>, found: &mut Vec<Finding>) {
    let _ = (context, found);
}

/// `steps/not-reloaded`, `steps/not-enabled`, `steps/not-restarted`.
pub(super) fn units(context: &Context<'_, '_>, found: &mut Vec<Finding>) {
    let _ = (context, found);
}
