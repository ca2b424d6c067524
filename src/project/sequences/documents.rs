//! Calls that a document tells people to make, in the order in which it tells them.

use super::lines::calls;
use super::{By, Called, Names, Sequence, is_about_tests};
use crate::limit::tick;
use crate::source::{FileId, Sources};
use crate::tools::calls::names_script;

/// The sequences of documents.
pub(crate) fn of_documents(
    names: &Names<'_>,
    documents: &[(String, FileId)],
    sources: &Sources,
) -> Vec<Sequence> {
    let with_calls = documents.iter().filter(|(_, file)| names_script(sources.file(*file).text()));
    let of_one = |(path, file): &(String, FileId)| {
        let courses = courses(sources.file(*file).text());
        courses.iter().flat_map(|calls| names.sequences(calls, path, By::Document)).collect::<Vec<_>>()
    };
    with_calls.flat_map(of_one).collect()
}

/// The calls of each course of actions: the blocks of code and numbered steps of one section. Numbered sections are one
/// course. An alternative begins another one.
fn courses(text: &str) -> Vec<Vec<Called>> {
    let mut courses: Vec<Vec<Called>> = vec![Vec::new()];
    let mut fence: Option<(String, String)> = None;
    let (mut is_aside, mut was_numbered) = (false, false);
    for line in text.lines() {
        tick();
        let trimmed = line.trim();
        if let Some((mark, code)) = &mut fence {
            if trimmed.starts_with(mark.as_str()) {
                if let Some(course) = courses.last_mut().filter(|_| !is_aside) {
                    course.extend(calls(code));
                }
                fence = None;
            } else {
                code.push_str(line);
                code.push('\n');
            }
            continue;
        }
        if let Some(mark) = ["```", "~~~"].iter().find(|mark| trimmed.starts_with(**mark)) {
            fence = Some(((*mark).to_owned(), String::new()));
        } else if let Some(title) = heading(trimmed) {
            let is_numbered = is_step(title);
            if !(is_numbered && was_numbered) {
                courses.push(Vec::new());
            }
            was_numbered = is_numbered;
            is_aside = is_about_others(title);
        } else if is_alternative(trimmed) {
            courses.push(Vec::new());
        } else if is_step(trimmed) && !is_aside {
            if let Some(course) = courses.last_mut() {
                course.extend(trimmed.split('`').skip(1).step_by(2).flat_map(calls));
            }
        }
    }
    courses
}

fn heading(line: &str) -> Option<&str> {
    let title = line.trim_start_matches('#');
    (title.len() < line.len() && title.starts_with(' ')).then(|| title.trim())
}

/// True for a text that begins with the number of a step: `1. Run`, `2) Run`, `Step 3: Run`.
fn is_step(text: &str) -> bool {
    let text = text.trim_start_matches(['*', '_']);
    let lower = text.get(..4).unwrap_or_default().to_ascii_lowercase();
    let named =
        matches!(lower.as_str(), "step" | "phas").then(|| text.trim_start_matches(char::is_alphabetic));
    let rest = named.map_or(text, str::trim_start);
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    (1..=2).contains(&digits) && (named.is_some() || rest[digits..].starts_with(['.', ')', ':']))
}

/// True for a heading about taking away, going back, trying out, or another machine.
fn is_about_others(title: &str) -> bool {
    const OTHERS: [&str; 13] = [
        "uninstall", "uninstalling", "remove", "removal", "rollback", "backup", "restore", "development",
        "developing", "troubleshooting", "local", "locally", "structure",
    ];
    let lower = title.to_ascii_lowercase();
    is_about_tests(title)
        || lower.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| OTHERS.contains(&word))
}

/// True for a line that offers another way: `or, with Docker:`, `Alternatively`.
fn is_alternative(line: &str) -> bool {
    let line = line.trim_start_matches(['*', '_', '-', ' ', '>']).to_ascii_lowercase();
    let first = line.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    matches!(first, "or" | "alternatively" | "otherwise" | "option" | "either" | "optional" | "optionally")
}
