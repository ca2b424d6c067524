//! Finds where commands begin, as far as quoting and reserved words show it. Notes what must be written
//! differently so that the grammar reads it correctly (`grammar-tests/gaps/statements.txt`). See bash(1),
//! RESERVED WORDS, SIMPLE COMMANDS and COMPOUND COMMANDS.

use super::frame::{Edit, Expect, Simple};
use super::scanner::Scanner;

impl Scanner<'_> {
    /// A command ends, and another may begin.
    pub(super) fn begin(&mut self) {
        self.settle();
        self.top().begin();
    }

    /// Ends the innermost command. It is now known whether the command only assigns.
    pub(super) fn settle(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let depth = self.stack.len();
        let assigning = self.top().command.assigning;
        let from = self.waiting.partition_point(|(at, _)| *at < depth);
        for (_, edit) in self.waiting.split_off(from) {
            if assigning {
                self.found.edits.push(edit);
            }
        }
    }

    /// Adds an edit that is made if the command turns out to consist of assignments.
    pub(super) fn wait(&mut self, edit: Edit) {
        self.waiting.push((self.stack.len(), edit));
    }

    /// Handles a word after assignments: either another assignment, or the command that they are for. In the
    /// grammar two assignments may continue over the end of the line, and a redirect after one needs a
    /// command. A statement that is bound by `&&` or `!` stays one statement; an array in it is all that the
    /// grammar accepts.
    pub(super) fn after_assignments(&mut self, start: usize, assigns: Option<&[u8]>, before: Simple) {
        let Some(value) = assigns else {
            self.top().command.assigning = false;
            self.settle();
            return;
        };
        if before.bound && value.first() == Some(&b'(') {
            self.wait(Edit::Blank(before.begins, start));
        } else if !before.bound && self.is_blank(start - 1) {
            self.wait(Edit::Semicolon(start - 1));
        }
    }

    /// Handles a word where a command may begin.
    pub(super) fn command_word(&mut self, start: usize, word: &[u8]) {
        let reserved = matches!(
            word,
            b"if"
                | b"then"
                | b"elif"
                | b"else"
                | b"fi"
                | b"while"
                | b"until"
                | b"do"
                | b"done"
                | b"!"
                | b"{"
                | b"}"
                | b"for"
                | b"select"
                | b"in"
                | b"function"
                | b"case"
                | b"esac"
        );
        match word {
            b"if" | b"for" | b"while" | b"until" | b"select" => self.open += 1,
            b"fi" | b"done" => self.open = self.open.saturating_sub(1),
            _ => {}
        }
        let prefix = std::mem::take(&mut self.prefix);
        let prefixed = prefix > 0 && self.bytes[prefix..start].iter().all(|b| b" \t-p".contains(b));
        if matches!(word, b"time" | b"coproc") {
            self.prefix = start + word.len();
        }
        if !reserved && !prefixed {
            self.found.commands.push(start);
        }
        // `if (a) then`
        if matches!(word, b"then" | b"do") && start > 0 && self.is_blank(start - 1) {
            let blanks = self.bytes[..start].iter().rev().take_while(|b| matches!(b, b' ' | b'\t')).count();
            if self.bytes[..start - blanks].ends_with(b")") {
                self.found.edits.push(Edit::Semicolon(start - 1));
            }
        }
    }

    /// At the `(` of `name()`: the name was not a command.
    pub(super) fn names_function(&mut self, at: usize) {
        if let Some(start) = self.found.commands.last()
            && !self.bytes[*start..at].trim_ascii_end().iter().any(u8::is_ascii_whitespace)
        {
            self.found.commands.pop();
        }
    }

    /// At the `do` of `for x do`, which the grammar accepts only with `;` in between.
    pub(super) fn loop_over_parameters(&mut self, start: usize) {
        self.top().expect = Expect::Command;
        if self.is_blank(start - 1) {
            self.found.edits.push(Edit::Semicolon(start - 1));
        }
    }

    /// `((` at `start` opens two subshells, which the grammar recognises only in `( (`.
    pub(super) fn part_subshells(&mut self, start: usize) {
        if self.bytes[start] == b'(' && start > 0 && self.is_blank(start - 1) {
            self.found.edits.push(Edit::Part(start));
        }
    }

    /// True at `|`, or at one of the bytes of `&&`, `||`, `|&`: the next command belongs to the one before.
    pub(super) fn binds(&self, byte: u8) -> bool {
        let before = self.at.checked_sub(1).map(|at| self.bytes[at]);
        byte == b'|' || byte == b'&' && (self.peek(1) == Some(b'&') || matches!(before, Some(b'&' | b'|')))
    }

    /// At the end of a line, which ends a pipeline. After three stages the grammar takes the next command and
    /// its words for arguments if that command has a redirect.
    pub(super) fn end_pipeline(&mut self) {
        if std::mem::take(&mut self.top().pipes) < 2 || !self.pending.is_empty() {
            return;
        }
        let mut rest = self.bytes[self.at..].trim_ascii_start();
        while rest.first() == Some(&b'#') {
            let end = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
            rest = rest[end..].trim_ascii_start();
        }
        if matches!(rest.first(), None | Some(b';' | b')' | b'`')) {
            return;
        }
        let comment = self.found.comments.last().filter(|comment| comment.end == self.at);
        let at = match comment {
            Some(comment) if comment.start > 0 && self.is_blank(comment.start - 1) => comment.start - 1,
            Some(_) => return,
            None => self.at,
        };
        self.found.edits.push(Edit::Semicolon(at));
    }

    fn is_blank(&self, at: usize) -> bool {
        matches!(self.bytes[at], b' ' | b'\t')
    }
}
