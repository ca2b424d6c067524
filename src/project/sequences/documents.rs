//! Calls that a document tells people to make, in the order in which it tells them.

use super::lines::calls;
use super::{By, Called, Names, Sequence, is_about_tests};
use crate::limit::tick;
use crate::source::{FileId, Sources};
use crate::tools::calls::names_script;

/// The sequences of documents.
pub(super) fn sequences(
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

/// The calls of each course of actions: lines of code that follow each other, and the numbered steps of one section. An empty
/// line or a comment in the code may begin another way to do the same.
fn courses(text: &str) -> Vec<Vec<Called>> {
    let mut courses: Vec<Vec<Called>> = Vec::new();
    let mut steps: Vec<Called> = Vec::new();
    let mut fence: Option<(&str, String)> = None;
    let mut is_aside = false;
    for line in text.lines() {
        tick();
        let trimmed = line.trim();
        if let Some((mark, code)) = &mut fence {
            let is_end = trimmed.starts_with(*mark);
            if is_end || trimmed.is_empty() || trimmed.starts_with("# ") {
                let code = std::mem::take(code);
                courses.extend((!is_aside).then(|| calls(&code)));
            } else {
                code.push_str(line);
                code.push('\n');
            }
            if is_end {
                fence = None;
            }
            continue;
        }
        let title = heading(trimmed);
        if title.is_some() || is_alternative(trimmed) {
            courses.push(std::mem::take(&mut steps));
        }
        if let Some(mark) = ["```", "~~~"].into_iter().find(|mark| trimmed.starts_with(mark)) {
            fence = Some((mark, String::new()));
        } else if let Some(title) = title {
            is_aside = is_about_others(title);
        } else if is_step(trimmed) && !is_aside {
            steps.extend(trimmed.split('`').skip(1).step_by(2).flat_map(calls));
        }
    }
    courses.push(steps);
    courses
}

fn heading(line: &str) -> Option<&str> {
    let title = line.trim_start_matches('#');
    (title.len() < line.len() && title.starts_with(' ')).then(|| title.trim())
}

/// True for a text that begins with the number of a step: `1. Run`, `2) Run`.
fn is_step(text: &str) -> bool {
    let text = text.trim_start_matches(['*', '_']);
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    (1..=2).contains(&digits) && text[digits..].starts_with(['.', ')'])
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
