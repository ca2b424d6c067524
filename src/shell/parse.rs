//! From a text to statements. Parsing never fails: what cannot be read becomes a gap.
//!
//! tree-sitter-bash loses or invents commands around heredocs (`grammar-tests/gaps`). So heredocs are masked
//! before the parse and put back here, and words are read from the source text. A text that still has errors
//! is cut into pieces, and only the pieces that do not parse by themselves are gaps.

use crate::limit;
use crate::shell::ast::Block;
use crate::shell::count::Count;
use crate::shell::lower::Lowering;
use crate::source::{FileId, OffsetMap, Span};
use crate::syntax::mask::{Masked, mask};
use crate::syntax::tree::{Cursor, Effort, Kind, Node, Tree, parse, parse_short, parse_within};
use bumpalo::Bump;
use std::cell::OnceCell;
use std::ops::Range;

/// Regions that are nested deeper than this are a gap.
const REGION_DEPTH: u32 = 8;
/// A statement of a text that does not parse may extend over this many lines that begin with nothing open.
const TOPS: usize = 3;
/// The most regions and pieces of one script.
const TEXTS: usize = 4_000;
/// The most nodes that are searched for faults.
const FAULTS: u32 = 20_000;

const NO_PARSE: &str = "it does not parse";

/// A text that was parsed: the script itself, a piece of it, or a region.
#[derive(Debug)]
pub(crate) struct ParsedText<'a> {
    /// The text, including heredocs.
    pub(crate) text: &'a str,
    /// Its tree, in which heredocs are masked and words are plain. It shows where commands are.
    pub(crate) tree: Tree,
    /// The tree with the words as written, once someone asks for it.
    written: OnceCell<Option<Tree>>,
    /// Where the text is in the file.
    pub(crate) map: OffsetMap,
    pub(crate) file: FileId,
}

impl ParsedText<'_> {
    /// The tree with the commands' words as written, and heredocs masked.
    pub(crate) fn written(&self) -> Option<&Tree> {
        self.written.get_or_init(|| parse(&mask(self.text).text)).as_ref()
    }
}

/// Everything that was parsed for one script.
#[derive(Debug)]
pub(crate) struct Shell<'a> {
    /// Where statements and the texts of regions live.
    pub(crate) arena: &'a Bump,
    /// The parsed texts; [`crate::shell::ast::Origin::tree`] indexes them.
    pub(crate) texts: Vec<ParsedText<'a>>,
    /// What could not be read.
    pub(crate) gaps: Vec<(Span, String)>,
    /// All comments, including `#`.
    pub(crate) comments: Vec<Span>,
    /// Its commands.
    pub(crate) count: Count,
    depth: u32,
    effort: Effort,
    /// True if words are made plain before the parse. It is false only in a test that compares the two.
    pub(super) plain: bool,
}

impl<'a> Shell<'a> {
    /// A state in which nothing is parsed yet.
    pub(crate) fn new(arena: &'a Bump) -> Self {
        Shell {
            arena,
            texts: Vec::new(),
            gaps: Vec::new(),
            comments: Vec::new(),
            count: Count::default(),
            depth: 0,
            effort: Effort::default(),
            plain: true,
        }
    }

