//! Where a review begins: its document, its date and its trigger.

use super::document::{Document, Performed, Wanted, tasks};
use super::request::Request;
use super::state::Kind;
use crate::check::{CheckError, Settings};
use crate::repo::files::Root;
use crate::repo::history::Since;
use crate::repo::inventory::Inventory;
use crate::source::Sources;
use jiff::civil::Date;

/// A larger document is not a list of tasks.
const MAX_DOCUMENT: usize = 1 << 20;

/// The one document that holds the task.
pub(super) fn find_document(
    request: &Request,
    settings: &Settings,
    root: &Root,
    sources: &mut Sources,
) -> Result<Option<Document>, CheckError> {
    let config = &settings.config.review;
    let wanted = Wanted { task: config.task.clone(), label: config.label.clone() };
    let named = match (&request.document, &config.document) {
        // A document that is named on the command line is relative to the working directory.
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
            Ok(None) => error("it has no task to review deployment scripts"),
            Err(several) => Err(ambiguous(&several, sources)),
        };
    }
    let mut found = Vec::new();
    for path in Inventory::of(root).documents {
        // A file that cannot be read is not a list of tasks that anyone keeps.
        let Ok(file) = root.read(&path, sources) else { continue };
        if sources.file(file).text().len() <= MAX_DOCUMENT {
            found.extend(tasks(sources, file, &wanted));
        }
    }
    one_of(found).map_err(|several| ambiguous(&several, sources))
}

/// The task, if there is only one; if there are several, the one with a line for the date.
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

/// The point from which changes count: what the caller asked for, else the document's date.
pub(super) fn since(
    request: &Request,
    document: Option<&Document>,
    sources: &Sources,
    today: Date,
) -> Result<Since, CheckError> {
    if let Some(since) = &request.since {
        return match since.parse::<Date>() {
            Ok(date) => Ok(Since::Date(date)),
            Err(_) if looks_like_a_date(since) => Err(CheckError::new(format!(
                "`{since}` is not a day: --since takes YYYY-MM-DD or a git revision"
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
        Performed::Wrong(text) => Err(fail(format!("`{text}` is not a date (YYYY-MM-DD)"))
            .advise("correct it, or say with --since where the review begins")),
        // Elsewhere it may already be tomorrow.
        Performed::On(date) if today.tomorrow().is_ok_and(|tomorrow| *date > tomorrow) => {
            Err(fail(format!("{date} is in the future: today is {today}"))
                .advise("correct it, or say with --since where the review begins"))
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

/// Whether a trigger names this kind of change. "After a dependency change" does not name a new service;
/// "after a feature" names all.
pub(super) fn triggers(trigger: &str, kind: Kind) -> bool {
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
