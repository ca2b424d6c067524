//! Which commands of a text became statements. The scanner (`syntax::mask`) finds where commands begin; it
//! knows quoting and reserved words but no grammar. The statements show what became of them. So a command
//! that the parser silently loses is noticed.

use crate::shell::ast::{AssignedValue, Block, Operation, Part, RedirectKind, Stmt, StmtKind, Word};
use crate::source::{FileId, OffsetMap};
use crate::syntax::mask::Masked;
use hashbrown::HashSet;

/// A command of a script: a simple command, a test or an arithmetic command. It may be in a function, in a
/// substitution, or in a string or heredoc that a shell gets. A heredoc that becomes a file has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Counted {
    /// Where it is.
    pub(crate) file: FileId,
    /// Its first byte.
    pub(crate) start: u32,
    /// True if the model has it.
    pub(crate) analysed: bool,
}

/// The commands of the texts that were parsed so far.
#[derive(Debug, Default)]
pub(crate) struct Count {
    texts: HashSet<(FileId, u32, u32)>,
    commands: Vec<Counted>,
}

impl Count {
    /// Adds a text that was parsed. If a function is called twice, its strings are parsed twice but counted
    /// once.
    pub(super) fn add(&mut self, masked: &Masked<'_>, block: Block<'_>, file: FileId, map: &OffsetMap) {
        let whole = map.range(0..masked.text.len() as u32);
        if !self.texts.insert((file, whole.start, whole.end)) {
            return;
        }
        let mut read = Read(Vec::with_capacity(masked.commands.len()));
        read.block(block);
        read.0.sort_unstable();
        self.commands.extend(masked.commands.iter().map(|at| {
            let at = *at as u32;
            let start = map.range(at..at + 1).start;
            Counted { file, start, analysed: read.0.binary_search(&start).is_ok() }
        }));
    }

    /// How many commands there are.
    pub(crate) fn len(&self) -> usize {
        self.commands.len()
    }

    /// The commands in the order of their places, each once.
    pub(crate) fn places(self) -> Vec<Counted> {
        each_once(self.commands)
    }
}

/// Each place once, with the best reading of it.
pub(crate) fn each_once(mut commands: Vec<Counted>) -> Vec<Counted> {
    commands.sort_unstable_by_key(|c| (c.file, c.start, !c.analysed));
    commands.dedup_by_key(|c| (c.file, c.start));
    commands
}

/// Where the statements begin.
struct Read(Vec<u32>);

impl Read {
    fn block(&mut self, block: Block<'_>) {
        block.iter().for_each(|stmt| self.stmt(stmt));
    }

    fn stmt(&mut self, stmt: &Stmt<'_>) {
        match stmt.kind {
            StmtKind::Command(command) => {
                self.0.push(stmt.span.start);
                self.0.extend(command.words.first().map(|w| w.span.start));
                self.0.extend(command.assignments.first().map(|a| a.span.start));
                for assignment in command.assignments {
                    match assignment.value {
                        Some(AssignedValue::Word(word)) => self.word(&word),
                        Some(AssignedValue::Array(words)) => words.iter().for_each(|w| self.word(w)),
                        None => {}
                    }
                }
                command.words.iter().for_each(|w| self.word(w));
                command.redirects.iter().for_each(|r| self.redirect(&r.kind));
            }
            StmtKind::Test { words, .. } => {
                self.0.push(stmt.span.start);
                words.iter().for_each(|w| self.word(w));
            }
            StmtKind::Arithmetic(_) => self.0.push(stmt.span.start),
            StmtKind::Pipeline(block)
            | StmtKind::Group(block)
            | StmtKind::Subshell(block)
            | StmtKind::CountedFor { body: block, .. } => self.block(block),
            StmtKind::Not(inner) | StmtKind::Background(inner) | StmtKind::Function { body: inner, .. } => {
                self.stmt(inner);
            }
            StmtKind::And(a, b) | StmtKind::Or(a, b) => {
                self.stmt(a);
                self.stmt(b);
            }
            StmtKind::If { arms, otherwise } => {
                for (condition, body) in arms {
                    self.block(condition);
                    self.block(body);
                }
                otherwise.into_iter().for_each(|block| self.block(block));
            }
            StmtKind::While { condition, body, .. } => {
                self.block(condition);
                self.block(body);
            }
            StmtKind::For { words, body, .. } => {
                words.into_iter().flatten().for_each(|w| self.word(w));
                self.block(body);
            }
            StmtKind::Case { subject, arms } => {
                self.word(&subject);
                for arm in arms {
                    arm.patterns.iter().for_each(|w| self.word(w));
                    self.block(arm.body);
                }
            }
            StmtKind::Redirected { body, redirects } => {
                self.stmt(body);
                redirects.iter().for_each(|r| self.redirect(&r.kind));
            }
        }
    }

    fn redirect(&mut self, redirect: &RedirectKind<'_>) {
        match redirect {
            RedirectKind::Read(word)
            | RedirectKind::Write(word)
            | RedirectKind::Append(word)
            | RedirectKind::WriteBoth(word)
            | RedirectKind::AppendBoth(word)
            | RedirectKind::HereString(word) => self.word(word),
            RedirectKind::Heredoc(heredoc) => self.word(&heredoc.body),
            RedirectKind::Duplicate => {}
        }
    }

    fn word(&mut self, word: &Word<'_>) {
        self.parts(word.parts);
    }

    fn parts(&mut self, parts: &[Part<'_>]) {
        for part in parts {
            match part {
                Part::Substitution { body, .. } | Part::Process { body } | Part::Opaque { body, .. } => {
                    self.block(body);
                }
                Part::Parameter { operation, .. } => match operation {
                    Operation::Default(parts) | Operation::Assign(parts) | Operation::Alternative(parts) => {
                        self.parts(parts);
                    }
                    _ => {}
                },
                Part::Literal { .. } | Part::Glob(_) | Part::Tilde(_) => {}
            }
        }
    }
}
