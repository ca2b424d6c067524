//! F3: the walk. One recursion in source order; functions are inlined at their calls, files that are sourced too.
//! Deliberately no control-flow graph: a deploy script is read top to bottom.

use super::condition::Cond;
use super::scope::{Scope, Variable};
use super::{About, Caller, Follow, Guard, GuardId, OnFailure, Step, StepId, User};
use crate::shell::argv::{Arg, Stdin};
use crate::shell::ast::{Block, CaseArm, Part, Stmt, StmtKind, Word};
use crate::shell::parse::Shell;
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::Place;
use crate::source::{FileId, MappedText, OffsetMap, Span};
use bumpalo::Bump;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// No real script has as many steps; a script that doubles its calls in each function would.
const STEPS: usize = 5_000;
/// Statements visited, functions inlined included.
const STATEMENTS: u32 = 120_000;
/// Statements inside statements, calls included.
const DEPTH: u32 = 200;
/// Bytes of values that are worked out: variables that grow with each use would fill any memory.
const VOLUME: usize = 64 * 1024 * 1024;
/// Calls inside calls.
const CALLS: u32 = 16;
/// `for x in a b c` is unrolled up to so many words.
const UNROLL: usize = 12;

/// Where control goes when a statement does not end normally.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Jump {
    /// `exit`, `exec`.
    Shell,
    /// `return`.
    Function,
    /// `break`, `continue`.
    Loop,
}

/// How a statement ends.
#[derive(Clone, Debug)]
pub(super) enum Exit {
    /// Control goes on.
    No,
    /// It never does.
    Always(Jump),
    /// It does not when the condition has the outcome.
    When { cond: Cond, outcome: bool, jump: Jump, span: Span },
}

/// What is known after a statement.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    /// It succeeded.
    pub(super) cond: Cond,
    pub(super) exit: Exit,
}

impl Flow {
    pub(super) fn plain(cond: Cond) -> Self {
        Flow { cond, exit: Exit::No }
    }
}

/// What a failing command means to those around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// errexit decides.
    Default,
    /// Someone looks at it, or it is waved through.
    Is(OnFailure),
}

/// The context of a statement.
#[derive(Clone, Debug)]
pub(super) struct Context {
    pub(super) user: User,
    pub(super) place: Place,
    pub(super) cwd: Value,
    pub(super) home: Value,
    pub(super) errexit: bool,
    pub(super) pipefail: bool,
    /// What it means to the script when this shell aborts.
    pub(super) base: OnFailure,
    pub(super) failure: Failure,
    pub(super) in_loop: bool,
    pub(super) background: bool,
    pub(super) umask: Option<u32>,
    pub(super) stdin: Stdin,
    pub(super) wrappers: Vec<&'static str>,
    /// What `trap … EXIT` said.
    pub(super) on_exit: Option<MappedText>,
}

/// What a command prints, as far as it is known.
#[derive(Clone, Debug)]
pub(super) struct Output {
    pub(super) value: Value,
    pub(super) content: MappedText,
}

#[derive(Clone, Copy)]
pub(super) struct Function<'a> {
    pub(super) body: &'a Stmt<'a>,
    pub(super) called: bool,
    /// Calls of it that are under way.
    active: u32,
}

pub(super) struct Walker<'a, 'f> {
    pub(super) arena: &'a Bump,
    pub(super) follow: &'f mut dyn Follow,
    pub(super) file: FileId,
    pub(super) shell: Shell<'a>,
    pub(super) scope: Scope<'a>,
    /// The positional parameters; `None` for the script's own, which the caller gives.
    pub(super) params: Option<Vec<Arg>>,
    pub(super) script_path: Value,
    pub(super) ctx: Context,
    pub(super) steps: Vec<Step>,
    pub(super) guards: Vec<Guard>,
    pub(super) guard: Option<GuardId>,
    pub(super) functions: HashMap<&'a str, Function<'a>>,
    function_order: Vec<&'a str>,
    /// What the last command's success says.
    pub(super) last: Cond,
    opaque: HashMap<u64, u32>,
    choices: u32,
    pub(super) entry: u32,
    pub(super) calls: u32,
    statements: u32,
    depth: u32,
    pub(super) volume: usize,
    overran: bool,
    pub(super) captures: Vec<Vec<Output>>,
    pub(super) locals: Vec<Vec<&'a str>>,
    pub(super) caller: Caller,
    pub(super) errexit_at: Option<Span>,
    pub(super) sourced: Vec<FileId>,
    pub(super) regions: u32,
}

