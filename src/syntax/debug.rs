//! A tree as text, for the tests that pin the grammar (`grammar-tests/`).

use crate::syntax::tree;

/// The S-expression of a text's tree: named nodes and fields, indented as in tree-sitter's corpus files.
/// Empty if the parser gave up.
pub(crate) fn debug_tree(text: &str) -> String {
    let Some(tree) = tree::parse(text) else {
        return String::new();
    };
    indent(&tree.sexp())
}

/// Puts every node of an S-expression on its own line. Any other layout of the same expression gives the same lines.
pub(crate) fn indent(sexp: &str) -> String {
    let mut lines = String::new();
    let mut depth = 0_usize;
    let mut field = false;
    let mut rest = sexp;
    while let Some(first) = rest.chars().next() {
        let length = token_length(rest, first);
        let (token, behind) = rest.split_at(length);
        rest = behind;
        let name = token.strip_suffix(':');
        if first.is_whitespace() {
            continue;
        }
        if (token == "(" && !field || name.is_some()) && !lines.is_empty() {
            lines.push('\n');
            lines.push_str(&"  ".repeat(depth));
        } else if token != "(" && token != ")" && !lines.ends_with('(') {
            lines.push(' ');
        }
        lines.push_str(token);
        field = name.is_some();
        match token {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ if field => lines.push(' '),
            _ => {}
        }
    }
    lines
}

/// The length of the token at the start of `rest`: a parenthesis, a quoted token (`(MISSING ")")`), or a
/// name.
fn token_length(rest: &str, first: char) -> usize {
    let behind = &rest[first.len_utf8()..];
    let length = match first {
        '(' | ')' => 0,
        '"' | '\'' => {
            let content = behind.chars().next().map_or(0, char::len_utf8);
            let closing = behind[content..].find(first);
            closing.map_or(behind.len(), |i| content + i + 1)
        }
        c if c.is_whitespace() => 0,
        _ => {
            let ends = |c: char| c.is_whitespace() || c == '(' || c == ')';
            behind.find(ends).unwrap_or(behind.len())
        }
    };
    first.len_utf8() + length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_node_has_its_line() {
        let lines = "(a\n  b: (c)\n  (MISSING \")\")\n  (ERROR\n    (UNEXPECTED '(')))";
        assert_eq!(indent("(a b: (c) (MISSING \")\") (ERROR (UNEXPECTED '(')))"), lines);
        assert_eq!(indent(lines), lines);
    }
}
