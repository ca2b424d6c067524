//! YAML as a tree in which every node knows its bytes. The only importer of `serde_saphyr`; knows nothing of what
//! the documents mean.
//!
//! Scalars keep the text as it was written (`3.10`, `no`, `0755`): what a plain scalar means is decided by the
//! field that it stands in, as Compose does it. Anchors, aliases and merge keys are resolved; a merged value's span
//! is where it was defined.

use crate::finding::Gap;
use crate::source::{FileId, Sources, Span};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Error, Spanned};
use std::fmt;

/// A node of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its bytes. Of a scalar the text with its quotes, of a collection from its start to the end of its last node.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

/// The kinds of nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing, `~` or `null`.
    Null,
    /// Any scalar, as text.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping in the order of the file. Keys written twice are both here.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its text; empty for a null or a collection.
    pub text: String,
    /// Its bytes.
    pub span: Span,
}

impl Node {
    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The entries of a mapping.
    pub fn entries(&self) -> Option<&[(Key, Node)]> {
        match &self.kind {
            Kind::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of a key; of a key written twice the last, as most readers take it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        let entries = self.entries()?.iter().rev();
        entries
            .into_iter()
            .find(|(k, _)| k.text == key)
            .map(|e| &e.1)
    }

    /// `a mapping`, `a list` …: for messages.
    pub fn describe(&self) -> &'static str {
        match self.kind {
            Kind::Null => "nothing",
            Kind::Text(_) => "a single value",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a mapping",
        }
    }
}

/// Reads the first document of `file`; `None` for a file that holds none.
///
/// # Errors
/// A gap at the place where the text stops being YAML, or where a budget against hostile files is exhausted
/// (nesting deeper than 24, more than 100,000 nodes, aliases that expand to more than 50,000 nodes).
pub fn parse(sources: &Sources, file: FileId) -> Result<Option<Node>, Gap> {
    let text = sources.file(file).text();
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 200_000,
            max_nodes: 100_000,
            max_depth: 24,
            flow_nesting_limit: 24,
            max_aliases: 2_000,
            max_anchors: 2_000,
            max_merge_keys: 2_000,
            max_recorded_anchor_events: 200_000,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 50_000,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        strict_booleans: true,
    };
    let documents: Vec<Spanned<Raw>> = serde_saphyr::from_multiple_with_options(text, options)
        .map_err(|error| gap(sources, file, &error))?;
    let builder = Builder { text, file };
    Ok(documents.into_iter().next().map(|raw| builder.node(raw)))
}

fn gap(sources: &Sources, file: FileId, error: &Error) -> Gap {
    let error = error.without_snippet();
    let text = sources.file(file).text();
    let at = error.location().map_or(0, |location| {
        let line = sources.file(file).line_range(location.line() as u32);
        let column = location.column().saturating_sub(1) as usize;
        let inside = &text[line.clone()];
        let offset = inside
            .char_indices()
            .nth(column)
            .map_or(inside.len(), |c| c.0);
        (line.start + offset) as u32
    });
    let place = sources.file(file).line_column(at);
    let message = error.to_string();
    let message = message.lines().next().unwrap_or_default();
    Gap::at(
        sources,
        Span {
            file,
            start: at,
            end: at,
        },
        format!(
            "not readable as YAML at line {}, column {}: {message}",
            place.line, place.column
        ),
    )
}

struct Builder<'a> {
    text: &'a str,
    file: FileId,
}

impl Builder<'_> {
    fn node(&self, raw: Spanned<Raw>) -> Node {
        let bytes = raw.defined.span();
        let start = bytes.byte_offset().unwrap_or(0) as usize;
        let end = start + bytes.byte_len().unwrap_or(0) as usize;
        let mut span = self.span(start, end);
        let kind = match raw.value {
            Raw::Null => Kind::Null,
            Raw::Text(text) => Kind::Text(text),
            Raw::Verbatim => Kind::Text(
                self.text[span.start as usize..span.end as usize]
                    .trim()
                    .to_owned(),
            ),
            Raw::List(items) => {
                let items: Vec<Node> = items.into_iter().map(|item| self.node(item)).collect();
                if let Some(last) = items.last() {
                    span.end = span.end.max(last.span.end);
                }
                Kind::List(items)
            }
            Raw::Map(entries) => {
                let entries: Vec<(Key, Node)> = entries
                    .into_iter()
                    .map(|(key, value)| (self.key(key), self.node(value)))
                    .collect();
                // Values that were merged in stand elsewhere.
                if let Some((key, value)) = entries.iter().rfind(|e| e.0.span.start >= span.start) {
                    span.end = span.end.max(key.span.end).max(value.span.end);
                }
                Kind::Map(entries)
            }
        };
        Node { span, kind }
    }

    fn key(&self, raw: Spanned<Raw>) -> Key {
        let node = self.node(raw);
        let text = match node.kind {
            Kind::Text(text) => text,
            _ => String::new(),
        };
        Key {
            text,
            span: node.span,
        }
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
        Span {
            file: self.file,
            start,
            end: end.max(start),
        }
    }
}

