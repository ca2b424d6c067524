//! Whether a text can be inserted at a place as it is. In a heredoc, or in the string after `bash -c`, a
//! character may mean something to the outer shell before the inner one sees it. If a fix would need escapes
//! there, there is no fix.

use crate::finding::{Edit, Fix};
use crate::model::Deployment;
use crate::source::{FileId, OffsetMap, Sources};
use crate::syntax::mask::mask;
use std::ops::Range;

/// The places inside a script, and in the files that it sources, where text is not simply text.
#[derive(Debug, Default)]
pub(super) struct Regions {
    regions: Vec<Region>,
}

#[derive(Debug)]
struct Region {
    file: FileId,
    range: Range<u32>,
    /// How the text inside maps to the file, and its length; absent if only the quoting is known.
    inner: Option<(OffsetMap, u32)>,
    quoting: Quoting,
}

/// What the shell around a region does to its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quoting {
    /// `'…'`: everything is text except the quote itself.
    Single,
    /// `"…"`.
    Double,
    /// A heredoc whose delimiter is quoted, or a whole file.
    None,
    /// A heredoc that is expanded.
    Heredoc,
    /// Bare words without quotes inside: `ssh host mkdir /opt/x`.
    Words,
    /// Anything else.
    Mixed,
}

impl Regions {
    /// The regions of scripts.
    pub(super) fn of(sources: &Sources, models: &[Deployment<'_>]) -> Self {
        let mut regions = Vec::new();
        for text in models.iter().flat_map(|m| &m.texts) {
            let length = text.text.len() as u32;
            let range = text.map.range(0..length);
            let outer = sources.file(text.file).text();
            let whole = range.start == 0 && range.len() == outer.len();
            // If a text parsed badly, its pieces are texts of their own, in the same file or region.
            let verbatim = outer.get(range.start as usize..range.end as usize) == Some(text.text);
            let heredocs = mask(text.text).heredocs;
            for heredoc in heredocs {
                let quoting = if heredoc.quoted { Quoting::None } else { Quoting::Heredoc };
                let range = text.map.range(heredoc.body.start as u32..heredoc.body.end as u32);
                regions.push(Region { file: text.file, range, inner: None, quoting });
            }
            if whole || (verbatim && starts_line(outer, range.start)) {
                continue;
            }
            let quoting = quoting(outer, &range, verbatim);
            regions.push(Region { file: text.file, range, inner: Some((text.map.clone(), length)), quoting });
        }
        Regions { regions }
    }

    /// True if each edit of a fix means there what its text says.
    pub(super) fn take(&self, fix: &Fix) -> bool {
        fix.edits.iter().all(|edit| {
            let inside = |r: &&Region| {
                r.file == edit.span.file && r.range.start <= edit.span.start && edit.span.end <= r.range.end
            };
            // Data in a heredoc (a unit) is changed as it is written in the file. Code in a heredoc is
            // changed as its shell sees it.
            let code = self.regions.iter().filter(inside).any(|region| region.inner.is_some());
            self.regions.iter().filter(inside).all(|region| region.takes(edit, code))
        })
    }
}

/// True if a heredoc's body, or a piece of a file, begins a line.
fn starts_line(outer: &str, start: u32) -> bool {
    start == 0 || outer.as_bytes().get(start as usize - 1) == Some(&b'\n')
}

fn quoting(outer: &str, range: &Range<u32>, verbatim: bool) -> Quoting {
    let (start, end) = (range.start as usize, range.end as usize);
    let inside = outer.get(start..end).unwrap_or_default();
    if starts_line(outer, range.start) {
        // The heredoc itself is another region.
        return Quoting::None;
    }
    let before = start.checked_sub(1).and_then(|i| outer.as_bytes().get(i)).copied();
    let after = outer.as_bytes().get(end).copied();
    let bare = outer.get(..start.saturating_sub(1)).is_some_and(|o| o.ends_with([' ', '\t', '\n', '(']));
    match (before, after) {
        (Some(b'\''), Some(b'\'')) if bare && !inside.replace("'\\''", "").contains('\'') => Quoting::Single,
        (Some(b'"'), Some(b'"')) if bare && !inside.replace("\\\"", "").contains('"') => Quoting::Double,
        (Some(b' ' | b'\t'), _) if verbatim && !inside.contains(['\'', '"', '\\', '`', '$']) => {
            Quoting::Words
        }
        _ => Quoting::Mixed,
    }
}

impl Region {
    fn takes(&self, edit: &Edit, code: bool) -> bool {
        let there = self
            .inner
            .as_ref()
            .is_none_or(|(map, length)| map.holds_verbatim(edit.span.start..edit.span.end, *length));
        let plain = |c: char| c.is_alphanumeric() || " -_./:,=+@%".contains(c);
        there
            && match self.quoting {
                Quoting::None => true,
                Quoting::Single => !edit.text.contains('\''),
                Quoting::Double => !edit.text.contains(['"', '$', '`', '\\', '!']),
                Quoting::Heredoc if code => !edit.text.contains(['$', '`', '\\']),
                Quoting::Heredoc => !edit.text.replace("\\$", "").contains(['$', '`', '\\']),
                Quoting::Words => edit.text.chars().all(plain),
                Quoting::Mixed => false,
            }
    }
}
