//! YAML as a tree in which every node knows its bytes. It is the only importer of `serde_saphyr`, and does
//! not know what the documents mean.
//!
//! Scalars keep the text as written (`3.10`, `no`, `0755`): the field decides what a plain scalar means, as
//! in Compose. Anchors, aliases and merge keys are resolved; the span of a merged value is where it was
//! defined.

use crate::finding::Gap;
use crate::limit::tick;
use crate::source::{FileId, Sources, Span};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Error, Spanned, Tagged};
use std::fmt;

mod recover;

pub(crate) use recover::parse_readable;

/// A node of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// Its bytes. A scalar includes its quotes; a collection extends from its start to the end of its last
    /// node.
    pub(crate) span: Span,
    /// What it is.
    pub(crate) kind: Kind,
    /// Its tag if it is the application's own (`!reset`), including the `!`.
    pub(crate) tag: Option<Box<str>>,
}

/// The kinds of nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing, `~` or `null`.
    Null,
    /// Any scalar, as text.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping in the order of the file. If a key is written twice, both are here.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// Its text; empty for a null or a collection.
    pub(crate) text: String,
    /// Its bytes.
    pub(crate) span: Span,
}

impl Node {
    /// The text of a scalar.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The entries of a mapping.
    pub(crate) fn entries(&self) -> Option<&[(Key, Node)]> {
        match &self.kind {
            Kind::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of a key. If a key is written twice, it is the last one, as for most readers.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        let entries = self.entries()?.iter().rev();
        entries.into_iter().find(|(k, _)| k.text == key).map(|e| &e.1)
    }

    /// `a mapping`, `a list` …: for messages.
    pub(crate) fn describe(&self) -> &'static str {
        match self.kind {
            Kind::Null => "nothing",
            Kind::Text(_) => "a single value",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a mapping",
        }
    }
}

/// Reads the first document of `file`; `None` if the file has none.
///
/// # Errors
/// A gap where the text stops being YAML, or where a limit against hostile files is reached (nesting deeper
/// than 24, more than 100,000 nodes, aliases that expand to as many).
pub(crate) fn parse(sources: &Sources, file: FileId) -> Result<Option<Node>, Gap> {
    parse_text(sources, file, sources.file(file).text())
}

/// Reads JSON; comments and trailing commas are tolerated. JSON is YAML except for tabs and comments, and is
/// checked by its own grammar first.
///
/// # Errors
/// As [`parse`].
pub(crate) fn parse_json(sources: &Sources, file: FileId) -> Result<Option<Node>, Gap> {
    let plain = without_comments(sources.file(file).text());
    if plain.trim().is_empty() {
        return Ok(None);
    }
    if let Err(error) = serde_json::from_str::<de::IgnoredAny>(&plain) {
        let line = sources.file(file).line_range(error.line() as u32);
        let at = (line.start + error.column().saturating_sub(1)).min(line.end);
        let at = (0..=at).rev().find(|at| plain.is_char_boundary(*at)).unwrap_or(0);
        let span = Span { file, start: at as u32, end: at as u32 };
        return Err(Gap::at(sources, span, format!("not readable as JSON: {error}")));
    }
    parse_text(sources, file, &plain)
}

/// The text with comments, trailing commas and tabs outside strings replaced by as many blanks.
fn without_comments(text: &str) -> String {
    let mut out = text.as_bytes().to_vec();
    let mut at = 0;
    let mut comma: Option<usize> = None;
    while at < out.len() {
        match out[at] {
            b'"' => {
                comma = None;
                at += 1;
                while at < out.len() && out[at] != b'"' {
                    at += if out[at] == b'\\' { 2 } else { 1 };
                }
                at += 1;
            }
            b'/' if matches!(out.get(at + 1), Some(b'/' | b'*')) => {
                let ending: &[u8] = if out[at + 1] == b'/' { b"\n" } else { b"*/" };
                let rest = &out[at + 2..];
                let length = rest.windows(ending.len()).position(|w| w == ending);
                let block = if ending.len() == 2 { 2 } else { 0 };
                let end = length.map_or(out.len(), |length| at + 2 + length + block);
                for byte in &mut out[at..end] {
                    if *byte != b'\n' {
                        *byte = b' ';
                    }
                }
                at = end;
            }
            byte => {
                match byte {
                    b',' => comma = Some(at),
                    b'}' | b']' => {
                        if let Some(trailing) = comma.take() {
                            out[trailing] = b' ';
                        }
                    }
                    b'\t' => out[at] = b' ',
                    _ if !byte.is_ascii_whitespace() => comma = None,
                    _ => {}
                }
                at += 1;
            }
        }
    }
    // Only whole characters were replaced, by blanks.
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

fn parse_text(sources: &Sources, file: FileId, text: &str) -> Result<Option<Node>, Gap> {
    let documents = documents(file, text).map_err(|error| gap(sources, file, &error))?;
    Ok(documents.into_iter().next())
}

/// All documents of the text, which stands for `file` (or a part of it, with blanks for the rest).
fn documents(file: FileId, text: &str) -> Result<Vec<Node>, Box<Error>> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 250_000,
            max_nodes: 100_000,
            max_depth: 24,
            flow_nesting_limit: 24,
            max_aliases: 20_000,
            max_anchors: 10_000,
            max_merge_keys: 20_000,
            // Sharing one anchor among all services is what anchors are for. Their expansion is counted
            // below.
            enforce_alias_anchor_ratio: false,
            max_recorded_anchor_events: 200_000,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 60_000,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        strict_booleans: true,
    };
    let documents: Vec<Value> = serde_saphyr::from_multiple_with_options(text, options).map_err(Box::new)?;
    let builder = Builder { text, file };
    Ok(documents.into_iter().map(|raw| builder.value(raw)).collect())
}

