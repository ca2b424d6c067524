//! Selectors: files of tree-sitter query syntax that say which command, with predicates that ask a [`Judge`] whether it
//! matters. Owns reading, checking and running them; knows nothing of the model that answers, nor of any rule.
//!
//! Compiling a query costs some 2 ms and as much again for each pattern in it, so two shapes run without one: the bare
//! command, and the command with one argument. What is deeper is compiled when a script first holds such a command,
//! and runs rooted on the one command node.

mod pattern;
mod reader;
#[cfg(test)]
mod tests;
mod vocabulary;

use crate::limit;
use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use tree_sitter::StreamingIterator;

pub use self::vocabulary::{
    ChangeWord, CommandId, Judge, OnFailure, Place, Question, RoleWord, RunsAs, SecondRun,
};

use self::pattern::Pattern;
use self::reader::{Fault, Shape};
use self::vocabulary::Ask;
use super::tree::{Node, language};

/// How many half-found matches a query may hold: bounds the work on a command of thousands of words.
const MATCH_LIMIT: u32 = 1024;

/// All selectors, by the names of the commands that they are tried on.
#[derive(Debug, Default)]
pub struct Selectors {
    patterns: Vec<Pattern>,
    groups: Vec<Group>,
    by_name: HashMap<String, usize>,
}

/// The patterns that are tried together.
#[derive(Debug)]
struct Group {
    /// Of [`Selectors::patterns`], in order.
    patterns: Vec<usize>,
    /// Those of them that are deep, in the order of the query's patterns.
    deep: Vec<usize>,
    /// Their query. `None`: it did not compile, which only an unchecked one can.
    query: OnceLock<Option<tree_sitter::Query>>,
}

/// What is wrong with a selector, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectorError {
    /// The file's path as it was given.
    pub path: String,
    /// 1-based.
    pub line: u32,
    /// 1-based, in Unicode scalar values.
    pub column: u32,
    /// What is wrong, and what would be right.
    pub reason: String,
}

impl std::fmt::Display for SelectorError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let SelectorError { path, line, column, reason } = self;
        write!(f, "{path}:{line}:{column}: {reason}")
    }
}

impl std::error::Error for SelectorError {}

/// A command that a selector found. Ranges are bytes of the text that was parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// `family/name` of the selector's file.
    pub rule: Arc<str>,
    /// In place of the rule's own message.
    pub message: Option<String>,
    /// `@finding`: the command.
    pub finding: Range<usize>,
    /// `@word`, the first of it.
    pub word: Option<Range<usize>>,
}

impl Selectors {
    /// Reads and checks selector files, each a path that ends with `<family>/<name>.scm` and its text.
    ///
    /// # Errors
    /// All that is wrong in any of the files, in their order.
    #[cfg(any(test, fuzzing))]
    pub fn load<T: AsRef<str>>(
        files: impl IntoIterator<Item = (String, T)>,
    ) -> Result<Selectors, Vec<SelectorError>> {
        Self::load_beside([], files)
    }

    /// Like [`Selectors::load`], with files that are part of the program before them: their queries are compiled when
    /// first needed, because a test has done it before.
    ///
    /// # Errors
    /// As for [`Selectors::load`].
    pub fn load_beside<T: AsRef<str>>(
        embedded: impl IntoIterator<Item = (String, T)>,
        files: impl IntoIterator<Item = (String, T)>,
    ) -> Result<Selectors, Vec<SelectorError>> {
        let mut selectors = Selectors::default();
        let mut errors = Vec::new();
        for (path, text) in embedded {
            errors.extend(selectors.add(&path, text.as_ref(), false));
        }
        for (path, text) in files {
            errors.extend(selectors.add(&path, text.as_ref(), true));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        selectors.index();
        Ok(selectors)
    }

    /// Adds the patterns of one file; what is wrong with it otherwise.
    fn add(&mut self, path: &str, text: &str, compile: bool) -> Vec<SelectorError> {
        let mut faults = Vec::new();
        let mut added = Vec::new();
        match rule_id(path) {
            None => faults.push((0, "the path must end with `<family>/<name>.scm`".to_owned())),
            Some(rule) => {
                let (patterns, wrong) = reader::read(text);
                faults.extend(wrong);
                if patterns.is_empty() && faults.is_empty() {
                    faults.push((0, "the file holds no pattern".to_owned()));
                }
                for written in &patterns {
                    match pattern::check(&rule, text, written) {
                        Ok(pattern) => added.push(pattern),
                        Err(wrong) => faults.extend(wrong),
                    }
                }
            }
        }
        if compile {
            let deep = added.iter().filter(|p| p.shape == Shape::Deep);
            faults.extend(deep.filter_map(compile_fault));
        }
        self.patterns.append(&mut added);
        faults.sort_by_key(|(at, _)| *at);
        let errors = faults.into_iter().map(|(at, reason)| {
            let before = text.get(..at).unwrap_or_default();
            let line_start = before.rfind('\n').map_or(0, |i| i + 1);
            SelectorError {
                path: path.to_owned(),
                line: before.matches('\n').count() as u32 + 1,
                column: before[line_start..].chars().count() as u32 + 1,
                reason,
            }
        });
        errors.collect()
    }

    /// Groups the patterns by the names of their commands. Names with the same patterns share a group, and its query.
    fn index(&mut self) {
        let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, pattern) in self.patterns.iter().enumerate() {
            for name in &pattern.commands {
                let patterns = by_name.entry(name).or_default();
                if patterns.last() != Some(&index) {
                    patterns.push(index);
                }
            }
        }
        let mut known: HashMap<Vec<usize>, usize> = HashMap::new();
        for (name, patterns) in by_name {
            let group = *known.entry(patterns).or_insert_with_key(|patterns| {
                let is_deep = |i: &usize| self.patterns[*i].shape == Shape::Deep;
                self.groups.push(Group {
                    patterns: patterns.clone(),
                    deep: patterns.iter().copied().filter(is_deep).collect(),
                    query: OnceLock::new(),
                });
                self.groups.len() - 1
            });
            self.by_name.insert(name.to_owned(), group);
        }
    }

