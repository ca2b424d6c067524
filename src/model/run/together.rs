//! Which steps run together: whether one runs in each run in which another one does.

use crate::model::condition::Cond;
use crate::model::run::timeline::{Ran, Relation, relation};
use crate::model::{Deployment, Guard, StepId};

/// Does a step run in each run in which another one does?
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Along {
    /// It does not: it stands in another arm of a choice, in a function that nothing calls, or behind a guard that the
    /// second run does not meet.
    Never,
    /// Only where guards let it, of which it is not known.
    Perhaps,
    /// It does.
    Always,
}

impl Deployment<'_> {
    /// Does a step run in each run in which `other` does, the second one too? Loops count as run through.
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
        let ran = |id: StepId| self.runs.get(id.0 as usize).copied();
        match (ran(step), ran(other)) {
            (Some(Ran::Yes | Ran::Failed), _) => Along::Always,
            (Some(Ran::No), Some(Ran::Yes | Ran::Failed)) => Along::Never,
            _ => Along::Perhaps,
        }
    }
}

/// `cd DIR && CMD`, `A && CMD`: if the script works at all, the guard holds.
pub(crate) fn only_success(guard: &Guard) -> bool {
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

    /// How the step of `chown` stands to that of `mkdir`.
    #[track_caller]
    fn chown_to_mkdir(text: &str) -> Along {
        let mut sources = Sources::default();
        let file = sources.add(SourceFile::new("start.sh", text.as_bytes().to_vec()).unwrap());
        let arena = bumpalo::Bump::new();
        let deployment = build(&arena, file, "start.sh", arena.alloc_str(text), &mut FollowNothing);
        let of = |name: &str| deployment.iter().find(|(_, s)| s.argv.name == name).map(|(id, _)| id).unwrap();
        deployment.runs_along(of("chown"), of("mkdir"))
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
            assert_eq!(chown_to_mkdir(text), along, "{text}");
        }
    }
}
