//! A review as JSON, version 1: keys and their order stay. Lines are 1-based; keys without a value are
//! absent.

use super::{kind_name, status_name};
use crate::output::json::{JsonGap, Tool, gap};
use crate::review::checklist::{Blocked, Evidence, Item};
use crate::review::document::Performed;
use crate::review::{Change, Impact, Review};
use serde::Serialize;
use std::io::{self, Write};

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    tool: Tool,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<JsonDocument<'a>>,
    today: String,
    due: bool,
    open: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<Base<'a>>,
    commits: Vec<JsonCommit<'a>>,
    /// Files that differ from the last commit.
    working: Vec<&'a str>,
    changes: Vec<JsonChange<'a>>,
    items: Vec<JsonItem<'a>>,
    notes: &'a [String],
    not_analysed: Vec<JsonGap<'a>>,
}

#[derive(Serialize)]
struct JsonDocument<'a> {
    file: &'a str,
    line: u32,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trigger: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_performed: Option<String>,
}

#[derive(Serialize)]
struct Base<'a> {
    id: &'a str,
    date: String,
}

#[derive(Serialize)]
struct JsonCommit<'a> {
    id: &'a str,
    date: String,
    summary: &'a str,
    files: Vec<&'a str>,
}

#[derive(Serialize)]
struct JsonChange<'a> {
    kind: &'static str,
    what: &'a str,
    change: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'a str>,
    file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    /// Absent for what is not committed.
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<&'a str>,
    /// False if the commit is only the last one that touched the file.
    certain: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    diff: &'a str,
}

#[derive(Serialize)]
struct JsonItem<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<usize>,
    id: &'static str,
    title: &'static str,
    status: &'static str,
    evidence: Vec<JsonEvidence<'a>>,
    blocked: Vec<JsonBlocked<'a>>,
}

#[derive(Serialize)]
struct JsonEvidence<'a> {
    text: &'a str,
    open: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
}

#[derive(Serialize)]
struct JsonBlocked<'a> {
    file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_line: Option<u32>,
    reason: &'a str,
}

/// Writes a review as one line of JSON.
///
/// # Errors
/// What the writer says.
pub(crate) fn write(review: &Review, out: &mut dyn Write) -> io::Result<()> {
    let history = &review.history;
    let document = review.document.as_ref().map(|document| JsonDocument {
        file: review.sources.file(document.file).path(),
        line: review.sources.line(document.span),
        title: &document.title,
        trigger: document.trigger.as_ref().map(|(trigger, _)| trigger.as_str()),
        last_performed: match &document.performed {
            Some((Performed::On(date), _)) => Some(date.to_string()),
            _ => None,
        },
    });
    let commits = history.commits.iter().map(|commit| JsonCommit {
        id: &commit.id,
        date: commit.date.to_string(),
        summary: &commit.summary,
        files: commit.files.iter().map(|file| file.path.as_str()).collect(),
    });
    let written = Document {
        version: 1,
        tool: Tool::this(),
        document,
        today: review.today.to_string(),
        due: review.due,
        open: review.is_open(),
        base: history.base.as_ref().map(|base| Base { id: &base.id, date: base.date.to_string() }),
        commits: commits.collect(),
        working: history.working.iter().map(|file| file.path.as_str()).collect(),
        changes: review.impacts.iter().map(|impact| change(review, impact)).collect(),
        items: review.items.iter().map(item).collect(),
        notes: &review.notes,
        not_analysed: review.gaps.iter().map(|one| gap(&review.sources, one)).collect(),
    };
    serde_json::to_writer(&mut *out, &written)?;
    out.write_all(b"\n")
}

fn change<'a>(review: &'a Review, impact: &'a Impact) -> JsonChange<'a> {
    let (change, from, to) = match &impact.change {
        Change::Added => ("added", None, None),
        Change::Removed => ("removed", None, None),
        Change::Changed { from, to } => ("changed", Some(from.as_str()), Some(to.as_str())),
    };
    let commit = impact.commit.and_then(|commit| review.history.commits.get(commit));
    JsonChange {
        kind: kind_name(impact.kind),
        what: &impact.what,
        change,
        from,
        to,
        file: &impact.file,
        line: impact.line,
        commit: commit.map(|commit| commit.id.as_str()),
        certain: impact.certain,
        diff: &impact.diff,
    }
}

fn item(item: &Item) -> JsonItem<'_> {
    JsonItem {
        number: item.task.number(),
        id: item.task.id(),
        title: item.task.title(),
        status: status_name(item.status),
        evidence: item.evidence.iter().map(json_evidence).collect(),
        blocked: item.blocked.iter().map(json_blocked).collect(),
    }
}

fn json_evidence(evidence: &Evidence) -> JsonEvidence<'_> {
    let place = evidence.place.as_ref();
    JsonEvidence {
        text: &evidence.text,
        open: evidence.open,
        file: place.map(|(file, _)| file.as_str()),
        line: place.and_then(|(_, line)| *line),
    }
}

fn json_blocked(blocked: &Blocked) -> JsonBlocked<'_> {
    JsonBlocked {
        file: &blocked.file,
        first_line: blocked.lines.map(|(first, _)| first),
        last_line: blocked.lines.map(|(_, last)| last),
        reason: &blocked.reason,
    }
}
