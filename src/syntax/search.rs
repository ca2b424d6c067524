//! Runs a query of tree-sitter over a tree within a limit of time. It does not know what is looked for.

use crate::limit;
use std::cell::Cell;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use tree_sitter::StreamingIterator;

/// Hands over each match below a node until all are found or the time is over; `None` means no limit. A query may search
/// for long without a match, so the clock is read between matches too. Returns true if all were found. Unwinds if the time
/// of the current piece of work is over.
pub(super) fn each_match(
    cursor: &mut tree_sitter::QueryCursor,
    query: &tree_sitter::Query,
    (node, text): (tree_sitter::Node<'_>, &str),
    time: Option<Duration>,
    mut take: impl FnMut(&tree_sitter::QueryMatch<'_, '_>),
) -> bool {
    let started = Instant::now();
    let is_late = Cell::new(false);
    let mut late = |_: &tree_sitter::QueryCursorState| {
        is_late.set(time.is_some_and(|time| limit::passed(started, time)));
        if is_late.get() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = tree_sitter::QueryCursorOptions::new().progress_callback(&mut late);
    let mut matches = cursor.matches_with_options(query, node, text.as_bytes(), options);
    while let Some(one) = matches.next() {
        limit::tick();
        take(one);
    }
    limit::end_if_over();
    !is_late.get()
}
