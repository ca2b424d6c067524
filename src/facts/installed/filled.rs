//! A unit of the repo with its marks filled in, as `sed` or `envsubst` does it. Unknown parts are `$NAME`, as
//! in a heredoc.

use crate::model::Step;
use crate::source::{FileId, MappedText, OffsetMap, Sources};
use crate::tools::plain::puts_in_variables;
use crate::tools::sed::substitutions;

/// The text of a file as a step passes it on.
pub(crate) fn filled(sources: &Sources, file: FileId, step: &Step) -> MappedText {
    let text = sources.file(file).text();
    let known = substitutions(&step.argv);
    let mut out = MappedText { text: String::with_capacity(text.len()), file, map: OffsetMap::default() };
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let replaced = known
            .iter()
            .filter(|(mark, _)| rest.starts_with(mark.as_str()))
            .max_by_key(|(mark, _)| mark.len())
            .map(|(mark, by)| (mark.len(), by.clone()))
            .or_else(|| puts_in_variables(&step.argv).then(|| variable(rest, step)).flatten())
            .or_else(|| mark(rest).map(|(length, name)| (length, format!("${name}"))));
        match replaced {
            Some((length, by)) => {
                out.map.push_collapsed(out.text.len() as u32, at as u32..(at + length) as u32);
                out.text.push_str(&by);
                at += length;
            }
            None => {
                let next = rest.chars().next().map_or(1, char::len_utf8);
                out.map.push_verbatim(out.text.len() as u32, at as u32);
                out.text.push_str(&rest[..next]);
                at += next;
            }
        }
    }
    out
}

/// The length of `$NAME` or `${NAME}` at the start of a text, and what stands for it, as far as the script sets it.
/// envsubst(1) inserts exported variables.
fn variable(rest: &str, step: &Step) -> Option<(usize, String)> {
    let inner = rest.strip_prefix('$')?;
    let braced = inner.strip_prefix('{');
    let name = name_of(braced.unwrap_or(inner));
    if name.is_empty() || braced.is_some_and(|b| !b[name.len()..].starts_with('}')) {
        return None;
    }
    let length = 1 + name.len() + if braced.is_some() { 2 } else { 0 };
    let value = step.argv.env(name).map_or_else(|| format!("${name}"), ToString::to_string);
    Some((length, value))
}

fn name_of(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// The length and the name of a mark that people leave for something to be inserted: `@NAME@`, `{{NAME}}`, `__NAME__`,
/// `%%NAME%%`, `<NAME>`.
fn mark(rest: &str) -> Option<(usize, &str)> {
    for (open, close) in [("@@", "@@"), ("@", "@"), ("{{", "}}"), ("__", "__"), ("%%", "%%"), ("<", ">")] {
        let Some(inner) = rest.strip_prefix(open) else { continue };
        let trimmed = inner.trim_start_matches(' ');
        let name = name_of(trimmed).trim_end_matches('_');
        let after = trimmed[name.len()..].trim_start_matches(' ');
        let upper = name.chars().any(|c| c.is_ascii_uppercase()) || open == "{{";
        if !name.is_empty() && upper && after.starts_with(close) {
            return Some((rest.len() - after.len() + close.len(), name));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_told_from_what_units_hold() {
        assert_eq!(mark("@DIR@/venv"), Some((5, "DIR")));
        assert_eq!(mark("{{ app_user }}"), Some((14, "app_user")));
        assert_eq!(mark("__APP_DIR__/x"), Some((11, "APP_DIR")));
        for text in ["@system-service @privileged", "%h/bin", "__init__", "user@host", "<<EOF"] {
            assert_eq!(mark(text), None, "{text}");
        }
    }
}
