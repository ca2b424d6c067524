//! A review from beginning to end: the document, the history since its date, the impact, the list.

use super::checklist::{self, Evidence, FileKind, Grounds, Item, Status, Task, Witness};
use super::document::{Document, Performed, Wanted, tasks};
use super::impact::{Impact, impact};
use super::state::{Kind, State};
use crate::check::{self, CheckError, Report, Settings, Target};
use crate::finding::{Edit, Finding, Gap};
use crate::model;
use crate::project::files::Root;
use crate::project::history::{self, History, Since};
use crate::project::inventory::Inventory;
use crate::project::names;
use crate::project::rewrite::{Rewrite, rewrite};
use crate::rules::context::Context;
use crate::shell::effect::Role;
use crate::shell::wrappers::Place;
use crate::source::{FileId, LineColumn, Sources, Span};
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

/// A larger document is no list of tasks.
const MAX_DOCUMENT: usize = 1 << 20;

/// What the caller asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The repo's root.
    pub root: PathBuf,
    /// A configuration other than `deploylint.yaml` at the root.
    pub config: Option<PathBuf>,
    /// A day or a revision, instead of the date in the document.
    pub since: Option<String>,
    /// The document, instead of looking for it.
    pub document: Option<PathBuf>,
    /// Somebody has tried the scripts.
    pub tested: bool,
}

/// A review.
#[derive(Debug)]
pub struct Review {
    /// Every file that was read.
    pub sources: Sources,
    /// The task, where there is one.
    pub document: Option<Document>,
    /// Since when changes count.
    pub since: Since,
    /// What changed.
    pub history: History,
    /// What it means, by kind, file and line.
    pub impacts: Vec<Impact>,
    /// The list.
    pub items: Vec<Item>,
    /// True when changes that the trigger names were made since then, or no review was ever recorded.
    pub due: bool,
    /// What a reader must know of the above.
    pub notes: Vec<String>,
    /// What could not be analysed.
    pub gaps: Vec<Gap>,
    /// What day it is here.
    pub today: Date,
    root: Root,
}

/// What recording came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// The date was written into that file.
    Written(String),
    /// It was there.
    Already(String),
    /// Something is left to do; nothing was written.
    Refused(Vec<Task>),
}

impl Review {
    /// True where an item is open or blocked.
    pub fn is_open(&self) -> bool {
        self.items.iter().any(|item| item.status >= Status::Blocked)
    }

    /// Writes today's date into the document, and nothing else; `force`: open items or not.
    ///
    /// # Errors
    /// No document, no line for the date, or a file that cannot be written.
    pub fn record(&self, force: bool) -> Result<Recorded, CheckError> {
        let Some(document) = &self.document else {
            return Err(CheckError::new("there is no review document to write the date into").advise(
                "write a Markdown file with a heading `Review Production Deployment Scripts` and a line \
                 `**Last performed:** never`",
            ));
        };
        let source = self.sources.file(document.file);
        let path = source.path().to_owned();
        let fail = |place: Span, message: String| CheckError {
            file: Some(path.clone()),
            place: Some(LineColumn { line: self.sources.line(place), column: 1 }),
            ..CheckError::new(message)
        };
        let Some((performed, span)) = &document.performed else {
            let error = fail(document.span, format!("`{}` has no line for the date", document.title));
            return Err(error.advise("add a line `**Last performed:** never` to it"));
        };
        if *performed == Performed::On(self.today) {
            return Ok(Recorded::Already(path));
        }
        let left: Vec<Task> = self
            .items
            .iter()
            // The date is what is about to be written.
            .filter(|item| item.task != Task::Date && item.status >= Status::Blocked)
            .map(|item| item.task)
            .collect();
        if !force && !left.is_empty() {
            return Ok(Recorded::Refused(left));
        }
        let mut text = self.today.to_string();
        let before = source.text()[..span.start as usize].chars().next_back();
        if span.start == span.end && before.is_some_and(|c| !c.is_whitespace()) {
            text.insert(0, ' ');
        }
        let edit = Edit { span: *span, text };
        let Some(after) = check::replaced(source, edit) else {
            return Err(fail(*span, "the date cannot be written into this text".to_owned()));
        };
        let file = Rewrite { path: &path, before: source.original_bytes(), after: &after };
        match rewrite(&self.root, &[file]) {
            Ok(_) => Ok(Recorded::Written(path)),
            Err(error) => Err(fail(*span, error.to_string())),
        }
    }
}

