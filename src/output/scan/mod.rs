//! The records of a scan. The part of a record that depends only on the repo's contents is made separately,
//! because it can be kept. JSON, version 1; the findings are those of [`super::json`], byte for byte.

mod stats;

pub(crate) use stats::{StatsForm, write as write_stats};

use super::json::{Tool, finding, gap, summary};
use super::{clean, text};
use crate::check::Report;
use crate::scan::tally::{Stats, judged};
use serde::Serialize;
use std::io;

/// How records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// For people, with colours or without.
    Text {
        /// Whether colours are used.
        color: bool,
    },
    /// One line of JSON for each.
    Ndjson,
    /// One document of JSON.
    Json,
}

/// What a record says besides the findings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header<'a> {
    /// The name of the repo.
    pub(crate) name: &'a str,
    /// The commit that is checked out.
    pub(crate) revision: Option<&'a str>,
    /// How long it took.
    pub(crate) milliseconds: u64,
}

/// The text between the braces of a list.
#[derive(Serialize)]
struct Found<'a> {
    scripts: Vec<&'a str>,
    findings: Vec<super::json::JsonFinding<'a>>,
    not_analysed: Vec<super::json::JsonGap<'a>>,
    summary: super::json::Summary,
}

#[derive(Serialize)]
struct Named<'a> {
    version: u32,
    repo: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<&'a str>,
}

/// The findings of a repo, for [`record`].
///
/// # Errors
/// The error of formatting a text.
pub(crate) fn body(report: &Report, form: Form) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    match form {
        Form::Text { .. } if report.findings.is_empty() && report.gaps.is_empty() => {}
        Form::Text { color } => text::write(report, color, &mut out)?,
        Form::Ndjson | Form::Json => {
            let found = Found {
                scripts: judged(report).map(|(path, _)| path).collect(),
                findings: report.findings.iter().map(|f| finding(&report.sources, f)).collect(),
                not_analysed: report.gaps.iter().map(|g| gap(&report.sources, g)).collect(),
                summary: summary(report),
            };
            serde_json::to_writer(&mut out, &found)?;
        }
    }
    Ok(out)
}

/// The record of a repo as it is written; empty for a repo about which a text has nothing to say.
pub(crate) fn record(header: Header<'_>, body: &[u8], form: Form) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + 200);
    match form {
        Form::Text { .. } if body.is_empty() => {}
        Form::Text { .. } => {
            let revision = header.revision.and_then(|id| id.get(..12)).map(|id| format!(" ({id})"));
            let name = clean::line(header.name, 500);
            out.extend(format!("== {name}{}\n\n", revision.unwrap_or_default()).as_bytes());
            out.extend(body);
            out.push(b'\n');
        }
        Form::Ndjson | Form::Json => {
            let named = Named { version: 1, repo: header.name, revision: header.revision };
            // This joins two objects: `{a}` and `{b}` become `{a,b}`.
            let named = serde_json::to_vec(&named).unwrap_or_default();
            out.extend(named.strip_suffix(b"}").unwrap_or(&named));
            out.push(b',');
            let body = body.strip_prefix(b"{").unwrap_or(body);
            out.extend(body.strip_suffix(b"}").unwrap_or(body));
            out.extend(format!(",\"milliseconds\":{}}}", header.milliseconds).as_bytes());
            if form == Form::Ndjson {
                out.push(b'\n');
            }
        }
    }
    out
}

/// What comes before the first record, between two records, and after the last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Before the first.
    pub(crate) begin: Vec<u8>,
    /// Before each other.
    pub(crate) between: &'static [u8],
}

impl Frame {
    /// For a format; only a document has one.
    pub(crate) fn of(form: Form) -> Frame {
        match form {
            Form::Text { .. } | Form::Ndjson => Frame::default(),
            Form::Json => {
                let tool = serde_json::to_string(&Tool::this()).unwrap_or_default();
                let begin = format!("{{\"version\":1,\"tool\":{tool},\"repos\":[\n").into_bytes();
                Frame { begin, between: b",\n" }
            }
        }
    }

    /// Ends a document.
    ///
    /// # Errors
    /// What the writer says.
    pub(crate) fn end(form: Form, stats: &Stats) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        if form == Form::Json {
            out.extend(b"\n],\"stats\":");
            write_stats(stats, StatsForm::Json, &mut out)?;
            // The line end belongs after the brace.
            out.pop();
            out.extend(b"}\n");
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::json;
    use serde_json::Value;

    fn report() -> Report {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(
            dir.path().join("start.sh"),
            "mkdir /opt/shop é\napt-get install -y nginx\nsystemctl restart nginx\n",
        )
        .unwrap();
        let targets = vec![crate::check::Target::Path(dir.path().to_owned())];
        crate::check::check(&crate::check::Request { targets, ..Default::default() }).unwrap()
    }

    #[test]
    fn a_record_holds_the_findings_of_a_check_byte_for_byte() {
        let report = report();
        assert!(!report.findings.is_empty());
        let mut checked = Vec::new();
        json::write(&report, &mut checked).unwrap();
        let checked = String::from_utf8(checked).unwrap();
        let findings =
            &checked[checked.find("\"findings\":").unwrap()..checked.find(",\"summary\"").unwrap()];
        let header = Header { name: "a \"b\"", revision: Some("0123456789abcdef"), milliseconds: 7 };
        let line = record(header, &body(&report, Form::Ndjson).unwrap(), Form::Ndjson);
        let line = String::from_utf8(line).unwrap();
        assert!(line.contains(findings), "{line}");
        let value: Value = serde_json::from_str(line.strip_suffix('\n').unwrap()).unwrap();
        assert_eq!(value["repo"], "a \"b\"");
        assert_eq!(value["revision"], "0123456789abcdef");
        assert_eq!(value["scripts"], serde_json::json!(["start.sh"]));
        assert_eq!(value["milliseconds"], 7);
        assert_eq!(line.find("{\"version\":1,\"repo\":"), Some(0));
    }

    #[test]
    fn a_document_is_made_of_records() {
        let report = report();
        let header = Header { name: "a", revision: None, milliseconds: 7 };
        let one = record(header, &body(&report, Form::Json).unwrap(), Form::Json);
        let frame = Frame::of(Form::Json);
        let end = Frame::end(Form::Json, &Stats::default()).unwrap();
        for count in 0..3 {
            let records = vec![one.clone(); count].join(frame.between);
            let text = [frame.begin.clone(), records, end.clone()].concat();
            let value: Value = serde_json::from_slice(&text).unwrap();
            assert_eq!(value["repos"].as_array().unwrap().len(), count);
            assert_eq!(value["stats"]["repos"], 0);
            assert!(text.ends_with(b"}\n"));
        }
    }

    #[test]
    fn a_text_says_nothing_of_a_repo_without_findings() {
        let form = Form::Text { color: false };
        let header = Header { name: "a\u{1b}[2J", revision: Some("0123456789abcdef"), milliseconds: 7 };
        assert_eq!(record(header, &body(&Report::default(), form).unwrap(), form), b"");
        let text = String::from_utf8(record(header, &body(&report(), form).unwrap(), form)).unwrap();
        assert!(text.starts_with("== a␛[2J (0123456789ab)\n\n"), "{text}");
        assert!(text.contains("[rerun/existing-path]: `mkdir /opt/shop é`"), "{text}");
    }
}
