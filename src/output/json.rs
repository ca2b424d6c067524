//! JSON, version 1. Others build on it, so keys and their order stay. Lines and columns are 1-based, columns
//! count Unicode scalar values, and offsets are bytes of the file on disk. Keys without a value are absent.

use crate::check::Report;
use crate::finding::{Applicability, Finding, Gap, Severity};
use crate::source::{SourceFile, Sources, Span};
use serde::Serialize;
use std::io;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    tool: Tool,
    findings: Vec<JsonFinding<'a>>,
    not_analysed: Vec<JsonGap<'a>>,
    summary: Summary,
}

/// Which program wrote it.
#[derive(Serialize)]
pub(super) struct Tool {
    name: &'static str,
    version: &'static str,
}

impl Tool {
    /// This one.
    pub(super) fn this() -> Tool {
        Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") }
    }
}

#[derive(Serialize)]
pub(super) struct JsonFinding<'a> {
    rule: &'a str,
    severity: &'static str,
    confidence: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    file: &'a str,
    range: Range,
    related: Vec<JsonRelated<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<JsonFix<'a>>,
    /// Whether it goes wrong on a new server, or only when the script runs again.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<&'static str>,
}

#[derive(Serialize)]
struct JsonRelated<'a> {
    message: &'a str,
    file: &'a str,
    range: Range,
}

#[derive(Serialize)]
struct JsonFix<'a> {
    title: &'a str,
    applicability: &'static str,
    edits: Vec<JsonEdit<'a>>,
}

#[derive(Serialize)]
struct JsonEdit<'a> {
    file: &'a str,
    range: Range,
    text: String,
}

/// What could not be analysed.
#[derive(Serialize)]
pub(super) struct JsonGap<'a> {
    file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<Range>,
    reason: &'a str,
}

#[derive(Serialize)]
pub(super) struct Range {
    start: Place,
    end: Place,
}

#[derive(Serialize)]
struct Place {
    line: u32,
    column: u32,
    offset: u32,
}

/// The counts.
#[derive(Serialize)]
pub(super) struct Summary {
    files: usize,
    errors: usize,
    warnings: usize,
    infos: usize,
}

/// Writes the report as one line of JSON.
///
/// # Errors
/// What the writer says.
pub(crate) fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let sources = &report.sources;
    let document = Document {
        version: 1,
        tool: Tool::this(),
        findings: report.findings.iter().map(|f| finding(sources, f)).collect(),
        not_analysed: report.gaps.iter().map(|one| gap(sources, one)).collect(),
        summary: summary(report),
    };
    serde_json::to_writer(&mut *out, &document)?;
    out.write_all(b"\n")
}

pub(super) fn summary(report: &Report) -> Summary {
    let count = |severity| report.findings.iter().filter(|f| f.severity == severity).count();
    Summary {
        files: report.files,
        errors: count(Severity::Error),
        warnings: count(Severity::Warning),
        infos: count(Severity::Info),
    }
}

pub(super) fn gap<'a>(sources: &Sources, gap: &'a Gap) -> JsonGap<'a> {
    JsonGap { file: &gap.file, range: gap.place.map(|place| range(sources, place)), reason: &gap.reason }
}

pub(super) fn finding<'a>(sources: &'a Sources, finding: &'a Finding) -> JsonFinding<'a> {
    let path = |span: Span| sources.file(span.file).path();
    let related = finding.related.iter().map(|related| JsonRelated {
        message: &related.message,
        file: path(related.span),
        range: range(sources, related.span),
    });
    let fix = finding.fix.as_ref().map(|fix| {
        let edits = fix.edits.iter().map(|edit| JsonEdit {
            file: path(edit.span),
            range: range(sources, edit.span),
            text: sources.file(edit.span.file).edit_text(edit.span.start, &edit.text),
        });
        JsonFix {
            title: &fix.title,
            applicability: match fix.applicability {
                Applicability::Safe => "safe",
                Applicability::Unsafe => "unsafe",
            },
            edits: edits.collect(),
        }
    });
    JsonFinding {
        rule: &finding.rule,
        severity: finding.severity.name(),
        confidence: finding.confidence.name(),
        message: &finding.message,
        help: finding.help.as_deref(),
        file: path(finding.span),
        range: range(sources, finding.span),
        related: related.collect(),
        fix,
        run: finding.run,
    }
}

pub(super) fn range(sources: &Sources, span: Span) -> Range {
    let file = sources.file(span.file);
    Range { start: place(file, span.start), end: place(file, span.end) }
}

fn place(file: &SourceFile, offset: u32) -> Place {
    let at = file.line_column(offset);
    Place { line: at.line, column: at.column, offset: file.edit_offset(offset) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Confidence, Edit, Fix, Related};

    #[test]
    fn the_whole_form() {
        let mut sources = Sources::default();
        let bytes = b"\xef\xbb\xbfls\r\nmkdir \xc3\xa9 x\r\n".to_vec();
        let file = sources.add(SourceFile::new("start.sh", bytes).unwrap());
        let span = |start, end| Span { file, start, end };
        let finding = Finding {
            rule: crate::rules::id::RERUN_EXISTING_PATH,
            severity: Severity::Error,
            confidence: Confidence::High,
            message: "m".to_owned(),
            help: Some("h".to_owned()),
            span: span(3, 13),
            related: vec![Related { message: "r".to_owned(), span: span(0, 2) }],
            fix: Some(Fix {
                title: "t".to_owned(),
                applicability: Applicability::Safe,
                edits: vec![Edit { span: span(8, 8), text: " -p\n".to_owned() }],
            }),
            run: crate::rules::id::RERUN_EXISTING_PATH.run(),
        };
        let gaps = vec![
            Gap::at(&sources, span(0, 2), "g"),
            Gap { file: "x".to_owned(), place: None, reason: "w".to_owned() },
        ];
        let report = Report { sources, findings: vec![finding], gaps, files: 7, ..Report::default() };
        let mut out = Vec::new();
        write(&report, &mut out).unwrap();
        let expected = concat!(
            r#"{"version":1,"tool":{"name":"deploylint","version":""#,
            env!("CARGO_PKG_VERSION"),
            r#""},"findings":[{"rule":"rerun/existing-path","severity":"error","confidence":"high","message":"m","help":"h","#,
            r#""file":"start.sh","range":{"start":{"line":2,"column":1,"offset":7},"end":{"line":2,"column":10,"offset":17}},"#,
            r#""related":[{"message":"r","file":"start.sh","range":{"start":{"line":1,"column":1,"offset":3},"end":{"line":1,"column":3,"offset":5}}}],"#,
            r#""fix":{"title":"t","applicability":"safe","edits":[{"file":"start.sh","range":{"start":{"line":2,"column":6,"offset":12},"end":{"line":2,"column":6,"offset":12}},"text":" -p\r\n"}]},"run":"second"}],"#,
            r#""not_analysed":[{"file":"start.sh","range":{"start":{"line":1,"column":1,"offset":3},"end":{"line":1,"column":3,"offset":5}},"reason":"g"},{"file":"x","reason":"w"}],"#,
            r#""summary":{"files":7,"errors":1,"warnings":0,"infos":0}}"#,
            "\n"
        );
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
