//! A review from beginning to end: the document, the history since its date, the impact, the checklist.

use super::begin::{find_document, since, triggers};
use super::checklist::{self, Evidence, Grounds, Item, Status, Task};
use super::document::{Document, Performed};
use super::impact::{Change, Impact, impact};
use super::request::Request;
use super::seen::{Seen, kind_of, sections};
use super::state::{Kind, State};
use crate::check::{self, CheckError, Report, Settings, Target};
use crate::finding::{Edit, Finding, Gap};
use crate::repo::files::Root;
use crate::repo::history::{self, History, Since};
use crate::repo::rewrite::{Rewrite, rewrite};
use crate::source::{LineColumn, Sources, Span};
use jiff::civil::Date;
use std::panic::{AssertUnwindSafe, catch_unwind};

#[derive(Debug)]
pub(crate) struct Review {
    /// Every file that was read.
    pub(crate) sources: Sources,
    /// The task, if there is one.
    pub(crate) document: Option<Document>,
    /// What changed.
    pub(crate) history: History,
    /// What it means, by kind, file and line.
    pub(crate) impacts: Vec<Impact>,
    /// The checklist.
    pub(crate) items: Vec<Item>,
    /// True if changes that the trigger names were made since then, or if no review was ever recorded.
    pub(crate) due: bool,
    /// What a reader must know about the above.
    pub(crate) notes: Vec<String>,
    /// What could not be analysed.
    pub(crate) gaps: Vec<Gap>,
    /// Today's date here.
    pub(crate) today: Date,
    root: Root,
}

/// The result of recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// The date was written into that file.
    Written(String),
    /// It was already there.
    Already(String),
    /// Something is left to do, so nothing was written.
    Refused(Vec<Task>),
}

impl Review {
    /// True if an item is open or blocked.
    pub(crate) fn is_open(&self) -> bool {
        self.items.iter().any(|item| item.status >= Status::Blocked)
    }

    /// Writes today's date into the document, and nothing else. With `force`, open items do not matter.
    ///
    /// # Errors
    /// There is no document, no line for the date, or the file cannot be written.
    pub(crate) fn record(&self, force: bool) -> Result<Recorded, CheckError> {
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
            // The date is about to be written.
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

/// Carries out a review. Nothing is written.
///
/// # Errors
/// Wrong usage or configuration, several documents, or a wrong date.
pub(crate) fn review(request: &Request) -> Result<Review, CheckError> {
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
        notes.push(format!("`{text}` in the review document is not a date"));
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
        if task == Task::Services {
            own.extend(new_services(&impacts, &seen));
        }
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
    Ok(Review { sources, document, history, impacts, items, due, notes, gaps, today, root })
}

/// The facts of the reviewed state; none if everything counts as new, or if it cannot be read.
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
            notes.push(format!("the reviewed state cannot be read: {}", gap.reason));
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
            "{} of the reviewed state could not be read, so some changes may be missing",
            match judged.gaps.len() {
                1 => "one place".to_owned(),
                n => format!("{n} places"),
            }
        )),
        Ok(Err(error)) => notes.push(error.to_string()),
        Err(_) => {
            notes.push("the reviewed state could not be read (this is a bug in deploylint)".to_owned());
        }
    }
    state
}

/// What the history and the document say about an item.
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
                    Some(Performed::Wrong(text)) => say(format!("`{text}` is not a date"), true, place),
                    None => {
                        say("the document does not say when it was last performed".to_owned(), true, place)
                    }
                }
            }
        },
        _ => Vec::new(),
    }
}

/// What runs the new services.
fn new_services(impacts: &[Impact], seen: &Seen) -> Vec<Evidence> {
    let new: Vec<&str> = impacts
        .iter()
        .filter(|impact| impact.kind == Kind::Service && impact.change == Change::Added)
        .map(|impact| impact.what.as_str())
        .collect();
    let runs = seen.runs.iter().filter(|(service, _)| new.contains(&service.as_str()));
    runs.map(|(_, evidence)| evidence.clone()).collect()
}

/// The evidence for the notes if no rule found anything.
fn clean_note(task: Task, scripts: usize, findings: &[Finding]) -> Vec<Evidence> {
    let (family, text) = match task {
        Task::AppUser => ("user/", "no rule of the family `user` has a finding"),
        Task::RunAgain => ("rerun/", "no rule of the family `rerun` has a finding"),
        _ => return Vec::new(),
    };
    let clean = !findings.iter().any(|finding| finding.rule.starts_with(family));
    let found = (clean && scripts > 0).then(|| {
        let scripts = if scripts == 1 { "1 script".to_owned() } else { format!("{scripts} scripts") };
        Evidence { text: format!("{scripts}: {text}"), place: None, open: false }
    });
    found.into_iter().collect()
}
