//! The review document: a Markdown file with the task "Review Production Deployment Scripts" or a similar
//! one, its trigger, and the line `**Last performed:** YYYY-MM-DD`. Markdown is read by CommonMark, so a
//! sample in a code block is not a task.

use crate::source::{FileId, Sources, Span};
use jiff::civil::Date;
use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd};
use std::ops::Range;

/// Words at the start of the line with the date, in lower case.
const LABELS: &[&str] =
    &["last performed", "last reviewed", "last review", "last executed", "last run", "last done"];
/// Words at the start of the line that says when a review is due.
const TRIGGERS: &[&str] = &["trigger", "triggers", "when", "run when", "perform when"];

/// What a configuration can say about the document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The task's title; without one, the task is recognised by its words.
    pub(crate) task: Option<String>,
    /// The words before the date.
    pub(crate) label: Option<String>,
}

/// What is written where the date is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Performed {
    /// A day.
    On(Date),
    /// Nothing, or words that stand for it: `never`, `YYYY-MM-DD`.
    Never,
    /// Something that is not a day: `2025-02-30`.
    Wrong(String),
}

/// The task in its document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Document {
    /// The document.
    pub(crate) file: FileId,
    /// The task's title.
    pub(crate) title: String,
    /// The place of the title.
    pub(crate) span: Span,
    /// When a review is due, in its own words.
    pub(crate) trigger: Option<(String, Span)>,
    /// When it was last performed, with the place of the date or of where it belongs; `None` if no line says
    /// so.
    pub(crate) performed: Option<(Performed, Span)>,
}

impl Document {
    /// The line with the date, as it is written.
    pub(crate) fn line<'s>(&self, sources: &'s Sources) -> Option<&'s str> {
        let (_, span) = self.performed.as_ref()?;
        let text = sources.file(self.file).text();
        let start = text[..span.start as usize].rfind('\n').map_or(0, |at| at + 1);
        text[start..].lines().next()
    }
}

/// The review tasks of a document, in order.
pub(crate) fn tasks(sources: &Sources, file: FileId, wanted: &Wanted) -> Vec<Document> {
    let text = sources.file(file).text();
    // Markdown is parsed only if the words are in it.
    let lower = text.to_lowercase();
    let may = match &wanted.task {
        Some(task) => lower.contains(&task.to_lowercase()),
        None => lower.contains("review") && lower.contains("deploy"),
    };
    if !may {
        return Vec::new();
    }
    let outline = Outline::of(text, wanted);
    let mut found: Vec<Document> = Vec::new();
    let mut end = 0;
    for title in outline.titles.iter().filter(|title| is_task(&title.text, wanted)) {
        // A step of the task is not a task of its own.
        if title.place.start < end {
            continue;
        }
        end = title.section.end;
        found.push(outline.document(text, file, title, wanted));
    }
    found
}

/// A heading, an item or a bold line, with its content.
struct Title {
    text: String,
    place: Range<usize>,
    section: Range<usize>,
}

struct Outline {
    /// The titles, by place.
    titles: Vec<Title>,
    /// Code, which is shown and not meant.
    code: Vec<Range<usize>>,
}

impl Outline {
    fn of(text: &str, wanted: &Wanted) -> Outline {
        let mut titles: Vec<(Option<HeadingLevel>, Title)> = Vec::new();
        let mut code = Vec::new();
        // The words of the current heading, or of the first line of the current item.
        let mut open: Option<(Option<HeadingLevel>, Title)> = None;
        let title =
            |place: Range<usize>, end: usize| Title { text: String::new(), section: place.start..end, place };
        for (event, range) in Parser::new(text).into_offset_iter() {
            match event {
                Event::Start(Tag::Heading { level, .. }) => {
                    open = Some((Some(level), title(range.clone(), range.end)));
                }
                Event::Start(Tag::Item) => open = Some((None, title(range.clone(), range.end))),
                Event::Start(Tag::Paragraph) if open.is_none() => {
                    let line = text[range.clone()].lines().next().unwrap_or_default();
                    if line.trim_start().starts_with("**") || line.trim_start().starts_with("__") {
                        open = Some((None, title(range, text.len())));
                    }
                }
                Event::Start(Tag::CodeBlock(_)) => code.push(range),
                Event::Text(words) | Event::Code(words) => {
                    if let Some((_, title)) = &mut open {
                        title.text.push_str(&words);
                    }
                }
                Event::SoftBreak
                | Event::HardBreak
                | Event::End(TagEnd::Heading(_) | TagEnd::Paragraph | TagEnd::Item)
                | Event::Start(Tag::List(_)) => {
                    // A heading ends the sections of others. Anything else that is not a task is forgotten.
                    titles.extend(
                        open.take().filter(|(level, title)| level.is_some() || is_task(&title.text, wanted)),
                    );
                }
                _ => {}
            }
        }
        // A heading's section ends at the next heading that is not deeper, and a bold line's at the next
        // heading.
        let mut next: [usize; 7] = [text.len(); 7];
        for (level, title) in titles.iter_mut().rev() {
            match level {
                Some(level) => {
                    let depth = *level as usize;
                    title.section.end = *next[..=depth].iter().min().unwrap_or(&text.len());
                    next[depth] = title.place.start;
                }
                None => {
                    let heading = next.iter().min().copied().unwrap_or(text.len());
                    title.section.end = title.section.end.min(heading.max(title.place.end));
                }
            }
        }
        Outline { titles: titles.into_iter().map(|(_, title)| title).collect(), code }
    }

