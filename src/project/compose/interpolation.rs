//! `${VAR:-default}` in values, <https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md>.

/// The text with every `${VAR:-default}` and `${VAR-default}` replaced by its default and `$$` by `$`: what Compose
/// sees where nothing is set. Variables without a default stay as they are written.
pub fn with_defaults(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    expand(text, &mut out, 0);
    out
}

/// Nested deeper than people write is left as it is.
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

/// Offset of the `}` that closes a `${` before `inner`.
pub(super) fn closing(inner: &str) -> Option<usize> {
    let mut open = 0u32;
    for (at, byte) in inner.bytes().enumerate() {
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
    use super::with_defaults;

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
}
