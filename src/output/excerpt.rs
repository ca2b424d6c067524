//! The few lines of the files that one finding shows, cleaned and cut, in the form in which codespan reads
//! files. They are built for each finding; no other line of a file is looked at.

use super::clean;
use crate::facts::environment::hidden_in;
use crate::source::{FileId, LineColumn, SourceFile, Sources, Span};
use codespan_reporting::diagnostic::LabelStyle;
use codespan_reporting::files::{Error, Files, Location};
use std::collections::BTreeMap;
use std::ops::Range;

/// The longest line that is shown as a whole, in characters.
const LINE: usize = 200;
/// In a longer line: characters before the place, and from its start on.
const BEFORE: usize = 40;
const AFTER: usize = 110;
/// A place with more lines than this is shown by its first line.
const LINES: u32 = 12;

/// A place to show.
pub(super) struct Labelled<'a> {
    pub(super) span: Span,
    pub(super) message: &'a str,
    pub(super) style: LabelStyle,
}

/// The lines of all files that a finding shows.
pub(super) struct Excerpts {
    files: Vec<Excerpt>,
}

struct Excerpt {
    name: String,
    text: String,
    /// Maps the 0-based line of the file to its range in `text`, including the line end.
    lines: BTreeMap<usize, Range<usize>>,
    /// Where places of `text` are in the file.
    starts: Vec<(usize, LineColumn)>,
}

impl Excerpts {
    /// The excerpts for the places, and each place as a file and range of them.
    pub(super) fn around(sources: &Sources, places: &[Labelled<'_>]) -> (Self, Vec<(usize, Range<usize>)>) {
        let mut ids: Vec<FileId> = Vec::new();
        for place in places {
            if !ids.contains(&place.span.file) {
                ids.push(place.span.file);
            }
        }
        let mut excerpts = Excerpts { files: Vec::new() };
        let mut shown = vec![(0, 0..0); places.len()];
        for (index, id) in ids.iter().enumerate() {
            let file = sources.file(*id);
            let mine = places.iter().enumerate();
            let mine = mine.filter(|(_, place)| place.span.file == *id);
            let mine: Vec<_> = mine.map(|(i, place)| (i, cut(file, place.span))).collect();
            let spans: Vec<_> = mine.iter().map(|(_, span)| span.clone()).collect();
            let (mut excerpt, lines) = excerpt(file, &spans);
            for (i, span) in mine {
                let map = |offset: usize| {
                    let line = file.line(offset as u32) - 1;
                    lines.get(&line).map_or(0, |line| line.shown(file, offset))
                };
                let start = map(span.start);
                let end = if span.is_empty() { start } else { map(span.end).max(start) };
                excerpt.starts.push((start, file.line_column(span.start as u32)));
                shown[i] = (index, start..end);
            }
            excerpts.files.push(excerpt);
        }
        (excerpts, shown)
    }
}

/// The span within its file, without line ends at its end. Only its first line, if it has very many.
fn cut(file: &SourceFile, span: Span) -> Range<usize> {
    let text = file.text();
    let boundary = |at: usize| (0..=at.min(text.len())).rev().find(|i| text.is_char_boundary(*i));
    let start = boundary(span.start as usize).unwrap_or(0);
    let end = boundary(span.end as usize).unwrap_or(0).max(start);
    let end = start + text[start..end].trim_end_matches('\n').len();
    let (first, last) = (file.line(start as u32), file.line(end as u32));
    if last - first >= LINES {
        return start..file.line_range(first).end.max(start);
    }
    start..end
}

/// Which part of a line is shown, and where it is in the excerpt.
struct Shown {
    /// The range in the file.
    kept: Range<usize>,
    /// Where the first kept character is in the excerpt.
    at: usize,
}

impl Shown {
    /// The offset in the excerpt for an offset in the file. If it was cut away, it is at the nearest end.
    fn shown(&self, file: &SourceFile, offset: usize) -> usize {
        let offset = offset.clamp(self.kept.start, self.kept.end);
        let before = file.text().get(self.kept.start..offset).unwrap_or_default();
        self.at + before.chars().map(clean_len).sum::<usize>()
    }
}

fn cleaned(c: char) -> char {
    match c {
        '\t' => c,
        _ => clean::shown_instead(c).unwrap_or(c),
    }
}

fn clean_len(c: char) -> usize {
    cleaned(c).len_utf8()
}

fn excerpt(file: &SourceFile, spans: &[Range<usize>]) -> (Excerpt, BTreeMap<u32, Shown>) {
    // Which lines are shown, and around which offset a long one is cut: that of the first place, which is the
    // primary one.
    let mut wanted: BTreeMap<u32, usize> = BTreeMap::new();
    for span in spans {
        let (first, last) = (file.line(span.start as u32), file.line(span.end as u32));
        wanted.entry(first - 1).or_insert(span.start);
        for line in first..last {
            wanted.entry(line).or_insert(file.line_range(line + 1).start);
        }
    }
    // codespan also shows a single line between two others.
    let lines: Vec<u32> = wanted.keys().copied().collect();
    for pair in lines.windows(2) {
        if pair[1] - pair[0] == 2 {
            let between = pair[0] + 1;
            wanted.insert(between, file.line_range(between + 1).start);
        }
    }
    let mut excerpt = Excerpt {
        name: clean::line(file.path(), 300).into_owned(),
        text: String::new(),
        lines: BTreeMap::new(),
        starts: Vec::new(),
    };
    let mut shown = BTreeMap::new();
    for (line, focus) in wanted {
        let whole = file.line_range(line + 1);
        let kept = window(file.text(), whole.clone(), focus);
        let begin = excerpt.text.len();
        if kept.start > whole.start {
            excerpt.text.push('…');
        }
        let at = excerpt.text.len();
        let hidden = hidden(file.text(), &whole, &kept);
        let is_hidden = |at: usize| hidden.iter().any(|h| h.contains(&at));
        // A secret is not printed. It keeps its length, so that places stay where they are.
        let shown_as = |(at, c)| {
            if is_hidden(kept.start + at) { "*".repeat(clean_len(c)) } else { cleaned(c).to_string() }
        };
        excerpt.text.extend(file.text()[kept.clone()].char_indices().map(shown_as));
        if kept.end < whole.end {
            excerpt.text.push('…');
        }
        excerpt.text.push('\n');
        excerpt.lines.insert(line as usize, begin..excerpt.text.len());
        shown.insert(line, Shown { kept, at });
    }
    (excerpt, shown)
}

/// How far around the shown part a secret and its name are searched.
const AROUND: usize = 4096;

/// The parts of a line that are not shown, as ranges of the file.
fn hidden(text: &str, line: &Range<usize>, kept: &Range<usize>) -> Vec<Range<usize>> {
    let boundary = |at: usize| (0..=at).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
    let start = boundary(kept.start.saturating_sub(AROUND)).max(line.start);
    let end = boundary((kept.end + AROUND).min(line.end)).max(start);
    hidden_in(&text[start..end]).into_iter().map(|h| start + h.start..start + h.end).collect()
}

/// The part of a line that is shown: all of it, or the text around `focus`.
fn window(text: &str, line: Range<usize>, focus: usize) -> Range<usize> {
    let all = &text[line.clone()];
    if all.len() <= LINE || all.chars().nth(LINE).is_none() {
        return line;
    }
    let focus = focus.clamp(line.start, line.end);
    let before = text[line.start..focus].char_indices().rev();
    let start = before.take(BEFORE).last().map_or(focus, |(i, _)| line.start + i);
    let after = text[focus..line.end].char_indices();
    let end = after.skip(AFTER).map(|(i, _)| focus + i).next().unwrap_or(line.end);
    start..end
}

impl<'a> Files<'a> for Excerpts {
    type FileId = usize;
    type Name = &'a str;
    type Source = &'a str;