    /// Parses a text whose bytes came from `file` by `map`.
    pub(crate) fn parse(&mut self, text: &'a str, file: FileId, map: OffsetMap) -> Block<'a> {
        let whole = |map: &OffsetMap| {
            let range = map.range(0..text.len() as u32);
            Span { file, start: range.start, end: range.end }
        };
        if self.depth >= REGION_DEPTH || self.texts.len() >= TEXTS {
            limit::note_cut_short();
            self.gaps.push((whole(&map), "shell code nested too deep to follow".to_owned()));
            return &[];
        }
        limit::end_if_over();
        self.depth += 1;
        let masked = mask(text);
        self.effort.spend(text.len());
        // A text that does not parse is read as it is written.
        let plain = self.plain.then(|| parse_short(masked.short(), &mut self.effort)).flatten();
        let plain = plain.filter(|tree| !tree.root().has_error());
        let is_plain = plain.is_some();
        let block = match plain.or_else(|| parse_within(&masked.text, &mut self.effort)) {
            Some(tree) if is_plain => {
                // The lowering sees only those that are in the tree.
                let left_out = masked.comments_left_out();
                let places = left_out.map(|range| map.range(range.start as u32..range.end as u32));
                self.comments.extend(places.map(|at| Span { file, start: at.start, end: at.end }));
                self.lower(text, tree, &masked, &masked.joined, file, map.clone())
            }
            Some(tree) if self.badly_broken(&tree, &masked) => self.pieces(text, &tree, &masked, file, &map),
            Some(tree) => self.lower(text, tree, &masked, &[], file, map.clone()),
            None => {
                limit::note_cut_short();
                self.gaps.push((whole(&map), "the parser took too long on it".to_owned()));
                &[]
            }
        };
        self.depth -= 1;
        self.count.add(&masked, block, file, &map);
        block
    }

    /// Lowers a tree, whatever it contains.
    #[expect(clippy::too_many_arguments)]
    fn lower(
        &mut self,
        text: &'a str,
        tree: Tree,
        masked: &Masked<'_>,
        joined: &[Range<usize>],
        file: FileId,
        map: OffsetMap,
    ) -> Block<'a> {
        let index = self.texts.len() as u32;
        let written = OnceCell::new();
        self.texts.push(ParsedText { text, tree: tree.clone(), written, map: map.clone(), file });
        for heredoc in masked.heredocs.iter().filter(|h| !h.closed) {
            let range = map.range(heredoc.operator.start as u32..heredoc.operator.end as u32);
            let span = Span { file, start: range.start, end: range.end };
            self.gaps
                .push((span, format!("the heredoc has no end, because no line is `{}`", heredoc.delimiter)));
        }
        let before = self.gaps.len();
        let block = Lowering::new(self, text, (masked, joined), map.clone(), file, index).program(&tree);
        self.unread(&tree, before, file, &map);
        block
    }

    /// Adds a gap for each fault of the tree that the lowering did not reach, so that unread parts are
    /// reported.
    fn unread(&mut self, tree: &Tree, before: usize, file: FileId, map: &OffsetMap) {
        let root = tree.root();
        if !root.has_error() {
            return;
        }
        let mut faults = Vec::new();
        let mut budget = FAULTS;
        let mut seen = false;
        walk_faults(&mut tree.cursor(), 0, &mut budget, &mut |node| {
            seen = true;
            let reason = match node.is_missing() {
                true => format!("{NO_PARSE}: `{}` is missing", node.name()),
                false => NO_PARSE.to_owned(),
            };
            faults.push((node.start()..node.end(), reason));
        });
        if root.kind() == Kind::Error || !seen {
            faults.push((root.start()..root.end(), NO_PARSE.to_owned()));
        }
        // Faults that touch a gap are already reported. The furthest end of all gaps so far shows whether one
        // does.
        let mut told: Vec<(u32, u32)> = self.gaps[before..]
            .iter()
            .filter(|(span, _)| span.file == file)
            .map(|(s, _)| (s.start, s.end))
            .collect();
        told.sort_unstable();
        let mut furthest = 0;
        for (_, end) in &mut told {
            furthest = furthest.max(*end);
            *end = furthest;
        }
        for (range, reason) in faults {
            let range = map.range(range);
            let upto = told.partition_point(|(start, _)| *start <= range.end);
            if upto == 0 || told[upto - 1].1 < range.start {
                self.gaps.push((Span { file, start: range.start, end: range.end }, reason));
            }
        }
    }

    /// True if errors extend over lines, so that the statements around them cannot be trusted.
    fn badly_broken(&self, tree: &Tree, masked: &Masked<'_>) -> bool {
        if !tree.root().has_error() {
            return false;
        }
        let text = masked.text.as_ref();
        let mut bad = tree.root().kind() == Kind::Error;
        let mut budget = FAULTS;
        walk_faults(&mut tree.cursor(), 0, &mut budget, &mut |node| {
            let place = node.start() as usize..node.end() as usize;
            bad |= text.get(place).is_none_or(|t| t.trim().contains('\n'));
        });
        bad || budget == 0
    }

    /// Keeps the statements of the top level that parsed, and parses the rest again in pieces.
    fn pieces(
        &mut self,
        text: &'a str,
        tree: &Tree,
        masked: &Masked<'_>,
        file: FileId,
        map: &OffsetMap,
    ) -> Block<'a> {
        let mut statements = Vec::new();
        for piece in top_level_pieces(text, tree, masked, &mut self.effort) {
            let part = &text[piece.clone()];
            let part_map = OffsetMap::shifted(piece.start as u32).through(map, part.len() as u32);
            let part_masked = mask(part);
            self.effort.spend(part.len());
            let plain = parse_within(&part_masked.plain, &mut self.effort);
            let plain = plain.filter(|tree| !tree.root().has_error());
            let joined: &[Range<usize>] = if plain.is_some() { &part_masked.joined } else { &[] };
            match plain.or_else(|| parse_within(&part_masked.text, &mut self.effort)) {
                Some(tree) if self.texts.len() < TEXTS => {
                    let lowered = self.lower(part, tree, &part_masked, joined, file, part_map);
                    statements.extend_from_slice(lowered);
                }
                _ => {
                    let range = part_map.range(0..part.len() as u32);
                    let span = Span { file, start: range.start, end: range.end };
                    self.gaps.push((span, NO_PARSE.to_owned()));
                }
            }
        }
        self.arena.alloc_slice_copy(&statements)
    }
}

