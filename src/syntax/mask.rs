//! Takes heredocs, here-strings, some dollars and some braces out of a script before it is parsed.
//! tree-sitter-bash loses or invents commands around many of them (`grammar-tests/gaps/`), although their
//! extent follows from quoting alone. It also makes words plain, because words are the costliest part of a
//! parse. It knows quoting and nesting, but no grammar.

mod commands;
mod frame;
mod heredoc;
mod misread;
mod operators;
mod plain;
mod scanner;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

use scanner::Scanner;

/// A script without the parts that misparse, and those parts. All ranges are bytes of the text that was
/// given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Masked<'t> {
    /// The same length as the input, with the same line ends, except those that end a long pipeline. `<<EOF`
    /// reads `<____`, a body and its delimiter line are spaces, `<<<` is `<` and two spaces, and a `$` of
    /// [`Masked::dollars`] is `%`. `! { a; }`, which the grammar does not know, is `! ( a; )`: its source
    /// begins with `{`.
    pub(crate) text: Cow<'t, str>,
    /// The heredocs, in the order of their operators.
    pub(crate) heredocs: Vec<Heredoc>,
    /// The place of each `<<<`, in order.
    pub(crate) herestrings: Vec<Range<usize>>,
    /// The `$`s that read `%`: those of `$b` in `$a/$b.c`. There the grammar splits the word in two and takes
    /// the second half of `x=$a/$b.c` for a command. Read the input to learn what a word expands.
    pub(crate) dollars: Vec<usize>,
    /// Like `text`, and parsed in its place. Words with quotes and expansions, the inside of `[ … ]`, and the
    /// blanks between the words of a command are `/`, which has no meaning anywhere in a word. Command
    /// substitutions stay, and so does the text around them.
    pub(crate) plain: Cow<'t, str>,
    /// The words that are joined into one in `plain`, in order.
    pub(crate) joined: Vec<Range<usize>>,
    /// Comments, in order. Both texts keep them.
    pub(crate) comments: Vec<Range<usize>>,
    /// Lines that begin where no group, loop, `if`, `case` or substitution is open, in order. They are found
    /// in the same way as [`Masked::commands`]. The text can be cut there. A line may still belong to the one
    /// before (`f()`, then `{`).
    pub(crate) tops: Vec<usize>,
    /// Where commands begin, in order, including those inside substitutions but not those inside heredocs.
    /// Only quoting and reserved words decide, so that commands which the grammar loses are noticed.
    pub(crate) commands: Vec<usize>,
    /// Words of a command that are side by side, and other parts of `plain` that consist of `/`.
    dull: Vec<Range<usize>>,
}

impl Masked<'_> {
    /// `plain` without everything that tells the grammar nothing: comments, the inside of plain words and of
    /// heredoc bodies, and blanks at the start of a line. A parser's work grows with the bytes. Each byte
    /// is paired with its place in the script, and the last entry is the script's end.
    ///
    /// Comments also mislead the grammar: after a pipeline of three stages and a comment, it takes `if` and
    /// its words for arguments (`grammar-tests/gaps/statements.txt`).
    pub(crate) fn short(&self) -> (Vec<u8>, Vec<u32>) {
        let bytes = self.plain.as_bytes();
        let comments = self.comments_left_out().map(|range| (range.clone(), None));
        let bodies = self.heredocs.iter().map(|heredoc| {
            let end = heredoc.body.end.max(heredoc.delimiter_line.end);
            (heredoc.body.start..end, Some(b' '))
        });
        let dull = self.dull.iter().map(|range| (range.clone(), Some(b'/')));
        let mut parts: Vec<(Range<usize>, Option<u8>)> = comments.chain(bodies).chain(dull).collect();
        parts.sort_by_key(|(range, _)| range.start);
        let mut short = Vec::with_capacity(bytes.len() / 2);
        let mut places = Vec::with_capacity(bytes.len() / 2);
        let mut at = 0;
        for (range, byte) in parts.into_iter().chain([(bytes.len()..bytes.len(), None)]) {
            // If two overlap, the first one wins.
            if range.start < at || range.end > bytes.len() {
                continue;
            }
            while at < range.start {
                let blanks = bytes[at..range.start].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
                // At the start of a line the last blank is enough.
                if blanks > 1 && (at == 0 || bytes[at - 1] == b'\n') {
                    at += blanks - 1;
                }
                short.push(bytes[at]);
                places.push(at as u32);
                at += 1;
            }
            // The first and the last byte show where it is.
            if let Some(byte) = byte {
                for place in range.clone().take(1).chain(range.clone().skip(1).next_back()) {
                    short.push(byte);
                    places.push(place as u32);
                }
            }
            at = range.end;
        }
        places.push(bytes.len() as u32);
        (short, places)
    }

    /// The comments that are not in [`Masked::short`]. One that a backtick ends stays, because the grammar loses words
    /// behind backticks with nothing in between.
    pub(crate) fn comments_left_out(&self) -> impl Iterator<Item = &Range<usize>> {
        self.comments.iter().filter(|range| self.plain.as_bytes().get(range.end) != Some(&b'`'))
    }
}

