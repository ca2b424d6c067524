//! Places: each must be in its file and on whole characters, and JSON must give the same places.

use crate::check::Report;
use crate::finding::Gap;
use crate::source::{FileId, SourceFile, Sources, Span};
use serde_json::Value;
use std::fmt::Debug;

/// How many places of one report are checked.
const LOOKED_AT: usize = 60;

/// Checks that a place is in its file and cuts no character.
pub(super) fn holds(sources: &Sources, span: Span) {
    assert!((span.file.0 as usize) < sources.iter().count(), "a place in no file: {span:?}");
    let file = sources.file(span.file);
    let text = file.text();
    let (start, end) = (span.start as usize, span.end as usize);
    assert!(start <= end && end <= text.len(), "{span:?} in {} bytes of {}", text.len(), file.path());
    let whole = text.is_char_boundary(start) && text.is_char_boundary(end);
    assert!(whole, "{span:?} of {} cuts a character", file.path());
}

/// Checks that gaps name what was not read, and never a fault of the program.
pub(super) fn gaps_hold(sources: &Sources, gaps: &[Gap]) {
    for gap in gaps {
        assert!(!gap.reason.contains("bug in deploylint"), "{gap:?}");
        assert!(!gap.reason.is_empty());
        if let Some(span) = gap.place {
            holds(sources, span);
            assert_eq!(sources.file(span.file).path(), gap.file, "a gap's place is in another file");
        }
    }
}

/// All places in a value, at any depth: those that its `Debug` form shows outside of texts.
pub(super) fn spans_of(of: &impl Debug) -> Vec<Span> {
    let text = format!("{of:?}");
    let mut spans = Vec::new();
    let mut at = 0;
    let bytes = text.as_bytes();
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = past_text(bytes, at),
            b'\'' => at = past_character(&text, at),
            b'S' => match span(&text[at..]) {
                Some((span, length)) => {
                    spans.push(span);
                    at += length;
                }
                None => at += 1,
            },
            _ => at += 1,
        }
    }
    spans
}

fn past_text(bytes: &[u8], open: usize) -> usize {
    let mut at = open + 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

fn past_character(text: &str, open: usize) -> usize {
    match text[open + 1..].chars().next() {
        Some('\\') => text[open + 3..].find('\'').map_or(open + 1, |i| open + 3 + i + 1),
        Some(c) => open + 1 + c.len_utf8() + 1,
        None => open + 1,
    }
}

/// Reads `Span { file: FileId(0), start: 1, end: 2 }` at the start of a text, and returns its length too.
fn span(text: &str) -> Option<(Span, usize)> {
    let number = |text: &str| -> Option<(u32, usize)> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        Some((text[..digits].parse().ok()?, digits))
    };
    let mut at = 0;
    let mut numbers = [0; 3];
    for (number_at, before) in numbers.iter_mut().zip(["Span { file: FileId(", "), start: ", ", end: "]) {
        at += text.get(at..)?.strip_prefix(before).map(|_| before.len())?;
        let (value, digits) = number(&text[at..])?;
        *number_at = value;
        at += digits;
    }
    let [file, start, end] = numbers;
    Some((Span { file: FileId(file), start, end }, at))
}

/// Checks that the JSON of a report says the same as the report, with the places of the bytes on disk.
pub(super) fn json_holds(report: &Report, json: &str) {
    let (line, rest) = json.split_at(json.len() - 1);
    assert!(rest == "\n" && !line.contains('\n'), "JSON is not one line");
    let json: Value = serde_json::from_str(line).unwrap();
    let list = |key: &str| json[key].as_array().unwrap();
    assert_eq!(list("findings").len(), report.findings.len());
    assert_eq!(list("not_analysed").len(), report.gaps.len());
    for (json, finding) in list("findings").iter().zip(&report.findings) {
        assert_eq!(
            (json["rule"].as_str(), json["message"].as_str()),
            (Some(&*finding.rule), Some(&*finding.message))
        );
    }
    let mut ranges = Vec::new();
    collect(&json, &mut ranges);
    for (file, range) in ranges.into_iter().take(LOOKED_AT) {
        let id = report.sources.find(file).unwrap();
        let [start, end] = ["start", "end"].map(|end| place_holds(report.sources.file(id), &range[end]));
        assert!(start <= end, "{range}");
    }
}

/// Each `range` with the `file` beside it.
fn collect<'j>(json: &'j Value, into: &mut Vec<(&'j str, &'j Value)>) {
    match json {
        Value::Array(all) => all.iter().for_each(|one| collect(one, into)),
        Value::Object(all) => {
            if let (Some(Value::String(file)), Some(range)) = (all.get("file"), all.get("range")) {
                into.push((file, range));
            }
            all.values().for_each(|one| collect(one, into));
        }
        _ => {}
    }
}

/// Checks that line and column belong to the offset on disk, counted again from the bytes before it.
fn place_holds(file: &SourceFile, place: &Value) -> u64 {
    let number = |key: &str| place[key].as_u64().unwrap();
    let offset = number("offset") as usize;
    let bytes = file.original_bytes();
    assert!(offset <= bytes.len(), "{place} in {} bytes", bytes.len());
    let before = SourceFile::new("-", bytes[..offset].to_vec()).unwrap();
    let line = before.text().matches('\n').count() as u64 + 1;
    let column = before.text().rsplit('\n').next().unwrap_or_default().chars().count() as u64 + 1;
    assert_eq!((number("line"), number("column")), (line, column), "of byte {offset} of {}", file.path());
    offset as u64
}