    /// True when a selector is tried on commands of this name.
    pub fn for_command(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// True when one of them looks at the command's words: its node must be of the text as it is written.
    pub fn looks_at_words(&self, name: &str) -> bool {
        let group = self.by_name.get(name).map(|i| &self.groups[*i]);
        let bare = |shape: &Shape| matches!(shape, Shape::Plain { name, argument: None } if name.is_empty());
        group.is_some_and(|g| g.patterns.iter().any(|i| !bare(&self.patterns[*i].shape)))
    }

    /// True when some selector for `name` holds as far as it asks about the command as a whole: then its node is worth
    /// looking for.
    pub fn may_match(&self, name: &str, command: CommandId, judge: &dyn Judge) -> bool {
        let Some(group) = self.by_name.get(name).map(|i| &self.groups[*i]) else { return false };
        group.patterns.iter().any(|i| {
            self.patterns[*i].conditions.iter().all(|condition| match &condition.ask {
                Ask::Command(question) => judge.ask(command, question) != condition.negated,
                Ask::Matches(_) | Ask::Literal => true,
            })
        })
    }

    /// The ids of all rules that have a selector, sorted.
    pub fn rules(&self) -> Vec<Arc<str>> {
        let mut rules: Vec<Arc<str>> = self.patterns.iter().map(|p| Arc::clone(&p.rule)).collect();
        rules.sort();
        rules.dedup();
        rules
    }

    /// Tries all selectors for `name`, which is what the command runs when its wrappers are peeled, on its `node`, and
    /// adds what they find. `judge` is asked about `command` in the order in which a pattern's predicates stand. The
    /// same word counts once a rule. Matches come sorted by rule and word.
    #[expect(clippy::too_many_arguments)]
    pub fn run(
        &self,
        name: &str,
        node: Node<'_>,
        text: &str,
        command: CommandId,
        judge: &dyn Judge,
        matches: &mut Vec<Match>,
    ) {
        let Some(group) = self.by_name.get(name).map(|i| &self.groups[*i]) else {
            return;
        };
        let before = matches.len();
        let run = Run { node, command, judge };
        for pattern in group.patterns.iter().map(|i| &self.patterns[*i]) {
            if let Shape::Plain { name, argument } = &pattern.shape {
                run.plain(pattern, name, argument.as_ref(), matches);
            }
        }
        if !group.deep.is_empty()
            && let Some(query) = group.query.get_or_init(|| self.compile(group))
        {
            let pattern = |index: usize| group.deep.get(index).map(|i| &self.patterns[*i]);
            run.deep(query, pattern, text, matches);
        }
        let mut found = matches.split_off(before);
        found.sort_by(|a, b| (&a.rule, start(&a.word)).cmp(&(&b.rule, start(&b.word))));
        found.dedup_by(|b, a| a.rule == b.rule && a.word == b.word);
        matches.append(&mut found);
    }

    fn compile(&self, group: &Group) -> Option<tree_sitter::Query> {
        let queries = group.deep.iter().map(|i| self.patterns[*i].query.as_str());
        let source = queries.collect::<Vec<_>>().join("\n");
        tree_sitter::Query::new(language(), &source).ok()
    }
}

/// One command on which a group's patterns are tried.
struct Run<'r, 't> {
    node: Node<'t>,
    command: CommandId,
    judge: &'r dyn Judge,
}

impl Run<'_, '_> {
    /// Where a node of the command's tree stands.
    fn range(&self, node: tree_sitter::Node<'_>) -> Range<usize> {
        let node = self.node.beside(node);
        node.start() as usize..node.end() as usize
    }

