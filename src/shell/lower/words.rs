//! Words. The tree shows where they and their substitutions are, and the source text shows what they say.

use crate::shell::ast::{Part, StmtKind, Word};
use crate::shell::lower::command::WORDS;
use crate::shell::lower::{DEPTH, Lowering};
use crate::shell::word::{Inner, Lexer, inner_at};
use crate::syntax::tree::{Cursor, Kind};
use std::ops::Range;

impl<'a> Lowering<'_, '_, 'a> {
    /// `[ … ]` as words. The grammar makes a tree of operators of it, which is wrong for `-o` and `-a`. The
    /// shell only sees words, and so does this.
    pub(super) fn test(&mut self, cursor: &mut Cursor<'_>) -> StmtKind<'a> {
        let node = cursor.node();
        let source = self.source(node);
        let double = source.starts_with("[[");
        if source.starts_with("((") {
            return StmtKind::Arithmetic(source);
        }
        let width = if double { 2 } else { 1 };
        let start = node.start() as usize + width;
        // If nothing closes a test, the tree invents the bracket, and there is none to remove.
        let closed = source.ends_with(if double { "]]" } else { "]" });
        let end = (node.end() as usize).saturating_sub(if closed { width } else { 0 }).max(start);
        let mut inner = Vec::new();
        self.substitutions(cursor, &mut inner);
        let lexer = Lexer { arena: self.shell.arena, text: self.text, inner: &inner };
        let mut words = Vec::new();
        for range in blank_separated(self.text, start..end, &inner) {
            let parts = lexer.parts(range.clone());
            words.push(Word { parts, span: self.span(range.start as u32..range.end as u32) });
        }
        StmtKind::Test { words: self.shell.arena.alloc_slice_copy(&words) }
    }

    /// The word (or, with braces, the words) at the node under the cursor.
    pub(super) fn words_of(&mut self, cursor: &mut Cursor<'_>) -> &'a [Word<'a>] {
        let node = cursor.node();
        if !node.is_named() && node.kind() != Kind::Other {
            return &[];
        }
        let (start, end) = (node.start() as usize, node.end() as usize);
        let first = self.joined.partition_point(|word| word.start < start);
        let several = &self.joined[first..];
        if several.first().is_some_and(|word| word.start == start) {
            let several = &several[..several.iter().take_while(|word| word.end <= end).count()];
            return self.joined_words(several);
        }
        let span = self.node_span(node);
        let text = self.source(node);
        let arena = self.shell.arena;
        if let Some((text, quoted)) = plain(text) {
            let parts = arena.alloc_slice_copy(&[Part::Literal { text, quoted }]);
            return arena.alloc_slice_copy(&[Word { parts, span }]);
        }
        let mut inner = Vec::new();
        self.substitutions(cursor, &mut inner);
        let lexer = Lexer { arena, text: self.text, inner: &inner };
        let words = lexer.words(node.start() as usize..node.end() as usize);
        arena.alloc_slice_fill_iter(words.into_iter().map(|parts| Word { parts, span }))
    }

    /// Words that are one word in the tree. None of them holds a substitution.
    fn joined_words(&mut self, ranges: &[Range<usize>]) -> &'a [Word<'a>] {
        let arena = self.shell.arena;
        let lexer = Lexer { arena, text: self.text, inner: &[] };
        // The caller that makes a command of them reports that there are more.
        let ranges = &ranges[..ranges.len().min(WORDS + 1)];
        let mut words = Vec::with_capacity(ranges.len());
        for range in ranges {
            let span = self.span(range.start as u32..range.end as u32);
            match plain(&self.text[range.clone()]) {
                Some((text, quoted)) => {
                    let parts = arena.alloc_slice_copy(&[Part::Literal { text, quoted }]);
                    words.push(Word { parts, span });
                }
                None => {
                    words.extend(lexer.words(range.clone()).into_iter().map(|parts| Word { parts, span }))
                }
            }
        }
        arena.alloc_slice_copy(&words)
    }

    /// The outermost substitutions below the node under the cursor.
    pub(super) fn substitutions(&mut self, cursor: &mut Cursor<'_>, out: &mut Vec<Inner<'a>>) {
        let node = cursor.node();
        // Most words have none and need not be searched.
        if out.is_empty() && !node.has_error() && !may_substitute(self.source(node)) {
            return;
        }
        if matches!(node.kind(), Kind::CommandSubstitution | Kind::ProcessSubstitution) {
            if self.depth >= DEPTH {
                self.too_much(node, "substitutions nested too deep to follow");
                return;
            }
            self.depth += 1;
            let body = self.block(cursor, |_| true);
            self.depth -= 1;
            // In `"$a $(b)"` the node begins with the blank.
            let source = self.source(node);
            let start = node.start() as usize + (source.len() - source.trim_start().len());
            out.push(Inner { range: start..node.end() as usize, body });
            return;
        }
        if node.child_count() == 0 {
            return;
        }
        if self.depth >= DEPTH {
            self.too_much(node, "words nested too deep to follow");
            return;
        }
        self.depth += 1;
        cursor.each_child(|cursor| self.substitutions(cursor, out));
        self.depth -= 1;
    }
}

/// The text of a word that is fully known as written, as most words are: `-p`, `/opt/shop`,
/// `"no expansion in it"`.
fn plain(text: &str) -> Option<(&str, bool)> {
    let bare = |b: u8| b.is_ascii_alphanumeric() || b"-_./=:,+@%".contains(&b);
    if !text.is_empty() && text.bytes().all(bare) {
        return Some((text, false));
    }
    let single = text.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')).filter(|t| !t.contains('\''));
    let double = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
    let double = double.filter(|t| !t.bytes().any(|b| b"\"$`\\".contains(&b)));
    single.or(double).map(|inside| (inside, true))
}

/// True if a word may hold a substitution: `$(`, `` ` ``, `<(`, `>(`.
fn may_substitute(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.contains(&b'`') || bytes.windows(2).any(|w| w[1] == b'(' && matches!(w[0], b'$' | b'<' | b'>'))
}

/// The words of a test, separated by blanks outside quotes and substitutions.
fn blank_separated(text: &str, range: Range<usize>, inner: &[Inner<'_>]) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut words = Vec::new();
    let mut start = None;
    let mut at = range.start;
    while at < range.end {
        if let Some(inside) = inner_at(inner, at) {
            start.get_or_insert(at);
            at = inside.range.end.max(at + 1);
            continue;
        }
        match bytes[at] {
            b' ' | b'\t' | b'\n' => {
                if let Some(start) = start.take() {
                    words.push(start..at);
                }
            }
            b'\\' if bytes.get(at + 1) == Some(&b'\n') => {
                if let Some(start) = start.take() {
                    words.push(start..at);
                }
                at += 1;
            }
            b'\\' => {
                start.get_or_insert(at);
                at += 1;
            }
            quote @ (b'"' | b'\'') => {
                start.get_or_insert(at);
                at += 1;
                while at < range.end && bytes[at] != quote {
                    if let Some(inside) = inner_at(inner, at) {
                        at = inside.range.end;
                        continue;
                    }
                    at += if quote == b'"' && bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'$' if bytes.get(at + 1) == Some(&b'{') => {
                start.get_or_insert(at);
                while at < range.end && bytes[at] != b'}' {
                    at += 1;
                }
            }
            _ => {
                start.get_or_insert(at);
            }
        }
        at += 1;
    }
    if let Some(start) = start {
        words.push(start..range.end);
    }
    words
}
