//! F2: lowers a tree of tree-sitter-bash to statements. All that is odd about the grammar's shapes ends here:
//! redirections that hang on a whole list, words that count as further destinations of a redirection, negations
//! inside redirected statements.

use crate::shell::ast::*;
use crate::shell::parse::Shell;
use crate::shell::word::{Inner, Lexer, inner_at};
use crate::source::{FileId, OffsetMap, Span};
use crate::syntax::mask::Masked;
use crate::syntax::tree::{Cursor, Field, Kind, Node, Tree};
use std::ops::Range;

/// Statements nested deeper than this are a gap: real scripts stay below 20.
const DEPTH: u32 = 120;

pub(super) struct Lowering<'s, 'm, 'a> {
    shell: &'s mut Shell<'a>,
    text: &'a str,
    masked: &'m Masked<'m>,
    map: OffsetMap,
    file: FileId,
    tree: u32,
    depth: u32,
}

impl<'s, 'm, 'a> Lowering<'s, 'm, 'a> {
    pub(super) fn new(
        shell: &'s mut Shell<'a>,
        text: &'a str,
        masked: &'m Masked<'m>,
        map: OffsetMap,
        file: FileId,
        tree: u32,
    ) -> Self {
        Lowering { shell, text, masked, map, file, tree, depth: 0 }
    }

