//! The quote-aware scanner below [`super::mask`]: one pass with an explicit stack of what is open.
//! [`super::heredoc`] reads what begins at `<<`. Where shells differ, it follows bash 5.2 (bash(1), "Here
//! Documents"; `parse.y`).

use std::ops::Range;

use super::Heredoc;
use super::frame::{Edit, Expect, Frame, Kind, is_commands, is_name, is_plain};

/// How often `((` may turn out to be two subshells and be read again. This bounds the work on hostile input;
/// real scripts have none or one.
const RESTARTS: usize = 32;

/// What the scanner has found so far, and what is open around it.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) heredocs: Vec<Heredoc>,
    pub(super) herestrings: Vec<Range<usize>>,
    pub(super) dollars: Vec<usize>,
    /// What is written differently for the grammar and means the same.
    pub(super) edits: Vec<Edit>,
    /// Where commands begin, in order (`super::commands`).
    pub(super) commands: Vec<usize>,
    /// The braces of `! { …; }`.
    pub(super) negated_groups: Vec<(usize, usize)>,
    /// What may be filled so that it reads as plain words, in order.
    pub(super) plain: Vec<Range<usize>>,
    /// The words that are joined into one plain word, in order.
    pub(super) joined: Vec<Range<usize>>,
    /// The words of a command that are side by side, from the first to the last of them.
    pub(super) runs: Vec<Range<usize>>,
    /// The comments, in order.
    pub(super) comments: Vec<Range<usize>>,
    /// Lines that begin where nothing is open, in order.
    pub(super) tops: Vec<usize>,
}

impl Found {
    pub(super) fn is_empty(&self) -> bool {
        self.heredocs.is_empty()
            && self.herestrings.is_empty()
            && self.dollars.is_empty()
            && self.negated_groups.is_empty()
            && self.edits.is_empty()
    }
}