pub(super) struct Walked<'a> {
    pub(super) shell: Shell<'a>,
    pub(super) steps: Vec<Step>,
    pub(super) guards: Vec<Guard>,
    pub(super) caller: Caller,
    pub(super) errexit_at: Option<Span>,
    pub(super) entries: Vec<String>,
    pub(super) constants: Vec<(String, Value)>,
    pub(super) sourced: Vec<FileId>,
}

impl<'a, 'f> Walker<'a, 'f> {
    pub(super) fn new(arena: &'a Bump, file: FileId, path: &str, follow: &'f mut dyn Follow) -> Self {
        let mut script_path = repo_root();
        script_path.push_str("/");
        script_path.push_str(path);
        let ctx = Context {
            user: User::Caller,
            place: Place::Here,
            cwd: Value::hole("PWD", 0, Knowledge::Symbolic),
            home: Value::hole("HOME", 0, Knowledge::Symbolic),
            errexit: false,
            pipefail: false,
            base: OnFailure::Aborts,
            failure: Failure::Default,
            in_loop: false,
            background: false,
            umask: None,
            stdin: Stdin::Inherited,
            wrappers: Vec::new(),
            on_exit: None,
        };
        Walker {
            arena,
            follow,
            file,
            shell: Shell::new(arena),
            scope: Scope::default(),
            params: None,
            script_path,
            ctx,
            steps: Vec::new(),
            guards: Vec::new(),
            guard: None,
            functions: HashMap::new(),
            function_order: Vec::new(),
            last: Cond::Always(true),
            opaque: HashMap::new(),
            choices: 0,
            entry: 0,
            calls: 0,
            statements: 0,
            depth: 0,
            volume: 0,
            overran: false,
            captures: Vec::new(),
            locals: Vec::new(),
            caller: Caller::Unknown,
            errexit_at: None,
            sourced: vec![file],
            regions: 0,
        }
    }