/// Finds errors and missing tokens. It skips whole subtrees and visits only the nodes on the way to a fault.
/// The budget is 0 afterwards if there was more to search.
fn walk_faults(cursor: &mut Cursor<'_>, depth: u32, budget: &mut u32, found: &mut impl FnMut(Node<'_>)) {
    if depth > 200 {
        found(cursor.node());
        *budget = 0;
        return;
    }
    cursor.each_child(|cursor| {
        if *budget == 0 {
            return;
        }
        *budget -= 1;
        let node = cursor.node();
        if node.kind() == Kind::Error || node.is_missing() {
            found(node);
        } else if node.has_error() {
            walk_faults(cursor, depth + 1, budget, found);
        }
    });
}

/// Cuts a text that did not parse into long runs of good statements, and between them the shortest runs of
/// paragraphs (then of lines) that parse by themselves.
fn top_level_pieces(text: &str, tree: &Tree, masked: &Masked<'_>, effort: &mut Effort) -> Vec<Range<usize>> {
    // Trying must not use up what reading the pieces needs.
    let trying = &mut effort.half();
    let mut parses = |range: Range<usize>| {
        let part = &text[range];
        trying.spend(part.len())
            && parse_within(&mask(part).plain, trying).is_some_and(|t| !t.root().has_error())
    };
    let mut good: Vec<Range<usize>> = Vec::new();
    if tree.root().kind() == Kind::Program {
        let mut cursor = tree.cursor();
        cursor.each_child(|cursor| {
            let node = cursor.node();
            if node.is_named() && !node.has_error() && !node.is_missing() {
                good.push(node.start() as usize..node.end() as usize);
            }
        });
    }
    // A boundary is the start of a line outside heredoc bodies and outside good statements.
    let inside = |ranges: &[Range<usize>], at: usize| {
        let index = ranges.partition_point(|r| r.start < at);
        index > 0 && at < ranges[index - 1].end
    };
    let bodies: Vec<_> =
        masked.heredocs.iter().map(|h| h.body.start..h.delimiter_line.end.max(h.body.end)).collect();
    let mut bounds = vec![0];
    for (at, _) in text.match_indices('\n') {
        let start = at + 1;
        if !inside(&good, start) && !inside(&bodies, start) && !bodies.iter().any(|b| b.start == start) {
            bounds.push(start);
        }
    }
    if bounds.last() != Some(&text.len()) {
        bounds.push(text.len());
    }
    let mut pieces = Vec::new();
    let mut index = 0;
    // Each try parses some lines. The whole may not cost more than a fixed number of tries.
    let mut tries = 400u32;
    while index + 1 < bounds.len() {
        let start = bounds[index];
        if text[start..bounds[index + 1]].trim().is_empty() {
            index += 1;
            continue;
        }
        // If reserved words show where the text can be cut, a whole construct is one try, however long it is.
        let next = masked.tops.partition_point(|top| *top <= start);
        let tops = masked.tops[next..].iter().copied().chain([text.len()]).take(TOPS);
        let mut ends = tops.map(|top| bounds.partition_point(|bound| *bound < top));
        let mut parsed = ends.find(|end| *end > index && *end < bounds.len() && parses(start..bounds[*end]));
        let mut end = index + 1;
        while parsed.is_none() && end < bounds.len() && end - index <= 60 && tries > 0 {
            tries -= 1;
            if parses(start..bounds[end]) {
                parsed = Some(end);
                break;
            }
            end += 1;
        }
        let stop = parsed.unwrap_or(index + 1);
        pieces.push(start..bounds[stop]);
        index = stop;
    }
    // Neighbours that parsed one by one also parse together, which costs one tree instead of many.
    let mut joined: Vec<Range<usize>> = Vec::new();
    for piece in pieces {
        match joined.last_mut() {
            Some(last)
                if last.end <= piece.start && piece.end - last.start < 4_000 && tries > 0 && {
                    tries -= 1;
                    parses(last.start..piece.end)
                } =>
            {
                last.end = piece.end;
            }
            _ => joined.push(piece),
        }
    }
    joined
}
