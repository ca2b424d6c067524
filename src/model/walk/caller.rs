//! Who is expected to call the script.

use crate::model::{Caller, Step, User};
use crate::shell::wrappers::Place;

/// Who is expected to call the script, judged by its check for root or by what it does without sudo.
pub(crate) fn caller(steps: &[Step], tested: Caller) -> Caller {
    if tested != Caller::Unknown {
        return tested;
    }
    let (mut with_sudo, mut without) = (0, 0);
    for step in steps.iter().filter(|s| s.place == Place::Here) {
        let sudo = step.wrappers.iter().any(|w| matches!(*w, "sudo" | "doas"));
        if sudo && step.user == User::Root {
            with_sudo += 1;
        } else if step.user == User::Caller && crate::tools::needs_root(&step.argv, &step.deed) {
            without += 1;
        }
    }
    match (with_sudo, without) {
        (0, 0) => Caller::Unknown,
        (sudo, bare) if bare > sudo => Caller::Root(None),
        _ => Caller::Ordinary,
    }
}
