//! Query files: tree-sitter's query syntax says which command, predicates ask a [`Judge`] whether it matters, and the
//! captures say which part each pattern has in its rule. This module reads and checks patterns and tries them on one
//! command. It knows nothing of the model that answers, of how commands follow each other, or of any rule.
//!
//! Compiling a query costs some 2 ms, so two shapes run without one: the bare command, and the command with one
//! argument. What is deeper is compiled when a script first holds such a command, and runs rooted on the one command
//! node.

mod features;
mod index;
mod keys;
mod matching;
mod message;
mod pattern;
mod reader;
#[cfg(test)]
mod tests;
mod vocabulary;
mod words;

use std::sync::Arc;

pub(crate) use self::features::Features;
pub(crate) use self::keys::{Counts, Once};
pub(crate) use self::message::{Message, Piece, Placeholder};
pub(crate) use self::pattern::{Pattern, Related};
pub(crate) use self::vocabulary::{Part, Question, Relation};
pub(crate) use self::words::{
    Asker, ChangeWord, Drive, EcosystemWord, ExposureWord, FirstRunWord, Need, OnFailure, OpenedWord, Place,
    ResourceWord, RoleWord, RunsAs, SecondRun, UnitWord, WorkWord,
};

use self::index::{At, Index};
use self::message::Captured;
use self::reader::{Fault, Shape};
use super::tree::{Node, language};

/// Answers what a pattern asks about one command. The model does this.
pub(crate) trait Judge {
    /// Whether it holds.
    fn ask(&self, question: &Question) -> bool;

    /// The command's node, with its words as they are written, and the text that it was parsed from.
    fn node(&self) -> Option<(Node<'_>, &str)>;
}

/// All query files, and an index of the patterns that find faults.
#[derive(Debug, Default)]
pub(crate) struct Queries {
    files: Vec<QueryFile>,
    /// The patterns with `@finding`.
    index: Index,
}

/// What a rule looks for: the patterns of one file.
#[derive(Debug)]
pub(crate) struct QueryFile {
    rule: Arc<str>,
    patterns: Vec<Pattern>,
}

/// What is wrong with a query file, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QueryError {
    /// The file's path as it was given.
    pub(crate) path: String,
    /// 1-based.
    pub(crate) line: u32,
    /// 1-based, in Unicode scalar values.
    pub(crate) column: u32,
    /// What is wrong, and what would be right.
    pub(crate) reason: String,
}

impl std::fmt::Display for QueryError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let QueryError { path, line, column, reason } = self;
        write!(f, "{path}:{line}:{column}: {reason}")
    }
}

impl std::error::Error for QueryError {}

impl QueryFile {
    /// `family/name` of the file.
    pub(crate) fn rule(&self) -> &Arc<str> {
        &self.rule
    }

    /// The patterns with this part, in the order of the file.
    pub(crate) fn of(&self, part: Part) -> impl Iterator<Item = &Pattern> {
        self.patterns.iter().filter(move |p| p.part == part)
    }

    /// True if a pattern has this part.
    pub(crate) fn has(&self, part: Part) -> bool {
        self.of(part).next().is_some()
    }

    /// True if an excuse is compared with what `@other` captures.
    pub(crate) fn compares_with_other(&self) -> bool {
        let excuses = self.of(Part::Follows).chain(self.of(Part::Precedes));
        excuses.into_iter().any(|excuse| excuse.compares_with(Part::Other))
    }

    /// What is wrong with the message of the rule's page. Each pattern without a message of its own uses it.
    pub(crate) fn message_fault(&self, message: &Message) -> Option<String> {
        self.patterns.iter().filter(|p| p.message.is_none()).find_map(|p| self.fault_for(p, message))
    }

    /// What is wrong with the help of the rule's page. Each pattern uses it.
    pub(crate) fn help_fault(&self, help: &Message) -> Option<String> {
        self.patterns.iter().find_map(|p| self.fault_for(p, help))
    }

    /// What is wrong with the page's text for the command that `@other` captures.
    pub(crate) fn other_fault(&self, text: &Message) -> Option<String> {
        match self.has(Part::Other) {
            true => self.help_fault(text),
            false => Some("`other` needs a pattern of `@other` in the query file".to_owned()),
        }
    }

    /// What is wrong with a message about what a pattern finds.
    fn fault_for(&self, pattern: &Pattern, message: &Message) -> Option<String> {
        matches!(pattern.part, Part::Finding | Part::Missing)
            .then_some(Captured {
                finding: pattern.part == Part::Finding,
                other: self.has(Part::Other),
                word: pattern.captures_word,
            })
            .and_then(|captured| message.fault(captured))
    }
}

