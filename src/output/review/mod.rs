//! A review for people, as Markdown for a pull request, and for programs.

mod json;
mod page;

pub(crate) use json::write as write_json;

use super::clean;
use crate::review::checklist::{Blocked, Evidence, Item, Status};
use crate::review::{Change, Impact, Kind, Review};
use page::{Markdown, Page, Text};
use std::io::{self, Write};

/// The longest line of a message, in characters.
const LINE: usize = 500;
/// How many changes of one kind are shown; JSON has all.
const CHANGES: usize = 25;
/// How many lines of one diff are shown; JSON has all.
const DIFF: usize = 16;
/// How much evidence of one item is shown, besides open evidence; JSON has all.
const EVIDENCE: usize = 8;

/// Writes a review for a terminal.
///
/// # Errors
/// What the writer says.
pub(crate) fn write_text(review: &Review, out: &mut dyn Write) -> io::Result<()> {
    write(review, &mut Text(out))
}

/// Writes a review as Markdown: the to-do list as check boxes.
///
/// # Errors
/// What the writer says.
pub(crate) fn write_markdown(review: &Review, out: &mut dyn Write) -> io::Result<()> {
    write(review, &mut Markdown(out))
}

fn write(review: &Review, page: &mut dyn Page) -> io::Result<()> {
    page.title("Review of the deployment scripts")?;
    for line in facts(review) {
        page.fact(&clean::line(&line, LINE))?;
    }
    if !review.impacts.is_empty() {
        page.heading("Changes")?;
        for group in review.impacts.chunk_by(|a, b| a.kind == b.kind) {
            for (index, impact) in group.iter().enumerate().take(CHANGES) {
                let line = change_line(review, impact);
                // Neighbouring facts share a hunk, which is shown once.
                let shown = group[..index].iter().any(|before| before.diff == impact.diff);
                // If everything is new, everything would be shown.
                let diff = if shown || review.history.base.is_none() { "" } else { impact.diff.as_str() };
                page.change(&clean::line(&line, LINE), &clean::lines(&shortened(diff), LINE))?;
            }
            if group.len() > CHANGES {
                page.change(&format!("… and {} more", group.len() - CHANGES), "")?;
            }
        }
    }
    page.heading("To do")?;
    for item in review.items.iter().filter(|item| item.task.number().is_some()) {
        write_item(item, page)?;
    }
    page.heading("Notes")?;
    for item in review.items.iter().filter(|item| item.task.number().is_none()) {
        write_item(item, page)?;
    }
    let others = review.gaps.iter().filter(|gap| {
        let told = |blocked: &Blocked| blocked.file == gap.file && blocked.reason == gap.reason;
        !review.items.iter().any(|item| item.blocked.iter().any(told))
    });
    for gap in others {
        page.fact(&clean::line(&format!("not analysed: {}: {}", gap.file, gap.reason), LINE))?;
    }
    page.end()
}

fn facts(review: &Review) -> Vec<String> {
    let mut facts = Vec::new();
    if let Some(document) = &review.document {
        let path = review.sources.file(document.file).path();
        facts.push(format!("`{}` in {path}:{}", document.title, review.sources.line(document.span)));
        if let Some((trigger, _)) = &document.trigger {
            facts.push(format!("Trigger: {trigger}"));
        }
    }
    let history = &review.history;
    let since = match &history.base {
        Some(base) => format!("Since commit {} of {}", short(&base.id), base.date),
        None => "Since the beginning (everything counts as new)".to_owned(),
    };
    let plural = |n: usize, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
    facts.push(format!(
        "{since}: {}, {} not committed, {} that the deploy has to follow",
        plural(history.commits.len(), "commit"),
        plural(history.working.len(), "file"),
        plural(review.impacts.len(), "change"),
    ));
    facts.extend(review.notes.iter().map(|note| format!("Note: {note}")));
    let open = review.items.iter().filter(|item| item.status == Status::Open).count();
    let blocked = review.items.iter().filter(|item| item.status == Status::Blocked).count();
    let due = if review.due { "A review is due" } else { "No review is due" };
    facts.push(match (open, blocked) {
        (0, 0) => format!("{due}; nothing is open"),
        (open, 0) => format!("{due}; {} open", plural(open, "item")),
        (open, blocked) => {
            format!("{due}; {} open, {} blocked", plural(open, "item"), plural(blocked, "item"))
        }
    });
    facts
}

fn write_item(item: &Item, page: &mut dyn Page) -> io::Result<()> {
    let number = item.task.number().map(|number| format!("{number} ")).unwrap_or_default();
    page.item(item.status, &format!("{number}{}", item.task.title()))?;
    let mut closed = 0;
    for evidence in &item.evidence {
        closed += usize::from(!evidence.open);
        if evidence.open || closed <= EVIDENCE {
            page.evidence(evidence.open, &clean::line(&evidence_line(evidence), LINE))?;
        }
    }
    if closed > EVIDENCE {
        page.evidence(false, &format!("… and {} more", closed - EVIDENCE))?;
    }
    for blocked in &item.blocked {
        let place = match blocked.lines {
            None => blocked.file.clone(),
            Some((first, last)) if first == last => format!("{}:{first}", blocked.file),
            Some((first, last)) => format!("{}:{first}-{last}", blocked.file),
        };
        page.evidence(true, &clean::line(&format!("blocked: {place}: {}", blocked.reason), LINE))?;
    }
    Ok(())
}

fn evidence_line(evidence: &Evidence) -> String {
    match &evidence.place {
        Some((file, Some(line))) => format!("{file}:{line}: {}", evidence.text),
        Some((file, None)) => format!("{file}: {}", evidence.text),
        None => evidence.text.clone(),
    }
}

/// `+ service redis (compose.yaml:12, 1a2b3c4d 2026-02-03 Add redis)`.
fn change_line(review: &Review, impact: &Impact) -> String {
    let kind = kind_name(impact.kind);
    let what = match &impact.change {
        Change::Added => format!("+ {kind} {}", impact.what),
        Change::Removed => format!("- {kind} {}", impact.what),
        Change::Changed { from, to } => format!("~ {kind} {}: {from} → {to}", impact.what),
    };
    let line = impact.line.map(|line| format!(":{line}")).unwrap_or_default();
    let by = match impact.commit.and_then(|commit| review.history.commits.get(commit)) {
        Some(commit) => {
            let about = if impact.certain { "" } else { "last touched by " };
            format!(", {about}{} {} {}", short(&commit.id), commit.date, commit.summary)
        }
        None if review.history.head.is_some() && review.history.base.is_some() => {
            ", not committed".to_owned()
        }
        None => String::new(),
    };
    format!("{what} ({}{line}{by})", impact.file)
}

fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

fn shortened(diff: &str) -> String {
    let lines: Vec<&str> = diff.lines().collect();
    match lines.len() > DIFF {
        true => format!("{}\n… {} more lines", lines[..DIFF].join("\n"), lines.len() - DIFF),
        false => lines.join("\n"),
    }
}

/// The name of what changed, for people and programs.
fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Service => "service",
        Kind::Unit => "unit",
        Kind::Dependency => "dependency",
        Kind::Build => "build",
        Kind::Migration => "migration",
        Kind::Environment => "environment",
        Kind::Path => "path",
        Kind::Port => "port",
        Kind::Step => "step",
        Kind::Configuration => "configuration",
        Kind::User => "user",
    }
}

/// The name of a status, for people and programs.
fn status_name(status: Status) -> &'static str {
    match status {
        Status::NotApplicable => "not applicable",
        Status::Done => "done",
        Status::Blocked => "blocked",
        Status::Open => "open",
    }
}