    fn document(&self, text: &str, file: FileId, title: &Title, wanted: &Wanted) -> Document {
        let span = |range: Range<usize>| Span { file, start: range.start as u32, end: range.end as u32 };
        let mut document = Document {
            file,
            title: title.text.trim().to_owned(),
            span: span(first_line(text, &title.place)),
            trigger: None,
            performed: None,
        };
        let own = wanted.label.as_ref().map(|label| label.to_lowercase());
        let labels: Vec<&str> = match &own {
            Some(label) => vec![label],
            None => LABELS.to_vec(),
        };
        let mut at = title.section.start;
        for line in text[title.section.clone()].split_inclusive('\n') {
            let start = at;
            at += line.len();
            if self.code.iter().any(|code| code.contains(&start)) {
                continue;
            }
            let value = |labels: &[&str]| {
                let value = after_label(line, labels)?;
                Some((&line[value.clone()], start + value.start..start + value.end))
            };
            if document.performed.is_none()
                && let Some((value, place)) = value(&labels)
            {
                let (performed, within) = performed(value);
                let place = place.start + within.start..place.start + within.end;
                document.performed = Some((performed, span(place)));
            } else if document.trigger.is_none()
                && let Some((value, place)) = value(TRIGGERS).filter(|(value, _)| !value.is_empty())
            {
                document.trigger = Some((value.to_owned(), span(place)));
            }
        }
        document
    }
}

fn first_line(text: &str, place: &Range<usize>) -> Range<usize> {
    let line = text[place.clone()].lines().next().unwrap_or_default();
    place.start..place.start + line.trim_end().len()
}

/// Whether this is a title of the task: "Review Production Deployment Scripts", "Deploy script review".
fn is_task(title: &str, wanted: &Wanted) -> bool {
    let lower = title.to_lowercase();
    match &wanted.task {
        Some(task) => lower.contains(&task.to_lowercase()),
        None => {
            lower.chars().count() <= 120
                && lower.contains("review")
                && lower.contains("deploy")
                && (lower.contains("script") || lower.contains("production"))
        }
    }
}

/// The text after one of the labels at the start of a line, without blanks around it. Emphasis and list marks
/// are ignored.
fn after_label(line: &str, labels: &[&str]) -> Option<Range<usize>> {
    let marks = |c: char| c.is_whitespace() || "-*_>#|+".contains(c);
    let start = line.len() - line.trim_start_matches(marks).len();
    let label = labels.iter().find(|label| {
        line.get(start..start + label.len()).is_some_and(|words| words.eq_ignore_ascii_case(label))
    })?;
    let rest = &line[start + label.len()..];
    // `When the moon is full` has no colon, so it is a sentence.
    let tail = rest.trim_start_matches(['*', '_', ' ']);
    let tail = tail.strip_prefix(':')?;
    let from = line.len() - tail.len();
    let skipped =
        tail.len() - tail.trim_start_matches(|c: char| c == '*' || c == '_' || c.is_whitespace()).len();
    let value = tail[skipped..].trim_end_matches(|c: char| c.is_whitespace() || c == '|');
    // If nothing follows, the date belongs after the emphasis and a blank.
    let gap = if value.is_empty() { tail.trim_end().len() } else { skipped };
    Some(from + gap..from + gap + value.len())
}

