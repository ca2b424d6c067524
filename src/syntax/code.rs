//! Runs queries over code in languages other than shell. It does not know what a query looks for.

use super::parses;
use super::search::each_match;
use crate::limit;
use std::ops::{ControlFlow, Range};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The time for one text. A text that a person wrote takes a hundredth of it.
const TIME: Duration = Duration::from_secs(2);

/// The most half-found matches at a time. In a list of a hundred thousand items each item begins one, and
/// each step visits all of them.
const MATCH_LIMIT: u32 = 10_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Language {
    Python,
    /// JavaScript, with JSX.
    JavaScript,
    /// TypeScript.
    TypeScript,
    /// TypeScript with JSX.
    Tsx,
}

impl Language {
    fn grammar(self) -> tree_sitter::Language {
        match self {
            Language::Python => tree_sitter_python::LANGUAGE.into(),
            Language::JavaScript => tree_sitter_javascript::LANGUAGE.into(),
            Language::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
            Language::Tsx => tree_sitter_typescript::LANGUAGE_TSX.into(),
        }
    }
}

/// A query that is compiled when it is first used.
#[derive(Debug)]
pub(crate) struct CodeQuery {
    language: Language,
    source: &'static str,
    compiled: OnceLock<Result<tree_sitter::Query, String>>,
}

/// One match: its captures in the order of the text, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Match {
    /// Name and place of each capture.
    pub(crate) captures: Vec<(String, Range<usize>)>,
}

impl Match {
    /// The first capture of a name.
    pub(crate) fn get(&self, name: &str) -> Option<Range<usize>> {
        self.captures.iter().find(|(n, _)| n == name).map(|(_, range)| range.clone())
    }
}

impl CodeQuery {
    /// A query in tree-sitter's syntax, for one language.
    pub(crate) const fn new(language: Language, source: &'static str) -> Self {
        CodeQuery { language, source, compiled: OnceLock::new() }
    }

    /// Every match in a text, in the order of the text.
    ///
    /// # Errors
    /// An error says what is wrong with the query, or that the text took too long. A text with syntax errors
    /// is read as far as possible.
    pub(crate) fn matches(&self, text: &str) -> Result<Vec<Match>, String> {
        self.matches_in(text, &[])
    }

    /// Like `matches`, but only in some parts of the text, as if the rest were blank. Without parts, the
    /// whole text is searched. The parts are in order and do not overlap.
    ///
    /// # Errors
    /// As above.
    pub(crate) fn matches_in(&self, text: &str, parts: &[Range<usize>]) -> Result<Vec<Match>, String> {
        let query = self
            .compiled
            .get_or_init(|| {
                tree_sitter::Query::new(&self.language.grammar(), self.source).map_err(|e| e.to_string())
            })
            .as_ref()
            .map_err(Clone::clone)?;
        let tree = parse(self.language, text, parts).ok_or("it takes too long to parse")?;
        let mut cursor = tree_sitter::QueryCursor::new();
        cursor.set_match_limit(MATCH_LIMIT);
        let names = query.capture_names();
        let mut found = Vec::new();
        let all = each_match(&mut cursor, query, (tree.root_node(), text), Some(time()), |one| {
            let captures = one.captures().iter().map(|c| {
                let name = names.get(c.index as usize).copied().unwrap_or_default();
                (name.to_owned(), c.node.byte_range())
            });
            found.push(Match { captures: captures.collect() });
        });
        match all {
            true => Ok(found),
            false => Err("it takes too long to search".to_owned()),
        }
    }
}

pub(super) fn parse(language: Language, text: &str, parts: &[Range<usize>]) -> Option<tree_sitter::Tree> {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&language.grammar()).ok()?;
    let (mut row, mut line, mut at) = (0, 0, 0);
    let mut point = |offset: usize| {
        for (i, _) in text.get(at..offset).unwrap_or_default().match_indices('\n') {
            (row, line) = (row + 1, at + i + 1);
        }
        at = offset;
        tree_sitter::Point { row, column: offset - line }
    };
    let ranges: Vec<tree_sitter::Range> = parts
        .iter()
        .map(|part| tree_sitter::Range {
            start_byte: part.start,
            end_byte: part.end,
            start_point: point(part.start),
            end_point: point(part.end),
        })
        .collect();
    parser.set_included_ranges(&ranges).ok()?;
    parses::count();
    let (started, time) = (Instant::now(), time());
    let mut late = |_: &tree_sitter::ParseState| {
        if limit::passed(started, time) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = tree_sitter::ParseOptions::new().progress_callback(&mut late);
    let bytes = text.as_bytes();
    let tree = parser.parse_with_options(
        &mut |at: usize, _| bytes.get(at..).unwrap_or_default(),
        None,
        Some(options),
    );
    limit::end_if_over();
    tree
}

/// The time that one text may still take.
fn time() -> Duration {
    limit::left().map_or(TIME, |left| left.min(TIME))
}