/// Carries a review out. Nothing is written.
///
/// # Errors
/// Wrong usage or configuration, several documents, a date that is none.
pub fn review(request: &Request) -> Result<Review, CheckError> {
    let today = jiff::Zoned::now().date();
    let checked = check::Request {
        root: Some(request.root.clone()),
        targets: vec![Target::Path(request.root.clone())],
        config: request.config.clone(),
        ..check::Request::default()
    };
    let settings = Settings::load(&checked)?;
    let root = Root::open(&settings.root).map_err(|gap| CheckError::in_file(&settings.root, gap.reason))?;
    let mut sources = Sources::default();
    let mut notes = Vec::new();
    let document = find_document(request, &settings, &root, &mut sources)?;
    let since = since(request, document.as_ref(), &sources, today)?;
    if let Some(Document { performed: Some((Performed::Wrong(text), _)), .. }) = &document {
        notes.push(format!("`{text}` in the review document is no date"));
    }
    let history = history::read(&root, &since).map_err(|error| {
        CheckError::new(error.to_string()).advise("--since takes a day (2026-01-31) or a git revision")
    })?;
    notes.extend(history.notes.iter().cloned());

    let mut seen = Seen::default();
    let report = check::check_over(&checked, &settings, sources, &mut |context| seen = Seen::of(context))?;
    let old = reviewed_state(&root, &history, &checked, &settings, &mut notes);
    let impacts = impact(&root, &old, &seen.state, &history);

    let gaps: Vec<Gap> = report.gaps.iter().chain(&history.gaps).cloned().collect();
    let own = |task: Task| {
        let mut own = own_evidence(task, &history, &impacts, document.as_ref(), &report.sources, today);
        own.extend(clean_note(task, report.scripts, &report.findings));
        own
    };
    let inventory = &seen.inventory;
    let grounds = Grounds {
        sources: &report.sources,
        findings: &report.findings,
        gaps: &gaps,
        impacts: &impacts,
        witnesses: &seen.witnesses,
        kind: &|path| kind_of(path, inventory),
        sections: &|path| sections(path, &seen, &report.sources),
        scripts: report.scripts,
        own: &own,
        tested: request.tested,
    };
    let items = checklist::carry_out(&grounds);
    let trigger = document.as_ref().and_then(|document| document.trigger.as_ref());
    let counts = |kind: Kind| trigger.is_none_or(|(text, _)| triggers(text, kind));
    let never = since == Since::Beginning;
    let due = never || impacts.iter().any(|impact| counts(impact.kind));
    let Report { sources, .. } = report;
    Ok(Review { sources, document, since, history, impacts, items, due, notes, gaps, today, root })
}

