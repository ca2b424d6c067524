//! `deploylint rules`: one line for each rule.

use crate::finding::Applicability;
use crate::rules::page::Page;
use crate::rules::pages::Pages;
use serde::Serialize;
use std::io;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    rules: Vec<JsonRule<'a>>,
}

#[derive(Serialize)]
struct JsonRule<'a> {
    rule: &'a str,
    severity: &'static str,
    confidence: &'static str,
    fix: &'static str,
    title: &'a str,
}

/// The name of a kind of fix, as in pages.
pub(crate) fn fix_name(fix: Option<Applicability>) -> &'static str {
    match fix {
        Some(Applicability::Safe) => "safe",
        Some(Applicability::Unsafe) => "unsafe",
        None => "none",
    }
}

/// An aligned table of the rules of one family, or of all.
///
/// # Errors
/// What the writer says.
pub(crate) fn write_text(pages: &Pages, family: Option<&str>, out: &mut dyn io::Write) -> io::Result<()> {
    let wanted = |p: &&Page| family.is_none_or(|f| p.family() == f);
    let width = |of: fn(&Page) -> usize, head: usize| {
        let widths = pages.iter().filter(wanted).map(of);
        widths.chain([head]).max().unwrap_or(head)
    };
    let id = width(|p| p.id.len(), 4);
    let row = |out: &mut dyn io::Write, cells: [&str; 5]| {
        let [rule, severity, confidence, fix, title] = cells;
        writeln!(out, "{rule:id$}  {severity:8}  {confidence:10}  {fix:6}  {title}")
    };
    row(out, ["RULE", "SEVERITY", "CONFIDENCE", "FIX", "TITLE"])?;
    for page in pages.iter().filter(wanted) {
        let title = super::clean::line(&page.about().title, 200);
        let cells = [
            &*page.id,
            page.about().severity.name(),
            page.about().confidence.name(),
            fix_name(page.about().fix),
            &title,
        ];
        row(out, cells)?;
    }
    Ok(())
}

/// All rules as one line of JSON.
///
/// # Errors
/// What the writer says.
pub(crate) fn write_json(pages: &Pages, out: &mut dyn io::Write) -> io::Result<()> {
    let rules = pages.iter().map(|page| JsonRule {
        rule: &page.id,
        severity: page.about().severity.name(),
        confidence: page.about().confidence.name(),
        fix: fix_name(page.about().fix),
        title: &page.about().title,
    });
    let document = Document { version: 1, rules: rules.collect() };
    serde_json::to_writer(&mut *out, &document)?;
    out.write_all(b"\n")
}
