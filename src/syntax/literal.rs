//! The value that a JavaScript module exports, as far as the source writes it as a literal. Nothing is run: a
//! computed value is [`Kind::Computed`]. It does not know what the value means.

use super::code::{Language, parse};
use std::collections::HashMap;
use std::ops::Range;
use tree_sitter::Node;

/// Values that are nested deeper than this are not read, and longer chains of constants are not followed.
const DEPTH: u8 = 16;
/// The most values that are read from one module. Aliases of aliases could make any number.
const VALUES: usize = 20_000;

/// A value and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Literal {
    /// Its bytes. For a constant that is used by name, they are the bytes of the constant's value.
    pub(crate) range: Range<usize>,
    /// What it is.
    pub(crate) kind: Kind,
}

/// The kinds of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `null`, `undefined`.
    Null,
    /// A string, a number, `true`, `false`: as text.
    Text(String),
    /// An array.
    List(Vec<Literal>),
    /// An object: keys with their places, in order.
    Map(Vec<(String, Range<usize>, Literal)>),
    /// Anything that would have to be run.
    Computed,
}

/// What a module exports: `module.exports = …`, `export default …`, `module.exports.key = …`, `exports.key = …`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Exports {
    /// The value, or `None` if no export was seen.
    pub(crate) value: Option<Literal>,
    /// The first place that is not JavaScript.
    pub(crate) error: Option<Range<usize>>,
}