    pub(super) fn program(mut self, tree: &Tree) -> Block<'a> {
        let mut cursor = tree.cursor();
        self.block(&mut cursor, |_, _| true)
    }

    fn span(&self, range: Range<u32>) -> Span {
        let range = self.map.range(range);
        Span { file: self.file, start: range.start, end: range.end }
    }

    fn node_span(&self, node: Node<'_>) -> Span {
        self.span(node.start()..node.end())
    }

    fn gap(&mut self, node: Node<'_>, reason: &str) {
        let span = self.node_span(node);
        self.shell.gaps.push((span, reason.to_owned()));
    }

    fn source(&self, node: Node<'_>) -> &'a str {
        self.text.get(node.start() as usize..node.end() as usize).unwrap_or_default()
    }

    /// The statements among the children that `keep` lets through.
    fn block(&mut self, cursor: &mut Cursor<'_>, keep: impl Fn(Kind, Field) -> bool) -> Block<'a> {
        let mut statements: Vec<Stmt<'a>> = Vec::new();
        cursor.each_child(|cursor| {
            let (kind, field) = (cursor.node().kind(), cursor.field());
            if kind == Kind::Background {
                if let Some(last) = statements.pop() {
                    let inner = &*self.shell.arena.alloc(last);
                    statements.push(Stmt { kind: StmtKind::Background(inner), span: last.span });
                }
                return;
            }
            if keep(kind, field) {
                statements.extend(self.statement(cursor));
            }
        });
        self.shell.arena.alloc_slice_copy(&statements)
    }

    fn statement(&mut self, cursor: &mut Cursor<'_>) -> Option<Stmt<'a>> {
        let node = cursor.node();
        if self.depth >= DEPTH {
            if node.is_named() {
                self.gap(node, "statements nested too deep to follow");
            }
            return None;
        }
        self.depth += 1;
        let kind = self.statement_kind(cursor, node);
        self.depth -= 1;
        kind.map(|kind| Stmt { kind, span: self.node_span(node) })
    }

    fn alloc(&self, stmt: Stmt<'a>) -> &'a Stmt<'a> {
        self.shell.arena.alloc(stmt)
    }

    fn statement_kind(&mut self, cursor: &mut Cursor<'_>, node: Node<'_>) -> Option<StmtKind<'a>> {
        match node.kind() {
            Kind::Command
            | Kind::DeclarationCommand
            | Kind::UnsetCommand
            | Kind::VariableAssignment
            | Kind::VariableAssignments => {
                let command = self.command(cursor, Vec::new());
                if let Some(word) = misplaced(&command) {
                    self.gap(node, &format!("it does not parse: `{word}` stands where a command should"));
                    return None;
                }
                Some(StmtKind::Command(self.shell.arena.alloc(command)))
            }
            Kind::TestCommand => Some(self.test(cursor)),
            Kind::NegatedCommand => {
                let inner = self.first_statement(cursor)?;
                Some(self.negated(inner))
            }
            Kind::RedirectedStatement => self.redirected(cursor),
            Kind::Pipeline => Some(self.pipeline(cursor)),
            Kind::List => self.list(cursor),
            Kind::IfStatement => Some(self.if_statement(cursor)),
            Kind::WhileStatement => {
                let mut until = false;
                let mut condition = Vec::new();
                let mut body: Block<'a> = &[];
                cursor.each_child(|cursor| match (cursor.node().kind(), cursor.field()) {
                    (Kind::Until, _) => until = true,
                    (Kind::DoGroup, _) => body = self.block(cursor, |_, _| true),
                    _ => condition.extend(self.statement(cursor)),
                });
                let condition = self.shell.arena.alloc_slice_copy(&condition);
                Some(StmtKind::While { until, condition, body })
            }
            Kind::ForStatement => {
                let mut variable = "";
                let mut words: Option<Vec<Word<'a>>> = None;
                let mut body: Block<'a> = &[];
                let mut select = false;
                cursor.each_child(|cursor| match (cursor.node().kind(), cursor.field()) {
                    (Kind::Select, _) => select = true,
                    (Kind::In, _) => words = Some(Vec::new()),
                    (_, Field::Variable) => variable = self.source(cursor.node()),
                    (Kind::DoGroup | Kind::CompoundStatement, _) => body = self.block(cursor, |_, _| true),
                    (_, Field::Value) => {
                        let node_words = self.words_of(cursor);
                        words.get_or_insert_default().extend(node_words);
                    }
                    _ => {}
                });
                let words = words.map(|w| &*self.shell.arena.alloc_slice_copy(&w));
                Some(StmtKind::For { variable, words, body, select })
            }
            Kind::CStyleForStatement => {
                let mut body: Block<'a> = &[];
                cursor.each_child(|cursor| {
                    if matches!(cursor.node().kind(), Kind::DoGroup | Kind::CompoundStatement) {
                        body = self.block(cursor, |_, _| true);
                    }
                });
                Some(StmtKind::CountedFor(body))
            }
            Kind::CaseStatement => self.case(cursor),
            Kind::CompoundStatement => {
                if self.source(node).starts_with("((") {
                    return Some(StmtKind::Arithmetic);
                }
                Some(StmtKind::Group(self.block(cursor, |_, _| true)))
            }
            Kind::DoGroup => Some(StmtKind::Group(self.block(cursor, |_, _| true))),
            Kind::Subshell => Some(StmtKind::Subshell(self.block(cursor, |_, _| true))),
            Kind::FunctionDefinition => {
                let mut name = "";
                let mut body = None;
                let mut redirects = Vec::new();
                cursor.each_child(|cursor| match cursor.field() {
                    Field::Name => name = self.source(cursor.node()),
                    Field::Body => body = self.statement(cursor),
                    Field::Redirect => self.redirect(cursor, &mut redirects, &mut Vec::new()),
                    _ => {}
                });
                let mut body = body?;
                if !redirects.is_empty() {
                    let inner = self.alloc(body);
                    let redirects = self.shell.arena.alloc_slice_copy(&redirects);
                    body = Stmt { kind: StmtKind::Redirected { body: inner, redirects }, span: body.span };
                }
                Some(StmtKind::Function { name, body: self.alloc(body) })
            }
            Kind::Comment => {
                let span = self.node_span(node);
                self.shell.comments.push(span);
                None
            }
            Kind::Error => {
                self.gap(node, "it does not parse");
                // What is whole inside is still read: its commands run, whatever stands around them.
                let statements = self.block(cursor, |kind, _| {
                    matches!(
                        kind,
                        Kind::Command
                            | Kind::RedirectedStatement
                            | Kind::Pipeline
                            | Kind::List
                            | Kind::IfStatement
                            | Kind::FunctionDefinition
                            | Kind::DeclarationCommand
                            | Kind::VariableAssignment
                            | Kind::Comment
                    )
                });
                (!statements.is_empty()).then_some(StmtKind::Group(statements))
            }
            _ => None,
        }
    }

    /// `! a | b` is the negation of the whole pipeline (bash(1), Pipelines); the grammar hangs it on the first.
    fn pipeline(&mut self, cursor: &mut Cursor<'_>) -> StmtKind<'a> {
        let stages = self.block(cursor, |_, _| true);
        let Some((Stmt { kind: StmtKind::Not(first), .. }, rest)) = stages.split_first() else {
            return StmtKind::Pipeline(stages);
        };
        let mut whole = vec![**first];
        whole.extend_from_slice(rest);
        let span = whole.iter().map(|s| s.span).reduce(Span::to).unwrap_or(first.span);
        let kind = StmtKind::Pipeline(self.shell.arena.alloc_slice_copy(&whole));
        StmtKind::Not(self.alloc(Stmt { kind, span }))
    }

    fn first_statement(&mut self, cursor: &mut Cursor<'_>) -> Option<Stmt<'a>> {
        let mut first = None;
        cursor.each_child(|cursor| {
            if first.is_none() {
                first = self.statement(cursor);
            }
        });
        first
    }

    /// `! a`. The grammar takes the second of `! ! a` for the command's name.
    fn negated(&mut self, inner: Stmt<'a>) -> StmtKind<'a> {
        let StmtKind::Command(command) = inner.kind else { return StmtKind::Not(self.alloc(inner)) };
        let bang = |w: &&Word<'a>| matches!(w.parts, [Part::Literal { text: "!", quoted: false }]);
        let bangs = command.words.iter().take_while(bang).count();
        let words = &command.words[bangs..];
        let span = words.first().map_or(command.span, |w| Span { start: w.span.start, ..command.span });
        let command = Command { words, span, ..*command };
        let kind = StmtKind::Command(self.shell.arena.alloc(command));
        if bangs % 2 == 1 { kind } else { StmtKind::Not(self.alloc(Stmt { kind, span })) }
    }

    fn list(&mut self, cursor: &mut Cursor<'_>) -> Option<StmtKind<'a>> {
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
                        let span = before.span.to(right.span);
                        let (before, right) = (self.alloc(before), self.alloc(right));
                        let kind =
                            if and { StmtKind::And(before, right) } else { StmtKind::Or(before, right) };
                        Stmt { kind, span }
                    }
                });
            }
        });
        left.map(|stmt| stmt.kind)
    }

    fn if_statement(&mut self, cursor: &mut Cursor<'_>) -> StmtKind<'a> {
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
                    Kind::Background => {}
                    _ => {
                        let stmt = self.statement(cursor);
                        if after_then { elif_body.extend(stmt) } else { elif_condition.extend(stmt) }
                    }
                });
                let arena = self.shell.arena;
                arms.push((arena.alloc_slice_copy(&elif_condition), arena.alloc_slice_copy(&elif_body)));
            }
            Kind::ElseClause => otherwise = Some(self.block(cursor, |_, _| true)),
            Kind::Background => {}
            _ => {
                let stmt = self.statement(cursor);
                if in_body { body.extend(stmt) } else { condition.extend(stmt) }
            }
        });
        let arena = self.shell.arena;
        arms.insert(0, (arena.alloc_slice_copy(&condition), arena.alloc_slice_copy(&body)));
        StmtKind::If { arms: arena.alloc_slice_copy(&arms), otherwise }
    }

    fn case(&mut self, cursor: &mut Cursor<'_>) -> Option<StmtKind<'a>> {
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
                    (Kind::Background, _) => {}
                    _ => body.extend(self.statement(cursor)),
                });
                let arena = self.shell.arena;
                arms.push(CaseArm {
                    patterns: arena.alloc_slice_copy(&patterns),
                    body: arena.alloc_slice_copy(&body),
                    falls,
                });
            } else if cursor.field() == Field::Value {
                subject = self.words_of(cursor).into_iter().next();
            }
        });
        let arms = self.shell.arena.alloc_slice_copy(&arms);
        Some(StmtKind::Case { subject: subject?, arms })
    }

    /// `[ … ]` as words. The grammar makes a tree of operators of it, wrong for `-o` and `-a`; the shell only sees
    /// words, and so do we.
    fn test(&mut self, cursor: &mut Cursor<'_>) -> StmtKind<'a> {
        let node = cursor.node();
        let source = self.source(node);
        let double = source.starts_with("[[");
        if source.starts_with("((") {
            return StmtKind::Arithmetic;
        }
        let width = if double { 2 } else { 1 };
        let start = node.start() as usize + width;
        let end = (node.end() as usize).saturating_sub(width).max(start);
        let mut inner = Vec::new();
        self.substitutions(cursor, &mut inner);
        let lexer = Lexer { arena: self.shell.arena, text: self.text, inner: &inner };
        let mut words = Vec::new();
        for range in blank_separated(self.text, start..end, &inner) {
            let parts = lexer.parts(range.clone());
            words.push(Word { parts, span: self.span(range.start as u32..range.end as u32) });
        }
        StmtKind::Test { words: self.shell.arena.alloc_slice_copy(&words), double }
    }

    fn redirected(&mut self, cursor: &mut Cursor<'_>) -> Option<StmtKind<'a>> {
        let mut redirects = Vec::new();
        let mut extra = Vec::new();
        let mut body = None;
        cursor.each_child(|cursor| match cursor.field() {
            Field::Redirect => self.redirect(cursor, &mut redirects, &mut extra),
            _ => {
                if body.is_none() {
                    body = self.statement(cursor);
                }
            }
        });
        let span = self.node_span(cursor.node());
        match body {
            Some(body) => Some(self.attach(body, &redirects, &extra, span).kind),
            // `> file` alone empties it.
            None => {
                let command = self.finish(Vec::new(), extra, redirects, cursor.node());
                Some(StmtKind::Command(self.shell.arena.alloc(command)))
            }
        }
    }

    /// Hangs redirections on the command that they belong to: in `a && b > f` on `b`.
    fn attach(
        &mut self,
        stmt: Stmt<'a>,
        redirects: &[Redirect<'a>],
        extra: &[Word<'a>],
        span: Span,
    ) -> Stmt<'a> {
        let arena = self.shell.arena;
        let last = |lowering: &mut Self, stmt: &Stmt<'a>| {
            let stmt = lowering.attach(*stmt, redirects, extra, stmt.span.to(span));
            lowering.alloc(stmt)
        };
        let kind = match stmt.kind {
            StmtKind::Command(command) => {
                let mut words = command.words.to_vec();
                words.extend_from_slice(extra);
                let mut all = command.redirects.to_vec();
                all.extend_from_slice(redirects);
                let mut reach = command.span;
                for redirect in redirects {
                    reach = reach.to(redirect.span);
                }
                for word in extra {
                    reach = reach.to(word.span);
                }
                StmtKind::Command(arena.alloc(Command {
                    words: arena.alloc_slice_copy(&words),
                    redirects: arena.alloc_slice_copy(&all),
                    span: reach,
                    ..*command
                }))
            }
            StmtKind::And(a, b) => StmtKind::And(a, last(self, b)),
            StmtKind::Or(a, b) => StmtKind::Or(a, last(self, b)),
            StmtKind::Not(a) => StmtKind::Not(last(self, a)),
            StmtKind::Pipeline(stages) => {
                let mut stages = stages.to_vec();
                if let Some(end) = stages.pop() {
                    stages.push(*last(self, &end));
                }
                StmtKind::Pipeline(arena.alloc_slice_copy(&stages))
            }
            _ => StmtKind::Redirected {
                body: self.alloc(stmt),
                redirects: self.shell.arena.alloc_slice_copy(redirects),
            },
        };
        Stmt { kind, span: stmt.span }
    }

    fn redirect(&mut self, cursor: &mut Cursor<'_>, out: &mut Vec<Redirect<'a>>, extra: &mut Vec<Word<'a>>) {
        let node = cursor.node();
        match node.kind() {
            Kind::FileRedirect | Kind::HerestringRedirect | Kind::HeredocRedirect => {}
            Kind::Error => return self.gap(node, "it does not parse"),
            _ => return,
        }
        let mut descriptor = None;
        let mut operator = node.start()..node.start();
        let mut targets = Vec::new();
        cursor.each_child(|cursor| {
            let child = cursor.node();
            match child.kind() {
                Kind::FileDescriptor => descriptor = self.source(child).parse().ok(),
                Kind::Error => self.gap(child, "it does not parse"),
                _ if child.is_named() => targets.extend(self.words_of(cursor)),
                _ if operator.is_empty() => operator = child.start()..child.end(),
                _ => {}
            }
        });
        let start = operator.start as usize;
        let mut targets = targets.into_iter();
        let masked = self.masked;
        let kind = if let Ok(index) = masked.heredocs.binary_search_by_key(&start, |h| h.operator.start) {
            targets.next();
            RedirectKind::Heredoc(self.heredoc(index))
        } else if masked.herestrings.binary_search_by_key(&start, |h| h.start).is_ok() {
            let Some(word) = targets.next() else { return };
            RedirectKind::HereString(word)
        } else {
            let text = self.text.get(start..operator.end as usize).unwrap_or_default();
            let Some(word) = targets.next() else {
                let span = self.node_span(node);
                out.push(Redirect { kind: RedirectKind::Duplicate, descriptor, span });
                return;
            };
            let to_descriptor = text.ends_with('&')
                && matches!(word.parts, [Part::Literal { text, .. }]
                    if text.bytes().all(|b| b.is_ascii_digit() || b == b'-'));
            match text {
                _ if to_descriptor => RedirectKind::Duplicate,
                "<" | "<>" | "<&" => RedirectKind::Read(word),
                ">>" => RedirectKind::Append(word),
                "&>" | ">&" => RedirectKind::WriteBoth(word),
                "&>>" => RedirectKind::AppendBoth(word),
                _ => RedirectKind::Write(word),
            }
        };
        let mut end = node.end();
        let rest: Vec<Word<'a>> = targets.collect();
        if let RedirectKind::Heredoc(_) = kind {
            end = end.max(node.start());
        }
        extra.extend(rest);
        let span = self.span(node.start()..end);
        out.push(Redirect { kind, descriptor, span });
    }

    fn heredoc(&mut self, index: usize) -> &'a Heredoc<'a> {
        let heredoc = &self.masked.heredocs[index];
        let body = heredoc.body.clone();
        let lexer = Lexer { arena: self.shell.arena, text: self.text, inner: &[] };
        let parts: &'a [Part<'a>] = if heredoc.quoted {
            let text = &self.text[body.clone()];
            self.shell.arena.alloc_slice_copy(&[Part::Literal { text, quoted: true }])
        } else {
            lexer.heredoc(body.clone())
        };
        let raw = Origin { tree: self.tree, start: body.start as u32, end: body.end as u32 };
        let span = self.span(raw.start..raw.end);
        self.shell.arena.alloc(Heredoc {
            body: Word { parts, span },
            raw,
            quoted: heredoc.quoted,
            strips_tabs: heredoc.strip_tabs,
        })
    }

    fn command(&mut self, cursor: &mut Cursor<'_>, extra: Vec<Word<'a>>) -> Command<'a> {
        let node = cursor.node();
        let mut assignments = Vec::new();
        let mut words: Vec<Word<'a>> = Vec::new();
        let mut redirects = Vec::new();
        let mut late = extra;
        match node.kind() {
            Kind::VariableAssignment => assignments.extend(self.assignment(cursor)),
            Kind::DeclarationCommand | Kind::UnsetCommand => {
                cursor.each_child(|cursor| {
                    let child = cursor.node();
                    match child.kind() {
                        Kind::VariableAssignment => assignments.extend(self.assignment(cursor)),
                        Kind::VariableName if node.kind() == Kind::DeclarationCommand => {
                            assignments.push(Assignment {
                                name: self.source(child),
                                value: None,
                                append: false,
                                element: false,
                                span: self.node_span(child),
                            });
                        }
                        Kind::Error => self.gap(child, "it does not parse"),
                        _ => words.extend(self.words_of(cursor)),
                    }
                });
            }
            _ => {
                let mut previous_end = None;
                let mut joined = Vec::new();
                cursor.each_child(|cursor| {
                    let child = cursor.node();
                    match (child.kind(), cursor.field()) {
                        (Kind::VariableAssignment, _) => assignments.extend(self.assignment(cursor)),
                        (_, Field::Redirect) => self.redirect(cursor, &mut redirects, &mut late),
                        (Kind::Error, _) => self.gap(child, "it does not parse"),
                        (Kind::Comment, _) => {
                            let span = self.node_span(child);
                            self.shell.comments.push(span);
                        }
                        _ => {
                            let more = self.words_of(cursor);
                            // The grammar splits some words where the shell does not.
                            if previous_end == Some(child.start()) && more.len() == 1 && !words.is_empty() {
                                joined.extend(more);
                            } else {
                                self.join(&mut words, &mut joined);
                                words.extend(more);
                            }
                            previous_end = Some(child.end());
                        }
                    }
                });
                self.join(&mut words, &mut joined);
            }
        }
        words.append(&mut late);
        self.finish(assignments, words, redirects, node)
    }

    /// Makes the pieces part of the last word.
    fn join(&mut self, words: &mut Vec<Word<'a>>, pieces: &mut Vec<Word<'a>>) {
        let Some(last) = words.last_mut() else { return };
        let Some(end) = pieces.last() else { return };
        let span = last.span.to(end.span);
        let parts: Vec<Part<'a>> =
            last.parts.iter().chain(pieces.iter().flat_map(|p| p.parts)).copied().collect();
        *last = Word { parts: self.shell.arena.alloc_slice_copy(&parts), span };
        pieces.clear();
    }

    fn finish(
        &mut self,
        assignments: Vec<Assignment<'a>>,
        words: Vec<Word<'a>>,
        redirects: Vec<Redirect<'a>>,
        node: Node<'_>,
    ) -> Command<'a> {
        let arena = self.shell.arena;
        Command {
            assignments: arena.alloc_slice_copy(&assignments),
            words: arena.alloc_slice_copy(&words),
            redirects: arena.alloc_slice_copy(&redirects),
            span: self.node_span(node),
            origin: Origin { tree: self.tree, start: node.start(), end: node.end() },
        }
    }

    fn assignment(&mut self, cursor: &mut Cursor<'_>) -> Option<Assignment<'a>> {
        let node = cursor.node();
        let mut name = "";
        let mut value = None;
        let mut element = false;
        cursor.each_child(|cursor| {
            let child = cursor.node();
            match (child.kind(), cursor.field()) {
                (Kind::Subscript, Field::Name) => {
                    element = true;
                    name = self.source(child).split('[').next().unwrap_or_default();
                }
                (_, Field::Name) => name = self.source(child),
                (Kind::Array, _) => {
                    let mut words = Vec::new();
                    cursor.each_child(|cursor| {
                        if cursor.node().is_named() && cursor.node().kind() != Kind::Comment {
                            words.extend(self.words_of(cursor));
                        }
                    });
                    value = Some(AssignedValue::Array(self.shell.arena.alloc_slice_copy(&words)));
                }
                (_, Field::Value) => {
                    let mut inner = Vec::new();
                    self.substitutions(cursor, &mut inner);
                    let lexer = Lexer { arena: self.shell.arena, text: self.text, inner: &inner };
                    let parts = lexer.parts(child.start() as usize..child.end() as usize);
                    let span = self.node_span(child);
                    value = Some(AssignedValue::Word(Word { parts, span }));
                }
                _ => {}
            }
        });
        if value.is_none() {
            // `X=` gives the empty string.
            let end = node.end();
            let span = self.span(end..end);
            value = Some(AssignedValue::Word(Word { parts: &[], span }));
        }
        let source = self.source(node);
        let append = source[name.len().min(source.len())..].starts_with("+=")
            || element && source.split('=').next().is_some_and(|left| left.ends_with('+'));
        Some(Assignment { name, value, append, element, span: self.node_span(node) })
    }

    /// The word (or, with braces, words) that the node under the cursor is.
    fn words_of(&mut self, cursor: &mut Cursor<'_>) -> Vec<Word<'a>> {
        let node = cursor.node();
        if !node.is_named() && node.kind() != Kind::Other {
            return Vec::new();
        }
        let span = self.node_span(node);
        let text = self.source(node);
        let plain = |b: u8| {
            b.is_ascii_alphanumeric()
                || matches!(b, b'-' | b'_' | b'.' | b'/' | b'=' | b':' | b',' | b'+' | b'@' | b'%')
        };
        if !text.is_empty() && text.bytes().all(plain) {
            let parts = self.shell.arena.alloc_slice_copy(&[Part::Literal { text, quoted: false }]);
            return vec![Word { parts, span }];
        }
        let mut inner = Vec::new();
        self.substitutions(cursor, &mut inner);
        let lexer = Lexer { arena: self.shell.arena, text: self.text, inner: &inner };
        let range = node.start() as usize..node.end() as usize;
        lexer.words(range).into_iter().map(|parts| Word { parts, span }).collect()
    }

    /// The outermost substitutions below the node under the cursor.
    fn substitutions(&mut self, cursor: &mut Cursor<'_>, out: &mut Vec<Inner<'a>>) {
        let node = cursor.node();
        if matches!(node.kind(), Kind::CommandSubstitution | Kind::ProcessSubstitution) {
            if self.depth >= DEPTH {
                self.gap(node, "substitutions nested too deep to follow");
                return;
            }
            self.depth += 1;
            let body = self.block(cursor, |_, _| true);
            self.depth -= 1;
            out.push(Inner { range: node.start() as usize..node.end() as usize, body });
            return;
        }
        if node.child_count() == 0 {
            return;
        }
        if self.depth >= DEPTH {
            self.gap(node, "words nested too deep to follow");
            return;
        }
        self.depth += 1;
        cursor.each_child(|cursor| self.substitutions(cursor, out));
        self.depth -= 1;
    }
}

/// The reserved word that the grammar took for a command's name: bash(1), RESERVED WORDS.
fn misplaced<'a>(command: &Command<'a>) -> Option<&'a str> {
    match command.words.first()?.parts {
        [Part::Literal { text, quoted: false }] if command.assignments.is_empty() => matches!(
            *text,
            "if" | "then"
                | "elif"
                | "else"
                | "fi"
                | "while"
                | "until"
                | "for"
                | "do"
                | "done"
                | "case"
                | "esac"
                | "{"
                | "}"
        )
        .then_some(*text),
        _ => None,
    }
}

