//! A script in pieces: its statements, and those inside them, for code that must leave some out.

use crate::shell::ast::{Block, Stmt, StmtKind};
use crate::shell::parse::Shell;
use crate::source::{FileId, OffsetMap, Span};
use bumpalo::Bump;

/// Statements that are nested deeper than this are not told apart.
const DEPTH: u32 = 20;

/// A statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Its place, without heredocs.
    pub(crate) span: Span,
    /// The statements inside it, in order.
    pub(crate) inner: Vec<Piece>,
}

/// The statements of a script, in order.
pub(crate) fn pieces(file: FileId, text: &str) -> Vec<Piece> {
    let arena = Bump::new();
    let mut shell = Shell::new(&arena);
    of_block(shell.parse(arena.alloc_str(text), file, OffsetMap::shifted(0)), DEPTH)
}

fn of_block(block: Block<'_>, depth: u32) -> Vec<Piece> {
    block.iter().map(|stmt| Piece { span: stmt.span, inner: inside(stmt, depth) }).collect()
}

fn inside(stmt: &Stmt<'_>, depth: u32) -> Vec<Piece> {
    let Some(depth) = depth.checked_sub(1) else { return Vec::new() };
    let blocks = |blocks: &[Block<'_>]| blocks.iter().flat_map(|block| of_block(block, depth)).collect();
    match stmt.kind {
        StmtKind::Command(_) | StmtKind::Test { .. } | StmtKind::Arithmetic(_) | StmtKind::Pipeline(_) => {
            Vec::new()
        }
        StmtKind::Not(inner)
        | StmtKind::Background(inner)
        | StmtKind::Function { body: inner, .. }
        | StmtKind::Redirected { body: inner, .. } => inside(inner, depth),
        // The left side says when the right one runs.
        StmtKind::And(_, right) | StmtKind::Or(_, right) => of_block(std::slice::from_ref(right), depth),
        StmtKind::If { arms, otherwise } => {
            let bodies = arms.iter().map(|(_, body)| *body).chain(otherwise);
            bodies.flat_map(|body| of_block(body, depth)).collect()
        }
        StmtKind::While { body, .. }
        | StmtKind::For { body, .. }
        | StmtKind::CountedFor { body, .. }
        | StmtKind::Group(body)
        | StmtKind::Subshell(body) => blocks(&[body]),
        StmtKind::Case { arms, .. } => arms.iter().flat_map(|arm| of_block(arm.body, depth)).collect(),
    }
}