/// The one document that holds the task.
fn find_document(
    request: &Request,
    settings: &Settings,
    root: &Root,
    sources: &mut Sources,
) -> Result<Option<Document>, CheckError> {
    let config = &settings.config.review;
    let wanted = Wanted { task: config.task.clone(), label: config.label.clone() };
    let named = match (&request.document, &config.document) {
        // What is named on the command line is relative to the working directory.
        (Some(path), _) => Some(std::path::absolute(path).unwrap_or_else(|_| path.clone())),
        (None, Some(path)) => Some(root.locate(path)),
        (None, None) => None,
    };
    if let Some(path) = named {
        let shown = request.document.clone().unwrap_or_else(|| path.clone());
        let file = root.read(&path, sources).map_err(|gap| CheckError::in_file(&shown, gap.reason))?;
        let found = tasks(sources, file, &wanted);
        let error = |message: &str| Err(CheckError::in_file(&shown, message));
        return match one_of(found) {
            Ok(Some(document)) => Ok(Some(document)),
            Ok(None) => error("it holds no task to review deployment scripts"),
            Err(several) => Err(ambiguous(&several, sources)),
        };
    }
    let mut found = Vec::new();
    for path in Inventory::of(root).documents {
        // What cannot be read is no list of tasks that anyone keeps.
        let Ok(file) = root.read(&path, sources) else { continue };
        if sources.file(file).text().len() <= MAX_DOCUMENT {
            found.extend(tasks(sources, file, &wanted));
        }
    }
    one_of(found).map_err(|several| ambiguous(&several, sources))
}

/// The task, if there is just one; of several, the one with a line for the date.
fn one_of(mut found: Vec<Document>) -> Result<Option<Document>, Vec<Document>> {
    if found.len() > 1 {
        found.retain(|document| document.performed.is_some());
    }
    match found.len() {
        0 | 1 => Ok(found.pop()),
        _ => Err(found),
    }
}

fn ambiguous(several: &[Document], sources: &Sources) -> CheckError {
    let places: Vec<String> = several
        .iter()
        .map(|document| format!("{}:{}", sources.file(document.file).path(), sources.line(document.span)))
        .collect();
    let advice = "name one with --document, or in deploylint.yaml: `review: {document: FILE, task: TITLE}`";
    CheckError::new(format!("several tasks to review deployment scripts: {}", places.join(", ")))
        .advise(advice)
}

/// Since when changes count: what was asked for, else the document's date.
fn since(
    request: &Request,
    document: Option<&Document>,
    sources: &Sources,
    today: Date,
) -> Result<Since, CheckError> {
    if let Some(since) = &request.since {
        return match since.parse::<Date>() {
            Ok(date) => Ok(Since::Date(date)),
            Err(_) if looks_like_a_date(since) => Err(CheckError::new(format!(
                "`{since}` is no day: --since takes YYYY-MM-DD or a git revision"
            ))),
            Err(_) => Ok(Since::Revision(since.clone())),
        };
    }
    let Some(document) = document else { return Ok(Since::Beginning) };
    let Some((performed, span)) = &document.performed else { return Ok(Since::Beginning) };
    let fail = |message: String| CheckError {
        file: Some(sources.file(document.file).path().to_owned()),
        place: Some(sources.file(document.file).line_column(span.start)),
        ..CheckError::new(message)
    };
    match performed {
        Performed::Never => Ok(Since::Beginning),
        Performed::Wrong(text) => Err(fail(format!("`{text}` is no date (YYYY-MM-DD)"))
            .advise("mend it, or say with --since where the review begins")),
        // Elsewhere it may be tomorrow already.
        Performed::On(date) if today.tomorrow().is_ok_and(|tomorrow| *date > tomorrow) => {
            Err(fail(format!("{date} lies in the future: today is {today}"))
                .advise("mend it, or say with --since where the review begins"))
        }
        Performed::On(date) => Ok(Since::Recorded {
            document: sources.file(document.file).path().to_owned(),
            line: document.line(sources).unwrap_or_default().to_owned(),
            date: *date,
        }),
    }
}

fn looks_like_a_date(text: &str) -> bool {
    text.len() >= 8
        && text.chars().all(|c| c.is_ascii_digit() || c == '-' || c == '/' || c == '.')
        && text.contains(['-', '/', '.'])
}

/// What a review takes from the repo as it is.
#[derive(Default)]
struct Seen {
    state: State,
    inventory: Inventory,
    witnesses: Vec<Witness>,
    scripts: Vec<FileId>,
    /// Where services begin, by file.
    services: BTreeMap<FileId, Vec<Span>>,
}

