//! Which steps run together: whether one runs in each run in which another one does.

use crate::model::condition::Cond;
use crate::model::run::relation::{Relation, relation};
use crate::model::run::timeline::Ran;
use crate::model::{Deployment, Guard, GuardId, Step, StepId};

/// Whether a step runs in each run in which another one does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Along {
    /// It does not: it stands in another arm of a choice, in a function that nothing calls, or behind a guard that the
    /// second run does not meet.
    Never,
    /// It depends on guards of which it is not known whether they let it run.
    Perhaps,
    /// It does.
    Always,
}

/// When a step runs, as far as that matters for whether it runs along with another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Course {
    entry: u32,
    guard: Option<GuardId>,
    ran: Option<Ran>,
}

impl Deployment<'_> {
    /// When a step runs: two steps of one course run along with the same steps.
    pub(crate) fn course(&self, step: StepId) -> Course {
        let Step { entry, guard, .. } = *self.step(step);
        Course { entry, guard, ran: self.ran(step) }
    }

    fn ran(&self, step: StepId) -> Option<Ran> {
        self.runs.get(step.0 as usize).copied()
    }

    /// Whether a step runs in each run in which `other` does, including the second run. A loop counts as run through.
    pub(crate) fn runs_along(&self, step: StepId, other: StepId) -> Along {
        let (own, its) = (self.step(step), self.step(other));
        if own.entry != 0 && own.entry != its.entry {
            return Along::Never;
        }
        let extra = match relation(&self.guards, own.guard, its.guard) {
            Relation::Excludes => return Along::Never,
            Relation::Implied => return Along::Always,
            Relation::Extra(extra) => extra,
        };
        if extra.iter().all(|guard| only_success(guard)) {
            return Along::Always;
        }
        match (self.ran(step), self.ran(other)) {
            (Some(Ran::Yes | Ran::Failed), _) => Along::Always,
            (Some(Ran::No), Some(Ran::Yes | Ran::Failed)) => Along::Never,
            _ => Along::Perhaps,
        }
    }
}

impl Deployment<'_> {
    /// True if some run may have both steps: they are not in two arms of one choice, nor in functions that others call.
    pub(crate) fn may_meet(&self, step: StepId, other: StepId) -> bool {
        let (own, its) = (self.step(step), self.step(other));
        (own.entry == 0 || own.entry == its.entry)
            && !matches!(relation(&self.guards, own.guard, its.guard), Relation::Excludes)
    }

    /// True if one condition lets a step run only where another one did not: `if A; then OTHER; exit; fi; STEP`.
    pub(crate) fn runs_instead_of(&self, step: StepId, other: StepId) -> bool {
        let others = || self.guards_of(other);
        self.guards_of(step).any(|(own, guard)| others().any(|(id, its)| id != own && its.span == guard.span))
    }

    /// True if a step comes after another one and never runs without it: neither is in a loop or in the background, and
    /// they are not one command that is reached twice.
    pub(crate) fn surely_after(&self, step: StepId, other: StepId) -> bool {
        let (own, its) = (self.step(step), self.step(other));
        let is_plain = !own.in_loop && !its.in_loop && !own.background && !its.background;
        is_plain
            && other < step
            && own.entry == its.entry
            && own.span != its.span
            && self.runs_along(other, step) == Along::Always
    }
}

