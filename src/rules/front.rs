//! The front matter of a page: YAML between two lines `---`. Knows nothing of the text below it.

use crate::finding::{About, Applicability, Confidence, Severity};
use crate::syntax::query::Message;
use serde::Deserialize;
use serde_saphyr::{Error, Spanned};
use std::borrow::Cow;

/// The front matter as it is written; its words are judged afterwards, with their places at hand.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct Front {
    title: Option<Spanned<String>>,
    severity: Option<Spanned<String>>,
    confidence: Option<Spanned<String>>,
    fix: Option<Spanned<String>>,
    review: Option<Spanned<String>>,
    first_run: bool,
    message: Option<Spanned<String>>,
    help: Option<Spanned<String>>,
    other: Option<Spanned<String>>,
}

/// What the front matter of the page of the rule `name` says, and where it ends.
///
/// # Errors
/// The first thing that is wrong, with its 1-based line.
pub(super) fn read(text: &str, name: &str) -> Result<(About, usize), (u32, String)> {
    let Some(rest) = text.strip_prefix("---\n") else {
        return Err((1, "a page must begin with `---`, its front matter, and `---`".to_owned()));
    };
    let start = text.len() - rest.len();
    let mut end = start;
    let closing = rest.split_inclusive('\n').find(|line| {
        end += line.len();
        line.trim_end() == "---"
    });
    let Some(closing) = closing else {
        return Err((1, "the front matter is never closed by `---`".to_owned()));
    };
    let yaml = &text[start..end - closing.len()];
    let front: Option<Front> = serde_saphyr::from_str(yaml).map_err(|error| fault(&error))?;
    let front = front.unwrap_or_default();
    let last = yaml.lines().count() as u32 + 2;
    let needed = |value: Option<Spanned<String>>, key: &str| {
        value.ok_or_else(|| (last, format!("the front matter lacks `{key}`")))
    };
    let title = needed(front.title, "title")?;
    if title.value.trim().is_empty() {
        return Err(wrong("title", &title, "the rule in one line"));
    }
    let severity = needed(front.severity, "severity")?;
    let confidence = needed(front.confidence, "confidence")?;
    let fix = needed(front.fix, "fix")?;
    let about = About {
        name: name.to_owned().into(),
        severity: Severity::named(&severity.value)
            .ok_or_else(|| wrong("severity", &severity, "error, warning or info"))?,
        confidence: Confidence::named(&confidence.value)
            .ok_or_else(|| wrong("confidence", &confidence, "high, medium or low"))?,
        fix: match fix.value.as_str() {
            "safe" => Some(Applicability::Safe),
            "unsafe" => Some(Applicability::Unsafe),
            "none" => None,
            _ => return Err(wrong("fix", &fix, "safe, unsafe or none")),
        },
        title: title.value.into(),
        review: front.review.map(|review| review.value.into()),
        first_run: front.first_run,
        message: message(front.message)?,
        help: message(front.help)?,
        other: message(front.other)?,
    };
    Ok((about, end))
}

/// A text with placeholders, checked.
fn message(text: Option<Spanned<String>>) -> Result<Option<Cow<'static, str>>, (u32, String)> {
    let Some(text) = text else { return Ok(None) };
    match Message::parse(&text.value) {
        Ok(_) => Ok(Some(text.value.into())),
        Err((_, reason)) => Err((line(text.referenced.line()), reason)),
    }
}

/// What is wrong with a value, and where.
fn wrong(key: &str, value: &Spanned<String>, allowed: &str) -> (u32, String) {
    let message = format!("`{key}` cannot be `{}`; write {allowed}", value.value);
    (line(value.referenced.line()), message)
}

/// The line of the page, where the YAML begins in its second.
fn line(of_yaml: u64) -> u32 {
    u32::try_from(of_yaml + 1).unwrap_or(u32::MAX)
}

/// What the YAML library says, as a person wants to read it.
fn fault(error: &Error) -> (u32, String) {
    let error = error.without_snippet();
    let at = error.location().map(|location| location.line());
    let message = match error {
        Error::SerdeUnknownField { field, expected, .. } => {
            format!("unknown key `{field}`; a page has {}", expected.join(", "))
        }
        Error::DuplicateMappingKey { key: Some(key), .. } => format!("`{key}` stands twice"),
        other => {
            let options = serde_saphyr::render_options! { snippets: serde_saphyr::SnippetMode::Off };
            let said = other.render_with_options(options);
            let said = said.split(" at line ").next().unwrap_or_default();
            format!("the front matter must be lines with `key: value` in YAML: {said}")
        }
    };
    (at.map_or(1, line), message)
}
