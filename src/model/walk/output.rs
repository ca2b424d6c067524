//! What commands print, as far as it is known.

use crate::shell::value::Value;
use crate::source::{FileId, MappedText, OffsetMap, Span};

/// What a command prints, as far as it is known.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub(crate) value: Value,
    pub(crate) content: MappedText,
}

/// Several outputs as one.
pub(crate) fn join_outputs(mut parts: Vec<Output>, file: FileId) -> Output {
    if parts.len() == 1
        && let Some(only) = parts.pop()
    {
        return only;
    }
    let mut value = Value::default();
    let mut text = String::new();
    let mut map = OffsetMap::default();
    for part in &parts {
        value.push(&part.value);
        let range = part.content.map.range(0..part.content.text.len() as u32);
        map.push_collapsed(text.len() as u32, range);
        text.push_str(&part.content.text);
        // The words of an `echo` do not hold the line's end that it prints.
        if part.value.known_suffix().ends_with('\n') && !part.content.text.ends_with('\n') {
            text.push('\n');
        }
    }
    let file = parts.first().map_or(file, |p| p.content.file);
    Output { value, content: MappedText { text, file, map } }
}

/// A span as a text of its own: what an `echo` prints is located at the `echo`.
pub(crate) fn fixed_text(text: String, span: Span) -> MappedText {
    MappedText { text, file: span.file, map: OffsetMap::fixed(span.start..span.end) }
}
