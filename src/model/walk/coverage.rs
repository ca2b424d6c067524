//! Which commands of a script were walked.

use crate::model::walk::Walker;
use crate::shell::ast::{Stmt, StmtKind};
use crate::shell::count::Counted;
use crate::source::{FileId, Span};

/// Which statements of the script were walked.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    /// True if some were passed over.
    skipped: bool,
    /// One bit for each byte of the script. It is set if a statement that was walked begins there.
    reached: Vec<u64>,
}

impl Coverage {
    /// Begins for a script of this length in bytes.
    pub(crate) fn of(length: usize) -> Self {
        Coverage { skipped: false, reached: vec![0; length / 64 + 1] }
    }

    /// Notes that a statement is passed over.
    pub(crate) fn skip(&mut self) {
        self.skipped = true;
    }

    /// Notes that a statement that begins there is walked.
    pub(crate) fn reach(&mut self, at: Span) {
        if let Some(bits) = self.reached.get_mut(at.start as usize / 64) {
            *bits |= 1 << (at.start % 64);
        }
    }

    /// If something was passed over, counts only commands that were walked as analysed.
    pub(crate) fn settle(&self, commands: &mut [Counted], file: FileId, overran: bool) {
        if !self.skipped && !overran {
            return;
        }
        for command in commands.iter_mut().filter(|command| command.file == file) {
            let bits = self.reached.get(command.start as usize / 64);
            command.analysed &= bits.is_some_and(|bits| bits & (1 << (command.start % 64)) != 0);
        }
    }
}

impl<'a> Walker<'a, '_> {
    /// Notes that a statement was walked.
    pub(super) fn reach(&mut self, stmt: &Stmt<'a>) {
        let mut mark = |span: Span| {
            if span.file == self.file {
                self.coverage.reach(span);
            }
        };
        mark(stmt.span);
        if let StmtKind::Command(command) = stmt.kind {
            // `> f a` begins with a redirect.
            command.words.first().into_iter().for_each(|word| mark(word.span));
        }
    }
}
