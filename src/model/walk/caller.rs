//! Who is expected to call the script.

use crate::model::condition::Cond;
use crate::model::{Caller, Guard, Step, User};
use crate::shell::wrappers::Place;

/// If root is expected to call the script, root runs each step that no wrapper gives to somebody else, but not what stands
/// where a test says that root does not call: `else "$@"` behind `[ "$EUID" -eq 0 ]`.
pub(super) fn give_to_root(steps: &mut [Step], guards: &[Guard], caller: Caller) {
    if !matches!(caller, Caller::Root(_)) || steps.is_empty() {
        return;
    }
    let mut without_root: Vec<bool> = Vec::with_capacity(guards.len());
    for guard in guards {
        let outer = guard.outer.is_some_and(|outer| without_root[outer.0 as usize]);
        without_root.push(outer || excludes_root(guard));
    }
    let reached = |step: &&mut Step| step.guard.is_none_or(|guard| !without_root[guard.0 as usize]);
    for step in steps.iter_mut().filter(|step| step.place == Place::Here).filter(reached) {
        let opener = step.redirected.as_mut().map(|redirected| &mut redirected.by);
        for user in std::iter::once(&mut step.user).chain(opener) {
            if *user == User::Caller {
                *user = User::Root;
            }
        }
    }
}

/// True if what the guard guards runs only if somebody else than root calls the script.
fn excludes_root(guard: &Guard) -> bool {
    let truth =
        |root: Option<bool>| guard.cond.evaluate(&mut |leaf| if *leaf == Cond::Root { root } else { None });
    truth(Some(true)) == Some(!guard.holds) && truth(None).is_none()
}

/// Who is expected to call the script, judged by its check for root or by what it does without sudo.
pub(super) fn caller<'s>(steps: impl Iterator<Item = &'s Step>, tested: Caller) -> Caller {
    if tested != Caller::Unknown {
        return tested;
    }
    let (mut with_sudo, mut without) = (0, 0);
    for step in steps.filter(|s| s.place == Place::Here) {
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