impl Seen {
    fn of(context: &Context<'_, '_>) -> Seen {
        let mut seen = Seen {
            state: State::of(context),
            inventory: context.project.inventory.clone(),
            scripts: context.scripts.iter().map(|script| script.file).collect(),
            ..Seen::default()
        };
        for service in context.project.composes.iter().flat_map(|compose| &compose.services) {
            seen.services.entry(service.name_span.file).or_default().push(service.name_span);
        }
        for (_, _, step) in context.steps().filter(|(.., step)| !matches!(step.place, Place::Container(_))) {
            let task = step.deed.roles.iter().find_map(|role| match role {
                Role::Dependencies(_) => Some(Task::Dependencies),
                Role::Build(_) => Some(Task::Build),
                Role::Migrate => Some(Task::Migrations),
                _ => None,
            });
            if let Some(task) = task {
                let witness = Witness {
                    task,
                    words: context.words(step.span),
                    file: context.sources.file(step.span.file).path().to_owned(),
                    line: context.sources.line(step.span),
                };
                if !seen.witnesses.iter().any(|w| w.file == witness.file && w.line == witness.line) {
                    seen.witnesses.push(witness);
                }
            }
        }
        seen
    }
}

/// The facts of the state that was reviewed; none where everything counts as new, or where it cannot be read.
fn reviewed_state(
    root: &Root,
    history: &History,
    request: &check::Request,
    settings: &Settings,
    notes: &mut Vec<String>,
) -> State {
    let old = match history.reviewed(root) {
        Ok(Some(old)) => old,
        Ok(None) => return State::default(),
        Err(gap) => {
            notes.push(format!("the state that was reviewed cannot be read: {}", gap.reason));
            return State::default();
        }
    };
    let mut state = State::default();
    let inspected = catch_unwind(AssertUnwindSafe(|| {
        check::inspect(&old, request, settings, &mut Sources::default(), &mut |context| {
            state = State::of(context);
        })
    }));
    match inspected {
        Ok(Ok(judged)) if judged.gaps.is_empty() => {}
        Ok(Ok(judged)) => notes.push(format!(
            "of the state that was reviewed, {} could not be read: some changes may be missing",
            match judged.gaps.len() {
                1 => "one place".to_owned(),
                n => format!("{n} places"),
            }
        )),
        Ok(Err(error)) => notes.push(error.to_string()),
        Err(_) => {
            notes.push(
                "the state that was reviewed could not be read (this is a bug of deploylint)".to_owned(),
            );
        }
    }
    state
}

/// What the history and the document say of an item.
fn own_evidence(
    task: Task,
    history: &History,
    impacts: &[Impact],
    document: Option<&Document>,
    sources: &Sources,
    today: Date,
) -> Vec<Evidence> {
    let say =
        |text: String, open: bool, place: Option<(String, Option<u32>)>| vec![Evidence { text, place, open }];
    let count = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    match task {
        Task::Changes if !history.any() && impacts.is_empty() => Vec::new(),
        Task::Changes => {
            let mut text = count(history.commits.len(), "commit", "commits");
            if !history.working.is_empty() {
                text += &format!(", {} not committed", count(history.working.len(), "file", "files"));
            }
            say(format!("{text}: {} to look at", count(impacts.len(), "change", "changes")), false, None)
        }
        Task::Date => match document {
            None => say("there is no review document".to_owned(), true, None),
            Some(document) => {
                let path = sources.file(document.file).path().to_owned();
                let span = document.performed.as_ref().map_or(document.span, |(_, span)| *span);
                let place = Some((path, Some(sources.line(span))));
                match document.performed.as_ref().map(|(performed, _)| performed) {
                    Some(Performed::On(date)) if *date == today => {
                        say("performed today".to_owned(), false, place)
                    }
                    Some(Performed::On(date)) => say(format!("last performed {date}"), false, place),
                    Some(Performed::Never) => say("never performed".to_owned(), true, place),
                    Some(Performed::Wrong(text)) => say(format!("`{text}` is no date"), true, place),
                    None => say("no line says when it was last performed".to_owned(), true, place),
                }
            }
        },
        _ => Vec::new(),
    }
}

