//! Findings for people: the source line, the places that explain it, and what to write instead.
//!
//! Text from a file reaches the terminal only as text (see [`super::clean`]). Only the part of a long line
//! around the place is shown.

use super::clean;
use super::excerpt::{Excerpts, Labelled};
use crate::check::Report;
use crate::finding::{Finding, Gap, Severity};
use crate::source::Sources;
use codespan_reporting::diagnostic::{self, Diagnostic, Label, LabelStyle};
use codespan_reporting::files;
use codespan_reporting::term::termcolor::{Ansi, ColorSpec, NoColor, WriteColor};
use codespan_reporting::term::{self, Styles, StylesWriter, WriteStyle};
use std::io::{self, Write};

/// The longest message, help or label, in characters. A longer one quotes a very long word.
const MESSAGE: usize = 500;

/// Writes findings, gaps and the summary.
///
/// # Errors
/// What the writer says.
pub(crate) fn write(report: &Report, color: bool, out: &mut dyn Write) -> io::Result<()> {
    if color { write_styled(report, Ansi::new(out)) } else { write_styled(report, NoColor::new(out)) }
}

fn write_styled(report: &Report, out: impl WriteColor) -> io::Result<()> {
    let styles = styles();
    let mut out = Words { inner: StylesWriter::new(out, &styles), after_note: false };
    let config = term::Config { start_context_lines: 2, ..term::Config::default() };
    for finding in &report.findings {
        let (excerpts, diagnostic) = diagnostic(&report.sources, finding);
        match term::emit_to_write_style(&mut out, &config, &excerpts, &diagnostic) {
            Ok(()) => {}
            Err(files::Error::Io(error)) => return Err(error),
            // The excerpt cannot show this place, but the finding itself must not get lost.
            Err(_) => writeln!(out, "{}\n", in_a_line(&report.sources, finding))?,
        }
    }
    for gap in &report.gaps {
        writeln!(out, "{}", gap_line(&report.sources, gap))?;
    }
    if !report.gaps.is_empty() {
        writeln!(out)?;
    }
    writeln!(out, "{}", summary(report))?;
    out.flush()
}

/// "2 errors, 5 warnings in 7 files; 1 place not analysed".
pub(crate) fn summary(report: &Report) -> String {
    let count = |severity| {
        let of = report.findings.iter().filter(|f| f.severity == severity);
        (of.count(), severity.name())
    };
    let counts = [Severity::Error, Severity::Warning, Severity::Info].map(count);
    let parts = counts.iter().filter(|(n, _)| *n > 0);
    let parts: Vec<_> = parts.map(|(n, what)| some(*n, what)).collect();
    let found = match parts.is_empty() {
        true => "no findings".to_owned(),
        false => parts.join(", "),
    };
    let mut line = format!("{found} in {}", some(report.files, "file"));
    if report.nothing_to_judge() {
        line.push_str(
            "; no script that deploys was found, so name one, or list it under `scripts` in deploylint.yaml",
        );
    }
    if !report.gaps.is_empty() {
        line.push_str("; ");
        line.push_str(&some(report.gaps.len(), "place"));
        line.push_str(" not analysed");
    }
    line
}

/// "Fixed 3 findings in 2 files; 4 more with --unsafe-fixes", or nothing if there is nothing to say. With
/// `diff`, the fixes were only shown.
pub(crate) fn fix_summary(findings: usize, files: usize, unsafe_left: usize, diff: bool) -> Option<String> {
    let did = if diff { "Would fix" } else { "Fixed" };
    match (findings, unsafe_left) {
        (0, 0) => None,
        (0, left) => Some(format!("{did} nothing; {left} with --unsafe-fixes")),
        (_, left) => {
            let mut line = format!("{did} {} in {}", some(findings, "finding"), some(files, "file"));
            if left > 0 {
                line.push_str(&format!("; {left} more with --unsafe-fixes"));
            }
            Some(line)
        }
    }
}

