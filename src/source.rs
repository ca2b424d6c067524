//! Text and places. It owns the text of every file that was read, and knows nothing of shell.
//!
//! All higher floors describe places as [`Span`]s: byte offsets into the *analysis text* of a file. That text
//! is UTF-8 with `\n` line ends and no byte order mark. [`SourceFile::original_offset`] leads back to the
//! bytes on disk; only the output floor asks for it.

mod map;

pub(crate) use map::{MappedText, OffsetMap};

use crate::limit::tick;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::OnceLock;

/// Index of a file in [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A range of bytes in the analysis text of one file. `start <= end`, both on character boundaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The empty span at the start of `file`, for a finding about a whole file.
    pub fn file_start(file: FileId) -> Self {
        Span { file, start: 0, end: 0 }
    }

    /// True if `other` is inside `self`.
    pub fn covers(self, other: Span) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }

    /// The smallest span that covers both, or `self` if they are in different files.
    pub fn to(self, other: Span) -> Span {
        if self.file != other.file {
            return self;
        }
        Span { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// A 1-based place for people. Columns count Unicode scalar values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineColumn {
    /// 1-based line.
    pub line: u32,
    /// 1-based column, in Unicode scalar values.
    pub column: u32,
}

/// The distance in bytes between two entries of `chars_before`.
const BLOCK: usize = 4096;

/// A file's text, read once.
#[derive(Clone, Debug)]
pub struct SourceFile {
    path: String,
    text: String,
    line_starts: Vec<u32>,
    /// How many characters start before each block of [`BLOCK`] bytes, once somebody asks; empty for ASCII. Thanks
    /// to it, a column far into a line of many megabytes costs no more than one block.
    chars_before: OnceLock<Vec<u32>>,
    /// Where the analysis text is shorter or longer than the bytes on disk: `(offset in text, original offset)`.
    shifts: Vec<(u32, u32)>,
    original: Vec<u8>,
    first_invalid: Option<u32>,
    carriage_returns: bool,
}

/// Why a file's bytes are not text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotText {
    /// Offset of the first NUL byte.
    pub nul_at: u32,
}

impl SourceFile {
    /// Decodes `bytes`. A byte order mark is dropped, `\r\n` becomes `\n`, and a byte that is not UTF-8 is
    /// read as Latin-1. `path` is how output names the file: relative to the root, with `/`.
    ///
    /// # Errors
    /// [`NotText`] if the bytes hold a NUL, which no shell script or configuration does.
    pub fn new(path: impl Into<String>, bytes: Vec<u8>) -> Result<Self, NotText> {
        if bytes.contains(&0)
            && let Some(at) = bytes.iter().position(|b| *b == 0)
        {
            return Err(NotText { nul_at: at as u32 });
        }
        let mut shifts = Vec::new();
        let mut first_invalid = None;
        let mut carriage_returns = false;
        let mut text = String::with_capacity(bytes.len());
        let mut at = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        if at > 0 {
            shifts.push((0, at as u32));
        }
        let plain = |chunk: &[u8]| !chunk.contains(&b'\r');
        while at < bytes.len() {
            let rest = &bytes[at..];
            let (valid, bad) = match std::str::from_utf8(rest) {
                Ok(all) => (all, 0),
                Err(e) => {
                    let valid = std::str::from_utf8(&rest[..e.valid_up_to()]).unwrap_or_default();
                    (valid, 1)
                }
            };
            if plain(valid.as_bytes()) {
                text.push_str(valid);
            } else {
                let mut piece_start = 0;
                for (i, _) in valid.match_indices("\r\n") {
                    carriage_returns = true;
                    text.push_str(&valid[piece_start..i]);
                    piece_start = i + 1;
                    shifts.push((text.len() as u32, (at + i + 1) as u32));
                }
                text.push_str(&valid[piece_start..]);
            }
            at += valid.len();
            if bad > 0 {
                first_invalid.get_or_insert(text.len() as u32);
                text.push(char::from(bytes[at]));
                at += 1;
                shifts.push((text.len() as u32, at as u32));
            }
        }
        let ends = text.match_indices('\n').map(|(end, _)| end as u32 + 1);
        let line_starts = std::iter::once(0).chain(ends).collect();
        let original = if shifts.is_empty() { Vec::new() } else { bytes };
        Ok(SourceFile {
            path: path.into(),
            text,
            line_starts,
            chars_before: OnceLock::new(),
            shifts,
            original,
            first_invalid,
            carriage_returns,
        })
    }

    /// The name in output: relative to the root, with `/`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// How many bytes of memory it takes. A file of empty lines takes more than its own size.
    pub fn size(&self) -> usize {
        self.text.len() + self.line_starts.len() * 4 + self.shifts.len() * 8 + self.original.len()
    }

    /// The analysis text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Offset in the analysis text of the first byte that was not UTF-8.
    pub fn first_invalid(&self) -> Option<u32> {
        self.first_invalid
    }

    /// True when lines end with `\r\n` on disk.
    pub fn has_carriage_returns(&self) -> bool {
        self.carriage_returns
    }

    /// The bytes on disk.
    pub fn original_bytes(&self) -> &[u8] {
        if self.shifts.is_empty() { self.text.as_bytes() } else { &self.original }
    }

    /// The offset on disk of a byte of the analysis text.
    pub fn original_offset(&self, offset: u32) -> u32 {
        match self.shifts.partition_point(|(at, _)| *at <= offset).checked_sub(1) {
            Some(i) => self.shifts[i].1 + (offset - self.shifts[i].0),
            None => offset,
        }
    }