    pub(super) fn run(mut self, text: &'a str) -> Walked<'a> {
        // `#!/bin/bash -e`
        if let Some(line) = text.lines().next().filter(|l| l.starts_with("#!")) {
            let flags = line.split_ascii_whitespace().skip(1).filter(|w| w.starts_with('-'));
            if flags.into_iter().any(|w| w.contains('e') && !w.starts_with("--")) {
                self.ctx.errexit = true;
                self.errexit_at = Some(Span { file: self.file, start: 0, end: line.len() as u32 });
            }
        }
        let block = self.shell.parse(text, self.file, OffsetMap::shifted(0));
        let start = self.ctx.clone();
        self.block(block);
        self.leave();
        let mut entries = vec!["main".to_owned()];
        let errexit = self.ctx.errexit;
        for name in std::mem::take(&mut self.function_order) {
            let Some(function) = self.functions.get(name).copied() else { continue };
            if function.called {
                continue;
            }
            self.entry = entries.len() as u32;
            entries.push(name.to_owned());
            self.ctx = Context { errexit, ..start.clone() };
            self.guard = None;
            self.params = None;
            let mark = self.scope.mark();
            self.call(name, None);
            self.scope.rewind(mark);
        }
        let caller = super::builtins::caller(&self.steps, self.caller);
        if matches!(caller, Caller::Root(_)) {
            for step in &mut self.steps {
                if step.user == User::Caller && step.place == Place::Here {
                    step.user = User::Root;
                }
            }
        }
        let mut constants: Vec<(String, Value)> =
            self.scope.iter().map(|(n, v)| (n.to_owned(), v.value.clone())).collect();
        constants.sort_by(|a, b| a.0.cmp(&b.0));
        self.sourced.remove(0);
        Walked {
            shell: self.shell,
            steps: self.steps,
            guards: self.guards,
            caller,
            errexit_at: self.errexit_at,
            entries,
            constants,
            sourced: self.sourced,
        }
    }

    /// `trap 'rm -rf "$TMP"' EXIT` runs after all else, however the script ends.
    fn leave(&mut self) {
        let Some(text) = self.ctx.on_exit.take() else { return };
        let code: &'a str = self.arena.alloc_str(&text.text);
        let block = self.shell.parse(code, text.file, text.map);
        // How the script ended is not known.
        self.last = self.opaque("the exit status");
        self.with_failure(Failure::Is(OnFailure::Handled), |w| w.block(block));
    }

    /// The number of an opaque condition: the same text, the same number.
    pub(super) fn opaque(&mut self, text: &str) -> Cond {
        let next = self.opaque.len() as u32;
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        Cond::Opaque(*self.opaque.entry(hasher.finish()).or_insert(next))
    }

    pub(super) fn opaque_at(&mut self, span: Span) -> Cond {
        self.opaque(&format!("@{}:{}", span.file.0, span.start))
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
        self.guards.push(Guard { cond, holds, span, at, outer: self.guard, choice, depth, about });
        self.guard = Some(id);
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

    /// Statements in order. After `[ -f X ] && exit 0` the later ones are guarded by it.
    pub(super) fn block(&mut self, block: Block<'a>) -> Flow {
        let saved = self.guard;
        let mut leaves: Vec<(Cond, bool, Cond)> = Vec::new();
        let mut exit = Exit::No;
        let mut cond = Cond::Always(true);
        for stmt in block {
            let flow = self.statement(stmt);
            cond = flow.cond;
            match flow.exit {
                Exit::No => {}
                Exit::Always(jump) => {
                    exit = Exit::Always(jump);
                    break;
                }
                Exit::When { cond: when, outcome, jump, span } => {
                    if jump == Jump::Function {
                        leaves.push((when.clone(), outcome, cond.clone()));
                    }
                    self.push_guard(when.clone(), !outcome, span, None);
                    if matches!(exit, Exit::No) {
                        exit = Exit::When { cond: when, outcome, jump, span };
                    }
                }
            }
        }
        // `if id "$1"; then return 0; fi; return 1` succeeds where the account exists.
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
        self.statements += 1;
        self.volume += self.ctx.cwd.key().len() + self.ctx.home.key().len();
        if self.statements > STATEMENTS || self.steps.len() > STEPS || self.overflows() {
            self.overrun(stmt.span);
            return Flow::plain(Cond::Always(true));
        }
        if self.depth >= DEPTH {
            let reason = "statements nested too deep to follow".to_owned();
            if self.shell.gaps.last() != Some(&(stmt.span, reason.clone())) {
                self.shell.gaps.push((stmt.span, reason));
            }
            return Flow::plain(Cond::Always(true));
        }
        self.depth += 1;
        let flow = self.statement_inner(stmt);
        self.depth -= 1;
        self.last = flow.cond.clone();
        flow
    }

    /// True where so much was worked out that no more is.
    pub(super) fn overflows(&self) -> bool {
        self.volume > VOLUME
    }

    /// Nothing behind `span` is followed any more; it is told once.
    pub(super) fn overrun(&mut self, span: Span) {
        if !std::mem::replace(&mut self.overran, true) {
            let reason = "its calls, loops and variables unfold to more than is followed".to_owned();
            self.shell.gaps.push((span, reason));
        }
    }

    fn statement_inner(&mut self, stmt: &Stmt<'a>) -> Flow {
        match stmt.kind {
            StmtKind::Command(command) => self.command(command),
            StmtKind::Test { words, .. } => Flow::plain(self.test_says(words)),
            StmtKind::Arithmetic(text) => {
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
            StmtKind::CountedFor(body) => {
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
                // `exit` leaves the subshell only.
                Flow::plain(flow.cond)
            }),
            StmtKind::Function { name, body } => {
                if self.functions.insert(name, Function { body, called: false, active: 0 }).is_none() {
                    self.function_order.push(name);
                }
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

    fn and(&mut self, a: &Stmt<'a>, b: &Stmt<'a>) -> Flow {
        let left = match self.ctx.failure {
            Failure::Default => Failure::Is(OnFailure::Continues),
            other => other,
        };
        let first = self.with_failure(left, |w| w.statement(a));
        if let Exit::Always(_) = first.exit {
            return first;
        }
        let saved = self.guard;
        self.push_guard(first.cond.clone(), true, a.span, None);
        let mark = self.scope.mark();
        let cwd = self.ctx.cwd.clone();
        let second = self.statement(b);
        let ends = self.scope.rewind(mark);
        self.guard = saved;
        let asks = !first.cond.facts().is_empty() && !is_change_of_directory(a);
        let certain = matches!(first.cond, Cond::Always(true)) || is_plain_command(a) && !asks;
        let skipped = (!certain).then(|| first.cond.clone().negate());
        self.scope.join(vec![(first.cond.clone(), ends)], skipped);
        if !certain && !is_change_of_directory(b) {
            self.ctx.cwd = cwd;
        }
        let cond = first.cond.clone().and(second.cond.clone());
        let exit = match second.exit {
            Exit::Always(jump) => {
                // What `return 1` returned is what the caller sees.
                let exit = Exit::When { cond: first.cond, outcome: true, jump, span: a.span };
                self.note_root_test(&exit);
                return Flow { cond: second.cond, exit };
            }
            other => other,
        };
        Flow { cond, exit }
    }

    fn or(&mut self, a: &Stmt<'a>, b: &Stmt<'a>) -> Flow {
        let leaves = self.always_leaves(b, 0);
        let failure = match (leaves, self.ctx.failure) {
            (true, _) => OnFailure::Aborts,
            (false, _) => OnFailure::Handled,
        };
        let first = self.with_failure(Failure::Is(failure), |w| w.statement(a));
        if let Exit::Always(_) = first.exit {
            return first;
        }
        let saved = self.guard;
        self.push_guard(first.cond.clone(), false, a.span, None);
        let mark = self.scope.mark();
        let second = self.statement(b);
        let ends = self.scope.rewind(mark);
        self.guard = saved;
        self.scope.join(vec![(first.cond.clone().negate(), ends)], Some(first.cond.clone()));
        let cond = first.cond.clone().or(second.cond.clone());
        let exit = match second.exit {
            Exit::Always(jump) => {
                let exit = Exit::When { cond: first.cond, outcome: false, jump, span: a.span };
                self.note_root_test(&exit);
                return Flow { cond: second.cond, exit };
            }
            _ => first.exit,
        };
        Flow { cond, exit }
    }

    fn if_statement(&mut self, arms: &[(Block<'a>, Block<'a>)], otherwise: Option<Block<'a>>) -> Flow {
        let saved = self.guard;
        let cwd = self.ctx.cwd.clone();
        let choice = self.choice();
        let mut ends = Vec::new();
        let mut leaving: Option<(Cond, Jump, Span)> = None;
        let mut all_leave = true;
        let mut result: Option<Cond> = None;
        let mut earlier = Cond::Always(true);
        let mut cwds = Vec::new();
        let mut returned = Cond::Always(false);
        for (index, (condition, body)) in arms.iter().enumerate() {
            let flow = self.with_failure(Failure::Is(OnFailure::Handled), |w| w.block(condition));
            let span = match (condition.first(), condition.last()) {
                (Some(first), Some(last)) => first.span.to(last.span),
                _ => Span::file_start(self.file),
            };
            let inner = self.guard;
            self.push_guard(flow.cond.clone(), true, span, Some((choice, index as u32)));
            let mark = self.scope.mark();
            let body_flow = self.block(body);
            self.guard = inner;
            let branch = self.scope.rewind(mark);
            let taken = earlier.clone().and(flow.cond.clone());
            match body_flow.exit {
                Exit::Always(jump) => {
                    let cond = match leaving.take() {
                        Some((before, ..)) => before.or(taken.clone()),
                        None => taken.clone(),
                    };
                    leaving = Some((cond, jump, span));
                    returned = body_flow.cond.clone();
                }
                _ => {
                    all_leave = false;
                    ends.push((taken.clone(), branch));
                    cwds.push(std::mem::replace(&mut self.ctx.cwd, cwd.clone()));
                }
            }
            self.ctx.cwd = cwd.clone();
            let part = taken.and(body_flow.cond);
            result = Some(match result {
                Some(before) => before.or(part),
                None => part,
            });
            earlier = earlier.and(flow.cond.clone().negate());
            self.push_guard(flow.cond, false, span, Some((choice, u32::MAX)));
        }
        let skipped = otherwise.is_none().then(|| earlier.clone());
        if let Some(block) = otherwise {
            let mark = self.scope.mark();
            let flow = self.block(block);
            let branch = self.scope.rewind(mark);
            match flow.exit {
                Exit::Always(jump) => {
                    let span = arms
                        .first()
                        .and_then(|(c, _)| c.first())
                        .map_or(Span::file_start(self.file), |s| s.span);
                    if leaving.is_none() {
                        leaving = Some((earlier.clone(), jump, span));
                        returned = flow.cond.clone();
                    }
                }
                _ => {
                    all_leave = false;
                    ends.push((earlier.clone(), branch));
                    cwds.push(self.ctx.cwd.clone());
                }
            }
            result = result.map(|r| r.or(earlier.and(flow.cond)));
        } else {
            all_leave = false;
            cwds.push(cwd.clone());
            result = result.map(|r| r.or(earlier));
        }
        self.guard = saved;
        self.scope.join(ends, skipped);
        self.ctx.cwd = match cwds.as_slice() {
            [] => cwd,
            [only] => only.clone(),
            // Branches that lead to one place agree; else the last change of directory is believed.
            many => many.iter().rev().find(|c| **c != cwd).cloned().unwrap_or(cwd),
        };
        let cond = result.unwrap_or(Cond::Always(true));
        if all_leave {
            let jump = leaving.map_or(Jump::Shell, |(_, jump, _)| jump);
            return Flow { cond, exit: Exit::Always(jump) };
        }
        match leaving {
            Some((when, jump, span)) => {
                let (cond, outcome) = match when {
                    Cond::Not(inner) => ((*inner).clone(), false),
                    other => (other, true),
                };
                let exit = Exit::When { cond, outcome, jump, span };
                self.note_root_test(&exit);
                Flow { cond: returned, exit }
            }
            None => Flow::plain(cond),
        }
    }

    fn for_statement(
        &mut self,
        stmt: &Stmt<'a>,
        variable: &'a str,
        words: Option<&'a [Word<'a>]>,
        body: Block<'a>,
        select: bool,
    ) -> Flow {
        let values: Vec<Arg> = match words {
            Some(words) => self.expand_words(words),
            None => self.params.clone().unwrap_or_default(),
        };
        let known = !values.is_empty() && values.iter().all(|v| !v.value.is_glob());
        if select || !known || values.len() > UNROLL {
            if select {
                self.emit_prompt(stmt.span, "a choice from a menu");
            }
            let value = self.scope.unknown(variable, Knowledge::Symbolic);
            self.scope.set(variable, Variable { value, ..Default::default() });
            let saved = std::mem::replace(&mut self.ctx.in_loop, true);
            self.block(body);
            self.ctx.in_loop = saved;
            return Flow::plain(Cond::Always(true));
        }
        for value in values {
            self.scope.set(variable, Variable { value: value.value, ..Default::default() });
            if let Exit::Always(jump @ Jump::Shell) = self.block(body).exit {
                return Flow { cond: Cond::Always(true), exit: Exit::Always(jump) };
            }
        }
        Flow::plain(Cond::Always(true))
    }

    fn case(&mut self, stmt: &Stmt<'a>, subject: &Word<'a>, arms: &[CaseArm<'a>]) -> Flow {
        let value = self.expand(subject);
        let choice = self.choice();
        let saved = self.guard;
        let cwd = self.ctx.cwd.clone();
        let mut ends = Vec::new();
        let mut total = false;
        let mut earlier: Vec<&CaseArm<'a>> = Vec::new();
        for (index, arm) in arms.iter().enumerate() {
            let mut text = String::from(value.key());
            for pattern in arm.patterns {
                text.push('|');
                let pattern_value = self.expand(pattern);
                total |= matches!(pattern.parts, [Part::Glob('*')]);
                text.push_str(pattern_value.key());
            }
            let cond = match self.arm_says(subject, arm, &earlier) {
                Some(cond) => cond,
                None => self.opaque(&text),
            };
            earlier.push(arm);
            let span = arm.patterns.first().map_or(stmt.span, |p| subject.span.to(p.span));
            let span = if index == 0 { span } else { arm.patterns.first().map_or(span, |p| p.span) };
            self.push_guard(cond.clone(), true, span, Some((choice, index as u32)));
            let mark = self.scope.mark();
            let flow = self.block(arm.body);
            self.guard = saved;
            self.ctx.cwd = cwd.clone();
            let branch = self.scope.rewind(mark);
            if !matches!(flow.exit, Exit::Always(_)) {
                ends.push((cond, branch));
            }
        }
        let skipped = (!total).then(|| self.opaque_at(stmt.span));
        self.scope.join(ends, skipped);
        Flow::plain(self.opaque_at(stmt.span))
    }

    /// When the subject of a `case` goes to an arm, where its values are known and the patterns plain.
    fn arm_says(&mut self, subject: &Word<'a>, arm: &CaseArm<'a>, earlier: &[&CaseArm<'a>]) -> Option<Cond> {
        let plain = |arm: &CaseArm<'a>| {
            arm.patterns.iter().all(|p| matches!(p.parts, [Part::Literal { .. }] | [Part::Glob('*')] | []))
        };
        let takes = |arm: &CaseArm<'a>, value: &str| {
            arm.patterns.iter().any(|p| match p.parts {
                [Part::Literal { text, .. }] => *text == value,
                [Part::Glob(_)] => true,
                _ => value.is_empty(),
            })
        };
        if !plain(arm) || !earlier.iter().all(|e| plain(e)) {
            return None;
        }
        self.word_is(subject, |value| takes(arm, value) && !earlier.iter().any(|e| takes(e, value)))
    }

    fn pipeline(&mut self, stages: Block<'a>) -> Flow {
        let mut stages = stages;
        // `! a | b` negates the pipe, whichever of its commands the tree hangs the `!` on.
        let negated = match stages.first().map(|s| s.kind) {
            Some(StmtKind::Not(inner)) => Some(*inner),
            Some(StmtKind::Redirected { body: Stmt { kind: StmtKind::Not(inner), .. }, redirects }) => {
                let body = *inner;
                let span = body.span;
                Some(Stmt { kind: StmtKind::Redirected { body, redirects }, span })
            }
            _ => None,
        };
        if let Some(first) = negated {
            let positive = self.arena.alloc_slice_copy(stages);
            positive[0] = first;
            stages = positive;
            let flow = self.with_failure(Failure::Is(OnFailure::Handled), |w| w.pipeline(stages));
            return Flow { cond: flow.cond.negate(), exit: flow.exit };
        }
        let outer_stdin = self.ctx.stdin.clone();
        let mut input: Option<Output> = None;
        let mut first: Option<(crate::shell::argv::Argv, Cond)> = None;
        let mut flow = Flow::plain(Cond::Always(true));
        for (index, stage) in stages.iter().enumerate() {
            let last = index + 1 == stages.len();
            self.ctx.stdin = match input.take() {
                Some(output)
                    if output.value.knowledge() < Knowledge::Unknown || output.value.key().len() > 3 =>
                {
                    Stdin::Text(output.value)
                }
                Some(_) => Stdin::Pipe,
                None => outer_stdin.clone(),
            };
            let failure = match self.ctx.failure {
                Failure::Default if !(last || self.ctx.pipefail && self.ctx.errexit) => {
                    Failure::Is(OnFailure::Continues)
                }
                other => other,
            };
            if !last {
                self.captures.push(Vec::new());
            }
            let before = self.steps.len();
            flow = self.with_failure(failure, |w| w.in_subshell(|w| w.statement(stage)));
            if !last {
                input = self.captures.pop().map(|parts| join_outputs(parts, self.file));
            }
            let argv = self.steps.get(before).map(|s| s.argv.clone());
            match (&mut first, argv) {
                (None, Some(argv)) => first = Some((argv, flow.cond.clone())),
                (Some((first_argv, says)), Some(argv)) => {
                    let known = (!matches!(says, Cond::Opaque(_) | Cond::Always(_))).then(|| says.clone());
                    if let Some(cond) = super::query::pipe_says(first_argv, &argv, known) {
                        *says = cond.clone();
                        flow.cond = cond;
                    }
                }
                _ => {}
            }
        }
        self.ctx.stdin = outer_stdin;
        flow.exit = Exit::No;
        flow
    }

    /// Runs in a copy of the shell: directory, options and variables are as before afterwards.
    pub(super) fn in_subshell<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        let ctx = self.ctx.clone();
        let guard = self.guard;
        let mark = self.scope.mark();
        let result = run(self);
        self.scope.rewind(mark);
        self.guard = guard;
        self.ctx = ctx;
        result
    }

    /// The condition of a statement, without its steps.
    pub(super) fn quiet_statement(&mut self, stmt: &Stmt<'a>) -> Cond {
        let (steps, guards) = (self.steps.len(), self.guards.len());
        self.captures.push(Vec::new());
        let flow = self.with_failure(Failure::Is(OnFailure::Handled), |w| w.statement(stmt));
        self.captures.pop();
        self.steps.truncate(steps);
        self.guards.truncate(guards);
        flow.cond
    }

    /// Calls a function. `None`: with parameters that are not known.
    pub(super) fn call(&mut self, name: &'a str, args: Option<Vec<Arg>>) -> Flow {
        let Some(function) = self.functions.get_mut(name) else { return Flow::plain(Cond::Always(true)) };
        function.called = true;
        if function.active > 0 || self.calls >= CALLS {
            // Recursion is opaque.
            return Flow::plain(Cond::Always(true));
        }
        function.active += 1;
        let body = function.body;
        self.calls += 1;
        let saved_params = std::mem::replace(&mut self.params, args);
        self.locals.push(Vec::new());
        let mark = self.scope.mark();
        let flow = self.statement(body);
        let locals = self.locals.pop().unwrap_or_default();
        self.scope.restore_locals(mark, &locals);
        self.params = saved_params;
        self.calls -= 1;
        if let Some(function) = self.functions.get_mut(name) {
            // Its own body may have defined it anew.
            function.active = function.active.saturating_sub(1);
        }
        let exit = match flow.exit {
            Exit::Always(Jump::Function) | Exit::When { jump: Jump::Function, .. } => Exit::No,
            Exit::Always(Jump::Loop) | Exit::When { jump: Jump::Loop, .. } => Exit::No,
            other => other,
        };
        Flow { cond: flow.cond, exit }
    }

    /// True where a statement never lets control go on: `exit 1`, `die "…"`, `{ echo …; exit 1; }`.
    fn always_leaves(&self, stmt: &Stmt<'a>, depth: u32) -> bool {
        if depth > 6 {
            return false;
        }
        match stmt.kind {
            StmtKind::Command(command) => match command.words.first().map(|w| w.parts) {
                Some([Part::Literal { text: "exit" | "return" | "break" | "continue", .. }]) => true,
                Some([Part::Literal { text, .. }]) => {
                    self.functions.get(text).is_some_and(|f| self.body_exits(f.body, depth + 1))
                }
                _ => false,
            },
            StmtKind::Group(block) => block.iter().any(|s| self.always_leaves(s, depth + 1)),
            StmtKind::Redirected { body, .. } => self.always_leaves(body, depth + 1),
            _ => false,
        }
    }

    fn body_exits(&self, body: &Stmt<'a>, depth: u32) -> bool {
        match body.kind {
            StmtKind::Group(block) => block.iter().any(|s| match s.kind {
                StmtKind::Command(command) => {
                    matches!(
                        command.words.first().map(|w| w.parts),
                        Some([Part::Literal { text: "exit", .. }])
                    ) || self.always_leaves(s, depth + 1)
                        && !matches!(
                            command.words.first().map(|w| w.parts),
                            Some([Part::Literal { text: "return", .. }])
                        )
                }
                _ => self.always_leaves(s, depth + 1),
            }),
            _ => false,
        }
    }

    /// `[ "$EUID" -eq 0 ] || exit`: the script wants root.
    fn note_root_test(&mut self, exit: &Exit) {
        let Exit::When { cond, outcome, jump: Jump::Shell, span } = exit else { return };
        if *cond == Cond::Root && self.entry == 0 {
            self.caller = if *outcome { Caller::Ordinary } else { Caller::Root(Some(*span)) };
        }
    }

    /// `$?` was read: the last step's failure does not go unseen.
    pub(super) fn status_was_read(&mut self) {
        if let Some(step) = self.steps.last_mut() {
            step.status_checked = true;
        }
    }

    /// Adds to what the commands around print.
    pub(super) fn print(&mut self, value: Value, content: MappedText) {
        self.volume += value.key().len() + content.text.len();
        if let Some(capture) = self.captures.last_mut() {
            capture.push(Output { value, content });
        }
    }
}

/// The root of the repo, wherever it is checked out.
pub(crate) fn repo_root() -> Value {
    Value::hole("REPO", 0, Knowledge::Symbolic)
}

fn is_plain_command(stmt: &Stmt<'_>) -> bool {
    match stmt.kind {
        StmtKind::Command(_) => true,
        StmtKind::And(a, b) => is_plain_command(a) && is_plain_command(b),
        _ => false,
    }
}

fn is_change_of_directory(stmt: &Stmt<'_>) -> bool {
    matches!(stmt.kind, StmtKind::Command(c)
        if matches!(c.words.first().map(|w| w.parts), Some([Part::Literal { text: "cd", .. }])))
}

/// Several outputs as one.
pub(super) fn join_outputs(mut parts: Vec<Output>, file: FileId) -> Output {
    if parts.len() == 1
        && let Some(only) = parts.pop()
    {
        return only;
    }
    let mut value = Value::default();
    let mut text = String::new();
    let mut map = OffsetMap::default();
    for part in &parts {
        value.push(&part.value);
        let range = part.content.map.range(0..part.content.text.len() as u32);
        map.push_collapsed(text.len() as u32, range);
        text.push_str(&part.content.text);
    }
    let file = parts.first().map_or(file, |p| p.content.file);
    Output { value, content: MappedText { text, file, map } }
}
