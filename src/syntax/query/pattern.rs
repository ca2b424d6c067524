//! Turns what [`super::reader`] read into a pattern that can be asked, and names what is wrong with it.

use super::features::Features;
use super::keys::{Counts, Once};
use super::message::Message;
use super::reader::{self, Clause, Fault, Kind, Shape, Token, Written};
use super::vocabulary::{About, Arguments, Ask, PREDICATES, Part, Predicate, Question, Relation};
use super::words::{Need, known};
use crate::finding::{Confidence, Severity};
use crate::syntax::tree::language;
use std::sync::OnceLock;

/// A pattern that has passed every check. If its shape is deep, tree-sitter has not checked it yet.
#[derive(Debug)]
pub(crate) struct Pattern {
    pub(super) part: Part,
    pub(super) commands: Vec<String>,
    pub(super) message: Option<Message>,
    /// The key `once`, and its place in the file.
    pub(super) once: Option<(Once, usize)>,
    pub(super) severity: Option<Severity>,
    pub(super) confidence: Option<Confidence>,
    /// In which further cases it counts as an excuse.
    pub(super) counts: Option<Counts>,
    pub(super) conditions: Vec<Condition>,
    pub(super) relations: Vec<Related>,
    pub(super) needs: Vec<Need>,
    /// The command must have one word of each of these.
    pub(super) features: Vec<Features>,
    pub(super) captures_word: bool,
    pub(super) shape: Shape,
    /// The query of a deep shape, with spaces in place of its predicates. It starts at byte `start` of the file.
    pub(super) query: String,
    pub(super) start: usize,
    /// The compiled query, once a script has a command to try it on. It is `None` if it does not compile, which happens only to
    /// an unchecked one.
    pub(super) compiled: OnceLock<Option<tree_sitter::Query>>,
}

/// A predicate on one command: what it asks, of what, and whether the answer must be no.
#[derive(Debug)]
pub(super) struct Condition {
    pub(super) ask: Ask,
    pub(super) capture: String,
    pub(super) negated: bool,
}

/// A predicate on two commands of the rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Related {
    /// How the two commands must stand to each other.
    pub(crate) relation: Relation,
    pub(crate) first: Part,
    pub(crate) second: Part,
    /// True if they must not stand so.
    pub(crate) negated: bool,
    /// Where it stands in the file.
    pub(super) at: usize,
}