fn gap(sources: &Sources, file: FileId, error: &Error) -> Gap {
    let error = error.without_snippet();
    let text = sources.file(file).text();
    let at = error.location().map_or(0, |location| {
        let line = sources.file(file).line_range(location.line() as u32);
        let column = location.column().saturating_sub(1) as usize;
        let inside = &text[line.clone()];
        let offset = inside.char_indices().nth(column).map_or(inside.len(), |c| c.0);
        (line.start + offset) as u32
    });
    let place = sources.file(file).line_column(at);
    let message = error.to_string();
    let message = message.lines().next().unwrap_or_default();
    Gap::at(
        sources,
        Span { file, start: at, end: at },
        format!("not readable as YAML at line {}, column {}: {message}", place.line, place.column),
    )
}

struct Builder<'a> {
    text: &'a str,
    file: FileId,
}

impl Builder<'_> {
    fn value(&self, raw: Value) -> Node {
        let Tagged(inner, tag) = raw;
        let mut node = self.node(inner);
        node.tag = tag.filter(|tag| tag.starts_with('!')).map(String::into_boxed_str);
        node
    }

    fn node(&self, raw: Spanned<Raw>) -> Node {
        tick();
        let bytes = raw.defined.span();
        let start = bytes.byte_offset().unwrap_or(0) as usize;
        let end = start + bytes.byte_len().unwrap_or(0) as usize;
        let mut span = self.span(start, end);
        let kind = match raw.value {
            Raw::Null => Kind::Null,
            Raw::Text(text) => Kind::Text(text),
            Raw::Verbatim => Kind::Text(self.text[span.start as usize..span.end as usize].trim().to_owned()),
            Raw::List(items) => {
                let items: Vec<Node> = items.into_iter().map(|item| self.value(item)).collect();
                if let Some(last) = items.last() {
                    span.end = span.end.max(last.span.end);
                }
                Kind::List(items)
            }
            Raw::Map(entries) => {
                let entries: Vec<(Key, Node)> =
                    entries.into_iter().map(|(key, value)| (self.key(key), self.value(value))).collect();
                // Values that were merged in are at other places.
                if let Some((key, value)) = entries.iter().rfind(|e| e.0.span.start >= span.start) {
                    span.end = span.end.max(key.span.end).max(value.span.end);
                }
                Kind::Map(entries)
            }
        };
        Node { span, kind, tag: None }
    }

    fn key(&self, raw: Spanned<Raw>) -> Key {
        let node = self.node(raw);
        let text = match node.kind {
            Kind::Text(text) => text,
            _ => String::new(),
        };
        Key { text, span: node.span }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let clamp = |offset: usize| {
            let mut offset = offset.min(self.text.len());
            while !self.text.is_char_boundary(offset) {
                offset -= 1;
            }
            offset as u32
        };
        let (start, end) = (clamp(start), clamp(end));
        Span { file: self.file, start, end: end.max(start) }
    }
}

/// A value with its place and its tag.
type Value = Tagged<Spanned<Raw>>;

/// A node as the deserialiser returns it, before its text is looked up.
enum Raw {
    Null,
    Text(String),
    /// A number or a boolean: the text of its span.
    Verbatim,
    List(Vec<Value>),
    Map(Vec<(Spanned<Raw>, Value)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML node")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Raw, E> {
        Ok(Raw::Verbatim)
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Raw, E> {
        Ok(Raw::Verbatim)
    }

    fn visit_i128<E: de::Error>(self, _: i128) -> Result<Raw, E> {
        Ok(Raw::Verbatim)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Raw, E> {
        Ok(Raw::Verbatim)
    }

    fn visit_u128<E: de::Error>(self, _: u128) -> Result<Raw, E> {
        Ok(Raw::Verbatim)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Raw, E> {
        Ok(Raw::Verbatim)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_owned()))
    }

    fn visit_bytes<E: de::Error>(self, _: &[u8]) -> Result<Raw, E> {
        Ok(Raw::Verbatim)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            tick();
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            tick();
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}

#[cfg(test)]
mod tests;
