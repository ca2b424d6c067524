//! Derived texts and the way back to the file that they came from.

use super::{FileId, Span};
use std::ops::Range;

/// Where a text that is not itself on disk (a heredoc with its escapes undone, a string handed to `bash -c`, a unit
/// with its variables expanded) came from. Pieces are in order; each says where its first byte came from.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct OffsetMap {
    pieces: Vec<Piece>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    /// First byte in the derived text.
    from: u32,
    /// The origin of that byte.
    to: u32,
    /// `Some(end)`: the whole piece came from `to..end` and has no inner positions (an expanded variable).
    collapsed: Option<u32>,
}

impl OffsetMap {
    /// The map of a text that stands verbatim at `to`.
    pub(crate) fn shifted(to: u32) -> Self {
        OffsetMap { pieces: vec![Piece { from: 0, to, collapsed: None }] }
    }

    /// The map of a text of which every byte stands for the whole of `origin`.
    pub(crate) fn fixed(origin: Range<u32>) -> Self {
        OffsetMap { pieces: vec![Piece { from: 0, to: origin.start, collapsed: Some(origin.end) }] }
    }

    /// From byte `from` on, the derived text is a verbatim copy of the origin at `to`.
    pub(crate) fn push_verbatim(&mut self, from: u32, to: u32) {
        if let Some(last) = self.pieces.last_mut() {
            if last.collapsed.is_none() && from >= last.from && to == last.to + (from - last.from) {
                return;
            }
            if last.from == from {
                *last = Piece { from, to, collapsed: None };
                return;
            }
        }
        self.pieces.push(Piece { from, to, collapsed: None });
    }

    /// From byte `from` on, the derived text stands for the whole of `origin`.
    pub(crate) fn push_collapsed(&mut self, from: u32, origin: Range<u32>) {
        if self.pieces.last().is_some_and(|last| last.from == from) {
            self.pieces.pop();
        }
        self.pieces.push(Piece { from, to: origin.start, collapsed: Some(origin.end) });
    }

    /// The origin of a range of the derived text.
    pub(crate) fn range(&self, derived: Range<u32>) -> Range<u32> {
        let start = self.piece_at(derived.start);
        let begin = match start.collapsed {
            Some(_) => start.to,
            None => start.to + (derived.start - start.from),
        };
        if derived.end <= derived.start {
            return begin..begin;
        }
        // The end belongs to the piece of the last byte inside, not of the byte after.
        let last = self.piece_at(derived.end - 1);
        let end = match last.collapsed {
            Some(end) => end,
            None => last.to + (derived.end - last.from),
        };
        begin..end.max(begin)
    }

    /// True where a range of the origin was copied byte for byte, in one piece, into a derived text of that length.
    pub(crate) fn holds_verbatim(&self, origin: Range<u32>, derived_len: u32) -> bool {
        self.pieces.iter().enumerate().any(|(i, piece)| {
            let next = self.pieces.get(i + 1).map_or(derived_len, |n| n.from);
            let end = piece.to + next.saturating_sub(piece.from);
            piece.collapsed.is_none() && piece.to <= origin.start && origin.end <= end
        })
    }

    /// This map, whose origins are positions in a text that `outer` maps, as a map to the origins of `outer`.
    pub(crate) fn through(&self, outer: &OffsetMap, derived_len: u32) -> OffsetMap {
        if let [Piece { from: 0, to, collapsed: None }] = outer.pieces[..] {
            let pieces = self.pieces.iter().map(|p| Piece {
                from: p.from,
                to: p.to + to,
                collapsed: p.collapsed.map(|end| end + to),
            });
            return OffsetMap { pieces: pieces.collect() };
        }
        let mut map = OffsetMap::default();
        for (i, piece) in self.pieces.iter().enumerate() {
            let next = self.pieces.get(i + 1).map_or(derived_len, |n| n.from);
            if let Some(end) = piece.collapsed {
                map.push_collapsed(piece.from, outer.range(piece.to..end));
                continue;
            }
            // A verbatim piece may run over several pieces of the outer map.
            let (first, last) = (piece.to, piece.to + (next.max(piece.from) - piece.from));
            let from = |position: u32| piece.from + (position - first);
            let mut inside = outer.pieces.partition_point(|p| p.from <= first).saturating_sub(1);
            let mut position = first;
            while inside < outer.pieces.len() && (position < last || position == first) {
                let outer_piece = outer.pieces[inside];
                match outer_piece.collapsed {
                    Some(end) => map.push_collapsed(from(position), outer_piece.to..end),
                    None => map.push_verbatim(
                        from(position),
                        outer_piece.to + position.saturating_sub(outer_piece.from),
                    ),
                }
                inside += 1;
                match outer.pieces.get(inside) {
                    Some(next) if next.from < last => position = next.from,
                    _ => break,
                }
            }
        }
        map
    }

    fn piece_at(&self, position: u32) -> Piece {
        let index = self.pieces.partition_point(|p| p.from <= position);
        match index.checked_sub(1).and_then(|i| self.pieces.get(i)) {
            Some(piece) => *piece,
            None => Piece { from: 0, to: 0, collapsed: None },
        }
    }
}

/// A derived text with the way back to the file it came from.
#[derive(Clone, Debug)]
pub(crate) struct MappedText {
    /// The derived text.
    pub(crate) text: String,
    /// The file that it came from.
    pub(crate) file: FileId,
    /// Where in that file.
    pub(crate) map: OffsetMap,
}

impl MappedText {
    /// The place in the file of a range of the derived text.
    pub(crate) fn span(&self, range: Range<usize>) -> Span {
        let origin = self.map.range(range.start as u32..range.end as u32);
        Span { file: self.file, start: origin.start, end: origin.end }
    }
}
