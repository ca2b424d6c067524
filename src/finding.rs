//! What a rule reports. This is plain data without lifetimes; it does not matter here how it is printed.

mod rule_id;

use crate::source::{FileId, Span};

pub use rule_id::{About, RuleId};

/// How bad it is. `error`: a deploy breaks or data is lost; `warning`: it will cause trouble; `info`: it is
/// worth knowing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It is worth knowing.
    Info,
    /// It will cause trouble.
    Warning,
    /// A deploy breaks or data is lost.
    Error,
}

impl Severity {
    /// All of them.
    pub const ALL: [Severity; 3] = [Severity::Error, Severity::Warning, Severity::Info];

    /// The one that pages, queries and configuration write so.
    pub fn named(name: &str) -> Option<Severity> {
        Severity::ALL.into_iter().find(|severity| severity.name() == name)
    }

    /// As pages, configuration and JSON write it.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        }
    }
}

/// How sure the analyser is, given what it could not resolve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Shown only on request.
    Low,
    /// Something that it rests on was unknown.
    Medium,
    /// Everything that the verdict rests on was resolved.
    High,
}

impl Confidence {
    /// All of them.
    pub const ALL: [Confidence; 3] = [Confidence::High, Confidence::Medium, Confidence::Low];

    /// The one that pages and queries write so.
    pub fn named(name: &str) -> Option<Confidence> {
        Confidence::ALL.into_iter().find(|confidence| confidence.name() == name)
    }

    /// As pages and JSON write it.
    pub fn name(self) -> &'static str {
        match self {
            Confidence::High => "high",
            Confidence::Medium => "medium",
            Confidence::Low => "low",
        }
    }
}

/// A second place that explains the finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// What that place has to do with the finding.
    pub message: String,
    /// The place.
    pub span: Span,
}

/// Whether an editor may apply the fix without asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applicability {
    /// The first run behaves exactly as before.
    Safe,
    /// A person should look at it.
    Unsafe,
}

impl Applicability {
    /// As pages and JSON write it.
    pub fn name(self) -> &'static str {
        match self {
            Applicability::Safe => "safe",
            Applicability::Unsafe => "unsafe",
        }
    }
}

/// Replaces `span` with `text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty to insert.
    pub span: Span,
    /// The new text.
    pub text: String,
}

/// A change that removes the finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, in one line.
    pub title: String,
    /// Whether it may be applied without asking.
    pub applicability: Applicability,
    /// Edits that do not overlap.
    pub edits: Vec<Edit>,
}

/// Something wrong at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule that says it.
    pub rule: RuleId,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// What happens, to what.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// The command's own words.
    pub span: Span,
    /// Other places that explain it.
    pub related: Vec<Related>,
    /// A change that removes the finding.
    pub fix: Option<Fix>,
    /// In which run the fault shows: in the `first` one on a new server, or only in the `second`; `None` if it is about
    /// no run.
    pub run: Option<&'static str>,
}

/// Something that could not be analysed. It is reported, so that silence never looks like safety.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// The file's name in output.
    pub file: String,
    /// The place, if the file could be read at all.
    pub place: Option<Span>,
    /// Why.
    pub reason: String,
}

impl Gap {
    /// A gap inside a file that was read.
    pub fn at(sources: &crate::source::Sources, span: Span, reason: impl Into<String>) -> Self {
        Gap { file: sources.file(span.file).path().to_owned(), place: Some(span), reason: reason.into() }
    }

    /// A gap that covers a whole file which was read.
    pub fn file(sources: &crate::source::Sources, file: FileId, reason: impl Into<String>) -> Self {
        Gap::at(sources, Span::file_start(file), reason)
    }
}
