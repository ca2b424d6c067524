//! Which steps run in one deploy, and in which order.

use super::At;
use crate::facts::world::World;
use crate::model::{Along, StepId};

/// The scripts that run together with one, in their order, by number: itself, with all that it sources and calls inside.
pub(super) fn run_of(_: &World<'_, '_>, script: usize) -> Vec<usize> {
    vec![script]
}

/// Where a step stands in its run.
pub(super) fn position(at: At<'_, '_>) -> (usize, StepId) {
    (at.number, at.id)
}

/// True where the first one surely runs after the second one, and never without it: neither stands in a loop or runs in
/// the background, and they are not one command.
pub(super) fn is_after(first: At<'_, '_>, second: At<'_, '_>) -> bool {
    let (a, b) = (first.step(), second.step());
    let plain = !a.in_loop && !b.in_loop && !a.background && !b.background;
    plain
        && a.entry == b.entry
        && a.span != b.span
        && position(first) > position(second)
        && runs_along(second, first) == Along::Always
}

/// Does a step run in each run in which another one does?
pub(super) fn runs_along(step: At<'_, '_>, other: At<'_, '_>) -> Along {
    if step.number == other.number {
        return step.script.runs_along(step.id, other.id);
    }
    match step.step().guard {
        _ if step.step().entry != 0 => Along::Never,
        None => Along::Always,
        Some(_) => Along::Perhaps,
    }
}