/// The words of a test: separated by blanks outside quotes and substitutions.
fn blank_separated(text: &str, range: Range<usize>, inner: &[Inner<'_>]) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut words = Vec::new();
    let mut start = None;
    let mut at = range.start;
    while at < range.end {
        if let Some(inside) = inner_at(inner, at) {
            start.get_or_insert(at);
            at = inside.range.end.max(at + 1);
            continue;
        }
        match bytes[at] {
            b' ' | b'\t' | b'\n' => {
                if let Some(start) = start.take() {
                    words.push(start..at);
                }
            }
            b'\\' if bytes.get(at + 1) == Some(&b'\n') => {
                if let Some(start) = start.take() {
                    words.push(start..at);
                }
                at += 1;
            }
            b'\\' => {
                start.get_or_insert(at);
                at += 1;
            }
            quote @ (b'"' | b'\'') => {
                start.get_or_insert(at);
                at += 1;
                while at < range.end && bytes[at] != quote {
                    if let Some(inside) = inner_at(inner, at) {
                        at = inside.range.end;
                        continue;
                    }
                    at += if quote == b'"' && bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'$' if bytes.get(at + 1) == Some(&b'{') => {
                start.get_or_insert(at);
                while at < range.end && bytes[at] != b'}' {
                    at += 1;
                }
            }
            _ => {
                start.get_or_insert(at);
            }
        }
        at += 1;
    }
    if let Some(start) = start {
        words.push(start..range.end);
    }
    words
}
