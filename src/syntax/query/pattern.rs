//! Turns what [`super::reader`] read into a pattern that can be asked, and names what is wrong with it.

use std::sync::Arc;

use super::reader::{self, Clause, Fault, Kind, Shape, Token, Written};
use super::vocabulary::{Arguments, Ask, PREDICATES, Predicate};
use crate::syntax::tree::language;

/// A pattern that passed every check but, where its shape is deep, tree-sitter's.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) rule: Arc<str>,
    pub(super) commands: Vec<String>,
    pub(super) message: Option<String>,
    pub(super) conditions: Vec<Condition>,
    pub(super) shape: Shape,
    /// For a deep shape: the query, with spaces in place of its predicates. Starts at byte `start` of the file.
    pub(super) query: String,
    pub(super) start: usize,
}

/// A predicate: what it asks, of what, and whether the answer must be no.
#[derive(Debug)]
pub(super) struct Condition {
    pub(super) ask: Ask,
    pub(super) capture: String,
    pub(super) negated: bool,
}

/// Checks a pattern. Every fault is reported, not only the first.
pub(super) fn check(rule: &Arc<str>, text: &str, written: &Written) -> Result<Pattern, Vec<Fault>> {
    let mut faults = Vec::new();
    captures(written, &mut faults);
    let mut pattern = Pattern {
        rule: Arc::clone(rule),
        commands: Vec::new(),
        message: None,
        conditions: Vec::new(),
        shape: reader::shape(&written.inner),
        query: String::new(),
        start: written.range.start,
    };
    for clause in &written.clauses {
        let outcome = match clause.name.value.as_str() {
            "#set!" => set(clause, &mut pattern),
            _ => condition(clause, written).map(|c| pattern.conditions.push(c)),
        };
        faults.extend(outcome.err());
    }
    let sets_command = |c: &Clause| {
        let key = c.arguments.first();
        c.name.value == "#set!" && key.is_some_and(|k| k.value == "command")
    };
    if !written.clauses.iter().any(sets_command) {
        let reason = "the pattern must say on which commands it is tried, as in `(#set! command \"mkdir\")`";
        faults.push((written.range.start, reason.to_owned()));
    }
    if let Shape::Plain { argument: Some(argument), .. } = &pattern.shape {
        let (at, kind) = &argument.kind;
        let id = language().id_for_node_kind(kind, true);
        if kind != "_" && id == 0 {
            faults.push((*at, format!("the grammar has no node `{kind}`")));
        } else if kind != "_" && !language().node_kind_is_visible(id) {
            pattern.shape = Shape::Deep;
        }
    }
    if pattern.shape == Shape::Deep {
        pattern.query = query(text, written);
    }
    if faults.is_empty() { Ok(pattern) } else { Err(faults) }
}

fn captures(written: &Written, faults: &mut Vec<Fault>) {
    let inner = written.inner.iter().filter(|t| t.kind == Kind::Capture);
    for capture in inner.clone() {
        if capture.value == "finding" {
            let reason = "`@finding` must capture the command node itself";
            faults.push((capture.range.start, reason.to_owned()));
        }
    }
    let findings = written.finding.iter().filter(|t| t.value == "finding");
    if findings.count() != 1 {
        let reason = "the command node must be captured once as `@finding`";
        faults.push((written.range.start, reason.to_owned()));
    }
    for capture in inner.chain(&written.finding) {
        let name = capture.value.as_str();
        if name != "finding" && name != "word" && !name.starts_with('_') {
            let reason = format!(
                "unknown capture `@{name}`; known are `@finding`, `@word` and names that start with `_`"
            );
            faults.push((capture.range.start, reason));
        }
    }
}