    /// The offset on disk for an edit at a byte of the analysis text. If that byte is a line end, the offset
    /// is before the `\r`, so that the line end stays whole.
    pub fn edit_offset(&self, offset: u32) -> u32 {
        let disk = self.original_offset(offset);
        let before = disk.checked_sub(1).map(|i| i as usize);
        let ends_line = self.text.as_bytes().get(offset as usize) == Some(&b'\n');
        let returns = before.and_then(|i| self.original_bytes().get(i)) == Some(&b'\r');
        if ends_line && returns { disk - 1 } else { disk }
    }

    /// A text to insert at a byte of the analysis text, with the line ends that the line there has on disk. A
    /// last line without a line end follows the line before it.
    pub fn edit_text(&self, offset: u32, text: &str) -> String {
        if !self.carriage_returns || !text.contains('\n') {
            return text.to_owned();
        }
        let from = (offset as usize).min(self.text.len());
        let rest = self.text.as_bytes()[from..].iter().position(|b| *b == b'\n').map(|i| from + i);
        let end = rest.or_else(|| self.text.rfind('\n')).unwrap_or_default() as u32;
        let returns = self.edit_offset(end) != self.original_offset(end);
        if returns { text.replace('\n', "\r\n") } else { text.to_owned() }
    }

    /// The line and column of a byte. An offset past the end counts as the end.
    pub fn line_column(&self, offset: u32) -> LineColumn {
        let offset = (offset as usize).min(self.text.len()) as u32;
        let line = self.line_starts.partition_point(|s| *s <= offset).max(1) - 1;
        let start = self.line_starts[line];
        let column = if (offset - start) as usize <= BLOCK {
            char_starts(&self.text.as_bytes()[start as usize..offset as usize])
        } else {
            self.chars_to(offset) - self.chars_to(start)
        };
        LineColumn { line: line as u32 + 1, column: column + 1 }
    }

    fn chars_before(&self) -> &[u32] {
        self.chars_before.get_or_init(|| {
            if self.text.is_ascii() {
                return Vec::new();
            }
            let blocks = self.text.as_bytes().chunks(BLOCK).scan(0, |before, block| {
                let here = *before;
                *before += char_starts(block);
                Some(here)
            });
            blocks.collect()
        })
    }

    /// How many characters start before a byte.
    fn chars_to(&self, offset: u32) -> u32 {
        let block = offset as usize / BLOCK;
        let chars_before = self.chars_before();
        if chars_before.is_empty() {
            return offset;
        }
        match chars_before.get(block) {
            Some(before) => before + char_starts(&self.text.as_bytes()[block * BLOCK..offset as usize]),
            // The end of a text may fill its last block.
            None => {
                let last = chars_before.len() - 1;
                chars_before[last] + char_starts(&self.text.as_bytes()[last * BLOCK..])
            }
        }
    }

    /// 1-based line of a byte.
    pub fn line(&self, offset: u32) -> u32 {
        self.line_starts.partition_point(|s| *s <= offset).max(1) as u32
    }

    /// The bytes of a 1-based line without its line end; empty past the last line.
    pub fn line_range(&self, line: u32) -> Range<usize> {
        let index = line.saturating_sub(1) as usize;
        let Some(start) = self.line_starts.get(index) else {
            return self.text.len()..self.text.len();
        };
        let end = self.line_starts.get(index + 1).map_or(self.text.len(), |e| *e as usize - 1);
        *start as usize..end.max(*start as usize)
    }

    /// How many lines the file has; an empty file has one.
    pub fn line_count(&self) -> u32 {
        self.line_starts.len() as u32
    }

    /// Where each line starts, as offsets of the analysis text.
    pub fn line_starts(&self) -> &[u32] {
        &self.line_starts
    }
}

/// UTF-8: a byte that continues a character is `10xxxxxx`.
fn char_starts(bytes: &[u8]) -> u32 {
    bytes.iter().filter(|b| **b & 0xc0 != 0x80).count() as u32
}

/// All files that were read.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
    by_path: HashMap<String, FileId>,
    size: usize,
}

impl Sources {
    /// The first line of a place and its line number, for a sentence: `` `npm ci` (line 12) ``.
    pub(crate) fn quoted(&self, span: Span) -> String {
        let text = self.text(span);
        let first = text.lines().next().unwrap_or_default().trim_end();
        let more = if first.len() < text.trim_end().len() { " …" } else { "" };
        format!("`{first}{more}` (line {})", self.line(span))
    }

    /// Adds a file.
    pub fn add(&mut self, file: SourceFile) -> FileId {
        let id = FileId(self.files.len() as u32);
        self.size += file.size();
        self.by_path.entry(file.path().to_owned()).or_insert(id);
        self.files.push(file);
        id
    }

    /// The file of an id that [`Sources::add`] gave.
    pub fn file(&self, id: FileId) -> &SourceFile {
        tick();
        &self.files[id.0 as usize]
    }

    /// The id of a file by its name in output.
    pub fn find(&self, path: &str) -> Option<FileId> {
        self.by_path.get(path).copied()
    }

    /// How many bytes of memory all of them take.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The text of a span; empty if it is outside its file.
    pub fn text(&self, span: Span) -> &str {
        self.file(span.file).text().get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// 1-based line of the start of a span.
    pub fn line(&self, span: Span) -> u32 {
        self.file(span.file).line(span.start)
    }

    /// The 1-based lines that a span touches, first and last.
    pub fn lines(&self, span: Span) -> (u32, u32) {
        let file = self.file(span.file);
        (file.line(span.start), file.line(span.end.saturating_sub(1).max(span.start)))
    }

    /// All files with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files.iter().enumerate().map(|(i, f)| (FileId(i as u32), f))
    }
}

#[cfg(test)]
mod tests;