fn some(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

fn diagnostic(sources: &Sources, finding: &Finding) -> (Excerpts, Diagnostic<usize>) {
    let primary = Labelled { span: finding.span, message: "", style: LabelStyle::Primary };
    let related = finding.related.iter().map(|related| Labelled {
        span: related.span,
        message: &related.message,
        style: LabelStyle::Secondary,
    });
    let labelled: Vec<_> = std::iter::once(primary).chain(related).collect();
    let (excerpts, places) = Excerpts::around(sources, &labelled);
    let labels = labelled.iter().zip(places).map(|(label, (file, range))| {
        let message = clean::line(label.message, MESSAGE);
        Label::new(label.style, file, range).with_message(message)
    });
    let severity = match finding.severity {
        Severity::Error => diagnostic::Severity::Error,
        Severity::Warning => diagnostic::Severity::Warning,
        Severity::Info => diagnostic::Severity::Note,
    };
    let mut diagnostic = Diagnostic::new(severity)
        .with_code(&*finding.rule)
        .with_message(clean::line(&finding.message, MESSAGE))
        .with_labels(labels.collect());
    if let Some(help) = &finding.help {
        let help = clean::lines(help, MESSAGE);
        diagnostic = diagnostic.with_note(format!("help: {help}"));
    }
    (excerpts, diagnostic)
}

fn in_a_line(sources: &Sources, finding: &Finding) -> String {
    let file = sources.file(finding.span.file);
    let at = file.line_column(finding.span.start);
    format!(
        "{}[{}]: {} ({}:{}:{})",
        finding.severity.name(),
        finding.rule,
        clean::line(&finding.message, MESSAGE),
        clean::line(file.path(), MESSAGE),
        at.line,
        at.column
    )
}

pub(super) fn gap_line(sources: &Sources, gap: &Gap) -> String {
    let file = clean::line(&gap.file, MESSAGE);
    let reason = clean::line(&gap.reason, MESSAGE);
    match gap.place {
        Some(place) => {
            let at = sources.file(place.file).line_column(place.start);
            format!("not analysed: {file}:{}:{}: {reason}", at.line, at.column)
        }
        None => format!("not analysed: {file}: {reason}"),
    }
}

fn styles() -> Styles {
    let mut styles = Styles::default();
    // Red on black is hard to read without bold, and blue on black in any weight.
    for label in [&mut styles.primary_label_error, &mut styles.primary_label_warning] {
        label.set_bold(true);
    }
    styles.header_message = ColorSpec::new().set_bold(true).clone();
    styles
}

/// A writer that says `info` instead of codespan's `note`, so that a severity has the same name everywhere.
struct Words<W> {
    inner: W,
    after_note: bool,
}

impl<W: Write> Write for Words<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if std::mem::take(&mut self.after_note) && bytes == b"note" {
            self.inner.write_all(b"info")?;
            return Ok(bytes.len());
        }
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<W: WriteStyle> WriteStyle for Words<W> {
    fn set_header(&mut self, severity: diagnostic::Severity) -> io::Result<()> {
        self.after_note = severity == diagnostic::Severity::Note;
        self.inner.set_header(severity)
    }

    fn set_header_message(&mut self) -> io::Result<()> {
        self.inner.set_header_message()
    }

    fn set_line_number(&mut self) -> io::Result<()> {
        self.inner.set_line_number()
    }

    fn set_note_bullet(&mut self) -> io::Result<()> {
        self.inner.set_note_bullet()
    }

    fn set_source_border(&mut self) -> io::Result<()> {
        self.inner.set_source_border()
    }

    fn set_label(&mut self, severity: diagnostic::Severity, style: LabelStyle) -> io::Result<()> {
        self.inner.set_label(severity, style)
    }

    fn reset(&mut self) -> io::Result<()> {
        self.inner.reset()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Confidence, Related};
    use crate::source::{SourceFile, Span};

    fn shown(texts: &[(&str, &str)], message: &str, at: &str, related: &[&str]) -> String {
        let mut sources = Sources::default();
        for (name, text) in texts {
            sources.add(SourceFile::new(*name, text.as_bytes().to_vec()).unwrap());
        }
        let find = |needle: &str| {
            let mut found = sources.iter().filter_map(|(file, source)| {
                let start = source.text().find(needle)? as u32;
                let end = start + needle.len() as u32;
                Some(Span { file, start, end })
            });
            found.next().unwrap()
        };
        let finding = Finding {
            rule: crate::finding::RuleId::made_up("a/b"),
            severity: Severity::Info,
            confidence: Confidence::High,
            message: message.to_owned(),
            help: Some("do this".to_owned()),
            span: find(at),
            related: related
                .iter()
                .map(|r| Related { message: "because".to_owned(), span: find(r) })
                .collect(),
            fix: None,
            run: None,
        };
        let report =
            Report { sources, findings: vec![finding], files: texts.len(), scripts: 1, ..Report::default() };
        let mut out = Vec::new();
        write(&report, false, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_finding_with_places_in_two_files() {
        let script = "set -e\n\n\n\n\tmkdir /opt\nls\n";
        let said = shown(
            &[("start.sh", script), ("web.service", "User=x\n")],
            "fails",
            "mkdir /opt",
            &["set -e", "User=x"],
        );
        let expected = "\
info[a/b]: fails
  ┌─ start.sh:5:2
  │
1 │ set -e
  │ ------ because
  ·
5 │     mkdir /opt
  │     ^^^^^^^^^^
  │
  ┌─ web.service:1:1
  │
1 │ User=x
  │ ------ because
  │
  = help: do this

1 info in 2 files
";
        assert_eq!(said, expected);
    }

    #[test]
    fn nothing_of_a_hostile_file_reaches_the_terminal() {
        let said = shown(
            &[("a\u{1b}[2J.sh", "x\u{1b}]0;title\u{7} mkdir\u{202e} y\r\n")],
            "`\u{1b}[31m` fails\nnote: all is well",
            "mkdir",
            &["y"],
        );
        assert!(said.chars().all(|c| c == '\n' || clean::shown_instead(c).is_none()), "{said}");
        assert!(said.contains("␛[31m` fails note: all is well\n"), "{said}");
    }

    #[test]
    fn of_a_long_line_only_the_place_is_shown() {
        let long = format!("{} FAULT {}", "é".repeat(5_000_000), "x".repeat(10_000_000));
        let said = shown(&[("a.sh", &long)], "fails", "FAULT", &[]);
        assert!(said.len() < 1500, "{}", said.len());
        assert!(said.contains("a.sh:1:5000002"), "{said}");
        let source = said.lines().find(|l| l.contains("FAULT")).unwrap();
        let carets = said.lines().find(|l| l.contains('^')).unwrap();
        let column = |line: &str, c| line.chars().position(|x| x == c);
        assert_eq!(column(source, 'F'), column(carets, '^'), "{said}");
        assert!(carets.ends_with("^^^^^") && !carets.ends_with("^^^^^^"), "{said}");
    }

    #[test]
    fn a_long_place_is_shown_by_its_first_line() {
        let text = format!("cat <<EOF\n{}EOF\n", "body\n".repeat(1000));
        let said = shown(&[("a.sh", &text)], "fails", &text, &[]);
        assert!(said.lines().count() < 12, "{said}");
        let said = shown(&[("a.sh", "a \\\n  b\nc\n")], "fails", "a \\\n  b", &[]);
        assert!(said.contains("2 │ │   b"), "{said}");
    }

    #[test]
    fn places_at_the_edges() {
        for (text, at) in [("", ""), ("a\n", "\n"), ("a", "a"), ("é\n\n", "é\n\n")] {
            let said = shown(&[("a.sh", text)], "fails", at, &[]);
            assert!(said.contains("a.sh:1:"), "{said}");
        }
    }
}
