//! The parts of a word, from its source text: quoting, escapes, expansions, globs and braces as described in
//! bash(1), QUOTING and EXPANSION. The tree shows where words and substitutions are. Their inside is read
//! here, because the grammar splits words at places where the shell does not.

mod ansi_c;
mod braces;
#[cfg(test)]
mod tests;

use crate::shell::ast::{Block, Operation, Part, Stmt};
use ansi_c::{ansi_c, ansi_c_end};
use braces::{BRACES, Piece};
use bumpalo::Bump;
use std::ops::Range;

/// A `${a:-${b:-…}}` that is nested deeper than this is opaque.
const NESTING: u32 = 40;
/// A substitution inside a word: its place, including `$(` and `)`, and its statements.
pub(super) struct Inner<'a> {
    pub(super) range: Range<usize>,
    pub(super) body: Block<'a>,
}

/// The substitution that starts at `at`. They are in order, and a hostile word has 50,000.
pub(super) fn inner_at<'i, 'a>(inner: &'i [Inner<'a>], at: usize) -> Option<&'i Inner<'a>> {
    inner.binary_search_by_key(&at, |i| i.range.start).ok().map(|index| &inner[index])
}

/// The quotes around the place that is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quotes {
    None,
    Double,
    /// A heredoc's body. It is like double quotes, but `"` is an ordinary character.
    Heredoc,
}

pub(super) struct Lexer<'l, 'a> {
    pub(super) arena: &'a Bump,
    pub(super) text: &'a str,
    pub(super) inner: &'l [Inner<'a>],
}