/// One heredoc.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heredoc {
    /// The operator with its delimiter word: `<<-EOF`, `<< 'EOF'`. A file descriptor before it is not part of it.
    pub(crate) operator: Range<usize>,
    /// The delimiter with its quotes removed.
    pub(crate) delimiter: String,
    /// True if some part of the delimiter is quoted, so that nothing in the body is expanded.
    pub(crate) quoted: bool,
    /// True for `<<-`: leading tabs of the body and of the delimiter line are ignored.
    pub(crate) strip_tabs: bool,
    /// From the start of the first line to the start of the delimiter line. It ends with a newline unless it
    /// is empty or not closed.
    pub(crate) body: Range<usize>,
    /// True if a delimiter line was found. Otherwise the body runs to the end of the text (or of the
    /// backticks around it).
    pub(crate) closed: bool,
    /// The delimiter line with its leading tabs, without its line end. Empty when not closed.
    pub(crate) delimiter_line: Range<usize>,
}

/// Finds what misparses and masks it. It takes time linear in the length of `text` and never fails: for a
/// text that is not shell, it returns whatever the quotes suggest.
pub(crate) fn mask(text: &str) -> Masked<'_> {
    let found = Scanner::new(text).scan();
    let mut masked = Masked {
        text: Cow::Borrowed(text),
        heredocs: Vec::new(),
        herestrings: Vec::new(),
        dollars: Vec::new(),
        plain: Cow::Borrowed(text),
        joined: Vec::new(),
        comments: Vec::new(),
        tops: Vec::new(),
        commands: Vec::new(),
        dull: Vec::new(),
    };
    if !found.is_empty() {
        let mut bytes = text.as_bytes().to_vec();
        for heredoc in &found.heredocs {
            fill(&mut bytes, &heredoc.operator, b'_');
            bytes[heredoc.operator.start] = b'<';
            fill(&mut bytes, &heredoc.body, b' ');
            fill(&mut bytes, &heredoc.delimiter_line, b' ');
        }
        for operator in &found.herestrings {
            bytes[operator.start + 1..operator.end].fill(b' ');
        }
        for (open, close) in &found.negated_groups {
            bytes[*open] = b'(';
            bytes[*close] = b')';
        }
        for at in &found.dollars {
            bytes[*at] = b'%';
        }
        for edit in &found.edits {
            edit.apply(&mut bytes);
        }
        // Only whole characters were replaced, and each byte by ASCII.
        if let Ok(text) = String::from_utf8(bytes) {
            masked.plain = Cow::Owned(text.clone());
            masked.text = Cow::Owned(text);
        }
    }
    if !found.plain.is_empty() {
        let mut bytes = masked.plain.into_owned().into_bytes();
        for range in &found.plain {
            bytes[range.clone()].fill(b'/');
        }
        masked.plain = String::from_utf8(bytes).map_or_else(|_| masked.text.clone(), Cow::Owned);
    }
    masked.heredocs = found.heredocs;
    masked.herestrings = found.herestrings;
    masked.dollars = found.dollars;
    masked.joined = found.joined;
    masked.comments = found.comments;
    masked.tops = found.tops;
    masked.commands = found.commands;
    masked.commands.sort_unstable();
    masked.dull = found.runs;
    masked.dull.extend(found.plain.into_iter().filter(|range| range.len() > 2));
    masked
}

/// Fills a range with `with`, except newlines and, in an operator, the backslash that continues its line.
fn fill(bytes: &mut [u8], range: &Range<usize>, with: u8) {
    let continues = with == b'_';
    for at in range.clone() {
        let kept = bytes[at] == b'\n' || continues && bytes[at] == b'\\' && bytes.get(at + 1) == Some(&b'\n');
        if !kept {
            bytes[at] = with;
        }
    }
}
