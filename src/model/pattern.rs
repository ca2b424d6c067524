//! The patterns of grep(1) and sed(1), and whether a text contains them.

use crate::limit::{tick, ticks};
use crate::shell::argv::Argv;
use crate::shell::value::Value;
use regex::{Regex, RegexBuilder};
use std::cell::RefCell;
use std::collections::HashMap;

/// The options of grep(1).
pub(super) const GREP: &str = "q|quiet|silent s|no-messages i|ignore-case E|extended-regexp F|fixed-strings G P|perl-regexp \
     w|word-regexp x|line-regexp v|invert-match c|count l n o r R h H a e|regexp: f|file: A: B: C: m|max-count:";

/// Characters with a special meaning in an expression. A line never contains a newline.
const OPERATORS: [char; 15] = ['\\', '.', '+', '*', '?', '(', ')', '|', '[', ']', '{', '}', '^', '$', '\n'];
/// One guard is compared with each line that a script writes, and the other way round.
const MOST_COMPILED: usize = 32;
/// The size limit of a compiled expression in bytes. A person writes no larger one.
const MAX_COMPILED: usize = 1 << 20;

thread_local! {
    static COMPILED: RefCell<HashMap<String, Option<Regex>>> = RefCell::default();
}

/// True if a written text makes `grep PATTERN` succeed. A pattern that is not fully known is assumed to
/// match.
pub(super) fn holds_pattern(text: &Value, pattern: &Value) -> bool {
    let (Some(text), Some(pattern)) = (text.as_literal(), pattern.as_literal()) else { return true };
    tick();
    if !pattern.contains(OPERATORS) {
        return text.lines().any(|line| line.contains(pattern));
    }
    COMPILED.with_borrow_mut(|compiled| {
        if !compiled.contains_key(pattern) {
            if compiled.len() >= MOST_COMPILED {
                compiled.clear();
            }
            // Compiling takes as long as many ticks.
            ticks(16 + pattern.len());
            let expression = RegexBuilder::new(pattern).size_limit(MAX_COMPILED).build().ok();
            compiled.insert(pattern.to_owned(), expression);
        }
        let Some(Some(expression)) = compiled.get(pattern) else { return true };
        text.lines().any(|line| expression.is_match(line))
    })
}

/// grep(1)'s pattern as a regular expression of the crate `regex`. A pattern that is not fully known stays as
/// it is.
pub(super) fn line_pattern(pattern: &Value, grep: &Argv) -> Value {
    let options = grep.options(GREP);
    let Some(text) = pattern.as_literal() else { return pattern.clone() };
    let mut expression = if options.has("F") || grep.name == "fgrep" {
        regex::escape(text)
    } else if options.has("E") || options.has("P") || matches!(grep.name.as_str(), "egrep" | "rg") {
        text.to_owned()
    } else {
        basic(text)
    };
    if options.has("x") {
        expression = format!("^(?:{expression})$");
    } else if options.has("w") {
        expression = format!(r"\b(?:{expression})\b");
    }
    if options.has("i") {
        expression = format!("(?i){expression}");
    }
    Value::literal(expression)
}

/// The address of sed(1) as a regular expression of the crate `regex`.
pub(super) fn basic_pattern(pattern: &Value) -> Value {
    pattern.as_literal().map_or_else(|| pattern.clone(), |text| Value::literal(basic(text)))
}

/// A basic regular expression (regex(7)) as an extended one: what `\` makes an operator there is one without
/// it here.
pub(super) fn basic(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some((_, operator @ ('+' | '?' | '|' | '(' | ')' | '{' | '}'))) => out.push(operator),
                Some((_, '<' | '>')) => out.push_str("\\b"),
                Some((_, other)) => out.extend(['\\', other]),
                None => out.push_str("\\\\"),
            },
            '+' | '?' | '|' | '(' | ')' | '{' | '}' => out.extend(['\\', c]),
            '*' if out.is_empty() || out == "^" => out.push_str("\\*"),
            '^' if at > 0 && !text[..at].ends_with(['(', '|']) => out.push_str("\\^"),
            '$' if at + 1 < text.len()
                && !text[at + 1..].starts_with("\\)")
                && !text[at + 1..].starts_with("\\|") =>
            {
                out.push_str("\\$");
            }
            '[' => {
                // A bracket expression is the same in both; a leading `]` is a member.
                let rest = &text[at + 1..];
                let skip = if rest.starts_with("^]") { 2 } else { usize::from(rest.starts_with(']')) };
                let end = closing(&rest[skip..]).map_or(rest.len(), |i| skip + i + 1);
                out.push('[');
                out.push_str(&rest[..end]);
                while chars.peek().is_some_and(|(i, _)| *i < at + 1 + end) {
                    chars.next();
                }
            }
            c => out.push(c),
        }
    }
    out
}

/// Where a bracket expression ends; classes like `[:space:]` in it are skipped.
pub(super) fn closing(text: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if let Some(class) = text[at..].strip_prefix("[:") {
            at += 2 + class.find(":]")? + 2;
            continue;
        }
        if c == ']' {
            return Some(at);
        }
        at += c.len_utf8();
    }
    None
}

#[test]
fn basic_expressions_become_extended() {
    for (basic_text, extended) in [
        ("^a.b$", "^a.b$"),
        (r"a\+(b)", r"a+\(b\)"),
        (r"a\|b", "a|b"),
        ("a$b^c", r"a\$b\^c"),
        ("[[:space:]]*x[]+]", "[[:space:]]*x[]+]"),
        (r"\<w\>", r"\bw\b"),
        ("*a", r"\*a"),
    ] {
        assert_eq!(basic(basic_text), extended, "{basic_text}");
    }
}
