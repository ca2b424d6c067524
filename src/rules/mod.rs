//! F5: rules. Each has a page (`queries/<family>/<name>.md`), and is either a selector beside it or Rust here.
//! Knows nothing of configuration, suppression or output.

mod app;
pub mod context;
pub mod embedded;
pub mod env;
mod guards;
mod owners;
pub mod page;
pub mod page_examples;
pub mod pages;
mod permissions;
mod rerun;
mod secrets;
mod selected;
mod services;
mod steps;
mod units;
mod user;

use crate::finding::{Confidence, Finding, Gap};
use crate::project::names::is_first_boot_script;
use crate::source::Span;
use crate::syntax::query::Selectors;
use context::Context;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A rule in Rust: looks at a whole repo, because it compares two places.
type Rule = fn(&Context<'_, '_>, &mut Vec<Finding>);

/// Every rule in Rust, by what its panic is reported as.
const FAMILIES: &[&[(&str, Rule)]] =
    &[rerun::RULES, user::RULES, permissions::RULES, steps::RULES, services::RULES, units::RULES, env::RULES];

/// Runs every selector and every rule. A rule that panics is a gap of this repo, and the others still judge.
pub fn run(
    context: &Context<'_, '_>,
    selectors: &Selectors,
    findings: &mut Vec<Finding>,
    gaps: &mut Vec<Gap>,
) {
    let mut guarded = |name: &str, rule: &dyn Fn(&mut Vec<Finding>)| {
        let mut found = Vec::new();
        match catch_unwind(AssertUnwindSafe(|| rule(&mut found))) {
            Ok(()) => findings.append(&mut found),
            Err(_) => {
                for script in context.scripts {
                    let reason = format!("the rule {name} failed on it (this is a bug of deploylint)");
                    gaps.push(Gap::at(context.sources, Span::file_start(script.file), reason));
                }
            }
        }
    };
    guarded("of a selector", &|found| selected::run(context, selectors, found));
    for (name, rule) in FAMILIES.iter().copied().flatten() {
        guarded(name, &|found| rule(context, found));
    }
    for finding in findings.iter_mut() {
        if finding.confidence == Confidence::High {
            finding.confidence = context.at_most(finding.span);
        }
        // What goes wrong on the first run goes wrong there too.
        let second = finding.rule.starts_with("rerun/")
            && !["rerun/errors-ignored", "rerun/prompt"].contains(&&*finding.rule);
        if second && is_first_boot_script(context.sources.file(finding.span.file).path()) {
            finding.confidence = Confidence::Low;
        }
    }
}
