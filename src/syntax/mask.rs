//! Takes heredocs, here-strings, some dollars and braces out of a script before it is parsed. tree-sitter-bash loses or
//! invents commands around many of them (`grammar-tests/gaps/`), while their extent follows from quoting alone. Makes words
//! plain too, because those cost most of a parse. Knows quoting and nesting, no grammar.

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

/// A script without what misparses, and what was taken out. All ranges are bytes of the text that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Masked<'t> {
    /// As long as the input, and with its line ends, but for those that end a long pipeline. `<<EOF` reads `<____`, a body and its delimiter line are spaces,
    /// `<<<` is `<` and two spaces, a `$` of [`Masked::dollars`] is `%`, and `! { a; }`, which the grammar does not
    /// know, is `! ( a; )`: its source begins with `{`.
    pub text: Cow<'t, str>,
    /// In the order of their operators.
    pub heredocs: Vec<Heredoc>,
    /// The place of each `<<<`, in order.
    pub herestrings: Vec<Range<usize>>,
    /// The `$`s that read `%`: those of `$b` in `$a/$b.c`, where the grammar splits the word in two and takes the second
    /// half of `x=$a/$b.c` for a command. Whoever wants to know what a word expands reads it in the input.
    pub dollars: Vec<usize>,
    /// Like `text`, and parsed in its place: words with quotes and expansions, the inside of `[ … ]`, and the blanks
    /// between the words of a command are `/`, which means nothing anywhere in a word. What substitutes commands stays, and
    /// so does what stands around it.
    pub plain: Cow<'t, str>,
    /// The words that stand as one in `plain`, in order.
    pub joined: Vec<Range<usize>>,
    /// Comments, in order. They stand in all texts.
    pub comments: Vec<Range<usize>>,
    /// Lines that begin where no group, loop, `if`, `case` or substitution is open, told as [`Masked::commands`] are, in
    /// order: the text comes apart there. A line may belong to the one before all the same (`f()`, then `{`).
    pub tops: Vec<usize>,
    /// Where commands begin, in order, those inside substitutions too, those inside heredocs not: told by quoting and
    /// reserved words alone, so that what the grammar loses is missed.
    pub commands: Vec<usize>,
    /// Words of a command side by side, and other parts of `plain` that are `/` all over.
    dull: Vec<Range<usize>>,
}

impl Masked<'_> {
    /// `plain` with all left out that tells the grammar nothing: the inside of plain words, of comments and of the bodies
    /// of heredocs, and blanks at the start of a line. A parser's work is by the byte. Beside each byte stands its place in
    /// the script, and last the script's end.
    pub fn short(&self) -> (Vec<u8>, Vec<u32>) {
        let bytes = self.plain.as_bytes();
        let comments = self.comments.iter().map(|range| (range.clone(), b'#'));
        let bodies = self.heredocs.iter().map(|heredoc| {
            let end = heredoc.body.end.max(heredoc.delimiter_line.end);
            (heredoc.body.start..end, b' ')
        });
        let dull = self.dull.iter().map(|range| (range.clone(), b'/'));
        let mut parts: Vec<(Range<usize>, u8)> = comments.chain(bodies).chain(dull).collect();
        parts.sort_by_key(|(range, _)| range.start);
        let mut short = Vec::with_capacity(bytes.len() / 2);
        let mut places = Vec::with_capacity(bytes.len() / 2);
        let mut at = 0;
        for (range, byte) in parts.into_iter().chain([(bytes.len()..bytes.len(), b' ')]) {
            // Of two that overlap the first is taken.
            if range.start < at || range.end > bytes.len() {
                continue;
            }
            while at < range.start {
                let blanks = bytes[at..range.start].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
                // The last blank is enough where a line begins.
                if blanks > 1 && (at == 0 || bytes[at - 1] == b'\n') {
                    at += blanks - 1;
                }
                short.push(bytes[at]);
                places.push(at as u32);
                at += 1;
            }
            // Its first and its last byte tell where it stands.
            if range.len() > 1 {
                short.push(byte);
                places.push(range.start as u32);
            }
            if !range.is_empty() {
                short.push(byte);
                places.push(range.end as u32 - 1);
            }
            at = range.end;
        }
        places.push(bytes.len() as u32);
        (short, places)
    }

    /// The text to parse with its comments as spaces. Behind a pipeline of three stages and a comment the grammar takes
    /// `if` and its words for arguments (`grammar-tests/gaps/statements.txt`).
    pub fn without_comments(&self) -> String {
        let mut bytes = self.plain.as_bytes().to_vec();
        for comment in &self.comments {
            bytes[comment.clone()].fill(b' ');
        }
        String::from_utf8(bytes).unwrap_or_else(|_| self.plain.to_string())
    }
}

/// One heredoc.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heredoc {
    /// The operator with its delimiter word: `<<-EOF`, `<< 'EOF'`. A file descriptor before it is not part of it.
    pub operator: Range<usize>,
    /// The delimiter with its quotes removed.
    pub delimiter: String,
    /// Some part of the delimiter is quoted: nothing in the body is expanded.
    pub quoted: bool,
    /// `<<-`: leading tabs of the body and of the delimiter line do not count.
    pub strip_tabs: bool,
    /// From the start of the first line to the start of the delimiter line: it ends with a newline unless empty or
    /// not closed.
    pub body: Range<usize>,
    /// A delimiter line was found. Otherwise the body runs to the end of the text (or of the backticks around it).
    pub closed: bool,
    /// The delimiter line with its leading tabs, without its line end. Empty when not closed.
    pub delimiter_line: Range<usize>,
}

/// Finds what misparses and masks it. Takes time linear in the length of `text`; never fails: text that
/// is no shell yields whatever its quotes suggest.
pub fn mask(text: &str) -> Masked<'_> {
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
        // Only whole characters were replaced, each byte by ASCII.
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

/// Fills a range with `with`, but for newlines and, in an operator, the backslash that continues its line.
fn fill(bytes: &mut [u8], range: &Range<usize>, with: u8) {
    let continues = with == b'_';
    for at in range.clone() {
        let kept = bytes[at] == b'\n' || continues && bytes[at] == b'\\' && bytes.get(at + 1) == Some(&b'\n');
        if !kept {
            bytes[at] = with;
        }
    }
}
