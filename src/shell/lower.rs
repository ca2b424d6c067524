//! Lowers a tree of tree-sitter-bash to statements. All oddities of the grammar's shapes end here: redirects
//! that are attached to a whole list, words that count as further destinations of a redirect, and negations
//! inside statements with redirects.

mod command;
mod compound;
mod redirect;
#[cfg(test)]
mod tests;
mod words;

use crate::limit::{note_cut_short, tick};
use crate::shell::ast::{Block, Stmt, StmtKind, Word};
use crate::shell::parse::Shell;
use crate::source::{FileId, OffsetMap, Span};
use crate::syntax::mask::Masked;
use crate::syntax::tree::{Cursor, Field, Kind, Node, Tree};
use std::ops::Range;

/// Statements that are nested deeper than this are a gap. Real scripts stay below 20.
const DEPTH: u32 = 120;

pub(super) struct Lowering<'s, 'm, 'a> {
    shell: &'s mut Shell<'a>,
    text: &'a str,
    masked: &'m Masked<'m>,
    /// The words that are joined into one in the tree, in order.
    joined: &'m [Range<usize>],
    map: OffsetMap,
    file: FileId,
    tree: u32,
    depth: u32,
}

impl<'s, 'm, 'a> Lowering<'s, 'm, 'a> {
    pub(super) fn new(
        shell: &'s mut Shell<'a>,
        text: &'a str,
        (masked, joined): (&'m Masked<'m>, &'m [Range<usize>]),
        map: OffsetMap,
        file: FileId,
        tree: u32,
    ) -> Self {
        Lowering { shell, text, masked, joined, map, file, tree, depth: 0 }
    }

    pub(super) fn program(mut self, tree: &Tree) -> Block<'a> {
        let mut cursor = tree.cursor();
        self.block(&mut cursor, |_| true)
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

    /// A gap because of a limit.
    fn too_much(&mut self, node: Node<'_>, reason: &str) {
        note_cut_short();
        self.gap(node, reason);
    }

    fn source(&self, node: Node<'_>) -> &'a str {
        self.text.get(node.start() as usize..node.end() as usize).unwrap_or_default()
    }

    /// The statements among the children that `keep` accepts.
    fn block(&mut self, cursor: &mut Cursor<'_>, keep: impl Fn(Kind) -> bool) -> Block<'a> {
        let mut statements: Vec<Stmt<'a>> = Vec::new();
        cursor.each_child(|cursor| {
            let kind = cursor.node().kind();
            if kind == Kind::Background {
                return self.background(&mut statements);
            }
            if keep(kind) {
                statements.extend(self.statement(cursor));
            }
        });
        self.shell.arena.alloc_slice_copy(&statements)
    }

    /// True if `&` follows the last of them.
    fn background(&self, statements: &mut [Stmt<'a>]) {
        if let Some(last) = statements.last_mut() {
            *last = Stmt { kind: StmtKind::Background(self.alloc(*last)), span: last.span };
        }
    }

    fn statement(&mut self, cursor: &mut Cursor<'_>) -> Option<Stmt<'a>> {
        let node = cursor.node();
        if self.depth >= DEPTH {
            if node.is_named() {
                self.too_much(node, "statements nested too deep to follow");
            }
            return None;
        }
        tick();
        self.depth += 1;
        let kind = self.statement_kind(cursor, node);
        self.depth -= 1;
        kind.map(|kind| Stmt { kind, span: self.node_span(node) })
    }

    fn alloc(&self, stmt: Stmt<'a>) -> &'a Stmt<'a> {
        self.shell.arena.alloc(stmt)
    }

    #[expect(clippy::too_many_lines)]
    fn statement_kind(&mut self, cursor: &mut Cursor<'_>, node: Node<'_>) -> Option<StmtKind<'a>> {
        match node.kind() {
            Kind::Command
            | Kind::DeclarationCommand
            | Kind::UnsetCommand
            | Kind::VariableAssignment
            | Kind::VariableAssignments => {
                let command = self.command(cursor, Vec::new());
                if let Some(word) = command::misplaced(&command) {
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
            Kind::Pipeline => {
                let stages = self.block(cursor, |_| true);
                Some(self.pipeline(stages, node))
            }
            Kind::List => self.list(cursor),
            Kind::IfStatement => Some(self.if_statement(cursor)),
            Kind::WhileStatement => {
                let mut until = false;
                let mut condition = Vec::new();
                let mut body: Block<'a> = &[];
                cursor.each_child(|cursor| match (cursor.node().kind(), cursor.field()) {
                    (Kind::Until, _) => until = true,
                    (Kind::DoGroup, _) => body = self.block(cursor, |_| true),
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
                    (Kind::DoGroup | Kind::CompoundStatement, _) => body = self.block(cursor, |_| true),
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
                let mut header = self.source(node);
                cursor.each_child(|cursor| {
                    if matches!(cursor.node().kind(), Kind::DoGroup | Kind::CompoundStatement) {
                        let end = header.find("))").map_or(header.len(), |end| end + 2);
                        header = &header[..end];
                        body = self.block(cursor, |_| true);
                    }
                });
                Some(StmtKind::CountedFor { header, body })
            }
            Kind::CaseStatement => self.case(cursor),
            Kind::CompoundStatement => {
                if self.source(node).starts_with("((") {
                    return Some(StmtKind::Arithmetic(self.source(node)));
                }
                Some(StmtKind::Group(self.block(cursor, |_| true)))
            }
            Kind::DoGroup => Some(StmtKind::Group(self.block(cursor, |_| true))),
            // `! { a; }` was masked, because the grammar does not know it.
            Kind::Subshell if self.source(node).starts_with('{') => {
                Some(StmtKind::Group(self.block(cursor, |_| true)))
            }
            Kind::Subshell => Some(StmtKind::Subshell(self.block(cursor, |_| true))),
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
                // The whole parts inside are still read: their commands run, whatever surrounds them.
                let statements = self.block(cursor, |kind| {
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

    fn first_statement(&mut self, cursor: &mut Cursor<'_>) -> Option<Stmt<'a>> {
        let mut first = None;
        cursor.each_child(|cursor| {
            if first.is_none() {
                first = self.statement(cursor);
            }
        });
        first
    }
}
