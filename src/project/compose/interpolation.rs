//! `${VAR:-default}` in values, <https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md>.

use crate::limit::ticks;
use std::ops::Range;

/// A variable that a value takes from Compose's own environment (`.env` beside the file, or the shell's).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// The variable.
    pub(crate) name: String,
    /// The replacement: `x` for `${VAR:-x}` and `${VAR-x}`, as written.
    pub(crate) default: Option<String>,
    /// `${VAR:?message}` or `${VAR?message}`: Compose stops without the variable.
    pub(crate) required: bool,
    /// `${VAR:+x}` or `${VAR+x}`: `x` if the variable is set, else nothing.
    pub(crate) alternative: bool,
    /// The bytes of the text from `$` on.
    pub(crate) range: Range<usize>,
}

/// The variables of a value as written, in order. Those in defaults and alternatives come after the variable
/// that they replace. `$$` is a dollar sign, and an invalid name (`${A!}`, `$1`) is not a reference.
/// Variables in the message of `?` are left out, as in compose-go's `ExtractVariables`, because they are only
/// expanded when it stops.
pub(crate) fn references(text: &str) -> Vec<Reference> {
    let mut found = Vec::new();
    collect(text, 0, &mut found, 0);
    found
}

fn collect(text: &str, offset: usize, found: &mut Vec<Reference>, depth: u8) {
    let mut at = 0;
    while let Some(dollar) = text[at..].find('$') {
        let start = at + dollar;
        let rest = &text[start + 1..];
        at = start + 1;
        if rest.starts_with('$') {
            at += 1;
            continue;
        }
        let Some(inner) = rest.strip_prefix('{') else {
            let name = name_of(rest);
            if !name.is_empty() {
                at += name.len();
                found.push(plain(name, offset + start..offset + at));
            }
            continue;
        };
        ticks(16);
        let Some(close) = closing(inner) else {
            continue;
        };
        let inner = &inner[..close];
        let name = name_of(inner);
        let tail = &inner[name.len()..];
        let (operator, operand) = match tail.strip_prefix(':').unwrap_or(tail) {
            after if after.starts_with(['-', '?', '+']) => after.split_at(1),
            _ => ("", tail),
        };
        if name.is_empty() || operator.is_empty() && !operand.is_empty() {
            continue;
        }
        at = start + close + 3;
        let mut reference = plain(name, offset + start..offset + at);
        reference.default = (operator == "-").then(|| operand.to_owned());
        reference.required = operator == "?";
        reference.alternative = operator == "+";
        let nested = !reference.required && depth < MAX_DEPTH;
        found.push(reference);
        if nested {
            // The operand ends at the closing brace.
            collect(operand, offset + at - 1 - operand.len(), found, depth + 1);
        }
    }
}

fn plain(name: &str, range: Range<usize>) -> Reference {
    Reference { name: name.to_owned(), default: None, required: false, alternative: false, range }
}

/// The name at the start of the text: `[_a-zA-Z][_a-zA-Z0-9]*`; it may be empty.
fn name_of(text: &str) -> &str {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return "";
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}

/// The text with every `${VAR:-default}` and `${VAR-default}` replaced by its default and `$$` by `$`: what
/// Compose sees if nothing is set. Variables without a default stay as they are written.
pub(crate) fn with_defaults(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    expand(text, &mut out, 0);
    out
}

/// Expressions that are nested deeper than people write stay as they are.
const MAX_DEPTH: u8 = 8;