/// True for `cd DIR && CMD` and `A && CMD`: if the script works at all, the guard holds.
fn only_success(guard: &Guard) -> bool {
    fn leaves(cond: &Cond) -> bool {
        match cond {
            Cond::Works(_) | Cond::Always(true) => true,
            Cond::And(a, b) => leaves(a) && leaves(b),
            _ => false,
        }
    }
    guard.holds && leaves(&guard.cond)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FollowNothing, build};
    use crate::source::{SourceFile, Sources};

    /// The steps of a script, by the names of their commands.
    fn with(text: &str, ask: impl FnOnce(&Deployment<'_>, &dyn Fn(&str) -> StepId)) {
        let mut sources = Sources::default();
        let file = sources.add(SourceFile::new("start.sh", text.as_bytes().to_vec()).unwrap());
        let arena = bumpalo::Bump::new();
        let deployment = build(&arena, file, "start.sh", arena.alloc_str(text), &mut FollowNothing);
        let of = |name: &str| deployment.iter().find(|(_, s)| s.argv.name == name).map(|(id, _)| id).unwrap();
        ask(&deployment, &of);
    }

    #[test]
    fn an_arm_that_falls_into_the_next_one_does_not_exclude_it() {
        for (end, along) in [(";;", Along::Never), (";&", Along::Perhaps), (";;&", Along::Perhaps)] {
            let text = format!(
                "case \"$1\" in\n a) mkdir /x {end}\n b) chown app /x ;;\n c) chmod 700 /x ;;\nesac\n"
            );
            with(&text, |script, of| {
                assert_eq!(script.runs_along(of("chown"), of("mkdir")), along, "{end}");
                assert_eq!(script.runs_along(of("chmod"), of("mkdir")), Along::Never, "{end}");
            });
        }
    }

    #[test]
    fn a_step_runs_instead_of_what_the_script_ends_with() {
        for (text, instead) in [
            ("if ! [ -f /x ]; then mkdir /a; exit 0; fi\nchown app /a\n", true),
            ("[ -f /x ] || { mkdir /a; exit 0; }\nchown app /a\n", true),
            ("if ! [ -f /x ]; then mkdir /a; else chown app /a; fi\n", true),
            ("if ! [ -f /x ]; then mkdir /a; fi\nchown app /a\n", false),
            ("if ! [ -f /x ]; then mkdir /a; chown app /a; exit 0; fi\n", false),
        ] {
            with(text, |deployment, of| {
                assert_eq!(deployment.runs_instead_of(of("chown"), of("mkdir")), instead, "{text}");
            });
        }
    }

    #[test]
    fn a_step_surely_comes_after_what_it_never_runs_without() {
        for (text, after) in [
            ("mkdir /a\nchown app /a\n", true),
            ("mkdir /a\nif [ \"$1\" = x ]; then chown app /a; fi\n", true),
            ("if [ \"$1\" = x ]; then mkdir /a; fi\nchown app /a\n", false),
            ("npm ci && mkdir /a\nchown app /a\n", true),
            ("chown app /a\nmkdir /a\n", false),
            ("mkdir /a &\nchown app /a\n", false),
            ("for i in *; do mkdir /a; chown app /a; done\n", false),
            ("mkdir /a\nunused() { chown app /a; }\n", false),
        ] {
            with(text, |deployment, of| {
                assert_eq!(deployment.surely_after(of("chown"), of("mkdir")), after, "{text}");
            });
        }
    }

    #[test]
    fn guards_tell_whether_both_run() {
        for (text, along) in [
            ("mkdir /a\nchown app /a\n", Along::Always),
            ("mkdir /a && chown app /a\n", Along::Always),
            ("if [ \"$1\" = x ]; then mkdir /a; chown app /a; fi\n", Along::Always),
            ("mkdir -p /a\nif [ -d /a ]; then chown app /a; fi\n", Along::Always),
            ("mkdir /a\nif [ \"$1\" = x ]; then chown app /a; fi\n", Along::Perhaps),
            ("if [ \"$1\" = x ]; then mkdir /a; else chown app /a; fi\n", Along::Never),
            ("mkdir -p /a\nif [ ! -f /b ]; then touch /b; chown app /a; fi\n", Along::Never),
            ("mkdir /a\nunused() { chown app /a; }\n", Along::Never),
            ("chown app /a\nunused() { mkdir /a; }\n", Along::Always),
        ] {
            with(text, |deployment, of| {
                assert_eq!(deployment.runs_along(of("chown"), of("mkdir")), along, "{text}");
            });
        }
    }
}
