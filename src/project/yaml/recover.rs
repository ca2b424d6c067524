//! What can still be read of a file that is not YAML: entries that do not parse are blanked, and the rest is
//! read.

use crate::finding::Gap;
use crate::project::yaml::{Node, documents, gap};
use crate::source::{FileId, Sources};
use serde_saphyr::Error;
use std::ops::Range;

/// Larger files are read whole or not at all.
const MAX_BYTES: usize = 512 * 1024;
/// How deep documents may be nested.
const MAX_DEPTH: u8 = 24;
/// How often something is left out before the file is given up.
const MAX_ATTEMPTS: usize = 16;

/// All documents of a file. If it is not YAML, this is what remains without the smallest entries (by
/// indentation) that do not parse. The gap says where, and which lines are skipped.
pub(crate) fn parse_readable(sources: &Sources, file: FileId) -> (Vec<Node>, Vec<Gap>) {
    let text = sources.file(file).text();
    let error = match documents(file, text) {
        Ok(read) => return (read, Vec::new()),
        Err(error) => error,
    };
    let mut gaps = vec![gap(sources, file, &error)];
    if text.len() > MAX_BYTES || matches!(error.without_snippet(), Error::Budget { .. }) {
        return (Vec::new(), gaps);
    }
    let mut masked = text.to_owned();
    let mut error = error;
    let mut searched = false;
    for _ in 0..MAX_ATTEMPTS {
        let at = gap(sources, file, &error).place.map_or(0, |place| place.start as usize);
        let mut ranges = Vec::new();
        if is_unknown_anchor(&error) {
            users_of_alias(&masked, at, &mut ranges);
        } else if !std::mem::replace(&mut searched, true) {
            find(file, text, 0..text.len(), &mut ranges, 0);
        }
        if ranges.is_empty() {
            // Each entry parses by itself, but together they do not, for example because an alias expands too
            // much.
            ranges.push(entry_at(&masked, at));
        }
        if ranges.iter().all(|range| masked[range.clone()].trim().is_empty()) {
            break;
        }
        if let Some(last) = gaps.last_mut() {
            last.reason += &left_out(sources, file, &ranges);
        }
        for range in ranges {
            blank(&mut masked, range);
        }
        match documents(file, &masked) {
            Ok(read) => return (read, gaps),
            Err(next) => {
                gaps.push(gap(sources, file, &next));
                error = next;
            }
        }
    }
    (Vec::new(), gaps)
}

fn is_unknown_anchor(error: &Error) -> bool {
    matches!(error.without_snippet(), Error::UnknownAnchor { .. })
}

/// Words for the lines that are left out: `; skipped: lines 4-7, 12`.
fn left_out(sources: &Sources, file: FileId, ranges: &[Range<usize>]) -> String {
    let line = |at: usize| sources.file(file).line(at as u32);
    let mut lines: Vec<String> = Vec::new();
    for range in ranges.iter().take(5) {
        let written = sources.file(file).text()[range.clone()].trim_end().len();
        let (first, last) = (line(range.start), line(range.start + written.saturating_sub(1)));
        lines.push(if first == last { first.to_string() } else { format!("{first}-{last}") });
    }
    let more = if ranges.len() > 5 { " and more" } else { "" };
    format!("; skipped: line {}{more}", lines.join(", "))
}

/// The lines (with those indented below them) that use the alias at `at`, which no anchor defines.
fn users_of_alias(text: &str, at: usize, ranges: &mut Vec<Range<usize>>) {
    let ends = |c: char| c.is_whitespace() || ",]}".contains(c);
    let end = text[at..].find(ends).map_or(text.len(), |end| at + end);
    let alias = &text[at..end];
    if !alias.starts_with('*') {
        return;
    }
    let mut from = at;
    while let Some(found) = text[from..].find(alias) {
        let start = from + found;
        from = start + alias.len();
        if text[from..].chars().next().is_none_or(ends) {
            let range = entry_at(text, start);
            from = from.max(range.end);
            ranges.push(range);
        }
    }
}

/// The line at `at` and the lines below it that are indented deeper.
fn entry_at(text: &str, at: usize) -> Range<usize> {
    let start = text[..at].rfind('\n').map_or(0, |line| line + 1);
    let indent = indent_of(&text[start..]);
    let mut end = start;
    for (index, line) in text[start..].split_inclusive('\n').enumerate() {
        if index > 0 && !line.trim().is_empty() && indent_of(line) <= indent {
            break;
        }
        end += line.len();
    }
    start..end
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn is_tabbed(line: &str) -> bool {
    line.trim_start_matches(' ').starts_with('\t') && !line.trim().is_empty()
}

/// Adds the smallest entries in `range` that do not parse by themselves.
fn find(file: FileId, text: &str, range: Range<usize>, guilty: &mut Vec<Range<usize>>, depth: u8) {
    for entry in entries(text, range) {
        match documents(file, &text[entry.clone()]) {
            Ok(_) => continue,
            Err(error) if is_unknown_anchor(&error) => continue,
            Err(_) => {}
        }
        let header = text[entry.clone()].find('\n').map_or(entry.end, |line| entry.start + line + 1);
        let body = header..entry.end;
        let found = guilty.len();
        let header_parses = documents(file, &text[entry.start..header]).is_ok();
        if depth < MAX_DEPTH
            && header_parses
            && is_tabbed(text[body.clone()].lines().next().unwrap_or_default())
        {
            guilty.push(body);
        } else if depth < MAX_DEPTH && header_parses && !text[body.clone()].trim().is_empty() {
            find(file, text, body, guilty, depth + 1);
        }
        if guilty.len() == found {
            guilty.push(entry);
        }
    }
}

/// The entries of a block by the indentation of its first line.
fn entries(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let mut entries: Vec<Range<usize>> = Vec::new();
    let mut indent = None;
    let mut of_list = false;
    let mut at = range.start;
    for line in text[range.clone()].split_inclusive('\n') {
        let start = at;
        at += line.len();
        let content = line.trim();
        // A tab is not indentation, so such a line belongs to the one before.
        let says_nothing = content.is_empty() || content.starts_with('#') || is_tabbed(line);
        let own = indent_of(line);
        let is_item = content.starts_with("- ") || content == "-";
        let first = match indent {
            None if says_nothing && !is_tabbed(line) => continue,
            None => {
                indent = Some(own);
                of_list = is_item;
                true
            }
            Some(indent) => {
                !says_nothing && own <= indent && (of_list || !is_item) && !content.starts_with([']', '}'])
            }
        };
        match entries.last_mut() {
            Some(last) if !first => last.end = at,
            _ => entries.push(start..at),
        }
    }
    entries
}

/// Overwrites everything except line ends with blanks, so that places stay.
fn blank(text: &mut String, range: Range<usize>) {
    let blanks: String = text[range.clone()]
        .chars()
        .map(|c| if c == '\n' { "\n".to_owned() } else { " ".repeat(c.len_utf8()) })
        .collect();
    text.replace_range(range, &blanks);
}