/// What a value says, and which of its bytes the date occupies.
fn performed(value: &str) -> (Performed, Range<usize>) {
    let bytes = value.as_bytes();
    let shape = |at: usize| {
        bytes.get(at..at + 10).is_some_and(|date| {
            date.iter()
                .enumerate()
                .all(|(i, b)| if i == 4 || i == 7 { *b == b'-' } else { b.is_ascii_digit() })
        }) && !bytes.get(at + 10).is_some_and(u8::is_ascii_digit)
            && (at == 0 || !bytes[at - 1].is_ascii_alphanumeric())
    };
    if let Some(at) = (0..bytes.len()).find(|at| shape(*at)) {
        let text = &value[at..at + 10];
        let performed = match text.parse::<Date>() {
            Ok(date) => Performed::On(date),
            Err(_) => Performed::Wrong(text.to_owned()),
        };
        return (performed, at..at + 10);
    }
    match value.contains(|c: char| c.is_ascii_digit()) {
        true => (Performed::Wrong(value.to_owned()), 0..value.len()),
        false => (Performed::Never, 0..value.trim_end_matches(['*', '_']).len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceFile;

    fn read(text: &str) -> (Sources, Vec<Document>) {
        let mut sources = Sources::default();
        let file = sources.add(SourceFile::new("tasks.md", text.as_bytes().to_vec()).unwrap());
        let found = tasks(&sources, file, &Wanted::default());
        (sources, found)
    }

    fn only(text: &str) -> (String, Option<String>, Option<(Performed, String)>) {
        let (sources, found) = read(text);
        let [document] = &found[..] else { panic!("{found:?}") };
        let place = |span: Span| sources.text(span).to_owned();
        (
            document.title.clone(),
            document.trigger.as_ref().map(|(trigger, _)| trigger.clone()),
            document.performed.as_ref().map(|(performed, span)| (performed.clone(), place(*span))),
        )
    }

    fn on(date: &str) -> Option<(Performed, String)> {
        Some((Performed::On(date.parse().unwrap()), date.to_owned()))
    }

    #[test]
    fn a_task_is_a_heading_an_item_or_a_bold_line() {
        let date = "**Last performed:** 2026-01-02";
        for text in [
            format!("# Tasks\n\n## Review Production Deployment Scripts\n\nWords.\n\n{date}\n\n## Other\n"),
            format!("- Tidy up\n- **Review Production Deployment Scripts**\n  - {date}\n- More\n"),
            format!("1. Review production deployment scripts\n   after a release\n\n   {date}\n"),
            format!("**Review Production Deployment Scripts**\n\n{date}\n"),
            format!("## Review: deploy scripts\n\n| a |\n|---|\n\n> {date} (by hand)\n"),
            format!("Deployment script review\n========================\n\n{date}\n"),
        ] {
            assert_eq!(only(&text).2, on("2026-01-02"), "{text}");
        }
    }

    #[test]
    fn the_date_is_that_of_its_own_task() {
        let text = "## Review Dependencies\n**Last performed:** 2026-05-05\n\n## Review Production Deployment Scripts\n\n**Trigger:** After a feature or a dependency change\n\n### Steps\n\n1. Review the deployment scripts\n\n**Last performed:** 2026-01-02\n\n## Review Texts\n**Last performed:** 2026-06-06\n";
        let (title, trigger, performed) = only(text);
        assert_eq!(title, "Review Production Deployment Scripts");
        assert_eq!(trigger.as_deref(), Some("After a feature or a dependency change"));
        assert_eq!(performed, on("2026-01-02"));
    }

    #[test]
    fn what_is_no_date_is_told_apart_from_none() {
        let task = |line: &str| format!("# Review Deployment Scripts\n\n{line}\n");
        let said = |line: &str| only(&task(line)).2;
        let never = |place: &str| Some((Performed::Never, place.to_owned()));
        let wrong = |text: &str| Some((Performed::Wrong(text.to_owned()), text.to_owned()));
        assert_eq!(said("Nothing of it."), None);
        assert_eq!(said("**Last performed:**"), never(""));
        assert_eq!(said("**Last performed:** never"), never("never"));
        assert_eq!(said("- *Last performed*: YYYY-MM-DD"), never("YYYY-MM-DD"));
        assert_eq!(said("**Last performed:** 2025-02-30"), wrong("2025-02-30"));
        assert_eq!(said("**Last performed:** 3 May 2025"), wrong("3 May 2025"));
        assert_eq!(said("Last reviewed: on 2025-02-03 by me"), on("2025-02-03"));
        // A sample in a code block does not count.
        assert_eq!(said("```\n**Last performed:** 2025-01-01\n```"), None);
    }

    #[test]
    fn other_reviews_are_none_of_ours() {
        for text in [
            "# Code review\n\nDeployment scripts are reviewed.\n\nLast performed: 2025-01-01\n",
            "```\n# Review Deployment Scripts\n```\n",
            "",
        ] {
            assert_eq!(read(text).1, [], "{text}");
        }
    }

    #[test]
    fn a_configuration_names_task_and_label() {
        let text = "# Release check\n\nStand: 2025-01-01\n";
        let mut sources = Sources::default();
        let file = sources.add(SourceFile::new("a.md", text.as_bytes().to_vec()).unwrap());
        let wanted = Wanted { task: Some("release check".to_owned()), label: Some("Stand".to_owned()) };
        let found = tasks(&sources, file, &wanted);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].line(&sources), Some("Stand: 2025-01-01"));
    }
}
