//! Fixes: which of them go together, the text that they give, and where each place went. It writes no file.

use crate::finding::{Edit, Fix};
use crate::source::{FileId, SourceFile};
use std::collections::BTreeMap;

/// The analysis text of `file` with `fixes` applied. A fix that overlaps an earlier one is left out as a
/// whole, because both were made for the text as it is.
#[cfg(test)]
pub(super) fn apply_fixes<'a>(
    sources: &crate::source::Sources,
    file: FileId,
    fixes: impl IntoIterator<Item = &'a Fix>,
) -> String {
    let mut picked = Picked::default();
    for fix in fixes {
        picked.take(fix);
    }
    picked
        .edits
        .get(&file)
        .map_or_else(|| sources.file(file).text().to_owned(), |edits| edits.text(sources.file(file)))
}

/// The bytes on disk of a file with one edit; every byte outside the edit stays. `None` if they would not
/// read as intended.
pub(crate) fn replaced(file: &SourceFile, edit: Edit) -> Option<Vec<u8>> {
    Edits(vec![edit]).bytes(file)
}

/// Fixes that can be applied together.
#[derive(Clone, Debug, Default)]
pub(super) struct Picked {
    /// The edits of each file.
    pub(super) edits: BTreeMap<FileId, Edits>,
}

impl Picked {
    /// Takes a fix, unless one of its edits overlaps or touches one that is already taken, or another of its
    /// own. The same fix for a second finding is taken once and counts as taken for both.
    pub(super) fn take(&mut self, fix: &Fix) -> bool {
        let taken = |edit: &Edit| self.edits.get(&edit.span.file).is_some_and(|e| e.0.contains(edit));
        if !fix.edits.is_empty() && fix.edits.iter().all(taken) {
            return true;
        }
        let touch = |a: &Edit, b: &Edit| {
            a.span.file == b.span.file && a.span.start <= b.span.end && b.span.start <= a.span.end
        };
        let clash = |edit: &Edit| {
            self.edits
                .get(&edit.span.file)
                .is_some_and(|taken| taken.0.iter().any(|other| touch(edit, other)))
        };
        let own = fix.edits.iter().enumerate().any(|(i, a)| fix.edits[..i].iter().any(|b| touch(a, b)));
        if fix.edits.is_empty() || own || fix.edits.iter().any(clash) {
            return false;
        }
        for edit in &fix.edits {
            let edits = self.edits.entry(edit.span.file).or_default();
            let at = edits.0.partition_point(|e| e.span.start < edit.span.start);
            edits.0.insert(at, edit.clone());
        }
        true
    }
}

/// Edits of one file, in order, no two of which overlap.
#[derive(Clone, Debug, Default)]
pub(super) struct Edits(Vec<Edit>);

impl Edits {
    /// The analysis text with the edits.
    fn text(&self, file: &SourceFile) -> String {
        let text = file.text();
        let mut fixed = String::with_capacity(text.len());
        let mut at = 0;
        for edit in &self.0 {
            fixed.push_str(text.get(at..edit.span.start as usize).unwrap_or_default());
            fixed.push_str(&edit.text);
            at = edit.span.end as usize;
        }
        fixed.push_str(text.get(at..).unwrap_or_default());
        fixed
    }

    /// The bytes on disk with the edits. Every byte outside them stays, including the byte order mark and
    /// line ends. `None` if they would not read like the analysis text with the edits.
    pub(super) fn bytes(&self, file: &SourceFile) -> Option<Vec<u8>> {
        let original = file.original_bytes();
        let mut fixed = Vec::with_capacity(original.len() + 64);
        let mut at = 0;
        for edit in &self.0 {
            // A byte that is not UTF-8 reads as Latin-1, but an inserted character cannot be both.
            if file.first_invalid().is_some() && !edit.text.is_ascii() {
                return None;
            }
            fixed.extend_from_slice(original.get(at..file.edit_offset(edit.span.start) as usize)?);
            fixed.extend_from_slice(file.edit_text(edit.span.start, &edit.text).as_bytes());
            at = file.edit_offset(edit.span.end) as usize;
        }
        fixed.extend_from_slice(original.get(at..)?);
        let read = SourceFile::new(file.path(), fixed.clone()).ok()?;
        (read.text() == self.text(file)).then_some(fixed)
    }

    /// Where a byte of the new text was in the old one; with `end`, as the end of a range. Inserted text was
    /// where it was inserted.
    pub(super) fn back(&self, offset: u32, end: bool) -> u32 {
        let offset = i64::from(offset);
        let mut moved = 0;
        for edit in &self.0 {
            let (start, old, new) =
                (i64::from(edit.span.start), i64::from(edit.span.end), edit.text.len() as i64);
            let begins = start + moved;
            if offset < begins || (end && offset == begins) {
                break;
            }
            if offset < begins + new || (end && offset == begins + new) {
                return if end { edit.span.end } else { edit.span.start };
            }
            moved += new - (old - start);
        }
        (offset - moved).max(0) as u32
    }

