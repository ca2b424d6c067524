//! Small things that the grammar misreads: `! { …; }`, where it takes `{` for a command's name (a group in
//! parentheses has the same statements), and some dollars.

use super::scanner::Scanner;

impl Scanner<'_> {
    /// True if there are only blanks between the last `!` and `at`.
    pub(super) fn is_negated(&self, at: usize) -> bool {
        let between = self.bytes.get(self.bang..at).unwrap_or_default();
        self.bang > 0 && !between.is_empty() && between.iter().all(|b| matches!(b, b' ' | b'\t'))
    }

    /// Handles a `{` where a command may begin.
    pub(super) fn open_group(&mut self, at: usize) {
        self.groups.push((self.stack.len(), at, self.is_negated(at)));
    }

    /// Handles a `}` where a command may begin.
    pub(super) fn close_group(&mut self, at: usize) {
        while let Some((depth, open, negated)) = self.groups.pop() {
            if depth <= self.stack.len() {
                if negated && depth == self.stack.len() {
                    self.found.negated_groups.push((open, at));
                }
                break;
            }
        }
    }

    /// At a `$` inside a word, notes it if the grammar would split the word there, as it does at `$a/$b.c`.
    pub(super) fn hide_dollar(&mut self) {
        let rest = &self.bytes[self.at + 1..];
        let length = match rest.first() {
            Some(b) if b.is_ascii_alphabetic() || *b == b'_' => {
                let ends = |b: &u8| !b.is_ascii_alphanumeric() && *b != b'_';
                rest.iter().position(ends).unwrap_or(rest.len())
            }
            Some(b'0'..=b'9' | b'#' | b'$' | b'!' | b'?' | b'*' | b'@' | b'-') => 1,
            _ => return,
        };
        match rest.get(length) {
            None | Some(b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')') => {}
            Some(b'"' | b'\'' | b'`') => {}
            Some(_) => {
                self.found.dollars.push(self.at);
                if rest[0] == b'$' {
                    self.found.dollars.push(self.at + 1);
                }
            }
        }
    }
}
