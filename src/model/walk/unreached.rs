//! What stands behind a statement that never lets control go on: `{ echo "run as root" >&2; exit 1; }` that lost its
//! test, an `exit 0` from a search for a fault, `exec gunicorn` before the last steps. It is walked as an entry of its own,
//! as a function is that nothing calls.

use crate::model::walk::ends::Jump;
use crate::model::walk::{Context, Walker};
use crate::model::{Ending, Unreached};
use crate::shell::ast::{Block, Part, Stmt, StmtKind, Word};
use crate::shell::builtins::Builtin;
use crate::source::Span;

/// More ends than this are not noted.
const ENDS: usize = 8;

/// The lists that the walk has left before their last statement.
#[derive(Debug, Default)]
pub(super) struct Behind<'a>(Vec<Left<'a>>);

#[derive(Debug)]
struct Left<'a> {
    end: Span,
    how: Ending,
    rest: Block<'a>,
    ctx: Context,
}

impl<'a> Walker<'a, '_> {
    /// Notes the statements behind one that never lets control go on.
    pub(super) fn note_behind(&mut self, stmt: &Stmt<'a>, jump: Jump, rest: Block<'a>) {
        let (Some(first), true) = (rest.first(), self.entry == 0) else { return };
        let (end, how) = ending(stmt);
        let is_noted = || self.behind.0.iter().any(|left| left.end == end);
        // Where a script is not sourced, bash complains about `return` outside a function, and goes on.
        let is_function = jump == Jump::Function && !self.locals.is_empty();
        if first.span.file != self.file
            || !(jump == Jump::Shell || is_function)
            || self.behind.0.len() == ENDS
            || is_noted()
        {
            return;
        }
        self.behind.0.push(Left { end, how, rest, ctx: self.ctx.clone() });
    }

    /// Walks what was noted.
    pub(super) fn unreached(&mut self) -> Vec<Unreached> {
        let mut unreached = Vec::new();
        for Left { end, how, rest, ctx } in std::mem::take(&mut self.behind).0 {
            let (Some(first), Some(last)) = (rest.first(), rest.last()) else { continue };
            self.entry += 1;
            self.ctx = ctx;
            self.guard = None;
            self.params = None;
            let before = self.steps.len();
            let mark = self.scope.mark();
            self.block(rest);
            self.scope.rewind(mark);
            if self.steps.len() > before {
                let rest = first.span.to(last.span);
                unreached.push(Unreached { end, how, rest, entry: self.entry });
            }
        }
        unreached
    }
}

/// The part of a statement that ends the script or the function, and how it does.
fn ending(stmt: &Stmt<'_>) -> (Span, Ending) {
    match stmt.kind {
        StmtKind::Command(command) => {
            let how = match Builtin::named(command.name()) {
                Some(Builtin::Exit) => {
                    let is_zero = |word: &Word<'_>| matches!(word.parts, [Part::Literal { text: "0", .. }]);
                    Ending::Exit(command.words.get(1).is_none_or(is_zero))
                }
                Some(Builtin::Return) => Ending::Return,
                Some(Builtin::Exec) => Ending::Replaced,
                _ => Ending::Within,
            };
            (stmt.span, how)
        }
        StmtKind::Group(block) => block.last().map_or((stmt.span, Ending::Within), ending),
        StmtKind::Redirected { body, .. } => ending(body),
        _ => (stmt.span, Ending::Within),
    }
}
