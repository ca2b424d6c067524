//! Which step surely runs after which.

use crate::model::{Deployment, Step, StepId, only_success};

/// True if the second step never runs unless the first one has run above it.
pub(super) fn follows(script: &Deployment<'_>, first: StepId, second: StepId) -> bool {
    let (a, b) = (script.step(first), script.step(second));
    let plain = |s: &Step| !s.in_loop && !s.background;
    first < second
        && a.entry == b.entry
        && a.place == b.place
        && a.span != b.span
        && plain(a)
        && plain(b)
        && script
            .guards_of(first)
            .all(|(id, guard)| script.guards_of(second).any(|(other, _)| other == id) || only_success(guard))
}
