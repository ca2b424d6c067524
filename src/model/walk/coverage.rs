//! Which commands of a script were walked.

use crate::shell::count::Counted;
use crate::source::{FileId, Span};

/// Which statements of the script were walked.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    /// Some were passed over.
    skipped: bool,
    /// A bit for each byte of the script at which a statement that was walked begins.
    reached: Vec<u64>,
}

impl Coverage {
    /// Of a script of this length in bytes.
    pub(crate) fn of(length: usize) -> Self {
        Coverage { skipped: false, reached: vec![0; length / 64 + 1] }
    }

    /// Some statement is passed over.
    pub(crate) fn skip(&mut self) {
        self.skipped = true;
    }

    /// A statement that begins there is walked.
    pub(crate) fn reach(&mut self, at: Span) {
        if let Some(bits) = self.reached.get_mut(at.start as usize / 64) {
            *bits |= 1 << (at.start % 64);
        }
    }

    /// Counts as analysed only what was walked, where something was passed over.
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
