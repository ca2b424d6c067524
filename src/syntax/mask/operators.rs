//! What the scanner does at operators: where commands end, and where redirects and parentheses begin.

use super::frame::{Edit, Expect, Frame, Kind, is_commands};
use super::scanner::Scanner;

/// How many unfinished `case` and `[[` a `)` closes on its way. This bounds the work on hostile input.
const UNCLOSED: usize = 16;

impl Scanner<'_> {
    pub(super) fn operator(&mut self, byte: u8) {
        self.end_word();
        let kind = self.top().kind;
        if byte == b'&' && self.peek(1) == Some(b'>') {
            self.top().command.run = None;
            self.top().command.target = true;
            self.at += 2;
            return;
        }
        if byte == b';' && kind == Kind::CaseBody && matches!(self.peek(1), Some(b';' | b'&')) {
            self.at += if self.peek(2) == Some(b'&') { 3 } else { 2 };
            self.settle();
            *self.top() = Frame::new(Kind::CasePattern(false));
            return;
        }
        let bound = self.binds(byte);
        let pipe = byte == b'|' && self.peek(1) != Some(b'|') && !self.bytes[..self.at].ends_with(b"|");
        self.at += 1;
        self.begin();
        let frame = self.top();
        frame.command.bound = bound;
        frame.pipes = if pipe { frame.pipes.saturating_add(1) } else { 0 };
    }

    pub(super) fn redirect(&mut self, byte: u8) {
        self.descriptor();
        self.end_word();
        let kind = self.top().kind;
        if kind != Kind::Test {
            self.top().command.run = None;
        }
        let commands = is_commands(kind);
        match (byte, self.peek(1)) {
            (_, Some(b'(')) if kind != Kind::Test => {
                let (at, opened) = (self.at, self.opened);
                let frame = self.top();
                (frame.word, frame.opened, frame.special) = (Some(at), opened, Some(at));
                self.push(Kind::Substitution, 2);
            }
            (b'<', Some(b'<')) if commands && self.peek(2) == Some(b'<') => {
                self.found.herestrings.push(self.at..self.at + 3);
                self.top().command.target = true;
                self.at += 3;
            }
            (b'<', Some(b'<')) if commands => self.heredoc_operator(),
            (b'<', Some(b'>')) => {
                self.top().command.target = true;
                self.found.edits.push(Edit::Blank(self.at + 1, self.at + 2));
                self.at += 2;
            }
            (_, Some(b'&')) | (b'>', Some(b'>' | b'|')) | (b'<', Some(b'<')) => {
                self.top().command.target = true;
                self.at += 2;
            }
            _ => {
                self.top().command.target = true;
                self.at += 1;
            }
        }
    }

    pub(super) fn open_parenthesis(&mut self, kind: Kind) {
        let start = self.at;
        let before = start.checked_sub(1).map(|i| self.bytes[i]);
        let frame = *self.top();
        match kind {
            Kind::Test => self.at += 1,
            Kind::CasePattern(false) => {
                self.top().kind = Kind::CasePattern(true);
                self.at += 1;
            }
            // `a=(`, `@(`: part of the word. `!(` at the start of a command is a negated subshell.
            _ if frame.word.is_some()
                && (matches!(before, Some(b'=' | b'@' | b'?' | b'*' | b'+'))
                    || before == Some(b'!')
                        && !(frame.word == Some(start - 1) && frame.expect == Expect::Command)) =>
            {
                self.push(Kind::Words, 1);
            }
            Kind::Words | Kind::CaseHead(_) | Kind::CasePattern(true) => self.push(Kind::Words, 1),
            _ => {
                self.end_word();
                let expect = self.top().expect;
                if expect == Expect::Argument {
                    self.names_function(start);
                }
                let arithmetic = self.peek(1) == Some(b'(')
                    && matches!(expect, Expect::Command | Expect::For)
                    && !self.subshells.contains(&start);
                if arithmetic && expect == Expect::Command {
                    self.found.commands.push(start);
                }
                self.begin();
                if arithmetic {
                    self.push_arithmetic(2);
                } else {
                    self.push(Kind::Subshell, 1);
                }
            }
        }
    }

    pub(super) fn close_parenthesis(&mut self, kind: Kind) {
        self.end_word();
        if kind == Kind::Test && self.top().kind == Kind::Test {
            self.at += 1;
            return;
        }
        if matches!(self.top().kind, Kind::CasePattern(_)) {
            *self.top() = Frame::new(Kind::CaseBody);
            self.at += 1;
            return;
        }
        // Anything still open inside (a `case` without `esac`) ends here too.
        let innermost = self.stack.iter().enumerate().rev().take(UNCLOSED);
        let opener = innermost
            .skip_while(|(_, f)| matches!(f.kind, Kind::CaseBody | Kind::CaseHead(_) | Kind::Test))
            .map(|(index, f)| (index, f.kind))
            .next();
        if let Some((index, Kind::Subshell | Kind::Substitution | Kind::Words)) = opener {
            self.close(index);
        }
        self.at += 1;
        if self.top().word.is_none() {
            self.begin();
        }
    }
}