pub(super) struct Scanner<'t> {
    pub(super) text: &'t str,
    pub(super) bytes: &'t [u8],
    pub(super) at: usize,
    /// Never empty: the first frame is `Top`.
    pub(super) stack: Vec<Frame>,
    /// Heredocs whose body has not begun, and how many substitutions were open at the operator.
    pub(super) pending: Vec<(usize, usize)>,
    /// Substitutions and backticks on the stack.
    pub(super) level: usize,
    /// Where in the stack backticks are open, and where they end: at the next bare backtick, whatever else is
    /// open.
    pub(super) backticks: Option<(usize, usize)>,
    /// How many substitutions and lists of words were opened so far.
    pub(super) opened: usize,
    /// Starts of `((` that are two subshells.
    pub(super) subshells: Vec<usize>,
    /// Open groups: the depth of the stack, the place of `{`, and whether `!` comes before it.
    pub(super) groups: Vec<(usize, usize, bool)>,
    /// How many `if` and loops are open.
    pub(super) open: u32,
    /// Where the last reserved word `!` ended.
    pub(super) bang: usize,
    /// How many of them follow each other there.
    pub(super) bangs: usize,
    /// Edits of commands that may still turn out to be more than assignments, with the depth of the stack at
    /// each.
    pub(super) waiting: Vec<(usize, Edit)>,
    /// Where the last `time` or `coproc` ended.
    pub(super) prefix: usize,
    /// True if the text ends inside single quotes.
    pub(super) unclosed: bool,
    pub(super) found: Found,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Scanner {
            text,
            bytes: text.as_bytes(),
            at: 0,
            stack: vec![Frame::new(Kind::Top)],
            pending: Vec::new(),
            level: 0,
            backticks: None,
            opened: 0,
            subshells: Vec::new(),
            groups: Vec::new(),
            open: 0,
            bang: 0,
            bangs: 0,
            waiting: Vec::new(),
            prefix: 0,
            unclosed: false,
            found: Found::default(),
        }
    }

    pub(super) fn scan(mut self) -> Found {
        while let Some(&byte) = self.bytes.get(self.at) {
            match self.top().kind {
                Kind::Double => self.double(byte),
                Kind::Parameter => self.nested(byte, b'}'),
                Kind::Subscript => self.nested(byte, b']'),
                Kind::Arithmetic { start, depth, found } => self.arithmetic(byte, start, depth, found),
                kind => self.words(byte, kind),
            }
        }
        self.read_bodies(0);
        self.at = self.at.min(self.bytes.len());
        // A word that ends inside a quote is not a word: the grammar must see that it does not end.
        if !self.unclosed {
            self.end_word();
        }
        self.close(0);
        self.settle();
        self.found
    }

    pub(super) fn top(&mut self) -> &mut Frame {
        let last = self.stack.len() - 1;
        &mut self.stack[last]
    }

    pub(super) fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    pub(super) fn push(&mut self, kind: Kind, width: usize) {
        self.opened += usize::from(!matches!(kind, Kind::Double | Kind::Parameter | Kind::Arithmetic { .. }));
        match kind {
            Kind::Substitution => self.level += 1,
            Kind::Backticks => {
                self.level += 1;
                self.backticks = Some((self.stack.len(), self.end_of_backticks(self.at + width)));
            }
            _ => {}
        }
        self.stack.push(Frame::new(kind));
        self.at += width;
    }

    /// Closes the frame at `index` and all frames above it. The first frame stays.
    pub(super) fn close(&mut self, index: usize) {
        while self.stack.len() > index.max(1) {
            self.settle();
            match self.stack.pop().map(|f| f.kind) {
                Some(Kind::Substitution) => self.level -= 1,
                Some(Kind::Backticks) => {
                    self.level -= 1;
                    self.backticks = None;
                }
                _ => {}
            }
        }
    }

    pub(super) fn pop(&mut self) {
        self.close(self.stack.len() - 1);
    }

    fn double(&mut self, byte: u8) {
        if byte == b'"' {
            self.pop();
            self.at += 1;
        } else if !self.expansion(byte, true) {
            let rest = &self.bytes[self.at..];
            let next = rest.iter().position(|b| matches!(b, b'"' | b'\\' | b'$' | b'`'));
            self.at += next.unwrap_or(rest.len());
        }
    }

    /// Reads inside `${ … }` and subscripts, up to `end`.
    fn nested(&mut self, byte: u8, end: u8) {
        if byte == end {
            self.pop();
            self.at += 1;
        } else if !self.expansion(byte, false) {
            self.at += 1;
        }
    }

    fn arithmetic(&mut self, byte: u8, start: usize, depth: u32, found: (usize, usize)) {
        let deeper = match byte {
            b'(' => Some(depth + 1),
            b')' => depth.checked_sub(1),
            _ if self.expansion(byte, false) => return,
            _ => {
                self.at += 1;
                return;
            }
        };
        if let Some(depth) = deeper {
            self.top().kind = Kind::Arithmetic { start, depth, found };
            self.at += 1;
        } else if self.peek(1) == Some(b')') || self.subshells.len() >= RESTARTS {
            self.pop();
            self.at += if self.peek(1) == Some(b')') { 2 } else { 1 };
        } else {
            // bash(1): if `$((` does not end with `))`, it is a substitution that begins with a subshell.
            self.subshells.push(start);
            self.pop();
            self.found.heredocs.truncate(found.0);
            self.found.herestrings.truncate(found.1);
            self.found.dollars.retain(|at| *at < start);
            self.found.commands.retain(|at| *at < start);
            self.found.edits.retain(|edit| edit.start() < start);
            self.waiting.retain(|(_, edit)| edit.start() < start);
            self.part_subshells(start);
            self.found.plain.retain(|range| range.start < start);
            self.found.joined.retain(|range| range.start < start);
            self.found.runs.retain(|range| range.start < start);
            self.pending.retain(|(index, _)| *index < found.0);
            self.at = start;
        }
    }

    /// Reads quotes and expansions, which work the same everywhere. `double` means inside double quotes,
    /// where single quotes and a second double quote mean nothing (in bash they do in `"${x#'}'}"`).
    fn expansion(&mut self, byte: u8, double: bool) -> bool {
        match byte {
            b'\\' => self.at += 2,
            b'\'' if !double => self.single_quoted(1, false),
            b'"' if !double => self.push(Kind::Double, 1),
            b'`' => match self.backticks {
                Some((index, _)) => {
                    self.close(index);
                    self.at += 1;
                }
                None => self.push(Kind::Backticks, 1),
            },
            b'$' => match self.peek(1) {
                Some(b'\'') if !double => self.single_quoted(2, true),
                Some(b'"') if !double => self.push(Kind::Double, 2),
                Some(b'{') => self.push(Kind::Parameter, 2),
                Some(b'[') if !double => self.push(Kind::Subscript, 2),
                Some(b'(') if self.peek(2) == Some(b'(') && !self.subshells.contains(&self.at) => {
                    self.push_arithmetic(3);
                }
                Some(b'(') => self.push(Kind::Substitution, 2),
                // `$#` does not begin a comment, and `$$` does not begin an expansion.
                Some(b'#' | b'$' | b'!' | b'?' | b'*' | b'@' | b'-') => self.at += 2,
                _ => self.at += 1,
            },
            _ => return false,
        }
        true
    }

    pub(super) fn push_arithmetic(&mut self, width: usize) {
        let kind = Kind::Arithmetic {
            start: self.at,
            depth: 0,
            found: (self.found.heredocs.len(), self.found.herestrings.len()),
        };
        self.push(kind, width);
    }

    /// Skips `'…'`, or `$'…'`, in which a backslash escapes.
    fn single_quoted(&mut self, width: usize, escapes: bool) {
        self.at += width;
        while let Some(byte) = self.peek(0) {
            match byte {
                b'`' if self.backticks.is_some() => return,
                b'\\' if escapes => self.at += 1,
                b'\'' => {
                    self.at += 1;
                    return;
                }
                _ => {}
            }
            self.at += 1;
        }
        self.unclosed = true;
    }

    /// Reads one token where words and operators are read.
    fn words(&mut self, byte: u8, kind: Kind) {
        match byte {
            b' ' | b'\t' => {
                self.end_word();
                self.at += 1;
            }
            b'\n' => self.newline(),
            b'#' if self.begins_comment(kind) => self.comment(),
            b';' | b'&' | b'|' => self.operator(byte),
            b'<' | b'>' => self.redirect(byte),
            b'(' => self.open_parenthesis(kind),
            b')' => self.close_parenthesis(kind),
            b'\\' if self.peek(1) == Some(b'\n') => self.at += 2,
            _ => {
                let at = self.at;
                let opened = self.opened;
                let frame = self.top();
                if frame.word.is_none() {
                    (frame.word, frame.opened, frame.special) = (Some(at), opened, None);
                }
                let begun = frame.word.unwrap_or(at);
                if frame.special.is_none() && !is_plain(byte) {
                    frame.special = Some(at);
                }
                if let Kind::CasePattern(false) = kind {
                    frame.kind = Kind::CasePattern(true);
                }
                let (expect, pieces) = (frame.expect, frame.pieces);
                frame.pieces |= matches!(byte, b'$' | b'\'' | b'"' | b'`' | b'{' | b'[');
                if byte == b'$' && pieces && (is_commands(kind) || kind == Kind::Words) {
                    self.hide_dollar();
                }
                if byte == b'['
                    && expect == Expect::Command
                    && is_commands(kind)
                    && is_name(&self.bytes[begun..at])
                {
                    self.push(Kind::Subscript, 1);
                } else if byte == b'`' && self.backticks.is_some() {
                    self.end_word();
                    self.expansion(byte, false);
                } else if !self.expansion(byte, false) {
                    let rest = &self.bytes[at + 1..];
                    self.at = at + 1 + rest.iter().position(|b| !is_plain(*b)).unwrap_or(rest.len());
                }
            }
        }
    }

    /// Ends the current word, if any, and handles it if it is a reserved word.
    pub(super) fn end_word(&mut self) {
        let end = self.at;
        let frame = self.top();
        let Some(start) = frame.word.take() else {
            return;
        };
        frame.pieces = false;
        let (kind, expect, target) = (frame.kind, frame.expect, frame.command.target);
        self.plain_word(start, end, kind, expect);
        let word = self.bytes.get(start..end).unwrap_or_default();
        match kind {
            Kind::Test if word == b"]]" => self.pop(),
            Kind::CaseHead(seen) => {
                let in_ = seen && word == b"in";
                self.top().kind = if in_ { Kind::CasePattern(false) } else { Kind::CaseHead(true) };
            }
            Kind::CasePattern(_) if word == b"esac" => self.pop(),
            _ if !is_commands(kind) => {}
            _ if expect == Expect::FunctionName => self.top().expect = Expect::Command,
            _ if expect == Expect::For => self.top().expect = Expect::In,
            _ if expect == Expect::In && word == b"do" => self.loop_over_parameters(start),
            // `> f a`: the command comes later.
            _ if target && expect == Expect::Command => {}
            _ if expect != Expect::Command => self.top().expect = Expect::Argument,
            _ => {
                self.command_word(start, word);
                self.top().expect = match word {
                    b"if" | b"then" | b"elif" | b"else" | b"while" | b"until" | b"do" | b"!" | b"{"
                    | b"time" | b"coproc" => Expect::Command,
                    b"for" | b"select" => Expect::For,
                    b"function" => Expect::FunctionName,
                    _ => Expect::Argument,
                };
                match word {
                    b"!" => {
                        self.bangs = if self.is_negated(start) { self.bangs + 1 } else { 1 };
                        self.bang = end;
                    }
                    b"{" => self.open_group(start),
                    b"}" => self.close_group(start),
                    b"case" => self.push(Kind::CaseHead(false), 0),
                    b"[[" => {
                        self.push(Kind::Test, 0);
                        self.begin_test();
                    }
                    b"esac" if kind == Kind::CaseBody => self.pop(),
                    _ => {}
                }
            }
        }
    }

    fn newline(&mut self) {
        self.end_word();
        // A command on the next line is bound just as well as one on this line.
        let bound = self.top().expect == Expect::Command && self.top().command.bound;
        if !bound {
            self.end_pipeline();
        }
        self.begin();
        self.top().command.bound = bound;
        self.at += 1;
        self.read_bodies(self.level);
        if !bound && self.stack.len() == 1 && self.open == 0 && self.groups.is_empty() {
            self.found.tops.push(self.at);
        }
    }

    /// True if a `#` here begins a comment. Within a word it does not, and in a pattern or a regular expression a word
    /// continues after `(` and `|`.
    fn begins_comment(&mut self, kind: Kind) -> bool {
        let before = self.at.checked_sub(1).map(|i| self.bytes[i]);
        self.top().word.is_none()
            && (is_commands(kind) || matches!(before, None | Some(b' ' | b'\t' | b'\n')))
    }

    fn comment(&mut self) {
        let rest = &self.bytes[self.at..];
        let in_backticks = self.backticks.is_some();
        let end = rest.iter().position(|b| *b == b'\n' || *b == b'`' && in_backticks);
        let end = self.at + end.unwrap_or(rest.len());
        self.found.comments.push(self.at..end);
        self.at = end;
    }
}