/// Reads the value that a module exports.
///
/// # Errors
/// An error means that the text took too long.
pub(crate) fn exports(language: Language, text: &str) -> Result<Exports, String> {
    let tree = parse(language, text, &[]).ok_or("it takes too long to parse")?;
    let root = tree.root_node();
    let mut reader = Reader { text, constants: HashMap::new(), left: VALUES };
    let mut exported: Option<Node<'_>> = None;
    let mut keys: Vec<(String, Range<usize>, Node<'_>)> = Vec::new();
    let mut cursor = root.walk();
    for statement in root.named_children(&mut cursor) {
        match statement.kind() {
            "lexical_declaration" | "variable_declaration" => reader.declare(statement),
            "export_statement" => {
                if let Some(value) = statement.child_by_field_name("value") {
                    exported = Some(value);
                } else if let Some(declaration) = statement.child_by_field_name("declaration") {
                    reader.declare(declaration);
                }
            }
            "expression_statement" => {
                let Some(assignment) =
                    statement.named_child(0).filter(|n| n.kind() == "assignment_expression")
                else {
                    continue;
                };
                let (Some(left), Some(right)) =
                    (assignment.child_by_field_name("left"), assignment.child_by_field_name("right"))
                else {
                    continue;
                };
                match reader.at(left) {
                    "module.exports" | "exports" => exported = Some(right),
                    other => {
                        let key = other.strip_prefix("module.").unwrap_or(other).strip_prefix("exports.");
                        keys.extend(key.map(|key| (key.to_owned(), left.byte_range(), right)));
                    }
                }
            }
            _ => {}
        }
    }
    let value = match exported {
        Some(node) => Some(reader.value(node, 0)),
        None if keys.is_empty() => None,
        None => {
            let entries = keys.into_iter().map(|(key, range, node)| (key, range, reader.value(node, 0)));
            let kind = Kind::Map(entries.collect());
            Some(Literal { range: root.byte_range(), kind })
        }
    };
    Ok(Exports { value, error: root.has_error().then(|| first_error(root)) })
}

/// The first place at which the grammar had to skip or to invent something.
fn first_error(root: Node<'_>) -> Range<usize> {
    let mut node = root;
    loop {
        if node.is_error() || node.is_missing() {
            return node.byte_range();
        }
        let mut cursor = node.walk();
        let Some(next) = node.children(&mut cursor).find(|n| n.has_error() || n.is_missing()) else {
            return node.byte_range();
        };
        node = next;
    }
}

struct Reader<'t, 'n> {
    text: &'t str,
    constants: HashMap<&'t str, Node<'n>>,
    left: usize,
}

impl<'t, 'n> Reader<'t, 'n> {
    fn at(&self, node: Node<'_>) -> &'t str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    fn declare(&mut self, declaration: Node<'n>) {
        let mut cursor = declaration.walk();
        for declarator in declaration.named_children(&mut cursor) {
            let (Some(name), Some(value)) =
                (declarator.child_by_field_name("name"), declarator.child_by_field_name("value"))
            else {
                continue;
            };
            let name = self.at(name);
            self.constants.insert(name, value);
        }
    }

    fn value(&mut self, node: Node<'n>, depth: u8) -> Literal {
        let range = node.byte_range();
        let computed = Literal { range: range.clone(), kind: Kind::Computed };
        if depth > DEPTH || self.left == 0 {
            return computed;
        }
        self.left -= 1;
        let kind = match node.kind() {
            "null" | "undefined" => Kind::Null,
            "number" | "true" | "false" => Kind::Text(self.at(node).to_owned()),
            "string" => self.string(node).map_or(Kind::Computed, Kind::Text),
            "template_string" => self.template(node, depth).map_or(Kind::Computed, Kind::Text),
            "array" => {
                let mut cursor = node.walk();
                let items: Vec<Node<'n>> =
                    node.named_children(&mut cursor).filter(|n| n.kind() != "comment").collect();
                Kind::List(items.into_iter().map(|item| self.value(item, depth + 1)).collect())
            }
            "object" => Kind::Map(self.object(node, depth)),
            "identifier" | "shorthand_property_identifier" => {
                return match self.constants.get(self.at(node)).copied() {
                    Some(value) => self.value(value, depth + 1),
                    None => computed,
                };
            }
            // `const satisfies X`, `(value)`, `value as X`.
            "parenthesized_expression" | "as_expression" | "satisfies_expression" => {
                return match node.named_child(0) {
                    Some(inner) => self.value(inner, depth + 1),
                    None => computed,
                };
            }
            // `process.env.PORT || 3000` has this value if nothing is set.
            "binary_expression" => {
                let operator = node.child_by_field_name("operator").map(|n| self.at(n));
                let right = node.child_by_field_name("right");
                match (operator, right) {
                    (Some("||" | "??"), Some(right)) => return self.value(right, depth + 1),
                    _ => Kind::Computed,
                }
            }
            _ => Kind::Computed,
        };
        Literal { range, kind }
    }

    fn object(&mut self, node: Node<'n>, depth: u8) -> Vec<(String, Range<usize>, Literal)> {
        let mut cursor = node.walk();
        let members: Vec<Node<'n>> = node.named_children(&mut cursor).collect();
        let mut entries = Vec::new();
        for member in members {
            match member.kind() {
                "pair" => {
                    let (Some(key), Some(value)) =
                        (member.child_by_field_name("key"), member.child_by_field_name("value"))
                    else {
                        continue;
                    };
                    let name = match key.kind() {
                        "string" => self.string(key),
                        "property_identifier" | "number" => Some(self.at(key).to_owned()),
                        _ => None,
                    };
                    if let Some(name) = name {
                        let value = self.value(value, depth + 1);
                        entries.push((name, key.byte_range(), value));
                    }
                }
                "shorthand_property_identifier" => {
                    let value = self.value(member, depth + 1);
                    entries.push((self.at(member).to_owned(), member.byte_range(), value));
                }
                // `...common`: a later key wins, as in JavaScript.
                "spread_element" => {
                    let value = member.named_child(0).map(|inner| self.value(inner, depth + 1));
                    if let Some(Literal { kind: Kind::Map(more), .. }) = value {
                        entries.extend(more);
                    }
                }
                _ => {}
            }
        }
        entries
    }

    fn string(&self, node: Node<'_>) -> Option<String> {
        let text = self.at(node);
        let inner = text.get(1..text.len().checked_sub(1)?)?;
        Some(unescaped(inner))
    }

    fn template(&mut self, node: Node<'n>, depth: u8) -> Option<String> {
        let range = node.byte_range();
        let mut cursor = node.walk();
        let parts: Vec<Node<'n>> =
            node.named_children(&mut cursor).filter(|n| n.kind() == "template_substitution").collect();
        let mut text = String::new();
        let mut at = range.start + 1;
        for part in parts {
            text.push_str(&unescaped(self.text.get(at..part.start_byte())?));
            at = part.end_byte();
            match self.value(part.named_child(0)?, depth + 1).kind {
                Kind::Text(value) => text.push_str(&value),
                _ => return None,
            }
        }
        text.push_str(&unescaped(self.text.get(at..range.end.checked_sub(1)?)?));
        Some(text)
    }
}

/// The escapes that settings use. Any other character stands for itself (ECMA-262, 12.9.4).
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => match characters.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('\n') | None => {}
                Some(other) => out.push(other),
            },
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(literal: &Literal) -> String {
        match &literal.kind {
            Kind::Null => "null".to_owned(),
            Kind::Text(text) => format!("'{text}'"),
            Kind::Computed => "?".to_owned(),
            Kind::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(" ")),
            Kind::Map(entries) => {
                let entries = entries.iter().map(|(key, _, value)| format!("{key}:{}", shown(value)));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(" "))
            }
        }
    }

    fn read(text: &str) -> String {
        let exports = exports(Language::JavaScript, text).unwrap();
        exports.value.map_or_else(|| "nothing".to_owned(), |value| shown(&value))
    }

    #[test]
    fn what_stands_there_is_read_and_nothing_is_run() {
        for (text, value) in [
            ("module.exports = {a: 'x', 'b': [1, true, null]}", "{a:'x' b:['1' 'true' null]}"),
            ("export default {a: 1}", "{a:'1'}"),
            ("exports.apps = [{name: 'x'}]", "{apps:[{name:'x'}]}"),
            ("const R = '/srv'; module.exports = {a: `${R}/web`, b: R}", "{a:'/srv/web' b:'/srv'}"),
            ("const apps = ['x']; module.exports = { apps };", "{apps:['x']}"),
            ("const c = {a: 1}; module.exports = {...c, b: 2}", "{a:'1' b:'2'}"),
            ("module.exports = {p: process.env.PORT || 3000}", "{p:'3000'}"),
            ("module.exports = {p: make(), q: `${x}`}", "{p:? q:?}"),
            ("module.exports = names.map(n => n)", "?"),
            ("const a = b; const b = a; module.exports = a", "?"),
            ("module.exports = {/* c */ a: [1, // one\n 2]}", "{a:['1' '2']}"),
            ("let x = 1;", "nothing"),
        ] {
            assert_eq!(read(text), value, "{text}");
        }
    }

    #[test]
    fn an_error_has_its_place() {
        let text = "module.exports = {\n  apps: [{ name: 'x' \n};\n";
        let exports = exports(Language::JavaScript, text).unwrap();
        assert!(exports.error.as_ref().is_some_and(|range| range.start > 0), "{exports:?}");
    }
}