/// `(#set! key value…)`.
fn set(clause: &Clause, pattern: &mut Pattern) -> Result<(), Fault> {
    let Some((key, values)) = clause.arguments.split_first() else {
        return Err((clause.name.range.start, "`#set!` takes a key and its value".to_owned()));
    };
    for value in values {
        if value.kind == Kind::Capture || value.value.is_empty() {
            return Err((value.range.start, format!("`{}` takes texts", key.value)));
        }
    }
    let at = key.range.start;
    match (key.value.as_str(), values) {
        ("command", []) => Err((at, "`command` takes one or more names".to_owned())),
        ("command", _) if !pattern.commands.is_empty() => {
            Err((at, "`command` is set twice; give it all the names".to_owned()))
        }
        ("command", names) => {
            pattern.commands = names.iter().map(|n| n.value.clone()).collect();
            Ok(())
        }
        ("message", [message]) if pattern.message.is_none() => {
            pattern.message = Some(message.value.clone());
            Ok(())
        }
        ("message", [_]) => Err((at, "`message` is set twice".to_owned())),
        ("message", _) => Err((at, "`message` takes one text".to_owned())),
        (key, _) => Err((at, format!("unknown key `{key}`; known are `command` and `message`"))),
    }
}

/// `(#name? @capture words…)`.
fn condition(clause: &Clause, written: &Written) -> Result<Condition, Fault> {
    let full = clause.name.value.as_str();
    let at = clause.name.range.start;
    let name = full.trim_start_matches('#').strip_suffix('?');
    let known = |name: &str| PREDICATES.iter().find(|p| p.name == name);
    let found = name.and_then(|name| match name.strip_prefix("not-") {
        Some(positive) => known(positive).map(|p| (p, true)),
        None => known(name).map(|p| (p, false)),
    });
    let Some((predicate, negated)) = found else {
        let names: Vec<String> = PREDICATES.iter().map(|p| format!("#{}?", p.name)).collect();
        let reason = format!("unknown predicate `{full}`; known are {}", names.join(", "));
        return Err((at, reason));
    };
    let about =
        if predicate.about_command { "`@finding`" } else { "`@word` or a capture that starts with `_`" };
    let (capture, values) = match clause.arguments.split_first() {
        Some((capture, values)) if capture.kind == Kind::Capture => (capture, values),
        other => {
            let at = other.map_or(at, |(first, _)| first.range.start);
            return Err((at, format!("`{full}` asks about {about}, which must come first")));
        }
    };
    if predicate.about_command != (capture.value == "finding") {
        return Err((capture.range.start, format!("`{full}` asks about {about}, not `@{}`", capture.value)));
    }
    let captured = written.inner.iter().chain(&written.finding);
    let mut captured = captured.filter(|t| t.kind == Kind::Capture);
    if !captured.any(|t| t.value == capture.value) {
        let reason = format!("the pattern captures no `@{}`", capture.value);
        return Err((capture.range.start, reason));
    }
    if let Some(second) = values.iter().find(|v| v.kind == Kind::Capture) {
        let reason = format!("`{full}` takes one capture");
        return Err((second.range.start, reason));
    }
    let ask = question(predicate, full, at, values)?;
    Ok(Condition { ask, capture: capture.value.clone(), negated })
}

fn question(predicate: &Predicate, full: &str, at: usize, values: &[Token]) -> Result<Ask, Fault> {
    let words: Vec<&str> = values.iter().map(|v| v.value.as_str()).collect();
    let wrong = |takes: &str| {
        let found = words.len();
        Err((at, format!("`{full}` takes {takes} after its capture, found {found}")))
    };
    let ask = match (&predicate.arguments, &words[..]) {
        (Arguments::None(ask), []) => Ok(ask()),
        (Arguments::None(_), _) => return wrong("nothing"),
        (Arguments::One(ask), [word]) => ask(word),
        (Arguments::One(_), _) => return wrong("one text"),
        (Arguments::Two(ask), [first, second]) => ask(first, second),
        (Arguments::Two(_), _) => return wrong("two words"),
        (Arguments::Words(_), []) => return wrong("one or more words"),
        (Arguments::Words(ask), words) => ask(words),
    };
    ask.map_err(|(index, reason)| (values[index].range.start, reason))
}

/// The pattern as tree-sitter may see it: as long as in the file, without what only we understand.
fn query(text: &str, written: &Written) -> String {
    let mut query = String::with_capacity(written.range.len());
    let mut from = written.range.start;
    for hidden in &written.hidden {
        query.push_str(&text[from..hidden.start]);
        let blanks = text[hidden.clone()].bytes();
        query.extend(blanks.map(|b| if b == b'\n' { '\n' } else { ' ' }));
        from = hidden.end;
    }
    query.push_str(&text[from..written.range.end]);
    query
}