/// Checks a pattern. Every fault is reported, not only the first.
pub(super) fn check(text: &str, written: &Written) -> Result<Pattern, Vec<Fault>> {
    let mut faults = Vec::new();
    let part = captures(written, &mut faults);
    let mut pattern = Pattern {
        part: part.unwrap_or(Part::Finding),
        commands: Vec::new(),
        message: None,
        once: None,
        severity: None,
        confidence: None,
        counts: None,
        conditions: Vec::new(),
        relations: Vec::new(),
        needs: Vec::new(),
        features: Vec::new(),
        captures_word: written.inner.iter().any(|t| t.kind == Kind::Capture && t.value == "word"),
        shape: reader::shape(&written.inner),
        query: String::new(),
        start: written.range.start,
        compiled: OnceLock::new(),
    };
    for clause in &written.clauses {
        let outcome = match clause.name.value.as_str() {
            "#set!" => set(clause, &mut pattern),
            _ => predicate(clause, written, &mut pattern),
        };
        faults.extend(outcome.err());
    }
    for condition in pattern.conditions.iter().filter(|c| !c.negated) {
        if let Ask::Command(question) = &condition.ask {
            pattern.features.extend(question.needs());
        }
    }
    let for_need = |c: &Condition| matches!(c.ask, Ask::Command(Question::ForNeed));
    if pattern.conditions.iter().any(for_need) && pattern.needs.is_empty() {
        let reason = "`#for-need?` asks about what `#needed?` names, and the pattern has none";
        faults.push((written.range.start, reason.to_owned()));
    }
    let of_unit = |c: &Condition| matches!(c.ask, Ask::Command(Question::Unit(_)));
    if pattern.conditions.iter().any(of_unit) && !pattern.is_about_unit() {
        let reason =
            "`#unit?` asks about the unit of `#brings-unit?` or `#drives-unit?`, and the pattern has neither";
        faults.push((written.range.start, reason.to_owned()));
    }
    let sets_command =
        |c: &Clause| c.name.value == "#set!" && c.arguments.first().is_some_and(|k| k.value == "command");
    if !written.clauses.iter().any(sets_command) && faults.is_empty() && !pattern.chooses() {
        let reason = "the pattern must say on which commands it is tried: `(#set! command \"mkdir\")`, or a predicate \
                      such as `#role?`, `#effect?`, `#second-run?` or `#word-matches?`";
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

impl Pattern {
    /// True if it is about a unit that the command brings or drives, and each unit is a match of its own.
    pub(crate) fn is_about_unit(&self) -> bool {
        let names = |c: &Condition| {
            matches!(
                c.ask,
                Ask::Command(Question::BringsUnit | Question::OverwritesProgram | Question::DrivesUnit(_))
            )
        };
        self.conditions.iter().any(|c| !c.negated && names(c))
    }

    /// True if the command brings that unit, and its file is the place to point at.
    pub(crate) fn brings_unit(&self) -> bool {
        let brings = |c: &Condition| matches!(c.ask, Ask::Command(Question::BringsUnit));
        self.conditions.iter().any(|c| !c.negated && brings(c))
    }

    /// What the project must need for the deploy to be at fault; one of them is enough.
    pub(crate) fn needs(&self) -> &[Need] {
        &self.needs
    }

    /// True if something tells the commands that it is about from all others. Who runs a command, where it runs and what its
    /// failure means do not.
    fn chooses(&self) -> bool {
        let tells = |c: &Condition| match &c.ask {
            Ask::Command(question) => {
                !matches!(question, Question::RunsAs(_) | Question::Place(_) | Question::OnFailure(_))
            }
            Ask::Matches(_) => true,
            Ask::Literal | Ask::Relation(_) | Ask::Need(_) => false,
        };
        let positional =
            |r: &Related| matches!(r.relation, Relation::After | Relation::Before | Relation::Later);
        self.conditions.iter().any(|c| !c.negated && tells(c))
            || self.relations.iter().any(|r| !r.negated && !positional(r))
    }
}

/// The part that the command node is captured as.
fn captures(written: &Written, faults: &mut Vec<Fault>) -> Option<Part> {
    let inner = written.inner.iter().filter(|t| t.kind == Kind::Capture);
    for (capture, sign) in reader::repeated(&written.inner) {
        let reason = format!(
            "`@{}` captures what `{sign}` repeats, and only the first of it would count; leave the `{sign}` out, and each \
             node that fits is a match of its own",
            capture.value
        );
        faults.push((capture.range.start, reason));
    }
    for capture in written.captures.iter().filter(|t| t.value == "word" || t.value.starts_with('_')) {
        let reason = format!(
            "`@{0}` captures the command, and must capture a word of it: `argument: (_) @{0}`",
            capture.value
        );
        faults.push((capture.range.start, reason));
    }
    for capture in inner.clone() {
        if Part::named(&capture.value).is_some() {
            let reason = format!("`@{}` must capture the command node itself", capture.value);
            faults.push((capture.range.start, reason));
        }
    }
    let parts: Vec<Part> = written.captures.iter().filter_map(|t| Part::named(&t.value)).collect();
    if parts.len() != 1 {
        let reason = "the command node must be captured once as `@finding`, `@follows`, `@precedes`, `@other` or `@missing`";
        faults.push((written.range.start, reason.to_owned()));
    }
    for capture in inner.chain(&written.captures) {
        let name = capture.value.as_str();
        if Part::named(name).is_none() && name != "word" && !name.starts_with('_') {
            let parts: Vec<String> = Part::ALL.iter().map(|part| format!("`@{}`", part.name())).collect();
            let reason = format!(
                "unknown capture `@{name}`; known are {}, `@word` and names that start with `_`",
                parts.join(", ")
            );
            faults.push((capture.range.start, reason));
        }
    }
    parts.first().copied()
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
    let part = pattern.part;
    let of_finding = |key: &str| match part {
        Part::Finding | Part::Missing => Ok(()),
        _ => Err((
            at,
            format!("`{key}` belongs to the pattern of `@finding` or `@missing`, not of `@{}`", part.name()),
        )),
    };
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
            of_finding("message")?;
            let read = Message::parse(&message.value);
            // Escapes make the value shorter than what is written, so the error names the text and not the byte.
            pattern.message = Some(read.map_err(|(_, reason)| (message.range.start, reason))?);
            Ok(())
        }
        ("message", [_]) => Err((at, "`message` is set twice".to_owned())),
        ("message", _) => Err((at, "`message` takes one text".to_owned())),
        ("once", _) if part != Part::Finding => {
            Err((at, format!("`once` belongs to the pattern of `@finding`, not of `@{}`", part.name())))
        }
        ("once", _) if pattern.once.is_some() => Err((at, "`once` is set twice".to_owned())),
        ("once", values) => {
            let once = match values {
                [once] => Once::named(&once.value),
                _ => None,
            };
            let reason = "`once` takes one word: \"script\", \"other\" or \"unit\"";
            pattern.once = Some((once.ok_or((at, reason.to_owned()))?, at));
            Ok(())
        }
        ("severity", [severity]) => {
            of_finding("severity")?;
            let words = "`severity` is \"error\", \"warning\" or \"info\"";
            level(severity, Severity::named, words).map(|severity| pattern.severity = Some(severity))
        }
        ("confidence", [confidence]) => {
            of_finding("confidence")?;
            let words = "`confidence` is \"high\", \"medium\" or \"low\"";
            level(confidence, Confidence::named, words)
                .map(|confidence| pattern.confidence = Some(confidence))
        }
        ("severity" | "confidence", _) => Err((at, format!("`{}` takes one word", key.value))),
        ("counts", _) if !matches!(part, Part::Follows | Part::Precedes) => {
            let name = part.name();
            let of = "`@follows` or `@precedes`";
            Err((at, format!("`counts` belongs to the pattern of {of}, not of `@{name}`")))
        }
        ("counts", _) if pattern.counts.is_some() => Err((at, "`counts` is set twice".to_owned())),
        ("counts", values) => {
            let counts = values.iter().map(|value| Counts::named(&value.value)).collect::<Option<Vec<_>>>();
            let Some([counts]) = counts.as_deref() else {
                return Err((at, "`counts` takes one word: \"perhaps\" or \"ever\"".to_owned()));
            };
            pattern.counts = Some(*counts);
            Ok(())
        }
        (key, _) => {
            let known = "`command`, `message`, `once`, `counts`, `severity` and `confidence`";
            Err((at, format!("unknown key `{key}`; known are {known}")))
        }
    }
}