    /// Where a byte of the old text is in the new one.
    pub(super) fn forth(&self, offset: u32) -> u32 {
        let mut moved = 0;
        for edit in &self.0 {
            if offset < edit.span.start {
                break;
            }
            if offset < edit.span.end {
                return (i64::from(edit.span.start) + moved).max(0) as u32;
            }
            moved += edit.text.len() as i64 - i64::from(edit.span.end - edit.span.start);
        }
        (i64::from(offset) + moved).max(0) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Applicability;
    use crate::source::Span;

    fn fix(edits: &[(u32, u32, &str)]) -> Fix {
        let edit = |(start, end, text): &(u32, u32, &str)| Edit {
            span: Span { file: FileId(0), start: *start, end: *end },
            text: (*text).to_owned(),
        };
        Fix {
            title: String::new(),
            applicability: Applicability::Safe,
            edits: edits.iter().map(edit).collect(),
        }
    }

    fn bytes(original: &[u8], edits: &[(u32, u32, &str)]) -> Option<Vec<u8>> {
        let file = SourceFile::new("a.sh", original.to_vec()).unwrap();
        let mut picked = Picked::default();
        assert!(picked.take(&fix(edits)));
        picked.edits[&FileId(0)].bytes(&file)
    }

    #[test]
    fn the_bytes_around_an_edit_stay() {
        assert_eq!(bytes(b"mkdir a", &[(5, 5, " -p")]).unwrap(), b"mkdir -p a");
        assert_eq!(
            bytes(b"\xef\xbb\xbfmkdir a\r\nb\r\n", &[(0, 0, "x\n"), (7, 7, "!")]).unwrap(),
            b"\xef\xbb\xbfx\r\nmkdir a!\r\nb\r\n"
        );
        assert_eq!(bytes(b"a\r\nb\r\nc", &[(2, 4, "")]).unwrap(), b"a\r\nc");
        assert_eq!(bytes(b"# \xe9\nmkdir a\n", &[(10, 10, " -p")]).unwrap(), b"# \xe9\nmkdir -p a\n");
        assert_eq!(bytes(b"# \xe9\nmkdir a\n", &[(10, 10, " \u{e9}")]), None);
        // Inserted lines end like their neighbours.
        assert_eq!(bytes(b"a\nb\r\nc", &[(0, 0, "x\n")]).unwrap(), b"x\na\nb\r\nc");
        assert_eq!(bytes(b"a\nb\r\nc", &[(4, 4, "x\n")]).unwrap(), b"a\nb\r\nx\r\nc");
    }

    #[test]
    fn what_touches_waits() {
        let mut picked = Picked::default();
        assert!(picked.take(&fix(&[(4, 8, "x")])));
        for (start, end) in [(5, 6), (0, 5), (7, 9), (4, 4), (8, 8), (8, 10), (0, 4), (4, 8)] {
            assert!(!picked.take(&fix(&[(start, end, "y")])), "{start}..{end}");
            assert!(!picked.take(&fix(&[(20, 21, "z"), (start, end, "y")])), "{start}..{end}");
        }
        assert!(picked.take(&fix(&[(4, 8, "x")])), "the same once more");
        assert!(picked.take(&fix(&[(9, 9, "y")])));
        assert!(!picked.take(&fix(&[(30, 32, "y"), (31, 33, "z")])), "overlaps itself");
        assert_eq!(picked.edits[&FileId(0)].0.len(), 2);
    }

    #[test]
    fn places_go_there_and_back() {
        let mut picked = Picked::default();
        // 0123456789 -> 01abc23689
        assert!(picked.take(&fix(&[(2, 2, "abc"), (4, 6, ""), (7, 8, "8")])));
        let edits = &picked.edits[&FileId(0)];
        let forth: Vec<u32> = [0, 2, 3, 4, 5, 6, 7, 8, 9].iter().map(|at| edits.forth(*at)).collect();
        assert_eq!(forth, [0, 5, 6, 7, 7, 7, 8, 9, 10]);
        let back: Vec<u32> = [0, 1, 2, 4, 5, 7, 8, 9].iter().map(|at| edits.back(*at, false)).collect();
        assert_eq!(back, [0, 1, 2, 2, 2, 6, 7, 8]);
        let ends: Vec<u32> = [2, 4, 5, 6, 9].iter().map(|at| edits.back(*at, true)).collect();
        assert_eq!(ends, [2, 2, 2, 3, 8]);
    }
}