    fn plain(
        &self,
        pattern: &Pattern,
        name: &[String],
        argument: Option<&reader::Argument>,
        matches: &mut Vec<Match>,
    ) {
        let range_of_name = match name {
            [] => None,
            _ => self.node.0.child_by_field_name("name").map(|n| self.range(n)),
        };
        let Some(argument) = argument else {
            self.add(pattern, matches, |capture| {
                let captured = name.iter().any(|n| n == capture);
                range_of_name.clone().filter(|_| captured)
            });
            return;
        };
        let mut cursor = self.node.0.walk();
        for word in self.node.0.children_by_field_name("argument", &mut cursor) {
            let kind = argument.kind.1.as_str();
            limit::tick();
            if !word.is_named() || kind != "_" && word.kind() != kind {
                continue;
            }
            self.add(pattern, matches, |capture| {
                if argument.captures.iter().any(|c| c == capture) {
                    return Some(self.range(word));
                }
                let captured = name.iter().any(|n| n == capture);
                range_of_name.clone().filter(|_| captured)
            });
        }
    }

    fn deep<'p>(
        &self,
        query: &tree_sitter::Query,
        pattern: impl Fn(usize) -> Option<&'p Pattern>,
        text: &str,
        matches: &mut Vec<Match>,
    ) {
        thread_local! {
            static CURSOR: Cell<Option<tree_sitter::QueryCursor>> = const { Cell::new(None) };
        }
        // Taken out, so that a judge may run selectors itself.
        let mut cursor = CURSOR.take().unwrap_or_else(|| {
            let mut cursor = tree_sitter::QueryCursor::new();
            cursor.set_max_start_depth(Some(0));
            cursor.set_match_limit(MATCH_LIMIT);
            cursor
        });
        let names = query.capture_names();
        let mut found = cursor.matches(query, self.node.0, text.as_bytes());
        while let Some(found) = found.next() {
            limit::tick();
            let Some(pattern) = pattern(found.pattern_index) else {
                continue;
            };
            self.add(pattern, matches, |capture| {
                let named = |c: &&tree_sitter::QueryCapture<'_>| names[c.index as usize] == capture;
                found.captures().iter().find(named).map(|c| self.range(c.node))
            });
        }
        CURSOR.set(Some(cursor));
    }

    /// Adds a match when all its predicates hold. One about a capture that took part in no match does not hold,
    /// negated or not.
    fn add(
        &self,
        pattern: &Pattern,
        matches: &mut Vec<Match>,
        captured: impl Fn(&str) -> Option<Range<usize>>,
    ) {
        let holds = pattern.conditions.iter().all(|condition| {
            let word = || captured(&condition.capture);
            let answer = match &condition.ask {
                Ask::Command(question) => self.judge.ask(self.command, question),
                Ask::Matches(regex) => {
                    let Some(word) = word() else {
                        return false;
                    };
                    let pattern = Arc::clone(regex);
                    let question = Question::WordMatches { word, pattern };
                    self.judge.ask(self.command, &question)
                }
                Ask::Literal => {
                    let Some(word) = word() else {
                        return false;
                    };
                    self.judge.ask(self.command, &Question::Literal { word })
                }
            };
            answer != condition.negated
        });
        if !holds {
            return;
        }
        matches.push(Match {
            rule: Arc::clone(&pattern.rule),
            message: pattern.message.clone(),
            finding: self.range(self.node.0),
            word: captured("word"),
        });
    }
}

fn start(word: &Option<Range<usize>>) -> Option<(usize, usize)> {
    word.as_ref().map(|w| (w.start, w.end))
}

/// `family/name` of a path `…/family/name.scm`.
fn rule_id(path: &str) -> Option<Arc<str>> {
    let mut parts = path.rsplit(['/', '\\']);
    let name = parts.next()?.strip_suffix(".scm").filter(|n| !n.is_empty())?;
    let family = parts.next().filter(|f| !f.is_empty())?;
    Some(format!("{family}/{name}").into())
}

/// What tree-sitter says against a deep pattern.
fn compile_fault(pattern: &Pattern) -> Option<Fault> {
    let error = tree_sitter::Query::new(language(), &pattern.query).err()?;
    use tree_sitter::QueryErrorKind as Kind;
    let name = error.message.trim_matches('"');
    let reason = match error.kind {
        Kind::NodeType => format!("the grammar has no node `{name}`"),
        Kind::Field => format!("the grammar has no field `{name}`"),
        Kind::Capture => format!("unknown capture `@{name}`"),
        Kind::Structure => "no command of the grammar has this structure".to_owned(),
        _ => "the query's syntax is wrong here".to_owned(),
    };
    Some((pattern.start + error.offset.min(pattern.query.len()), reason))
}
