//! Compound statements: lists, negations, `if` and `case`.

use crate::shell::ast::{Block, CaseArm, Command, Part, Stmt, StmtKind, Word};
use crate::shell::lower::Lowering;
use crate::source::Span;
use crate::syntax::tree::{Cursor, Field, Kind, Node};

impl<'a> Lowering<'_, '_, 'a> {
    /// `! a`. The grammar takes the second of `! ! a` for the command's name.
    pub(super) fn negated(&mut self, inner: Stmt<'a>) -> StmtKind<'a> {
        let StmtKind::Command(command) = inner.kind else { return StmtKind::Not(self.alloc(inner)) };
        let bang = |w: &&Word<'a>| matches!(w.parts, [Part::Literal { text: "!", quoted: false }]);
        let bangs = command.words.iter().take_while(bang).count();
        let words = &command.words[bangs..];
        let span = words.first().map_or(command.span, |w| Span { start: w.span.start, ..command.span });
        let command = Command { words, span, ..*command };
        let kind = StmtKind::Command(self.shell.arena.alloc(command));
        if bangs % 2 == 1 { kind } else { StmtKind::Not(self.alloc(Stmt { kind, span })) }
    }

    /// `! a | b` negates the pipeline; the grammar negates its first stage. In `a | b | c || d` it takes `b | c || d` for the
    /// last stage, which no list can be.
    pub(super) fn pipeline(&mut self, stages: Block<'a>, node: Node<'_>) -> StmtKind<'a> {
        if let Some((last @ Stmt { kind: StmtKind::And(..) | StmtKind::Or(..), .. }, before)) =
            stages.split_last()
        {
            let mut operands = Vec::new();
            operands_of(*last, None, &mut operands);
            let mut operands = operands.into_iter();
            let Some((_, end)) = operands.next() else { return StmtKind::Pipeline(stages) };
            let mut stages = before.to_vec();
            match end.kind {
                StmtKind::Pipeline(rest) => stages.extend_from_slice(rest),
                _ => stages.push(end),
            }
            let stages = self.shell.arena.alloc_slice_copy(&stages);
            let span = stages.first().map_or(end.span, |first| first.span.to(end.span));
            let first = Stmt { kind: self.pipeline(stages, node), span };
            return operands.fold(first, |left, operand| self.joined(left, operand)).kind;
        }
        let Some((Stmt { kind: StmtKind::Not(first), .. }, rest)) = stages.split_first() else {
            return StmtKind::Pipeline(stages);
        };
        let mut stages = vec![**first];
        stages.extend_from_slice(rest);
        let kind = StmtKind::Pipeline(self.shell.arena.alloc_slice_copy(&stages));
        StmtKind::Not(self.alloc(Stmt { kind, span: self.node_span(node) }))
    }

    pub(super) fn list(&mut self, cursor: &mut Cursor<'_>) -> Option<StmtKind<'a>> {
        let mut left: Option<Stmt<'a>> = None;
        let mut and = true;
        cursor.each_child(|cursor| match cursor.node().kind() {
            Kind::And => and = true,
            Kind::Or => and = false,
            _ => {
                let Some(right) = self.statement(cursor) else { return };
                left = Some(match left {
                    None => right,
                    Some(before) => {
                        let mut operands = Vec::new();
                        operands_of(right, Some(and), &mut operands);
                        operands.into_iter().fold(before, |left, operand| self.joined(left, operand))
                    }
                });
            }
        });
        left.map(|stmt| stmt.kind)
    }

    /// A list with one more operand, which `&&` joins if `Some(true)` stands before it.
    fn joined(&mut self, left: Stmt<'a>, (and, right): (Option<bool>, Stmt<'a>)) -> Stmt<'a> {
        let span = left.span.to(right.span);
        let (left, right) = (self.alloc(left), self.alloc(right));
        let kind = if and == Some(true) { StmtKind::And(left, right) } else { StmtKind::Or(left, right) };
        Stmt { kind, span }
    }

    pub(super) fn if_statement(&mut self, cursor: &mut Cursor<'_>) -> StmtKind<'a> {
        let mut arms: Vec<(Block<'a>, Block<'a>)> = Vec::new();
        let mut otherwise = None;
        let mut condition = Vec::new();
        let mut body = Vec::new();
        let mut in_body = false;
        cursor.each_child(|cursor| match cursor.node().kind() {
            Kind::Then => in_body = true,
            Kind::ElifClause => {
                let mut elif_condition = Vec::new();
                let mut elif_body = Vec::new();
                let mut after_then = false;
                cursor.each_child(|cursor| match cursor.node().kind() {
                    Kind::Then => after_then = true,
                    Kind::Background => {
                        self.background(if after_then { &mut elif_body } else { &mut elif_condition });
                    }
                    _ => {
                        let stmt = self.statement(cursor);
                        if after_then { elif_body.extend(stmt) } else { elif_condition.extend(stmt) }
                    }
                });
                let arena = self.shell.arena;
                arms.push((arena.alloc_slice_copy(&elif_condition), arena.alloc_slice_copy(&elif_body)));
            }
            Kind::ElseClause => otherwise = Some(self.block(cursor, |_| true)),
            Kind::Background => self.background(if in_body { &mut body } else { &mut condition }),
            _ => {
                let stmt = self.statement(cursor);
                if in_body { body.extend(stmt) } else { condition.extend(stmt) }
            }
        });
        let arena = self.shell.arena;
        arms.insert(0, (arena.alloc_slice_copy(&condition), arena.alloc_slice_copy(&body)));
        StmtKind::If { arms: arena.alloc_slice_copy(&arms), otherwise }
    }

    pub(super) fn case(&mut self, cursor: &mut Cursor<'_>) -> Option<StmtKind<'a>> {
        let mut subject = None;
        let mut arms = Vec::new();
        cursor.each_child(|cursor| {
            if cursor.node().kind() == Kind::CaseItem {
                let mut patterns = Vec::new();
                let mut body = Vec::new();
                let mut falls = false;
                cursor.each_child(|cursor| match (cursor.node().kind(), cursor.field()) {
                    (_, Field::Value) => patterns.extend(self.words_of(cursor)),
                    (Kind::SemiAmp | Kind::SemiSemiAmp, _) => falls = true,
                    (Kind::Background, _) => self.background(&mut body),
                    _ => body.extend(self.statement(cursor)),
                });
                let arena = self.shell.arena;
                arms.push(CaseArm {
                    patterns: arena.alloc_slice_copy(&patterns),
                    body: arena.alloc_slice_copy(&body),
                    falls,
                });
            } else if cursor.field() == Field::Value {
                subject = self.words_of(cursor).first().copied();
            }
        });
        let arms = self.shell.arena.alloc_slice_copy(&arms);
        Some(StmtKind::Case { subject: subject?, arms })
    }
}

/// The operands of a list, from left to right, each with what stands before it: `&&` and `||` have the same precedence
/// (bash(1), "Lists").
fn operands_of<'a>(list: Stmt<'a>, before: Option<bool>, operands: &mut Vec<(Option<bool>, Stmt<'a>)>) {
    match list.kind {
        StmtKind::And(left, right) | StmtKind::Or(left, right) => {
            let and = matches!(list.kind, StmtKind::And(..));
            operands_of(*left, before, operands);
            operands_of(*right, Some(and), operands);
        }
        _ => operands.push((before, list)),
    }
}
