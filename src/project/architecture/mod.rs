//! What the documents called `*architecture*.md` state: services with their ports, commands and units,
//! variables, users and paths. It reads tables, lists, headings, diagrams and fences, and in prose only units
//! by their full names. It does not know what runs: another module compares the documents with the
//! deployment.

mod blocks;
mod diagrams;
mod lists;
mod tables;
mod words;

use crate::finding::Gap;
use crate::limit::tick;
use crate::project::compose::Text;
use crate::repo::files::Root;
use crate::repo::inventory::Inventory;
use crate::source::{FileId, Sources, Span};
use blocks::{Kind, Line};
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// Where a service is stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Evidence {
    /// A row of a table.
    Table,
    /// A box of a diagram.
    Diagram,
    /// A heading.
    Heading,
    /// An item of a list.
    List,
    /// A fence with an example.
    Fence,
    /// A sentence.
    Prose,
}

/// How surely it is meant as something that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strength {
    /// It may also be a part of the code.
    Weak,
    /// It has a port, or is a server product.
    Medium,
    /// The document says that it is a service, and how it runs.
    Strong,
}

/// A port, and where it is stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StatedPort {
    /// The number.
    pub(crate) number: u16,
    /// The cell, the line or the box.
    pub(crate) span: Span,
    /// True beside the name, in a column for ports, or on the box; false somewhere in a sentence.
    pub(crate) evidence: Evidence,
}

/// A service that a document states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stated {
    /// The name as written, without marks and brackets.
    pub(crate) name: String,
    /// Other names, in lower case: units, containers, code beside the name.
    pub(crate) aliases: Vec<String>,
    /// Its ports.
    pub(crate) ports: Vec<StatedPort>,
    /// Its commands.
    pub(crate) commands: Vec<Text>,
    /// What it is made with, as written.
    pub(crate) technology: Option<String>,
    /// The first unit of its server product: `postgresql`.
    pub(crate) product: Option<&'static str>,
    /// The name's place.
    pub(crate) span: Span,
    /// The kind of the best statement.
    pub(crate) evidence: Evidence,
    /// How surely it runs.
    pub(crate) strength: Strength,
    /// True if it must run in production, on a server of one's own.
    pub(crate) required: bool,
}

impl Stated {
    fn port(&mut self, number: u16, span: Span) {
        if !self.ports.iter().any(|p| p.number == number) {
            self.ports.push(StatedPort { number, span, evidence: self.evidence });
        }
    }
}

/// A document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Architecture {
    /// The file.
    pub(crate) file: FileId,
    /// What it states, in the order of the document.
    pub(crate) services: Vec<Stated>,
    /// Variables of its tables.
    pub(crate) environment: Vec<Text>,
    /// Accounts that services run as.
    pub(crate) users: Vec<Text>,
    /// Directories and files of its tables.
    pub(crate) paths: Vec<Text>,
    /// True if it is about a plan, a past decision, or is in an archive.
    pub(crate) aside: bool,
    /// True for a table whose header says that its rows are services.
    pub(crate) lists_services: bool,
}

/// How many services of a document are read. No document states more.
const MAX_SERVICES: usize = 1_000;
/// How many lines of a document may say that it is only a draft.
const STATUS_LINES: usize = 30;

/// Reads all documents. If one cannot be read, a gap says why.
pub(crate) fn read_all(
    root: &Root,
    inventory: &Inventory,
    sources: &mut Sources,
) -> (Vec<Architecture>, Vec<Gap>) {
    let (mut all, mut gaps) = (Vec::new(), Vec::new());
    for path in &inventory.architecture {
        match root.read(path, sources) {
            Ok(file) => {
                let (read, more) = parse(sources, file);
                all.push(read);
                gaps.extend(more);
            }
            Err(gap) => gaps.push(gap),
        }
    }
    (all, gaps)
}