/// What speaks for the notes where no rule found anything.
fn clean_note(task: Task, scripts: usize, findings: &[Finding]) -> Vec<Evidence> {
    let (family, text) = match task {
        Task::AppUser => ("user/", "no rule of the family user found anything"),
        Task::RunAgain => ("rerun/", "no rule of the family rerun found anything"),
        _ => return Vec::new(),
    };
    let clean = !findings.iter().any(|finding| finding.rule.starts_with(family));
    let found = (clean && scripts > 0).then(|| {
        let scripts = if scripts == 1 { "1 script".to_owned() } else { format!("{scripts} scripts") };
        Evidence { text: format!("{scripts}: {text}"), place: None, open: false }
    });
    found.into_iter().collect()
}

/// Does a trigger name this kind of change? "After a dependency change" does not name a new service; "after a feature"
/// names all.
fn triggers(trigger: &str, kind: Kind) -> bool {
    let lower = trigger.to_lowercase();
    let named: Vec<&[Kind]> = [
        ("dependenc", &[Kind::Dependency][..]),
        ("package", &[Kind::Dependency]),
        ("migration", &[Kind::Migration]),
        ("schema", &[Kind::Migration]),
        ("service", &[Kind::Service, Kind::Unit, Kind::Port]),
        ("environment variable", &[Kind::Environment, Kind::Configuration]),
        ("configuration", &[Kind::Environment, Kind::Configuration]),
    ]
    .into_iter()
    .filter(|(word, _)| lower.contains(word))
    .map(|(_, kinds)| kinds)
    .collect();
    let all = [
        "feature", "release", "any ", "each ", "every", "deploy", "commit", "merge", "sprint", "week",
        "month",
    ];
    named.is_empty()
        || all.iter().any(|word| lower.contains(word))
        || named.iter().any(|kinds| kinds.contains(&kind))
}

fn kind_of(path: &str, inventory: &Inventory) -> FileKind {
    let name = path.rsplit('/').next().unwrap_or(path);
    let in_list = |list: &[String]| list.iter().any(|p| p == path);
    if in_list(&inventory.scripts) || name.ends_with(".sh") {
        FileKind::Script
    } else if names::is_compose(name) {
        FileKind::Compose
    } else if names::is_unit(name) || in_list(&inventory.ecosystem) {
        FileKind::Unit
    } else if names::is_architecture(name) {
        FileKind::Architecture
    } else if names::is_dotenv(name) {
        FileKind::Environment
    } else if names::is_manifest(name, path) {
        FileKind::Manifest
    } else if names::is_code(name) {
        FileKind::Code
    } else {
        FileKind::Other
    }
}

/// The statements of a script, the services of a compose file.
fn sections(path: &str, seen: &Seen, sources: &Sources) -> Vec<(u32, u32)> {
    let Some(file) = sources.find(path) else { return Vec::new() };
    if seen.scripts.contains(&file) {
        let text = sources.file(file).text();
        let pieces = catch_unwind(|| model::pieces(file, text)).unwrap_or_default();
        return pieces.iter().map(|piece| sources.lines(piece.span)).collect();
    }
    let Some(starts) = seen.services.get(&file) else { return Vec::new() };
    let mut lines: Vec<u32> = starts.iter().map(|span| sources.line(*span)).collect();
    lines.sort_unstable();
    lines.dedup();
    let end = sources.file(file).text().lines().count() as u32;
    let nexts = lines.iter().skip(1).map(|line| line - 1).chain([end]);
    lines.iter().copied().zip(nexts).collect()
}