/// The level of that name, or an error that lists the words.
fn level<T>(word: &Token, named: fn(&str) -> Option<T>, words: &str) -> Result<T, Fault> {
    named(&word.value).ok_or_else(|| (word.range.start, words.to_owned()))
}

/// `(#name? @capture words…)`.
fn predicate(clause: &Clause, written: &Written, pattern: &mut Pattern) -> Result<(), Fault> {
    let full = clause.name.value.as_str();
    let at = clause.name.range.start;
    let name = full.trim_start_matches('#').strip_suffix('?');
    let named = |name: &str| PREDICATES.iter().find(|p| p.name == name);
    let found = name.and_then(|name| match name.strip_prefix("not-") {
        Some(positive) => named(positive).map(|p| (p, true)),
        None => named(name).map(|p| (p, false)),
    });
    let Some((predicate, negated)) = found else {
        let not = if full.starts_with("#not-") { "not-" } else { "" };
        let names: Vec<String> = PREDICATES.iter().map(|p| format!("`#{not}{}?`", p.name)).collect();
        return Err((at, format!("unknown predicate `{full}`; {}", known(&format!("`{full}`"), &names))));
    };
    let captures = clause.arguments.iter().take_while(|a| a.kind == Kind::Capture).count();
    let (captures, values) = clause.arguments.split_at(captures);
    match predicate.about {
        About::Command | About::Word => {
            let capture = one(predicate, full, at, pattern.part, captures, values)?;
            let captured = written.inner.iter().chain(&written.captures);
            let mut captured = captured.filter(|t| t.kind == Kind::Capture);
            if !captured.any(|t| t.value == capture.value) {
                let reason = format!("the pattern captures no `@{}`", capture.value);
                return Err((capture.range.start, reason));
            }
            let ask = question(predicate, full, at, values)?;
            pattern.conditions.push(Condition { ask, capture: capture.value.clone(), negated });
        }
        About::Two => {
            let (first, second) = two(full, at, pattern.part, captures, values)?;
            if let Ask::Relation(relation) = question(predicate, full, at, values)? {
                pattern.relations.push(Related { relation, first, second, negated, at });
            }
        }
        About::Deploy => {
            if let Some(capture) = captures.first() {
                return Err((
                    capture.range.start,
                    format!("`{full}` asks about the deploy, and takes no capture"),
                ));
            }
            if pattern.part != Part::Missing || negated {
                let reason = format!("`{full}` belongs to a pattern of `@missing`, and has no negation");
                return Err((at, reason));
            }
            if let Ask::Need(need) = question(predicate, full, at, values)? {
                pattern.needs.push(need);
            }
        }
    }
    Ok(())
}

