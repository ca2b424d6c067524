//! The walk: one recursion in source order. Functions are inlined at their calls, and so are sourced files.
//! It is deliberately not a control-flow graph, because a deploy script is read from top to bottom.

mod answers;
mod budget;
mod builtins;
mod caller;
mod calls;
mod command;
mod coverage;
mod ends;
mod expand;
mod first_line;
mod flow;
mod functions;
mod output;
mod region;
mod scope;
mod scripts;
mod testing;
mod unreached;
mod unset;
mod writing;

use crate::limit::{note_cut_short, tick};
use crate::model::condition::Cond;
use crate::model::walk::budget::Budget;
use crate::model::walk::coverage::Coverage;
use crate::model::walk::ends::{Exit, Failure, Flow, Jump, Jumps};
use crate::model::walk::functions::Functions;
use crate::model::walk::output::Output;
use crate::model::walk::scope::Scope;
use crate::model::walk::unreached::Behind;
use crate::model::walk::unset::Names;
use crate::model::{About, CalledByPath, Caller, Follow, Guard, GuardId, OnFailure, Step, StepId, User};
use crate::shell::argv::{Arg, Stdin};
use crate::shell::ast::{Block, Stmt, StmtKind};
use crate::shell::parse::Shell;
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::Place;
use crate::source::{FileId, MappedText, Span};
use bumpalo::Bump;
use hashbrown::HashMap;
use std::hash::BuildHasher;

pub(super) use scripts::walk;

/// The context of a statement.
#[derive(Clone, Debug)]
pub(super) struct Context {
    pub(super) user: User,
    pub(super) place: Place,
    pub(super) cwd: Value,
    pub(super) home: Value,
    pub(super) errexit: bool,
    pub(super) pipefail: bool,
    /// True if reading a variable that is not set ends the shell: `set -u`.
    pub(super) nounset: bool,
    /// What it means to the script if this shell aborts.
    pub(super) base: OnFailure,
    pub(super) failure: Failure,
    pub(super) in_loop: bool,
    pub(super) background: bool,
    pub(super) umask: Option<u32>,
    /// True if each variable that is set is exported: `set -a`.
    pub(super) allexport: bool,
    /// True in a login shell, which reads files that may set variables.
    pub(super) is_login: bool,
    pub(super) stdin: Stdin,
    pub(super) wrappers: Vec<&'static str>,
    /// True in a shell of its own, which does not see the variables of the one around it.
    pub(super) is_apart: bool,
    /// True if `errexit` is what `trap … ERR` does. Functions do not inherit that without `set -E`, which comes second.
    pub(super) traps: (bool, bool),
    /// What `trap … EXIT` said.
    pub(super) on_exit: Option<MappedText>,
}

pub(super) struct Walker<'a, 'f> {
    pub(super) arena: &'a Bump,
    pub(super) follow: &'f mut dyn Follow,
    pub(super) file: FileId,
    pub(super) shell: Shell<'a>,
    pub(super) scope: Scope<'a>,
    /// The positional parameters; `None` for the script's own, which the caller provides.
    pub(super) params: Option<Vec<Arg>>,
    pub(super) script_path: Value,
    pub(super) ctx: Context,
    pub(super) steps: Vec<Step>,
    pub(super) guards: Vec<Guard>,
    pub(super) guard: Option<GuardId>,
    pub(super) functions: Functions<'a>,
    pub(super) budget: Budget,
    coverage: Coverage,
    /// What the last command's success means.
    pub(super) last: Cond,
    /// The first step of the last pipeline.
    pub(super) piped_from: usize,
    opaque: HashMap<u64, u32>,
    choices: u32,
    pub(super) entry: u32,
    pub(super) captures: Vec<Vec<Output>>,
    pub(super) locals: Vec<Vec<&'a str>>,
    jumps: Jumps,
    behind: Behind<'a>,
    pub(super) caller: Caller,
    pub(super) errexit_at: Option<Span>,
    pub(super) sourced: Vec<FileId>,
    /// Files that are run, each by a shell of its own.
    pub(super) ran: Vec<FileId>,
    pub(super) by_path: Vec<CalledByPath>,
    names: Names<'a>,
    /// Statements to skip.
    left_out: &'f [Span],
}