/// A node as the deserialiser hands it over, before its text is looked up.
enum Raw {
    Null,
    Text(String),
    /// A number or a boolean: the text of its span.
    Verbatim,
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<Raw>, Spanned<Raw>)>),
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
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceFile;
    use std::time::{Duration, Instant};

    fn read(text: &str) -> (Sources, Result<Option<Node>, Gap>) {
        let mut sources = Sources::default();
        let file = SourceFile::new("compose.yaml", text.as_bytes().to_vec()).unwrap();
        let id = sources.add(file);
        let started = Instant::now();
        let parsed = parse(&sources, id);
        assert!(started.elapsed() < Duration::from_secs(5));
        (sources, parsed)
    }

    fn slice(sources: &Sources, span: Span) -> &str {
        &sources.file(span.file).text()[span.start as usize..span.end as usize]
    }

    #[test]
    fn scalars_keep_their_text_and_place() {
        let (sources, node) = read(
            "# ü\nversion: 3.10\nrestart: no\nport: 0755\nname: \"é b\"\nempty:\non: true\nlist: [1, two]\n",
        );
        let node = node.unwrap().unwrap();
        for (key, text, written) in [
            ("version", "3.10", "3.10"),
            ("restart", "no", "no"),
            ("port", "0755", "0755"),
            ("name", "é b", "\"é b\""),
            ("on", "true", "true"),
        ] {
            let value = node.get(key).unwrap();
            assert_eq!(value.text(), Some(text), "{key}");
            assert_eq!(slice(&sources, value.span), written, "{key}");
        }
        assert_eq!(node.get("empty").unwrap().kind, Kind::Null);
        let keys = node.entries().unwrap().iter();
        let keys: Vec<&str> = keys.map(|(k, _)| slice(&sources, k.span)).collect();
        assert_eq!(
            keys,
            ["version", "restart", "port", "name", "empty", "on", "list"]
        );
        assert_eq!(slice(&sources, node.get("list").unwrap().span), "[1, two");
    }

    #[test]
    fn anchors_and_merge_keys_point_to_the_definition() {
        let (sources, node) =
            read("x: &base\n  image: app\n  restart: always\ny:\n  <<: *base\n  restart: 'no'\n");
        let node = node.unwrap().unwrap();
        let y = node.get("y").unwrap();
        assert_eq!(y.get("restart").unwrap().text(), Some("no"));
        let image = y.get("image").unwrap();
        assert_eq!(image.text(), Some("app"));
        assert_eq!(slice(&sources, image.span), "app");
        assert_eq!(image.span.start, 18);
        assert!(y.entries().unwrap().iter().all(|(key, _)| key.text != "<<"));
    }

    #[test]
    fn keys_written_twice_are_both_kept() {
        let (_, node) = read("a: 1\nb: 2\na: 3\n");
        let node = node.unwrap().unwrap();
        assert_eq!(node.entries().unwrap().len(), 3);
        assert_eq!(node.get("a").unwrap().text(), Some("3"));
    }

    #[test]
    fn tags_do_not_hide_a_value() {
        let (_, node) = read("ports: !reset []\nimage: !custom x\nenv: !override\n  A: b\n");
        let node = node.unwrap().unwrap();
        assert_eq!(node.get("ports").unwrap().kind, Kind::List(Vec::new()));
        assert_eq!(node.get("image").unwrap().text(), Some("x"));
        assert_eq!(node.get("env").unwrap().get("A").unwrap().text(), Some("b"));
    }

    #[test]
    fn what_is_no_yaml_is_a_gap_with_a_place() {
        for (text, line) in [
            ("a:\n\tb: 1\n", 2),
            ("a: [1, 2\nb: 3\n", 2),
            ("a: 'open\n", 1),
            ("a: *nowhere\n", 1),
            ("a: b: c\n", 1),
        ] {
            let (sources, node) = read(text);
            let gap = node.unwrap_err();
            let at = gap.place.unwrap().start;
            assert!(
                sources.file(FileId(0)).line(at) >= line,
                "{text:?}: {}",
                gap.reason
            );
            assert!(gap.reason.contains("line "), "{}", gap.reason);
        }
        assert_eq!(read("").1, Ok(None));
        assert_eq!(read("# only a comment\n").1, Ok(None));
    }

    #[test]
    fn hostile_files_end_in_a_gap_soon() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        let mut merge = String::from("m0: &m0 {k: v}\n");
        for level in 1..30 {
            let below = level - 1;
            let list = vec![format!("*a{below}"); 10].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{list}]\n"));
            let list = vec![format!("*m{below}"); 10].join(", ");
            merge.push_str(&format!(
                "m{level}: &m{level}\n  <<: [{list}]\n  k{level}: v\n"
            ));
        }
        let flow = "[".repeat(10_000);
        let maps = "{a: ".repeat(10_000);
        let dashes = format!("{}x\n", "- ".repeat(10_000));
        let block: String = (0..2_000)
            .map(|i| format!("{}a:\n", " ".repeat(i)))
            .collect();
        let circle = "a: &a\n  b: *a\n".to_owned();
        let long = format!("services:\n{}", "  a: b\n".repeat(150_000));
        for (name, text) in [
            ("bomb", bomb),
            ("merge", merge),
            ("flow", flow),
            ("maps", maps),
            ("dashes", dashes),
            ("block", block),
            ("circle", circle),
            ("long", long),
        ] {
            let small_stack = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
            let thread = small_stack.spawn(move || read(&text).1.is_err()).unwrap();
            assert!(thread.join().unwrap(), "{name}");
        }
    }
}