/// The one capture of a predicate about the pattern's command, or about a word of it.
fn one<'t>(
    predicate: &Predicate,
    full: &str,
    at: usize,
    part: Part,
    captures: &'t [Token],
    values: &[Token],
) -> Result<&'t Token, Fault> {
    let about_command = predicate.about == About::Command;
    let about = match about_command {
        true => format!("`@{}`", part.name()),
        false => "`@word` or a capture that starts with `_`".to_owned(),
    };
    let Some(capture) = captures.first() else {
        let at = values.first().map_or(at, |first| first.range.start);
        return Err((at, format!("`{full}` asks about {about}, which must come first")));
    };
    let right = match about_command {
        true => capture.value == part.name(),
        false => Part::named(&capture.value).is_none(),
    };
    if !right {
        return Err((capture.range.start, format!("`{full}` asks about {about}, not `@{}`", capture.value)));
    }
    let second = captures.get(1).or_else(|| values.iter().find(|v| v.kind == Kind::Capture));
    match second {
        Some(second) => Err((second.range.start, format!("`{full}` takes one capture"))),
        None => Ok(capture),
    }
}

/// The two commands that a relation is between: one of them is the pattern's own.
fn two(
    full: &str,
    at: usize,
    part: Part,
    captures: &[Token],
    values: &[Token],
) -> Result<(Part, Part), Fault> {
    let own = part.name();
    if matches!(part, Part::Finding | Part::Missing) {
        let reason = format!(
            "`{full}` relates two commands: it belongs to a pattern of `@follows`, `@precedes` or `@other`"
        );
        return Err((at, reason));
    }
    let [first, second] = captures else {
        let at = captures.get(2).or(values.first()).map_or(at, |t| t.range.start);
        return Err((
            at,
            format!("`{full}` takes two captures: `@{own}` and the one that it is compared with"),
        ));
    };
    let part_of = |token: &Token| {
        let part = Part::named(&token.value).filter(|p| *p != Part::Missing);
        part.ok_or_else(|| {
            (token.range.start, format!("`{full}` relates commands, and `@{}` is none", token.value))
        })
    };
    let (a, b) = (part_of(first)?, part_of(second)?);
    if (a == part) == (b == part) {
        let reason = format!(
            "one of the two captures must be `@{own}`, which this pattern captures, and the other one not"
        );
        return Err((first.range.start, reason));
    }
    let other = if a == part { (b, second) } else { (a, first) };
    if part == Part::Other && other.0 != Part::Finding || matches!(other.0, Part::Follows | Part::Precedes) {
        let allowed = if part == Part::Other { "`@finding`" } else { "`@finding` or `@other`" };
        return Err((
            other.1.range.start,
            format!("`@{own}` is compared with {allowed}, not `@{}`", other.1.value),
        ));
    }
    Ok((a, b))
}

fn question(predicate: &Predicate, full: &str, at: usize, values: &[Token]) -> Result<Ask, Fault> {
    let words: Vec<&str> = values.iter().map(|v| v.value.as_str()).collect();
    let behind = match predicate.about {
        About::Command | About::Word => " after its capture",
        About::Two => " after its captures",
        About::Deploy => "",
    };
    let wrong = |takes: &str| {
        let found = words.len();
        Err((at, format!("`{full}` takes {takes}{behind}, found {found}")))
    };
    let ask = match (&predicate.arguments, &words[..]) {
        (Arguments::None(ask), []) => Ok(ask()),
        (Arguments::None(_), _) => return wrong("nothing"),
        (Arguments::One(ask), [word]) => ask(word),
        (Arguments::One(_), _) => return wrong("one text"),
        (Arguments::Pair(ask), [first, rest @ ..]) if !rest.is_empty() => ask(first, rest),
        (Arguments::Pair(_), _) => return wrong("a change and one or more kinds"),
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