/// Reads one document. Gaps say where it is not UTF-8, and where it states more than is kept.
pub(crate) fn parse(sources: &Sources, file: FileId) -> (Architecture, Vec<Gap>) {
    let source = sources.file(file);
    let text = source.text();
    let aside = is_aside_document(source.path(), text);
    let mut found = Found::new(file);
    let document = blocks::read(text);
    let mut heading = None;
    for block in &document.blocks {
        tick();
        let aside = aside || document.is_aside(block);
        match &block.kind {
            Kind::Heading(line) => {
                lists::heading(line, aside, &mut found);
                heading = Some(line);
            }
            Kind::Item(line) => {
                lists::item(line, document.title(block), aside, &mut found);
                facts(line, heading, text, aside, &mut found);
            }
            Kind::Paragraph(line) => {
                facts(line, heading, text, aside, &mut found);
                lists::paragraph(line, aside, &mut found);
            }
            Kind::Table { header, rows } => tables::read(header, rows, aside, &mut found),
            Kind::Fence { language, inside } => match language.as_str() {
                "yaml" | "yml" => diagrams::compose(&text[inside.clone()], inside.start, aside, &mut found),
                language => diagrams::read(language, &text[inside.clone()], inside.start, aside, &mut found),
            },
        }
    }
    let mut gaps = Vec::new();
    if let Some(at) = source.first_invalid() {
        let span = Span { file, start: at, end: at };
        gaps.push(Gap::at(sources, span, "not UTF-8: it was read as Latin-1"));
    }
    if let Some(at) = document.cut {
        gaps.push(Gap::at(sources, found.span(at..at), "the document is too long, and the rest is not read"));
    }
    if let Some(span) = found.full {
        let reason = format!("more than {MAX_SERVICES} services are stated, and the rest is not compared");
        gaps.push(Gap::at(sources, span, reason));
    }
    let lists_services = found
        .services
        .iter()
        .filter(|s| s.evidence == Evidence::Table && s.strength == Strength::Strong && s.required)
        .count()
        >= 2;
    let Found { mut services, environment, users, paths, .. } = found;
    services.sort_by_key(|s| s.span);
    (Architecture { file, services, environment, users, paths, aside, lists_services }, gaps)
}

/// Reads what a line or paragraph says about the heading above it. A long one is about something else.
fn facts(line: &Line, heading: Option<&Line>, text: &str, aside: bool, found: &mut Found) {
    let Some(heading) = heading else { return };
    let end = (line.span.start + line.text.len() * 2 + 40).min(line.span.end);
    if line.text.len() < 600 && line.text.contains(':') && text.is_char_boundary(end) {
        lists::facts(&text[line.span.start..end], line.span.start, heading, aside, found);
    }
}

/// Directories of documents that do not say what runs today.
const ASIDE_DIRECTORIES: &[&str] = &[
    "adr", "adrs", "decisions", "plan", "plans", "planning", "spec", "specs", "proposals", "rfc", "rfcs",
    "archive", "archives", "archived", "_archive", "old", "old_docs", "legacy", "examples", "example",
    "templates", "template", "cheatsheets", "tutorials", "src", "lib", "packages", "kb", "redesign",
    "history", "reports", "reviews",
];

/// Words in the names of such documents.
const ASIDE_NAMES: &[&str] = &[
    "plan", "proposal", "review", "audit", "decision", "decisions", "target", "future", "redesign",
    "rebuild", "design", "report", "difference", "template", "example", "explained", "options", "migration",
    "draft", "cheat",
];

/// Words in a line about the document's status that say it does not hold today.
const NOT_IN_FORCE: &[&str] = &[
    "draft", "design", "proposal", "proposed", "planned", "planning", "wip", "deprecated", "obsolete",
    "superseded",
];

