//! Control flow: lists, branches, loops, and how statements end. It determines what is known where a
//! statement runs.

use crate::model::condition::Cond;
use crate::model::walk::Walker;
use crate::model::walk::ends::{Exit, Failure, Flow, Jump};
use crate::model::walk::scope::Variable;
use crate::model::{Caller, OnFailure, Step};
use crate::shell::argv::Arg;
use crate::shell::ast::{Block, CaseArm, Part, Stmt, StmtKind, Word};
use crate::shell::builtins::Builtin;
use crate::shell::value::Knowledge;
use crate::source::Span;
use crate::tools::effect::Role;

/// `for x in a b c` is unrolled up to this many words.
const UNROLL: usize = 12;

impl<'a> Walker<'a, '_> {
    pub(crate) fn and(&mut self, a: &Stmt<'a>, b: &Stmt<'a>) -> Flow {
        let left = match self.ctx.failure {
            Failure::Default => Failure::Is(OnFailure::Continues),
            other => other,
        };
        let before = self.steps.len();
        let first = self.with_failure(left, |w| w.statement(a));
        if let Exit::Always(_) = first.exit {
            return first;
        }
        let works = self.steps.get(before..).and_then(<[_]>::last).is_some_and(brings_source);
        let saved = self.guard;
        self.push_guard(first.cond.clone(), true, a.span, None);
        let mark = self.scope.mark();
        let cwd = self.ctx.cwd.clone();
        let second = self.statement(b);
        let ends = self.scope.rewind(mark);
        self.guard = saved;
        let asks = !first.cond.facts().is_empty() && !is_change_of_directory(a) && !works;
        let certain = matches!(first.cond, Cond::Always(true)) || is_plain_command(a) && !asks;
        let skipped = (!certain).then(|| first.cond.clone().negate());
        self.scope.join(vec![(first.cond.clone(), ends)], skipped);
        if !certain && !is_change_of_directory(b) {
            self.ctx.cwd = cwd;
        }
        let cond = first.cond.clone().and(second.cond.clone());
        let exit = match second.exit {
            Exit::Always(jump) => {
                // The caller sees what `return 1` returned.
                let exit = Exit::When { cond: first.cond, outcome: true, jump, span: a.span, succeeds: true };
                self.note_root_test(&exit);
                return Flow { cond: second.cond, exit };
            }
            other => other,
        };
        Flow { cond, exit }
    }

    pub(crate) fn or(&mut self, a: &Stmt<'a>, b: &Stmt<'a>) -> Flow {
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
                let exit =
                    Exit::When { cond: first.cond, outcome: false, jump, span: a.span, succeeds: false };
                self.note_root_test(&exit);
                return Flow { cond: second.cond, exit };
            }
            _ => first.exit,
        };
        Flow { cond, exit }
    }

    #[expect(clippy::too_many_lines)]
    pub(crate) fn if_statement(
        &mut self,
        arms: &[(Block<'a>, Block<'a>)],
        otherwise: Option<Block<'a>>,
    ) -> Flow {
        let saved = self.guard;
        let cwd = self.ctx.cwd.clone();
        let choice = self.choice();
        let mut ends = Vec::new();
        let mut leaving: Option<(Cond, Jump, Span, bool)> = None;
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
            let umask = self.ctx.umask;
            let body_flow = self.block(body);
            self.guard = inner;
            // What goes on after the statement has not been there.
            if matches!(body_flow.exit, Exit::Always(_)) {
                self.ctx.umask = umask;
            }
            let branch = self.scope.rewind(mark);
            let taken = earlier.clone().and(flow.cond.clone());
            match body_flow.exit {
                Exit::Always(jump) => {
                    let cond = match leaving.take() {
                        Some((before, ..)) => before.or(taken.clone()),
                        None => taken.clone(),
                    };
                    leaving = Some((cond, jump, span, true));
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
                        leaving = Some((earlier.clone(), jump, span, false));
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
            // Branches that lead to one place agree; otherwise the last change of directory counts.
            many => many.iter().rev().find(|c| **c != cwd).cloned().unwrap_or(cwd),
        };
        let cond = result.unwrap_or(Cond::Always(true));
        if all_leave {
            let jump = leaving.map_or(Jump::Shell, |(_, jump, ..)| jump);
            return Flow { cond, exit: Exit::Always(jump) };
        }
        match leaving {
            Some((when, jump, span, succeeds)) => {
                let (cond, outcome) = match when {
                    Cond::Not(inner) => ((*inner).clone(), false),
                    other => (other, true),
                };
                let exit = Exit::When { cond, outcome, jump, span, succeeds };
                self.note_root_test(&exit);
                Flow { cond: returned, exit }
            }
            None => Flow::plain(cond),
        }
    }

    pub(crate) fn for_statement(
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
                self.emit_prompt(stmt.span, "waits for a choice from a menu");
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
            let before = self.jumps.loops;
            // A `continue` in an arm of a `case` goes on, although the body ends with `exit`.
            if let Exit::Always(jump @ Jump::Shell) = self.block(body).exit
                && self.jumps.loops == before
            {
                return Flow { cond: Cond::Always(true), exit: Exit::Always(jump) };
            }
        }
        Flow::plain(Cond::Always(true))
    }

    pub(crate) fn case(&mut self, stmt: &Stmt<'a>, subject: &Word<'a>, arms: &[CaseArm<'a>]) -> Flow {
        self.names_compared(subject);
        let value = self.expand(subject);
        let choice = self.choice();
        let saved = self.guard;
        let cwd = self.ctx.cwd.clone();
        let mut ends = Vec::new();
        let mut total = false;
        let mut earlier: Vec<&CaseArm<'a>> = Vec::new();
        let mut before = Some(Cond::Always(false));
        let mut group = 0;
        for (index, arm) in arms.iter().enumerate() {
            let mut text = String::from(value.key());
            for pattern in arm.patterns {
                text.push('|');
                let pattern_value = self.expand(pattern);
                total |= matches!(pattern.parts, [Part::Glob('*')]);
                text.push_str(pattern_value.key());
            }
            // What falls in from the arm above runs whatever the patterns say, and excludes nothing of that arm.
            let falls_in = index > 0 && arms[index - 1].falls;
            group = if falls_in { group } else { index as u32 };
            let known = match falls_in {
                true => None,
                false => {
                    self.arm_says(subject, arm, &earlier).or_else(|| self.arm_holds(subject, arm, &before))
                }
            };
            let cond = known.unwrap_or_else(|| self.opaque(&text));
            before = before.filter(|_| !cond.has_opaque()).map(|before| before.or(cond.clone()));
            earlier.push(arm);
            let span = arm.patterns.first().map_or(stmt.span, |p| subject.span.to(p.span));
            let span = if index == 0 { span } else { arm.patterns.first().map_or(span, |p| p.span) };
            self.push_guard(cond.clone(), true, span, Some((choice, group)));
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

    /// When the subject of a `case` goes to an arm, if its values are known and the patterns are plain.
    pub(crate) fn arm_says(
        &mut self,
        subject: &Word<'a>,
        arm: &CaseArm<'a>,
        earlier: &[&CaseArm<'a>],
    ) -> Option<Cond> {
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

    /// True if a statement never lets control go on: `exit 1`, `die "…"`, `{ echo …; exit 1; }`.
    pub(crate) fn always_leaves(&self, stmt: &Stmt<'a>, depth: u32) -> bool {
        if depth > 6 {
            return false;
        }
        match stmt.kind {
            StmtKind::Command(command) => {
                Builtin::named(command.name()).is_some_and(Builtin::leaves)
                    || self
                        .functions
                        .body(command.name())
                        .is_some_and(|body| self.body_exits(body, depth + 1))
            }
            StmtKind::Group(block) => block.iter().any(|s| self.always_leaves(s, depth + 1)),
            StmtKind::Redirected { body, .. } => self.always_leaves(body, depth + 1),
            _ => false,
        }
    }

    pub(crate) fn body_exits(&self, body: &Stmt<'a>, depth: u32) -> bool {
        match body.kind {
            StmtKind::Group(block) => {
                block.iter().take_while(|s| !may_return(s)).any(|s| self.always_leaves(s, depth + 1))
            }
            _ => false,
        }
    }

    /// `[ "$EUID" -eq 0 ] || exit`: the script wants root.
    pub(crate) fn note_root_test(&mut self, exit: &Exit) {
        let Exit::When { cond, outcome, jump: Jump::Shell, span, .. } = exit else { return };
        let is_root = match cond {
            Cond::Root => true,
            Cond::Not(inner) if **inner == Cond::Root => false,
            _ => return,
        };
        if self.entry == 0 {
            self.caller = if is_root == *outcome { Caller::Ordinary } else { Caller::Root(Some(*span)) };
        }
    }
}

/// True if the function that a statement stands in may end there: `[ "$EUID" -eq 0 ] && return`.
fn may_return(stmt: &Stmt<'_>) -> bool {
    let any = |block: Block<'_>| block.iter().any(may_return);
    match stmt.kind {
        StmtKind::Command(command) => Builtin::named(command.name()) == Some(Builtin::Return),
        StmtKind::And(a, b) | StmtKind::Or(a, b) => may_return(a) || may_return(b),
        StmtKind::If { arms, otherwise } => {
            arms.iter().any(|(condition, body)| any(condition) || any(body)) || otherwise.is_some_and(any)
        }
        StmtKind::While { condition, body, .. } => any(condition) || any(body),
        StmtKind::For { body, .. } | StmtKind::CountedFor { body, .. } | StmtKind::Group(body) => any(body),
        StmtKind::Case { arms, .. } => arms.iter().any(|arm| any(arm.body)),
        StmtKind::Not(inner) | StmtKind::Redirected { body: inner, .. } => may_return(inner),
        _ => false,
    }
}

/// True for `git pull`, whose success also says something. In `git pull && …` nobody asks for that.
fn brings_source(step: &Step) -> bool {
    step.deed.roles.contains(&Role::Source)
}

pub(crate) fn is_plain_command(stmt: &Stmt<'_>) -> bool {
    match stmt.kind {
        StmtKind::Command(_) => true,
        StmtKind::And(a, b) => is_plain_command(a) && is_plain_command(b),
        _ => false,
    }
}

pub(crate) fn is_change_of_directory(stmt: &Stmt<'_>) -> bool {
    let StmtKind::Command(command) = stmt.kind else { return false };
    Builtin::named(command.name()) == Some(Builtin::ChangeDirectory)
}
