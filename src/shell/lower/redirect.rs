//! Redirects. The grammar attaches them to a whole list, and takes words after them for further destinations.
//! Heredocs were masked before the parse and are put back here.

use crate::shell::ast::{Command, Heredoc, Origin, Part, Redirect, RedirectKind, Stmt, StmtKind, Word};
use crate::shell::lower::Lowering;
use crate::shell::word::Lexer;
use crate::source::Span;
use crate::syntax::tree::{Cursor, Field, Kind};

impl<'a> Lowering<'_, '_, 'a> {
    pub(super) fn redirected(&mut self, cursor: &mut Cursor<'_>) -> Option<StmtKind<'a>> {
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

    /// Attaches redirects to the command that they belong to: in `a && b > f` to `b`.
    pub(super) fn attach(
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

    pub(super) fn redirect(
        &mut self,
        cursor: &mut Cursor<'_>,
        out: &mut Vec<Redirect<'a>>,
        extra: &mut Vec<Word<'a>>,
    ) {
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

    pub(super) fn heredoc(&mut self, index: usize) -> &'a Heredoc<'a> {
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
}