/// True for decisions, plans, archives and drafts, which do not say what runs today.
fn is_aside_document(path: &str, text: &str) -> bool {
    let mut parts: Vec<&str> = path.split('/').collect();
    let name = parts.pop().unwrap_or_default().to_lowercase();
    let elsewhere =
        |part: &&str| part.starts_with('.') || ASIDE_DIRECTORIES.contains(&part.to_lowercase().as_str());
    let status = |line: &str| {
        let lower = line.to_lowercase();
        lower.contains("status") && NOT_IN_FORCE.iter().any(|word| lower.contains(word))
    };
    parts.iter().any(elsewhere)
        || name.split(|c: char| !c.is_alphanumeric()).any(|word| ASIDE_NAMES.contains(&word))
        || text.lines().take(STATUS_LINES).filter(|line| line.len() < 200).any(status)
}

/// The results so far.
struct Found {
    file: FileId,
    services: Vec<Stated>,
    /// Services by their names, which consist of letters and digits here.
    by_name: HashMap<String, usize>,
    /// Their other names.
    aliases: HashSet<String>,
    environment: Vec<Text>,
    users: Vec<Text>,
    paths: Vec<Text>,
    /// The place of the first service that is one too many.
    full: Option<Span>,
}

impl Found {
    fn new(file: FileId) -> Found {
        Found {
            file,
            services: Vec::new(),
            by_name: HashMap::new(),
            aliases: HashSet::new(),
            environment: Vec::new(),
            users: Vec::new(),
            paths: Vec::new(),
            full: None,
        }
    }

    fn span(&self, range: Range<usize>) -> Span {
        Span { file: self.file, start: range.start as u32, end: range.end as u32 }
    }

    fn text(&self, text: &str, range: Range<usize>) -> Text {
        Text { text: text.to_owned(), span: self.span(range) }
    }

    fn variable(&mut self, name: &str, range: Range<usize>) {
        let text = self.text(name, range);
        self.environment.push(text);
    }

    fn user(&mut self, name: &str, range: Range<usize>) {
        let text = self.text(name, range);
        self.users.push(text);
    }

    fn path(&mut self, path: &str, range: Range<usize>) {
        let text = self.text(path, range);
        self.paths.push(text);
    }

    fn stated(&self, name: &str, range: Range<usize>, evidence: Evidence) -> Stated {
        Stated {
            name: name.to_owned(),
            aliases: Vec::new(),
            ports: Vec::new(),
            commands: Vec::new(),
            technology: None,
            product: None,
            span: self.span(range),
            evidence,
            strength: Strength::Weak,
            required: true,
        }
    }

    /// Keeps it. If a service is stated several times, its place is that of the best statement.
    fn add(&mut self, stated: Stated) {
        // `Auth` and `Auth Service` are one.
        let words = stated.name.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
        let key: String = words.filter(|w| !matches!(w.as_str(), "service" | "container")).collect();
        self.aliases.extend(stated.aliases.iter().cloned());
        if let Some(known) = self.by_name.get(&key) {
            merge(&mut self.services[*known], stated);
        } else if self.services.len() >= MAX_SERVICES {
            self.full.get_or_insert(stated.span);
        } else {
            self.by_name.insert(key, self.services.len());
            self.services.push(stated);
        }
    }
}

fn merge(known: &mut Stated, mut other: Stated) {
    if (other.strength, other.required) > (known.strength, known.required) {
        std::mem::swap(known, &mut other);
    }
    known.required |= other.required;
    known.product = known.product.or(other.product);
    known.technology = known.technology.take().or(other.technology);
    // A table with hundreds of rows of one name does not have hundreds of ports to compare.
    if known.ports.len() < 16 {
        for port in other.ports {
            if !known.ports.iter().any(|p| p.number == port.number) {
                known.ports.push(port);
            }
        }
    }
    if known.aliases.len() < 16 {
        known.aliases.extend(other.aliases);
    }
    if known.commands.len() < 16 {
        known.commands.extend(other.commands);
    }
}

#[cfg(test)]
mod tests;