    fn name(&'a self, id: usize) -> Result<&'a str, Error> {
        Ok(&self.file(id)?.name)
    }

    fn source(&'a self, id: usize) -> Result<&'a str, Error> {
        Ok(&self.file(id)?.text)
    }

    fn line_index(&'a self, id: usize, byte: usize) -> Result<usize, Error> {
        let lines = &self.file(id)?.lines;
        let line = lines.iter().find(|(_, range)| byte < range.end);
        let line = line.or_else(|| lines.iter().next_back());
        line.map(|(line, _)| *line).ok_or(Error::FileMissing)
    }

    fn line_range(&'a self, id: usize, line: usize) -> Result<Range<usize>, Error> {
        let lines = &self.file(id)?.lines;
        let max = lines.keys().next_back().copied().unwrap_or(0);
        let missing = Error::LineTooLarge { given: line, max };
        lines.get(&line).cloned().ok_or(missing)
    }

    fn location(&'a self, id: usize, byte: usize) -> Result<Location, Error> {
        let starts = &self.file(id)?.starts;
        let start = starts.iter().find(|(at, _)| *at == byte);
        let (_, place) = start.ok_or(Error::InvalidCharBoundary { given: byte })?;
        Ok(Location { line_number: place.line as usize, column_number: place.column as usize })
    }
}

impl Excerpts {
    fn file(&self, id: usize) -> Result<&Excerpt, Error> {
        self.files.get(id).ok_or(Error::FileMissing)
    }
}