impl<'a> Walker<'a, '_> {
    /// The number of an opaque condition: the same text has the same number.
    pub(super) fn opaque(&mut self, text: &str) -> Cond {
        let next = self.opaque.len() as u32;
        let hash = self.opaque.hasher().hash_one(text);
        Cond::Opaque(*self.opaque.entry(hash).or_insert(next))
    }

    pub(super) fn opaque_at(&mut self, span: Span) -> Cond {
        let next = self.opaque.len() as u32;
        let hash = self.opaque.hasher().hash_one((span.file.0, span.start));
        Cond::Opaque(*self.opaque.entry(hash).or_insert(next))
    }

    pub(super) fn push_guard(&mut self, cond: Cond, holds: bool, span: Span, choice: Option<(u32, u32)>) {
        if cond == Cond::Always(holds) && choice.is_none() {
            return;
        }
        let id = GuardId(self.guards.len() as u32);
        let at = StepId(self.steps.len() as u32);
        let about = match (cond.facts().is_empty(), cond.has_opaque()) {
            (true, true) => About::Opaque,
            (false, true) => About::Mixed,
            (false, false) => About::Facts,
            (true, false) => About::Constant,
        };
        let depth = self.guard.map_or(0, |outer| self.guards[outer.0 as usize].depth + 1);
        let end = StepId(0);
        let outer = self.guard;
        let (says, refuses) = (holds, false);
        self.guards.push(Guard { cond, holds, says, refuses, span, at, end, outer, choice, depth, about });
        self.guard = Some(id);
    }

    /// The guard of what stands behind an early end, where the condition has the other outcome.
    pub(super) fn push_guard_behind(&mut self, cond: Cond, outcome: bool, span: Span, succeeds: bool) {
        let before = self.guard;
        self.push_guard(cond, !outcome, span, None);
        if let Some(id) = self.guard.filter(|id| Some(*id) != before) {
            self.guards[id.0 as usize].says = !succeeds;
        }
    }

    pub(super) fn choice(&mut self) -> u32 {
        self.choices += 1;
        self.choices
    }

    pub(super) fn with_failure<T>(&mut self, failure: Failure, run: impl FnOnce(&mut Self) -> T) -> T {
        let saved = std::mem::replace(&mut self.ctx.failure, failure);
        let result = run(self);
        self.ctx.failure = saved;
        result
    }

    /// What the failure of a command means here.
    pub(super) fn on_failure(&self) -> OnFailure {
        match self.ctx.failure {
            Failure::Is(outcome) => outcome,
            Failure::Default if self.ctx.errexit => self.ctx.base,
            Failure::Default => OnFailure::Continues,
        }
    }

    /// Walks statements in order. After `[ -f X ] && exit 0` the later ones are guarded by the test.
    pub(super) fn block(&mut self, block: Block<'a>) -> Flow {
        let saved = self.guard;
        let mut leaves: Vec<(Cond, bool, Cond)> = Vec::new();
        let mut exit = Exit::No;
        let mut cond = Cond::Always(true);
        for (at, stmt) in block.iter().enumerate() {
            let flow = self.statement(stmt);
            cond = flow.cond;
            match flow.exit {
                Exit::No => {}
                Exit::Always(jump) => {
                    exit = match (leaves.len(), jump) {
                        // Each of several tests may have returned, so it is not said what goes on.
                        (2.., Jump::Shell) => Exit::No,
                        _ => exit.then_always(jump),
                    };
                    self.note_behind(stmt, jump, &block[at + 1..]);
                    break;
                }
                Exit::When { cond: when, outcome, jump, span, succeeds } => {
                    if jump == Jump::Function {
                        leaves.push((when.clone(), outcome, cond.clone()));
                    }
                    let before = self.guard;
                    self.push_guard_behind(when.clone(), outcome, span, succeeds);
                    if jump == Jump::Shell
                        && cond == Cond::Always(false)
                        && let Some(id) = self.guard.filter(|id| Some(*id) != before)
                    {
                        self.guards[id.0 as usize].refuses = true;
                    }
                    if matches!(exit, Exit::No) {
                        exit = Exit::When { cond: when, outcome, jump, span, succeeds };
                    }
                }
            }
        }
        // `if id "$1"; then return 0; fi; return 1` succeeds if the account exists.
        for (when, outcome, returned) in leaves.into_iter().rev() {
            let left = if outcome { when } else { when.negate() };
            cond = match returned {
                Cond::Always(true) => left.or(cond),
                Cond::Always(false) => left.negate().and(cond),
                _ => self.opaque_at(block.first().map_or(Span::file_start(self.file), |s| s.span)),
            };
        }
        self.guard = saved;
        Flow { cond, exit }
    }

    pub(super) fn statement(&mut self, stmt: &Stmt<'a>) -> Flow {
        tick();
        self.budget.spend(self.ctx.cwd.key().len() + self.ctx.home.key().len());
        if !self.budget.statement(self.steps.len()) {
            self.overrun(stmt.span);
            return Flow::plain(Cond::Always(true));
        }
        if !self.budget.enter() {
            note_cut_short();
            let reason = "statements nested too deep to follow".to_owned();
            if self.shell.gaps.last() != Some(&(stmt.span, reason.clone())) {
                self.shell.gaps.push((stmt.span, reason));
            }
            self.coverage.skip();
            return Flow::plain(Cond::Always(true));
        }
        if self.left_out.contains(&stmt.span) {
            self.budget.leave();
            self.coverage.skip();
            return Flow::plain(self.opaque_at(stmt.span));
        }
        self.reach(stmt);
        let around = self.names.enter(stmt.span);
        let flow = self.statement_inner(stmt);
        self.names.leave(around);
        self.budget.leave();
        self.last = flow.cond.clone();
        flow
    }

    /// True if so much was computed that nothing more is.
    pub(super) fn overflows(&self) -> bool {
        self.budget.overflows()
    }

    /// Nothing after `span` is followed any more, which is reported once.
    pub(super) fn overrun(&mut self, span: Span) {
        note_cut_short();
        if self.budget.overrun() {
            let reason = "its calls, loops and variables unfold to too much to follow".to_owned();
            self.shell.gaps.push((span, reason));
        }
    }

    fn statement_inner(&mut self, stmt: &Stmt<'a>) -> Flow {
        match stmt.kind {
            StmtKind::Command(command) => self.command(command),
            StmtKind::Test { words, .. } => Flow::plain(self.test_says(words)),
            StmtKind::Arithmetic(text) => {
                self.sets_in_arithmetic(text);
                let cond = self.arithmetic_says(text);
                Flow::plain(cond.unwrap_or_else(|| self.opaque_at(stmt.span)))
            }
            StmtKind::Not(inner) => {
                let flow = self.with_failure(Failure::Is(OnFailure::Handled), |w| w.statement(inner));
                Flow { cond: flow.cond.negate(), exit: flow.exit }
            }
            StmtKind::And(a, b) => self.and(a, b),
            StmtKind::Or(a, b) => self.or(a, b),
            StmtKind::If { arms, otherwise } => self.if_statement(arms, otherwise),
            StmtKind::While { until, condition, body } => {
                let saved = (self.guard, self.ctx.in_loop);
                let mark = self.scope.mark();
                self.ctx.in_loop = true;
                let flow = self.with_failure(Failure::Is(OnFailure::Handled), |w| w.block(condition));
                let holds = !until;
                if !matches!(flow.cond, Cond::Opaque(_)) {
                    self.push_guard(flow.cond, holds, stmt.span, None);
                }
                self.block(body);
                (self.guard, self.ctx.in_loop) = saved;
                let ends = self.scope.rewind(mark);
                let ran = self.opaque_at(stmt.span);
                self.scope.join(vec![(ran.clone(), ends)], Some(ran.negate()));
                Flow::plain(Cond::Always(true))
            }
            StmtKind::For { variable, words, body, select } => {
                self.for_statement(stmt, variable, words, body, select)
            }
            StmtKind::CountedFor { header, body } => {
                self.sets_in_arithmetic(header);
                let saved = std::mem::replace(&mut self.ctx.in_loop, true);
                let mark = self.scope.mark();
                self.block(body);
                let ends = self.scope.rewind(mark);
                let ran = self.opaque_at(stmt.span);
                self.scope.join(vec![(ran.clone(), ends)], Some(ran.negate()));
                self.ctx.in_loop = saved;
                Flow::plain(Cond::Always(true))
            }
            StmtKind::Case { subject, arms } => self.case(stmt, &subject, arms),
            StmtKind::Group(block) => self.block(block),
            StmtKind::Subshell(block) => self.in_subshell(|w| {
                let flow = w.block(block);
                // `exit` leaves only the subshell.
                Flow::plain(flow.cond)
            }),
            StmtKind::Function { name, body } => {
                self.functions.define(name, stmt.span, body);
                Flow::plain(Cond::Always(true))
            }
            StmtKind::Redirected { body, redirects } => self.redirected(stmt, body, redirects),
            StmtKind::Background(inner) => {
                let saved = std::mem::replace(&mut self.ctx.background, true);
                self.with_failure(Failure::Is(OnFailure::Continues), |w| {
                    w.in_subshell(|w| w.statement(inner))
                });
                self.ctx.background = saved;
                Flow::plain(Cond::Always(true))
            }
            StmtKind::Pipeline(stages) => self.pipeline(stages),
        }
    }
}

/// The directory from which the script is called.
pub(crate) fn called_from() -> Value {
    Value::hole("PWD", 0, Knowledge::Symbolic)
}

/// The root of the repo, wherever it is checked out.
pub(crate) fn repo_root() -> Value {
    Value::hole("REPO", 0, Knowledge::Symbolic)
}
