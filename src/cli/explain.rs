//! `deploylint explain` and `deploylint rules`.

use super::args::{ExplainArgs, Format, RulesArgs};
use super::{Exit, Failure};
use crate::check::{CheckError, RuleSet};
use crate::output::clean;
use crate::output::rules::{fix_name, write_json, write_text};
use crate::rules::pages::Named;
use std::io::Write;

/// Prints a rule's page, or the rules of a family.
pub(super) fn explain(args: &ExplainArgs, out: &mut dyn Write) -> Result<Exit, Failure> {
    let pages = RuleSet::load(&args.rules)?.pages;
    let name = args.rule.trim_end_matches('/');
    let Some(page) = pages.get(name) else {
        if pages.named(name) == Some(Named::Family) {
            write_text(&pages, Some(name), out)?;
            return Ok(Exit::Clean);
        }
        return Err(CheckError::new(pages.unknown(name)).into());
    };
    let limit = 10_000;
    writeln!(out, "# {}: {}\n", page.id, clean::line(&page.about().title, limit))?;
    writeln!(
        out,
        "severity: {}, confidence: {}, fix: {}\n",
        page.about().severity.name(),
        page.about().confidence.name(),
        fix_name(page.about().fix)
    )?;
    writeln!(out, "{}", clean::lines(&page.body_for_readers(), limit))?;
    Ok(Exit::Clean)
}

/// Prints all rules.
pub(super) fn rules(args: &RulesArgs, out: &mut dyn Write) -> Result<Exit, Failure> {
    let pages = RuleSet::load(&args.rules)?.pages;
    match args.format {
        Format::Text => write_text(&pages, None, out)?,
        Format::Json => write_json(&pages, out)?,
    }
    Ok(Exit::Clean)
}
