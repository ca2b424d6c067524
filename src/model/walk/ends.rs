//! How statements end, and what is known after one.

use crate::model::OnFailure;
use crate::model::condition::Cond;
use crate::source::Span;

/// Where control goes if a statement does not end normally.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Jump {
    /// `exit`, `exec`.
    Shell,
    /// `return`.
    Function,
    /// `break`, `continue`.
    Loop,
}

/// How many jumps that end less than the shell were met.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Jumps {
    /// `return`, in the function that is under way.
    pub(crate) returns: u32,
    /// `break`, `continue`.
    pub(crate) loops: u32,
}

/// How a statement ends.
#[derive(Clone, Debug)]
pub(crate) enum Exit {
    /// Control goes on.
    No,
    /// Control never goes on.
    Always(Jump),
    /// Control does not go on if the condition has the outcome, which is so if the text at the span succeeds or fails.
    When { cond: Cond, outcome: bool, jump: Jump, span: Span, succeeds: bool },
}

impl Exit {
    /// How a list ends whose statements so far end as this says, and whose next one never lets control go on: after
    /// `… && return 0`, `exit 1` ends the shell only where the function did not return.
    pub(crate) fn then_always(self, next: Jump) -> Exit {
        match self {
            Exit::When { cond, outcome, jump: Jump::Function | Jump::Loop, span, succeeds }
                if next == Jump::Shell =>
            {
                Exit::When { cond, outcome: !outcome, jump: next, span, succeeds: !succeeds }
            }
            _ => Exit::Always(next),
        }
    }
}

/// What is known after a statement.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    /// It succeeded.
    pub(crate) cond: Cond,
    pub(crate) exit: Exit,
}

impl Flow {
    pub(crate) fn plain(cond: Cond) -> Self {
        Flow { cond, exit: Exit::No }
    }
}

/// What a failing command means to the surrounding statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// errexit decides.
    Default,
    /// Something checks it, or it is ignored.
    Is(OnFailure),
}