fn expand(text: &str, out: &mut String, depth: u8) {
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("$$") {
            out.push('$');
            rest = after;
            continue;
        }
        ticks(16);
        let inside = rest.strip_prefix("${").and_then(|inner| {
            let close = closing(inner)?;
            Some((&inner[..close], close + 3))
        });
        match inside {
            Some((inner, length)) if depth < MAX_DEPTH => {
                match default_of(inner) {
                    Some(default) => expand(default, out, depth + 1),
                    None => out.push_str(&rest[..length]),
                }
                rest = &rest[length..];
            }
            _ => {
                out.push('$');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
}

/// How long an expression may be, in bytes. A text full of unclosed `${` would otherwise take quadratic time.
const MAX_EXPRESSION: usize = 4_096;

/// The offset of the `}` that closes a `${` before `inner`.
pub(super) fn closing(inner: &str) -> Option<usize> {
    let mut open = 0u32;
    for (at, byte) in inner.bytes().take(MAX_EXPRESSION).enumerate() {
        match byte {
            b'{' => open += 1,
            b'}' if open == 0 => return Some(at),
            b'}' => open -= 1,
            _ => {}
        }
    }
    None
}

fn default_of(inner: &str) -> Option<&str> {
    let name = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|end| *end > 0)?;
    let tail = &inner[name..];
    tail.strip_prefix(":-").or_else(|| tail.strip_prefix('-'))
}

#[cfg(test)]
mod tests {
    use super::{Reference, references, with_defaults};

    #[test]
    fn defaults_stand_in_for_variables() {
        for (text, expected) in [
            ("${TAG:-latest}", "latest"),
            ("${A-${B:-deep}}:80", "deep:80"),
            ("${REGISTRY}/web:${TAG:-1}", "${REGISTRY}/web:1"),
            ("${A:?must be set}", "${A:?must be set}"),
            ("echo $$HOME $X", "echo $HOME $X"),
            ("${open", "${open"),
            ("cost: 5$", "cost: 5$"),
            ("${A:-}", ""),
        ] {
            assert_eq!(with_defaults(text), expected, "{text}");
        }
        let deep = "${A:-".repeat(5_000) + &"}".repeat(5_000);
        assert!(with_defaults(&deep).len() <= deep.len());
    }

    #[test]
    fn references_are_found_with_their_defaults_and_places() {
        let of = |text: &str| {
            let shown = references(text).into_iter().map(|r| {
                let Reference { name, default, required, alternative, range } = r;
                let kind = match (default, required, alternative) {
                    (Some(default), false, false) => format!("-{default}"),
                    (None, true, false) => "?".to_owned(),
                    (None, false, true) => "+".to_owned(),
                    (None, false, false) => String::new(),
                    mixed => format!("{mixed:?}"),
                };
                format!("{name}{kind} @{}", &text[range])
            });
            shown.collect::<Vec<_>>().join(" | ")
        };
        for (text, expected) in [
            ("$A-bar ${B}:80", "A @$A | B @${B}"),
            ("x${A:-d}y${B-}", "A-d @${A:-d} | B- @${B-}"),
            ("${A:?set $B}${C?}", "A? @${A:?set $B} | C? @${C?}"),
            ("${A:+yes ${B}}${C+}", "A+ @${A:+yes ${B}} | B @${B} | C+ @${C+}"),
            ("é${A:-${B-ü$C}}", "A-${B-ü$C} @${A:-${B-ü$C}} | B-ü$C @${B-ü$C} | C @$C"),
            ("$$A $${B} $$$C", "C @$C"),
            ("$1 $ 5$ ${} ${ } ${A!} ${A } ${A:x} ${1} ${-x}", ""),
            ("${open $A ${B}", "A @$A | B @${B}"),
            ("${_a1:-/non:-alphanumeric}", "_a1-/non:-alphanumeric @${_a1:-/non:-alphanumeric}"),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
    }

    #[test]
    fn hostile_values_cost_little() {
        let started = std::time::Instant::now();
        assert_eq!(references(&"${".repeat(10_000)), []);
        let deep = "${A:-".repeat(5_000) + &"}".repeat(5_000);
        assert!(references(&deep).len() < 10_000);
        assert_eq!(references(&"$A".repeat(10_000)).len(), 10_000);
        assert!(with_defaults(&"${A:-".repeat(10_000)).len() <= 50_000);
        assert!(started.elapsed().as_secs() < 60);
    }
}
