//! Brace expansion: bash(1), EXPANSION, Brace Expansion.

use crate::shell::word::Lexer;
use std::ops::Range;

/// The most words that one word with braces gives.
pub(super) const BRACES: usize = 64;

impl Lexer<'_, '_> {
    /// Brace expansion: the alternatives of a word, each as the pieces that it consists of.
    pub(super) fn braces(&self, range: Range<usize>, depth: u32) -> Vec<Vec<Piece>> {
        let whole = || vec![vec![Piece::Source(range.clone())]];
        if depth > 8 {
            return whole();
        }
        let Some((open, close, commas)) = self.first_brace(range.clone()) else { return whole() };
        let mut middles: Vec<Vec<Piece>> = Vec::new();
        if commas.is_empty() {
            let inside = &self.text[open + 1..close];
            for item in sequence(inside) {
                middles.push(vec![Piece::Made(item)]);
            }
        } else {
            let mut start = open + 1;
            for comma in commas.into_iter().chain([close]) {
                middles.extend(self.braces(start..comma, depth + 1));
                start = comma + 1;
            }
        }
        let tails = self.braces(close + 1..range.end, depth + 1);
        let mut all = Vec::new();
        for middle in &middles {
            for tail in &tails {
                let mut pieces = vec![Piece::Source(range.start..open)];
                pieces.extend(middle.iter().cloned());
                pieces.extend(tail.iter().cloned());
                all.push(pieces);
                if all.len() > BRACES {
                    return all;
                }
            }
        }
        all
    }

    /// The first `{a,b}` or `{1..3}` outside quotes: its braces and its commas.
    pub(super) fn first_brace(&self, range: Range<usize>) -> Option<(usize, usize, Vec<usize>)> {
        let bytes = self.text.as_bytes();
        let mut open: Vec<(usize, Vec<usize>)> = Vec::new();
        let mut at = range.start;
        let mut found: Option<(usize, usize, Vec<usize>)> = None;
        while at < range.end {
            match bytes[at] {
                b'\\' => at += 1,
                b'\'' => at = self.text[at + 1..range.end].find('\'').map_or(range.end, |i| at + 1 + i),
                b'"' => at = self.double_quote_end(at + 1, range.end),
                b'$' if bytes.get(at + 1) == Some(&b'{') => at = self.brace_end(at + 2, range.end) - 1,
                b'$' if bytes.get(at + 1) == Some(&b'(') => at = self.skip_inner(at, range.end) - 1,
                b'`' => at = self.skip_inner(at, range.end) - 1,
                b'{' => open.push((at, Vec::new())),
                b',' => {
                    if let Some((_, commas)) = open.last_mut() {
                        commas.push(at);
                    }
                }
                b'}' => {
                    if let Some((start, commas)) = open.pop() {
                        let sequence = commas.is_empty() && !sequence(&self.text[start + 1..at]).is_empty();
                        if !commas.is_empty() || sequence {
                            // The outermost of nested braces comes first.
                            found = match found {
                                Some(f) if f.0 < start => Some(f),
                                _ => Some((start, at, commas)),
                            };
                            if open.is_empty() {
                                return found;
                            }
                        }
                    }
                }
                _ => {}
            }
            at += 1;
        }
        found
    }
}

#[derive(Clone)]
pub(super) enum Piece {
    Source(Range<usize>),
    Made(String),
}

/// `1..3` and `a..c`; empty if it is neither, or if it is too long.
fn sequence(inside: &str) -> Vec<String> {
    // No number is longer. Braces that are nested 50,000 deep would each read all that is inside.
    if inside.len() > 24 {
        return Vec::new();
    }
    let Some((from, to)) = inside.split_once("..") else { return Vec::new() };
    if let (Ok(from), Ok(to)) = (from.parse::<i32>(), to.parse::<i32>()) {
        if from.abs_diff(to) as usize >= BRACES {
            return Vec::new();
        }
        return if from <= to {
            (from..=to).map(|n| n.to_string()).collect()
        } else {
            (to..=from).rev().map(|n| n.to_string()).collect()
        };
    }
    match (from.as_bytes(), to.as_bytes()) {
        ([a], [b]) if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() && a <= b => {
            (*a..=*b).map(|c| char::from(c).to_string()).collect()
        }
        _ => Vec::new(),
    }
}
