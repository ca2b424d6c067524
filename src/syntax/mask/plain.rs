//! Decides which words may read as plain ones, and which words of a command as a single one.
//!
//! Words are read from the source text anyway (`shell::word`). The tree only has to show where commands,
//! redirects and substitutions are. Parsing a quoted string with expansions costs several times as much as a
//! plain word of the same length, and each word of a command costs as much again.

use super::frame::is_name;
use super::frame::{Edit, Expect, Frame, Kind, Role, Simple, is_commands};
use super::scanner::Scanner;

/// A word and its place.
#[derive(Clone, Copy)]
struct Placed<'t> {
    word: &'t [u8],
    start: usize,
    end: usize,
    /// True if no substitution begins in it.
    clean: bool,
}

impl Placed<'_> {
    /// Where the value of an assignment begins.
    fn behind_equals(self) -> Option<usize> {
        self.word.iter().position(|b| *b == b'=').map(|i| self.start + i + 1)
    }
}

impl Scanner<'_> {
    /// At `<` or `>`: the digits before it are not a word but a file descriptor.
    pub(super) fn descriptor(&mut self) {
        let at = self.at;
        self.top().command.redirect = at;
        if let Some(start) = self.top().word
            && let Some(word) = self.bytes.get(start..at)
            && (word.iter().all(u8::is_ascii_digit) || word.starts_with(b"{"))
        {
            self.top().command.target = true;
            self.top().command.redirect = start;
            self.top().special = None;
        }
    }

    /// A test begins after `[[`.
    pub(super) fn begin_test(&mut self) {
        let (at, opened) = (self.at, self.opened);
        self.top().command = Simple { role: Role::Test(opened), run: Some((at, at)), ..Simple::NEW };
    }

    /// A word has ended. Notes which parts of it and around it may read as plain text.
    pub(super) fn plain_word(&mut self, start: usize, end: usize, kind: Kind, expect: Expect) {
        let opened = self.opened;
        let Frame { special, opened: before, command, .. } = *self.top();
        let word = self.bytes.get(start..end).unwrap_or_default();
        let clean = opened == before;
        match kind {
            Kind::Test => {
                if word == b"]]" {
                    self.end_test(command, start);
                }
                return;
            }
            Kind::CaseHead(false) | Kind::CasePattern(_) if word != b"esac" => {
                if clean {
                    self.fill(special, end);
                }
                return;
            }
            _ if !is_commands(kind) => return,
            _ => {}
        }
        if command.target || !matches!(expect, Expect::Command | Expect::Argument) {
            self.top().command.target = false;
            if clean {
                self.fill(special, end);
            }
            if command.target && command.assigning {
                self.wait(Edit::Blank(command.redirect, end));
            }
            return;
        }
        let word = Placed { word, start, end, clean };
        match expect {
            Expect::Command => self.first_word(word, command, special),
            _ => self.next_word(word, command, special),
        }
    }

    /// A word that is the first of a command; `before` is what was read as one up to there.
    fn first_word(&mut self, placed: Placed<'_>, before: Simple, special: Option<usize>) {
        let Placed { word, start, end, clean } = placed;
        // Behind `! !` the grammar takes what follows for words of a command `!`.
        let role = if self.bangs > 1 && self.is_negated(start) { Role::Other } else { role(word) };
        let assigning = role == Role::Other && assigns(word);
        let bound = before.bound || self.is_negated(start);
        let next = Simple { role, assigning, bound, begins: start, ..Simple::NEW };
        self.top().command = next;
        match role {
            Role::Simple if !clean => {}
            Role::Simple => {
                // `a@b` and `a%b` are no names of commands to the grammar.
                let odd = word.iter().any(|b| matches!(b, b'@' | b'%'));
                self.fill(if odd { Some(start) } else { special }, end);
                self.top().command.run = Some((start, end));
                self.found.runs.push(start..end);
            }
            Role::Other if clean && assigns(word) => {
                self.fill(special.max(special.and(placed.behind_equals())), end)
            }
            Role::Test(_) => {
                self.top().command.role = Role::Test(self.opened);
                self.top().command.run = Some((end, end));
            }
            _ => {}
        }
    }

    /// A further word of `command`.
    fn next_word(&mut self, placed: Placed<'_>, command: Simple, special: Option<usize>) {
        let Placed { word, start, end, clean } = placed;
        if command.assigning {
            let value = assigns(word).then(|| word.split(|b| *b == b'=').nth(1).unwrap_or_default());
            self.after_assignments(start, value, command);
        }
        match command.role {
            Role::Simple if clean => {
                match command.run {
                    Some((from, to)) => {
                        if !command.joined {
                            self.found.joined.push(from..to);
                        }
                        self.found.joined.push(start..end);
                        self.found.plain.push(to..start);
                        self.top().command.joined = true;
                        self.top().command.run = Some((from, end));
                        if let Some(run) = self.found.runs.last_mut().filter(|run| run.start == from) {
                            run.end = end;
                        }
                    }
                    None => {
                        self.top().command.joined = false;
                        self.top().command.run = Some((start, end));
                        self.found.runs.push(start..end);
                    }
                }
                self.fill(special, end);
            }
            Role::Simple => {
                self.top().command.run = None;
            }
            Role::Declaration => {
                if clean && assigns(word) {
                    self.fill(special.max(special.and(placed.behind_equals())), end);
                }
            }
            Role::Test(_) if word == b"]" => {
                self.end_test(command, start);
                self.top().command.role = Role::Other;
            }
            Role::Test(_) => {}
            Role::Other if clean => self.fill(special, end),
            Role::Other => {}
        }
    }

    /// At the bracket that closes a test and begins at `end`: everything between is one word, unless it has a
    /// substitution.
    fn end_test(&mut self, command: Simple, end: usize) {
        let (Role::Test(opened), Some((start, _))) = (command.role, command.run) else { return };
        if opened == self.opened && start + 2 < end {
            self.found.plain.push(start + 1..end - 1);
        }
    }

    fn fill(&mut self, from: Option<usize>, end: usize) {
        if let Some(from) = from
            && from < end
        {
            self.found.plain.push(from..end);
        }
    }
}

/// True for a word that begins with `NAME=` or `NAME+=`.
fn assigns(word: &[u8]) -> bool {
    // It stops at the name: a word may be as long as the text, and end as often.
    let end = word.iter().position(|b| !b.is_ascii_alphanumeric() && *b != b'_').unwrap_or(word.len());
    let (name, rest) = word.split_at(end);
    (rest.starts_with(b"=") || rest.starts_with(b"+=")) && is_name(name)
}

/// What the first word of a command says about it.
fn role(word: &[u8]) -> Role {
    match word {
        b"if" | b"then" | b"elif" | b"else" | b"fi" | b"while" | b"until" | b"do" | b"done" | b"!" | b"{"
        | b"}" | b"time" | b"coproc" | b"for" | b"select" | b"function" | b"case" | b"esac" | b"in"
        | b"[[" | b"]]" => Role::Other,
        b"export" | b"declare" | b"typeset" | b"readonly" | b"local" | b"unset" | b"unsetenv" => {
            Role::Declaration
        }
        b"[" => Role::Test(0),
        _ if assigns(word) => Role::Other,
        _ => Role::Simple,
    }
}
