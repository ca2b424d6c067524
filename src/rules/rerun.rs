//! F5: what the second run does, where that takes more than a selector.

use super::context::Context;
use crate::finding::Finding;

pub(super) fn duplicate_lines(context: &Context<'_, '_>, found: &mut Vec<Finding>) {
    let _ = (context, found);
}
pub(super) fn errors_ignored(context: &Context<'_, '_>, found: &mut Vec<Finding>) {
    let _ = (context, found);
}
pub(super) fn install_behind_guard(context: &Context<'_, '_>, found: &mut Vec<Finding>) {
    let _ = (context, found);
}
pub(super) fn file_replaced(context: &Context<'_, '_>, found: &mut Vec<Finding>) {
    let _ = (context, found);
}
