//! Tries one pattern on one command.

use super::features::Features;
use super::keys::Counts;
use super::pattern::Pattern;
use super::reader::{Argument, Shape};
use super::vocabulary::{Ask, Part, Question};
use super::words::SecondRun;
use super::{Judge, Message, Once, Related};
use crate::finding::{Confidence, Severity};
use crate::limit;
use crate::syntax::search::each_match;
use crate::syntax::tree::{Node, language};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

/// How many half-found matches a query may hold.
const MATCH_LIMIT: u32 = 1024;

/// The words that are pointed at, each once and in order. A query of free arguments may find one word a thousand times.
type Found = BTreeSet<Option<(usize, usize)>>;

impl Pattern {
    /// The message that replaces that of the page.
    pub(crate) fn message(&self) -> Option<&Message> {
        self.message.as_ref()
    }

    /// The severity that replaces that of the page.
    pub(crate) fn severity(&self) -> Option<Severity> {
        self.severity
    }

    /// How sure its findings are at best.
    pub(crate) fn confidence(&self) -> Confidence {
        self.confidence.unwrap_or(Confidence::High)
    }

    /// True if it is reported only once for each of these.
    pub(crate) fn is_told_once(&self, each: Once) -> bool {
        self.once.is_some_and(|(once, _)| once == each)
    }

    /// In which cases it counts as an excuse, besides running along for sure.
    pub(crate) fn counts(&self) -> Option<Counts> {
        self.counts
    }

    /// How its command must stand to others of the rule.
    pub(crate) fn relations(&self) -> &[Related] {
        &self.relations
    }

    /// True if it compares its command with the one that a part captures.
    pub(crate) fn compares_with(&self, part: Part) -> bool {
        self.relations.iter().any(|related| related.first == part || related.second == part)
    }

    /// True if it asks whether the command waits for an answer, and nothing else about its second run.
    pub(crate) fn is_about_prompts(&self) -> bool {
        self.conditions.iter().any(|condition| {
            matches!(&condition.ask, Ask::Command(Question::SecondRun(words)) if words[..] == [SecondRun::Prompts])
        })
    }

    /// True if it asks what the first run of the command does.
    pub(crate) fn asks_first_run(&self) -> bool {
        self.conditions.iter().any(|condition| matches!(&condition.ask, Ask::Command(Question::FirstRun(_))))
    }

    /// True if it asks what the second run of the command does.
    pub(crate) fn asks_second_run(&self) -> bool {
        self.conditions.iter().any(|condition| matches!(&condition.ask, Ask::Command(Question::SecondRun(_))))
    }

    /// True if it may hold for a command of this name for which these words hold.
    pub(crate) fn may_hold(&self, name: &str, features: Features) -> bool {
        (self.commands.is_empty() || self.commands.iter().any(|command| command == name))
            && self.has_features(features)
    }

    /// True if the command has a word of each list that the pattern needs.
    pub(super) fn has_features(&self, features: Features) -> bool {
        self.features.iter().all(|needed| needed.meets(features))
    }

    /// The words that it points at, each once, as bytes of the text that was parsed; `None` if it points at the command. The
    /// list is empty if it does not hold. Relations are not asked.
    pub(crate) fn matches(&self, judge: &dyn Judge) -> Vec<Option<Range<usize>>> {
        let mut found = Found::new();
        // What is asked of the whole command needs no node.
        let whole = self.conditions.iter().all(|condition| match &condition.ask {
            Ask::Command(question) => judge.ask(question) != condition.negated,
            Ask::Matches(_) | Ask::Literal | Ask::Relation(_) | Ask::Need(_) => true,
        });
        if !whole {
            return Vec::new();
        }
        match &self.shape {
            Shape::Plain { name, argument: None } if name.is_empty() => self.add(judge, &mut found, |_| None),
            Shape::Plain { name, argument } => {
                if let Some((node, _)) = judge.node() {
                    self.plain(node, name, argument.as_ref(), judge, &mut found);
                }
            }
            Shape::Deep => {
                if let Some((node, text)) = judge.node() {
                    self.deep(node, text, judge, &mut found);
                }
            }
        }
        found.into_iter().map(|word| word.map(|(start, end)| start..end)).collect()
    }

    fn plain(
        &self,
        node: Node<'_>,
        name: &[String],
        argument: Option<&Argument>,
        judge: &dyn Judge,
        found: &mut Found,
    ) {
        let range_of_name = match name {
            [] => None,
            _ => node.0.child_by_field_name("name").map(|n| range(node, n)),
        };
        let named = |capture: &str| range_of_name.clone().filter(|_| name.iter().any(|n| n == capture));
        let Some(argument) = argument else {
            self.add(judge, found, named);
            return;
        };
        let mut cursor = node.0.walk();
        for word in node.0.children_by_field_name("argument", &mut cursor) {
            let kind = argument.kind.1.as_str();
            limit::tick();
            if !word.is_named() || kind != "_" && word.kind() != kind {
                continue;
            }
            self.add(judge, found, |capture| match argument.captures.iter().any(|c| c == capture) {
                true => Some(range(node, word)),
                false => named(capture),
            });
        }
    }

    fn deep(&self, node: Node<'_>, text: &str, judge: &dyn Judge, found: &mut Found) {
        thread_local! {
            static CURSOR: Cell<Option<tree_sitter::QueryCursor>> = const { Cell::new(None) };
        }
        let compiled = self.compiled.get_or_init(|| tree_sitter::Query::new(language(), &self.query).ok());
        let Some(query) = compiled else { return };
        // The cursor is taken out, so that a judge may try patterns itself.
        let mut cursor = CURSOR.take().unwrap_or_else(|| {
            let mut cursor = tree_sitter::QueryCursor::new();
            cursor.set_max_start_depth(Some(0));
            cursor.set_match_limit(MATCH_LIMIT);
            cursor
        });
        let names = query.capture_names();
        each_match(&mut cursor, query, (node.0, text), limit::left(), |one| {
            self.add(judge, found, |capture| {
                let named = |c: &&tree_sitter::QueryCapture<'_>| names[c.index as usize] == capture;
                one.captures().iter().find(named).map(|c| range(node, c.node))
            });
        });
        CURSOR.set(Some(cursor));
    }

    /// Adds a match if everything that is asked of its words holds. A predicate about a capture that took part in no match
    /// does not hold, negated or not.
    fn add(&self, judge: &dyn Judge, found: &mut Found, captured: impl Fn(&str) -> Option<Range<usize>>) {
        let holds = self.conditions.iter().all(|condition| {
            let question = match &condition.ask {
                Ask::Command(_) | Ask::Relation(_) | Ask::Need(_) => return true,
                Ask::Matches(regex) => captured(&condition.capture)
                    .map(|word| Question::WordMatches { word, pattern: Arc::clone(regex) }),
                Ask::Literal => captured(&condition.capture).map(|word| Question::Literal { word }),
            };
            question.is_some_and(|question| judge.ask(&question) != condition.negated)
        });
        if holds {
            found.insert(captured("word").map(|word| (word.start, word.end)));
        }
    }
}

/// Where a node of the command's tree stands.
fn range(command: Node<'_>, node: tree_sitter::Node<'_>) -> Range<usize> {
    let node = command.beside(node);
    node.start() as usize..node.end() as usize
}
