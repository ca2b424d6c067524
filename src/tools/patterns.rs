//! The patterns of grep(1) and sed(1), and whether a text contains them.

use crate::limit::{tick, ticks};
use crate::shell::argv::{Arg, Argv};
use crate::shell::value::Value;
use regex::{Regex, RegexBuilder};
use std::cell::RefCell;
use std::collections::HashMap;

/// The options of grep(1).
const GREP: &str = "q|quiet|silent s|no-messages i|ignore-case E|extended-regexp F|fixed-strings G P|perl-regexp \
     w|word-regexp x|line-regexp v|invert-match c|count l n o r R h H a e|regexp: f|file: A: B: C: m|max-count:";

/// Characters with a special meaning in an expression. A line never contains a newline.
const OPERATORS: [char; 15] = ['\\', '.', '+', '*', '?', '(', ')', '|', '[', ']', '{', '}', '^', '$', '\n'];
/// How many compiled expressions are kept. Usually one guard is compared with each line that a script writes, or one line
/// with each guard.
const MOST_COMPILED: usize = 32;
/// The size limit of a compiled expression in bytes. A person writes no larger one.
const MAX_COMPILED: usize = 1 << 20;

thread_local! {
    static COMPILED: RefCell<HashMap<String, Option<Regex>>> = RefCell::default();
}

/// True if a text that is written makes `grep PATTERN` succeed. If the text is not fully known, it is assumed to.
pub(crate) fn holds_pattern(text: &Value, pattern: &Value) -> bool {
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

/// How a pattern is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Syntax {
    Fixed,
    Basic,
    Extended,
}

/// What grep(1) and its like look for in lines.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    text: Value,
    syntax: Syntax,
    whole_line: bool,
    whole_word: bool,
    any_case: bool,
    /// True if lines without the pattern are wanted.
    pub(crate) is_inverted: bool,
}

impl Pattern {
    /// The pattern of a grep, and the file that it searches, if it names one.
    pub(crate) fn of(grep: &Argv) -> Option<(Self, Option<&Arg>)> {
        let options = grep.options(GREP);
        let mut operands = options.operands.iter().copied();
        let text = match options.value("e") {
            Some(pattern) => pattern.clone(),
            None => operands.next()?.value.clone(),
        };
        let syntax = match grep.name.as_str() {
            "fgrep" => Syntax::Fixed,
            _ if options.has("F") => Syntax::Fixed,
            "egrep" | "rg" => Syntax::Extended,
            _ if options.has("E") || options.has("P") => Syntax::Extended,
            _ => Syntax::Basic,
        };
        let pattern = Pattern {
            text,
            syntax,
            whole_line: options.has("x"),
            whole_word: options.has("w"),
            any_case: options.has("i"),
            is_inverted: options.has("v"),
        };
        Some((pattern, operands.next()))
    }

    /// A text that may be anywhere in a line.
    pub(crate) fn fixed(text: Value) -> Self {
        Pattern {
            text,
            syntax: Syntax::Fixed,
            whole_line: false,
            whole_word: false,
            any_case: false,
            is_inverted: false,
        }
    }

    /// An extended regular expression.
    pub(crate) fn extended(text: Value) -> Self {
        Pattern { syntax: Syntax::Extended, ..Pattern::fixed(text) }
    }

    /// The pattern as it is written.
    pub(crate) fn text(&self) -> &Value {
        &self.text
    }

    /// The name that it looks for, without the anchors.
    pub(crate) fn name(&self) -> Value {
        let key = self.text.key().trim_start_matches(['^', '/']).trim_end_matches('$').trim();
        let key = ["\\b", "\\<"].iter().fold(key, |key, edge| key.trim_start_matches(edge));
        let key = ["\\b", "\\>"].iter().fold(key, |key, edge| key.trim_end_matches(edge));
        Value::from_key(key, &self.text)
    }

    /// True if it matches anything that is printed: `grep -q .`.
    pub(crate) fn is_anything(&self) -> bool {
        matches!(self.text.as_literal(), Some("" | "." | ".*" | "..*" | "^" | "[0-9]" | "[^[:space:]]"))
    }

    /// Whether a match says that a service is off. `None` if the pattern matches both states, as `active` matches
    /// "inactive".
    pub(crate) fn says_off(&self) -> Option<bool> {
        const OFF: [&str; 8] =
            ["inactive", "dead", "failed", "disabled", "not-found", "stopped", "fatal", "exited"];
        let text = self.text.key().to_ascii_lowercase();
        if OFF.iter().any(|word| text.contains(word)) {
            return Some(true);
        }
        let states = Value::literal("inactive\nStatus: inactive\nActive: inactive (dead)");
        let is_known = self.text.as_literal().is_some();
        (!is_known || !holds_pattern(&states, &self.line())).then_some(false)
    }

    /// The account in a pattern for lines of passwd(5) and group(5): `^app:`.
    pub(crate) fn account(&self) -> Value {
        let key =
            self.text.key().trim_start_matches(['^', '(']).trim_end_matches('$').trim_start_matches("\\b");
        let name = Value::from_key(key, &self.text);
        name.split_once(':').map_or(name, |(name, _)| name)
    }

    /// The pattern as a regular expression of the crate `regex`. A pattern that is not fully known stays as it is.
    pub(crate) fn line(&self) -> Value {
        let Some(text) = self.text.as_literal() else { return self.text.clone() };
        let mut expression = match self.syntax {
            Syntax::Fixed => regex::escape(text),
            Syntax::Extended => text.to_owned(),
            Syntax::Basic => basic(text),
        };
        if self.whole_line {
            expression = format!("^(?:{expression})$");
        } else if self.whole_word {
            expression = format!(r"\b(?:{expression})\b");
        }
        if self.any_case {
            expression = format!("(?i){expression}");
        }
        Value::literal(expression)
    }

    /// The same pattern without its anchors.
    pub(crate) fn anywhere(mut self) -> Self {
        self.whole_line = false;
        self
    }
}

/// The address of sed(1) as a regular expression of the crate `regex`.
pub(crate) fn basic_pattern(pattern: &Value) -> Value {
    pattern.as_literal().map_or_else(|| pattern.clone(), |text| Value::literal(basic(text)))
}

/// Turns a basic regular expression (regex(7)) into an extended one: an operator there has a `\`, and here has none.
pub(crate) fn basic(text: &str) -> String {
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

/// The end of a bracket expression. Classes such as `[:space:]` inside it do not end it.
pub(crate) fn closing(text: &str) -> Option<usize> {
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
fn a_pattern_tells_on_from_off() {
    use crate::shell::argv::tests::argv;
    for (grep, off) in [
        ("grep -q inactive", Some(true)),
        ("grep -qi 'Status: inactive'", Some(true)),
        ("grep -q 'Status: active'", Some(false)),
        ("grep -qw active", Some(false)),
        ("grep -qx active", Some(false)),
        ("grep -q '^active'", Some(false)),
        ("grep -q running", Some(false)),
        ("grep -q $STATE", Some(false)),
        ("grep -q active", None),
        ("grep -qi ACTIVE", None),
        ("grep -q Status", None),
    ] {
        assert_eq!(Pattern::of(&argv(grep)).unwrap().0.says_off(), off, "{grep}");
    }
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
