//! Heredocs as the scanner meets them: the operator with its delimiter, and later the body.

use super::Heredoc;
use super::scanner::Scanner;

impl Scanner<'_> {
    /// At `<<`, reads `-` and the delimiter. Without a delimiter there is no heredoc.
    pub(super) fn heredoc_operator(&mut self) {
        let start = self.at;
        self.at += 2;
        let strip_tabs = self.peek(0) == Some(b'-');
        if strip_tabs {
            self.at += 1;
        }
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some(b' ' | b'\t'), _) => self.at += 1,
                (Some(b'\\'), Some(b'\n')) => self.at += 2,
                _ => break,
            }
        }
        let limit = self.backticks.map_or(self.bytes.len(), |(_, end)| end);
        let Some((delimiter, quoted, end)) = delimiter(&self.text[..limit], self.at) else {
            return;
        };
        self.at = end;
        self.pending.push((self.found.heredocs.len(), self.level));
        self.found.heredocs.push(Heredoc {
            operator: start..end,
            delimiter,
            quoted,
            strip_tabs,
            body: end..end,
            closed: false,
            delimiter_line: end..end,
        });
    }

    /// At the start of a line, reads the bodies of the heredocs that wait in substitutions as deep as
    /// `level`.
    pub(super) fn read_bodies(&mut self, level: usize) {
        if self.pending.is_empty() {
            return;
        }
        let shallower = self.pending.iter().rposition(|(_, at)| *at < level);
        for (index, _) in self.pending.split_off(shallower.map_or(0, |i| i + 1)) {
            self.read_body(index);
        }
    }

    fn read_body(&mut self, index: usize) {
        let limit = self.backticks.map_or(self.bytes.len(), |(_, end)| end);
        let in_substitution = self.level > 0;
        let heredoc = &mut self.found.heredocs[index];
        let body = self.at.min(limit);
        let mut line = body;
        let mut continued = false;
        while line < limit {
            let rest = &self.bytes[line..limit];
            let length = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
            let whole = &rest[..length];
            let tabs = match heredoc.strip_tabs {
                true => whole.iter().take_while(|b| **b == b'\t').count(),
                false => 0,
            };
            let after = whole[tabs..].strip_prefix(heredoc.delimiter.as_bytes());
            // `EOF)` ends a heredoc in `$( … )` too, as in bash.
            let length_of_delimiter = match after {
                Some([]) => Some(length),
                Some(after) if in_substitution && after.trim_ascii_start().starts_with(b")") => {
                    Some(length - after.len())
                }
                _ => None,
            };
            if let Some(length) = length_of_delimiter.filter(|_| !continued) {
                heredoc.body = body..line;
                heredoc.closed = true;
                heredoc.delimiter_line = line..line + length;
                let newline = self.bytes.get(line + length) == Some(&b'\n');
                self.at = line + length + usize::from(newline);
                return;
            }
            let backslashes = whole.iter().rev().take_while(|b| **b == b'\\').count();
            continued = !heredoc.quoted && backslashes % 2 == 1;
            line += length + 1;
        }
        heredoc.body = body..limit;
        heredoc.delimiter_line = limit..limit;
        self.at = limit;
    }

    /// The bare backtick that ends those whose content begins at `from`, or the end of the text.
    pub(super) fn end_of_backticks(&self, from: usize) -> usize {
        let mut at = from;
        while let Some(byte) = self.bytes.get(at) {
            match byte {
                b'`' => return at,
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
        self.bytes.len()
    }
}

/// The delimiter at `start`: its text without quotes, whether any part was quoted, and its end. `None` if
/// there is none, or if its quotes run past the line, because no line can close such a heredoc.
fn delimiter(text: &str, start: usize) -> Option<(String, bool, usize)> {
    let bytes = text.as_bytes();
    let mut delimiter = String::new();
    let (mut at, mut from) = (start, start);
    let mut quoted = false;
    let mut quote = None;
    loop {
        let byte = bytes.get(at).copied();
        let skipped = match (byte, quote) {
            (None | Some(b'\n'), Some(_)) => return None,
            (Some(b), Some(open)) if b == open => {
                quote = None;
                1
            }
            (Some(b'\\'), Some(b'"')) if matches!(bytes.get(at + 1), Some(b'"' | b'\\' | b'$')) => 1,
            (Some(_), Some(_)) => 0,
            (Some(b'\\'), None) if bytes.get(at + 1) == Some(&b'\n') => 2,
            (Some(b'\\'), None) => {
                quoted = true;
                1
            }
            (Some(b @ (b'\'' | b'"')), None) => {
                quoted = true;
                quote = Some(b);
                1
            }
            (Some(b'$'), None) if matches!(bytes.get(at + 1), Some(b'\'' | b'"')) => 1,
            (Some(b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')'), None)
            | (None, None) => break,
            (Some(_), None) => 0,
        };
        if skipped == 0 {
            at += 1;
            continue;
        }
        delimiter.push_str(text.get(from..at)?);
        let escape = byte == Some(b'\\') && skipped == 1;
        at += skipped;
        from = at;
        // An escaped character stands for itself.
        if escape && at < bytes.len() {
            at += 1;
        }
    }
    if at == start {
        return None;
    }
    delimiter.push_str(text.get(from..at)?);
    Some((delimiter, quoted, at))
}
