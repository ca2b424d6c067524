//! Fixes: edits into text. Writes no file.

use crate::finding::Fix;
use crate::source::{FileId, Sources};

/// The analysis text of `file` with `fixes` applied. A fix that overlaps one before it is left out whole, since
/// both were thought out for the text as it stands.
pub fn apply_fixes<'a>(sources: &Sources, file: FileId, fixes: impl IntoIterator<Item = &'a Fix>) -> String {
    let text = sources.file(file).text();
    let mut edits: Vec<(std::ops::Range<usize>, &str)> = Vec::new();
    for fix in fixes {
        let new = fix
            .edits
            .iter()
            .filter(|e| e.span.file == file)
            .map(|e| (e.span.start as usize..e.span.end as usize, e.text.as_str()));
        let new: Vec<_> = new.collect();
        let clash = |a: &std::ops::Range<usize>, b: &std::ops::Range<usize>| {
            a == b || (a.start < b.end && b.start < a.end)
        };
        if !new.iter().any(|(a, _)| edits.iter().any(|(b, _)| clash(a, b))) {
            edits.extend(new);
        }
    }
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let mut fixed = String::with_capacity(text.len());
    let mut at = 0;
    for (range, new) in edits {
        fixed.push_str(text.get(at..range.start).unwrap_or_default());
        fixed.push_str(new);
        at = range.end;
    }
    fixed.push_str(text.get(at..).unwrap_or_default());
    fixed
}