impl Queries {
    /// Reads and checks query files. Each is a path that ends with `<family>/<name>.scm`, and its text. Those that are part of
    /// the program come first. Their queries are compiled only when they are needed, because a test has checked them.
    ///
    /// # Errors
    /// All that is wrong in any of the files, in their order.
    pub(crate) fn load_beside<T: AsRef<str>>(
        embedded: impl IntoIterator<Item = (String, T)>,
        files: impl IntoIterator<Item = (String, T)>,
    ) -> Result<Queries, Vec<QueryError>> {
        let mut queries = Queries::default();
        let mut errors = Vec::new();
        let embedded = embedded.into_iter().map(|file| (file, false));
        for ((path, text), compile) in embedded.chain(files.into_iter().map(|file| (file, true))) {
            match read(&path, text.as_ref(), compile) {
                Ok(file) => queries.files.push(file),
                Err(faults) => errors.extend(faults),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        queries.index();
        Ok(queries)
    }

    fn index(&mut self) {
        for (file, query) in self.files.iter().enumerate() {
            for (number, pattern) in query.patterns.iter().enumerate() {
                let at = (file as u32, number as u32);
                match pattern.part {
                    Part::Finding if pattern.commands.is_empty() => self.index.add(at, &pattern.features),
                    Part::Finding => self.index.add_named(at, &pattern.commands),
                    _ => {}
                }
            }
        }
    }

    /// All files, in the order in which they were read.
    pub(crate) fn files(&self) -> &[QueryFile] {
        &self.files
    }

    /// The patterns about commands of this name that may find a fault in one for which these words hold, and their files.
    pub(crate) fn finding_in(
        &self,
        name: &str,
        features: Features,
    ) -> impl Iterator<Item = (&QueryFile, &Pattern)> {
        self.at(self.index.named(name).iter().copied(), features)
    }

    /// The patterns about commands of any name that may find a fault in one for which these words hold, and their files.
    pub(crate) fn finding_in_any(&self, features: Features) -> impl Iterator<Item = (&QueryFile, &Pattern)> {
        self.at(self.index.of_any(features), features)
    }

    /// The patterns that stand there and may hold.
    fn at(
        &self,
        places: impl Iterator<Item = At>,
        features: Features,
    ) -> impl Iterator<Item = (&QueryFile, &Pattern)> {
        places.filter_map(move |(file, number)| {
            let file = self.files.get(file as usize)?;
            let pattern = file.patterns.get(number as usize)?;
            pattern.has_features(features).then_some((file, pattern))
        })
    }

    /// The ids of all rules that have a query file, sorted.
    pub(crate) fn rules(&self) -> Vec<Arc<str>> {
        let mut rules: Vec<Arc<str>> = self.files.iter().map(|file| Arc::clone(&file.rule)).collect();
        rules.sort();
        rules.dedup();
        rules
    }
}

/// Reads one file, or returns everything that is wrong with it.
fn read(path: &str, text: &str, compile: bool) -> Result<QueryFile, Vec<QueryError>> {
    let mut faults = Vec::new();
    let mut file = QueryFile { rule: rule_id(path).unwrap_or_default(), patterns: Vec::new() };
    if file.rule.is_empty() {
        faults.push((0, "the path must end with `<family>/<name>.scm`".to_owned()));
    } else {
        let (written, wrong) = reader::read(text);
        faults.extend(wrong);
        if written.is_empty() && faults.is_empty() {
            faults.push((0, "the file holds no pattern".to_owned()));
        }
        for written in &written {
            match pattern::check(text, written) {
                Ok(pattern) => file.patterns.push(pattern),
                Err(wrong) => faults.extend(wrong),
            }
        }
    }
    if faults.is_empty() {
        together(&file, &mut faults);
    }
    if compile {
        let deep = file.patterns.iter().filter(|p| p.shape == Shape::Deep);
        faults.extend(deep.filter_map(compile_fault));
    }
    if faults.is_empty() {
        return Ok(file);
    }
    faults.sort_by_key(|(at, _)| *at);
    let errors = faults.into_iter().map(|(at, reason)| {
        let (line, column) = place(text, at);
        QueryError { path: path.to_owned(), line, column, reason }
    });
    Err(errors.collect())
}

/// 1-based line and column of a byte.
fn place(text: &str, at: usize) -> (u32, u32) {
    let before = text.get(..at).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    (before.matches('\n').count() as u32 + 1, before[line_start..].chars().count() as u32 + 1)
}

/// Finds what is wrong with patterns because of the other patterns in their file.
fn together(file: &QueryFile, faults: &mut Vec<Fault>) {
    let first = |part: Part| file.patterns.iter().find(|p| p.part == part).map(|p| p.start);
    if file.has(Part::Finding)
        && let Some(at) = first(Part::Missing)
    {
        let reason = "`@missing` and `@finding` exclude each other in a file: either the deploy lacks a command, or one \
                      is at fault";
        faults.push((at, reason.to_owned()));
    }
    for part in [Part::Follows, Part::Precedes, Part::Other] {
        if !file.has(Part::Finding)
            && let Some(at) = first(part)
        {
            let reason = format!(
                "`@{}` speaks of the command at fault: the file needs a pattern with `@finding`",
                part.name()
            );
            faults.push((at, reason));
        }
    }
    for pattern in &file.patterns {
        for related in &pattern.relations {
            if !file.has(Part::Other) && [related.first, related.second].contains(&Part::Other) {
                faults.push((related.at, "no pattern of the file captures `@other`".to_owned()));
            }
        }
        if let Some((Once::Other, at)) = pattern.once
            && !file.has(Part::Other)
        {
            faults.push((at, "`once` \"other\" needs a pattern of `@other` in the file".to_owned()));
        }
        if let Some(fault) = pattern.message.as_ref().and_then(|message| file.fault_for(pattern, message)) {
            faults.push((pattern.start, fault));
        }
    }
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