impl<'a> Lexer<'_, 'a> {
    /// The words in the text at `range`: one, or several if it has braces.
    pub(super) fn words(&self, range: Range<usize>) -> Vec<&'a [Part<'a>]> {
        let text = &self.text[range.clone()];
        if text.contains('{') && (text.contains(',') || text.contains("..")) {
            let alternatives = self.braces(range.clone(), 0);
            if alternatives.len() > BRACES {
                // Its value is unknown, but its substitutions are still read.
                let mut parts = self.parts(range.clone()).to_vec();
                parts.push(Part::Opaque { text: "{…}", body: &[] });
                return vec![self.arena.alloc_slice_copy(&parts)];
            }
            if alternatives.len() > 1 {
                return alternatives
                    .iter()
                    .map(|pieces| {
                        let mut parts = Vec::new();
                        for piece in pieces {
                            match piece {
                                Piece::Source(range) => {
                                    self.lex(range.clone(), Quotes::None, parts.is_empty(), 0, &mut parts);
                                }
                                Piece::Made(text) => parts
                                    .push(Part::Literal { text: self.arena.alloc_str(text), quoted: false }),
                            }
                        }
                        &*self.arena.alloc_slice_copy(&parts)
                    })
                    .collect();
            }
        }
        vec![self.parts(range)]
    }

    /// The parts of one word, without brace expansion (as in assignments).
    pub(super) fn parts(&self, range: Range<usize>) -> &'a [Part<'a>] {
        let mut parts = Vec::new();
        self.lex(range, Quotes::None, true, 0, &mut parts);
        self.arena.alloc_slice_copy(&parts)
    }

    /// The parts of a heredoc's body.
    pub(super) fn heredoc(&self, range: Range<usize>) -> &'a [Part<'a>] {
        let mut parts = Vec::new();
        self.lex(range, Quotes::Heredoc, false, 0, &mut parts);
        self.arena.alloc_slice_copy(&parts)
    }

    #[expect(clippy::too_many_lines)]
    fn lex(&self, range: Range<usize>, quotes: Quotes, at_start: bool, depth: u32, out: &mut Vec<Part<'a>>) {
        let text = self.text;
        let bytes = text.as_bytes();
        let mut run = range.start;
        let mut at = range.start;
        let quoted = quotes != Quotes::None;
        let flush = |run: usize, at: usize, out: &mut Vec<Part<'a>>| {
            if run < at {
                out.push(Part::Literal { text: &text[run..at], quoted });
            }
        };
        while at < range.end {
            match bytes[at] {
                b'\\' if at + 1 < range.end => {
                    let next = bytes[at + 1];
                    let special = match quotes {
                        Quotes::None => true,
                        Quotes::Double => matches!(next, b'$' | b'`' | b'"' | b'\\' | b'\n'),
                        Quotes::Heredoc => matches!(next, b'$' | b'`' | b'\\' | b'\n'),
                    };
                    if !special {
                        at += 1;
                        continue;
                    }
                    flush(run, at, out);
                    let width = text[at + 1..].chars().next().map_or(1, char::len_utf8);
                    if next != b'\n' {
                        out.push(Part::Literal { text: &text[at + 1..at + 1 + width], quoted: true });
                    }
                    at += 1 + width;
                    run = at;
                }
                b'\'' if quotes == Quotes::None => {
                    flush(run, at, out);
                    let end = text[at + 1..range.end].find('\'').map_or(range.end, |i| at + 1 + i);
                    out.push(Part::Literal { text: &text[at + 1..end], quoted: true });
                    at = (end + 1).min(range.end);
                    run = at;
                }
                b'"' if quotes == Quotes::None => {
                    flush(run, at, out);
                    let end = self.double_quote_end(at + 1, range.end);
                    let before = out.len();
                    self.lex(at + 1..end, Quotes::Double, false, depth + 1, out);
                    if out.len() == before {
                        out.push(Part::Literal { text: "", quoted: true });
                    }
                    at = (end + 1).min(range.end);
                    run = at;
                }
                b'$' => {
                    let Some(end) = self.dollar(
                        at,
                        range.end,
                        quotes,
                        depth,
                        |part, out: &mut Vec<Part<'a>>| {
                            flush(run, at, out);
                            out.extend(part);
                        },
                        out,
                    ) else {
                        at += 1;
                        continue;
                    };
                    at = end;
                    run = at;
                }
                b'`' => {
                    flush(run, at, out);
                    let end = self.substitution(at, range.end, quoted, out);
                    at = end;
                    run = at;
                }
                b'<' | b'>' if quotes == Quotes::None && bytes.get(at + 1) == Some(&b'(') => {
                    flush(run, at, out);
                    at = match inner_at(self.inner, at) {
                        Some(inner) => {
                            out.push(Part::Process { body: inner.body });
                            inner.range.end
                        }
                        None => {
                            let end = matching(bytes, at + 2, range.end, b'(', b')');
                            out.push(Part::Opaque { text: &text[at..end], body: &[] });
                            end
                        }
                    };
                    run = at;
                }
                c @ (b'*' | b'?' | b'[') if quotes == Quotes::None => {
                    flush(run, at, out);
                    out.push(Part::Glob(char::from(c)));
                    at += 1;
                    run = at;
                }
                b'~' if quotes == Quotes::None && at_start && at == range.start => {
                    let end = text[at + 1..range.end]
                        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')))
                        .map_or(range.end, |i| at + 1 + i);
                    if end == range.end || bytes[end] == b'/' {
                        out.push(Part::Tilde(&text[at + 1..end]));
                        at = end;
                        run = at;
                    } else {
                        at += 1;
                    }
                }
                _ => at += 1,
            }
        }
        flush(run, at.min(range.end), out);
    }

    /// At a `$`. Returns the end of what it starts, or `None` if it is only a dollar.
    #[expect(clippy::too_many_arguments)]
    fn dollar(
        &self,
        at: usize,
        end: usize,
        quotes: Quotes,
        depth: u32,
        emit: impl FnOnce(Option<Part<'a>>, &mut Vec<Part<'a>>),
        out: &mut Vec<Part<'a>>,
    ) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let quoted = quotes != Quotes::None;
        let plain = |name: &'a str| Part::Parameter { name, operation: Operation::Plain, quoted };
        let next = *bytes[..end].get(at + 1)?;
        match next {
            b'\'' if quotes == Quotes::None => {
                let close = ansi_c_end(bytes, at + 2, end);
                let decoded = ansi_c(&self.text[at + 2..close]);
                emit(Some(Part::Literal { text: self.arena.alloc_str(&decoded), quoted: true }), out);
                Some((close + 1).min(end))
            }
            b'"' if quotes == Quotes::None => {
                // $"…" is a string to be translated. Without a translation it is itself.
                emit(None, out);
                let close = self.double_quote_end(at + 2, end);
                self.lex(at + 2..close, Quotes::Double, false, depth + 1, out);
                Some((close + 1).min(end))
            }
            b'(' if bytes.get(at + 2) == Some(&b'(') && inner_at(self.inner, at).is_none() => {
                let close = matching(bytes, at + 2, end, b'(', b')');
                emit(Some(self.opaque(at..close)), out);
                Some(close)
            }
            b'(' => {
                emit(None, out);
                Some(self.substitution(at, end, quoted, out))
            }
            b'{' => {
                let close = self.brace_end(at + 2, end);
                // If nothing closes it, everything up to the end is inside.
                let closed = close > at + 2 && bytes[close - 1] == b'}';
                let inside = at + 2..if closed { close - 1 } else { close.max(at + 2) };
                let part = self.parameter(inside, at..close, quotes, depth);
                emit(Some(part), out);
                Some(close)
            }
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => {
                let stop = name_end(bytes, at + 1, end);
                emit(Some(plain(&self.text[at + 1..stop])), out);
                Some(stop)
            }
            b'0'..=b'9' | b'@' | b'*' | b'#' | b'?' | b'$' | b'!' | b'-' => {
                emit(Some(plain(&self.text[at + 1..at + 2])), out);
                Some(at + 2)
            }
            _ => None,
        }
    }

    /// A part whose value is not computed, with the statements that run in it.
    fn opaque(&self, range: Range<usize>) -> Part<'a> {
        let from = self.inner.partition_point(|inner| inner.range.start < range.start);
        let inside = self.inner[from..].iter().take_while(|inner| inner.range.end <= range.end);
        let statements: Vec<Stmt<'a>> = inside.flat_map(|inner| inner.body).copied().collect();
        Part::Opaque { text: &self.text[range], body: self.arena.alloc_slice_copy(&statements) }
    }

    fn substitution(&self, at: usize, end: usize, quoted: bool, out: &mut Vec<Part<'a>>) -> usize {
        if let Some(inner) = inner_at(self.inner, at) {
            let stop = inner.range.end.min(end);
            out.push(Part::Substitution { body: inner.body, text: &self.text[at..stop], quoted });
            return stop;
        }
        let stop = substitution_end(self.text.as_bytes(), at, end);
        out.push(self.opaque(at..stop));
        stop
    }

    /// The inside of `${…}`.
    fn parameter(&self, range: Range<usize>, whole: Range<usize>, quotes: Quotes, depth: u32) -> Part<'a> {
        let bytes = self.text.as_bytes();
        let quoted = quotes != Quotes::None;
        let opaque = self.opaque(whole);
        if depth > NESTING || range.is_empty() {
            return opaque;
        }
        let first = bytes[range.start];
        if first == b'#' && range.len() > 1 || first == b'!' && range.len() > 1 {
            return opaque;
        }
        let stop = match first {
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => name_end(bytes, range.start, range.end),
            b'0'..=b'9' => {
                let digits = bytes[range.clone()].iter().take_while(|b| b.is_ascii_digit()).count();
                range.start + digits
            }
            b'@' | b'*' | b'#' | b'?' | b'$' | b'!' | b'-' => range.start + 1,
            _ => return opaque,
        };
        let name = &self.text[range.start..stop];
        // bash(1), Arrays: the element 0 is what the name alone means.
        let stop = if self.text[stop..range.end].starts_with("[0]") { stop + 3 } else { stop };
        let rest = &self.text[stop..range.end];
        let operand = |skip: usize| -> &'a [Part<'a>] {
            let mut parts = Vec::new();
            let start = stop + skip;
            self.lex(start..range.end, quotes, true, depth + 1, &mut parts);
            self.arena.alloc_slice_copy(&parts)
        };
        let pattern = |skip: usize| &self.text[stop + skip..range.end];
        let operation = match rest.as_bytes() {
            [] => Operation::Plain,
            [b':', b'-', ..] => Operation::Default(operand(2)),
            [b'-', ..] => Operation::Default(operand(1)),
            [b':', b'=', ..] => Operation::Assign(operand(2)),
            [b'=', ..] => Operation::Assign(operand(1)),
            [b':', b'+', ..] => Operation::Alternative(operand(2)),
            [b'+', ..] => Operation::Alternative(operand(1)),
            [b':', b'?', ..] | [b'?', ..] => Operation::Required,
            [b'#', b'#', ..] => Operation::RemovePrefix { pattern: pattern(2), longest: true },
            [b'#', ..] => Operation::RemovePrefix { pattern: pattern(1), longest: false },
            [b'%', b'%', ..] => Operation::RemoveSuffix { pattern: pattern(2), longest: true },
            [b'%', ..] => Operation::RemoveSuffix { pattern: pattern(1), longest: false },
            b"[@]" | b"[*]" => Operation::All,
            _ => Operation::Other,
        };
        Part::Parameter { name, operation, quoted }
    }

    /// The closing `"` of a string that starts at `at`, or `end`.
    fn double_quote_end(&self, mut at: usize, end: usize) -> usize {
        let bytes = self.text.as_bytes();
        while at < end {
            match bytes[at] {
                b'"' => return at,
                b'\\' => at += 2,
                b'`' => at = self.skip_inner(at, end),
                b'$' if bytes.get(at + 1) == Some(&b'(') => at = self.skip_inner(at, end),
                b'$' if bytes.get(at + 1) == Some(&b'{') => at = self.brace_end(at + 2, end),
                _ => at += 1,
            }
        }
        end
    }

    /// One past the `}` that closes a `${` whose inside starts at `at`.
    fn brace_end(&self, mut at: usize, end: usize) -> usize {
        let bytes = self.text.as_bytes();
        let mut open = 1;
        while at < end {
            match bytes[at] {
                b'\\' => at += 2,
                b'\'' => {
                    // In ${X:-'}'} a quote quotes; in "${X%'}" it may not. A quote without a partner is an
                    // ordinary character.
                    at = match self.text[at + 1..end].find('\'') {
                        Some(i) => at + 2 + i,
                        None => at + 1,
                    };
                }
                b'$' if bytes.get(at + 1) == Some(&b'(') => at = self.skip_inner(at, end),
                b'`' => at = self.skip_inner(at, end),
                b'{' if at > 0 && bytes[at - 1] == b'$' => {
                    open += 1;
                    at += 1;
                }
                b'}' => {
                    open -= 1;
                    at += 1;
                    if open == 0 {
                        return at;
                    }
                }
                _ => at += 1,
            }
        }
        end
    }

    fn skip_inner(&self, at: usize, end: usize) -> usize {
        match inner_at(self.inner, at) {
            Some(inner) => inner.range.end.min(end),
            None => substitution_end(self.text.as_bytes(), at, end),
        }
    }
}

fn name_end(bytes: &[u8], at: usize, end: usize) -> usize {
    at + bytes[at..end].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count()
}

/// One past the bracket that closes the one whose inside starts at `at`. Quotes are skipped.
fn matching(bytes: &[u8], mut at: usize, end: usize, open: u8, close: u8) -> usize {
    let mut depth = 1u32;
    while at < end {
        match bytes[at] {
            b'\\' => at += 1,
            b'\'' => at += 1 + bytes[at + 1..end].iter().position(|b| *b == b'\'').unwrap_or(0),
            b'"' => {
                at += 1;
                while at < end && bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            b if b == open => depth += 1,
            b if b == close => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    end
}

/// One past the end of the `$(…)` or `` `…` `` that starts at `at`.
pub(super) fn substitution_end(bytes: &[u8], at: usize, end: usize) -> usize {
    if bytes[at] == b'`' {
        let mut i = at + 1;
        while i < end {
            match bytes[i] {
                b'\\' => i += 2,
                b'`' => return i + 1,
                _ => i += 1,
            }
        }
        return end;
    }
    matching(bytes, at + 2, end, b'(', b')')
}
