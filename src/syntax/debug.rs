//! A tree as text, for the tests that pin the grammar (`grammar-tests/`).

use crate::syntax::tree;

/// The S-expression of a text's tree: named nodes and fields, indented as in a corpus file of tree-sitter. Empty when
/// the parser gave up.
pub fn debug_tree(text: &str) -> String {
    let Some(tree) = tree::parse(text) else {
        return String::new();
    };
    indent(&tree.0.root_node().to_sexp())
}

/// Puts every node of an S-expression on its own line. Any other layout of the same expression gives the same lines.
pub fn indent(sexp: &str) -> String {
    let mut lines = String::new();
    let mut depth = 0_usize;
    let mut field = false;
    let tokens = sexp.replace('(', " ( ").replace(')', " ) ");
    for token in tokens.split_whitespace() {
        match token {
            "(" => {
                if !field && !lines.is_empty() {
                    lines.push('\n');
                    lines.push_str(&"  ".repeat(depth));
                }
                lines.push('(');
                depth += 1;
                field = false;
            }
            ")" => {
                lines.push(')');
                depth = depth.saturating_sub(1);
            }
            name if name.ends_with(':') => {
                lines.push('\n');
                lines.push_str(&"  ".repeat(depth));
                lines.push_str(name);
                lines.push(' ');
                field = true;
            }
            name => {
                if !lines.ends_with('(') {
                    lines.push(' ');
                }
                lines.push_str(name);
            }
        }
    }
    lines
}
