//! Rules. Each has a page (`queries/<family>/<name>.md`), and is either a selector beside it or Rust here.
//! Knows nothing of configuration, suppression or output.

pub mod draft;
pub mod embedded;
pub mod env;
mod guards;
// A rule that is a query file alone is named by no code.
#[allow(dead_code)]
pub mod id;
pub mod page;
#[cfg(any(test, fuzzing))]
pub mod page_examples;
pub mod pages;
mod permissions;
pub(crate) mod queries;
mod rerun;
pub mod services;
mod steps;
mod units;
mod user;

use crate::facts::world::World;
use crate::finding::{Confidence, Finding, RuleId};
use crate::limit::{self, Failure};
use crate::repo::names::is_first_boot_script;
use crate::rules::pages::Pages;
use crate::syntax::query::Selectors;

/// A rule in Rust: looks at a whole repo, because it compares two places.
pub(crate) type Rule = fn(&World<'_, '_>, &mut Vec<Finding>);

/// Every rule in Rust, by what its panic is reported as.
const FAMILIES: &[&[(&str, Rule)]] =
    &[rerun::RULES, user::RULES, permissions::RULES, steps::RULES, services::RULES, units::RULES, env::RULES];

/// How the query files of each family are worded, where their pages do not say it.
fn wordings() -> Vec<(RuleId, queries::Wording)> {
    [rerun::WORDINGS, user::WORDINGS, permissions::WORDINGS, steps::WORDINGS].concat()
}

/// A rule, or the selectors: what is run, and why its run came to nothing where it did.
#[derive(Clone, Copy, Debug)]
pub struct Failed {
    /// What it is called in a gap.
    pub name: &'static str,
    /// What it failed of.
    pub failure: Failure,
    /// `None`: the selectors.
    rule: Option<Rule>,
}

impl Failed {
    /// A rule that may panic.
    #[cfg(test)]
    pub(crate) fn of(name: &'static str, rule: Rule) -> Failed {
        Failed { name, failure: Failure::Panicked, rule: Some(rule) }
    }

    /// Runs it, perhaps on less than before.
    ///
    /// # Errors
    /// What it failed of.
    pub fn run(
        &self,
        context: &World<'_, '_>,
        selectors: &Selectors,
        pages: &Pages,
    ) -> Result<Vec<Finding>, Failure> {
        limit::piece(|| {
            let mut found = Vec::new();
            match self.rule {
                Some(rule) => rule(context, &mut found),
                None => queries::run(context, selectors, pages, &wordings(), &mut found),
            }
            found.iter_mut().for_each(|finding| temper(context, finding));
            found
        })
    }
}

/// The selectors and every rule, in the order in which they run.
pub fn all() -> impl Iterator<Item = Failed> {
    let rules = FAMILIES.iter().copied().flatten();
    let rules = rules.map(|(name, rule)| Failed { name, failure: Failure::Panicked, rule: Some(*rule) });
    std::iter::once(Failed { name: "of a selector", failure: Failure::Panicked, rule: None }).chain(rules)
}

/// Runs every selector and every rule; gives those that panicked, the others have judged all the same.
pub fn run(
    context: &World<'_, '_>,
    selectors: &Selectors,
    pages: &Pages,
    findings: &mut Vec<Finding>,
) -> Vec<Failed> {
    let mut failed = Vec::new();
    for rule in all() {
        match rule.run(context, selectors, pages) {
            Ok(mut found) => findings.append(&mut found),
            Err(failure) => failed.push(Failed { failure, ..rule }),
        }
    }
    failed
}

/// No finding is surer than its place allows.
fn temper(context: &World<'_, '_>, finding: &mut Finding) {
    if finding.confidence == Confidence::High {
        finding.confidence = context.at_most(finding.span);
    }
    // What goes wrong on the first run goes wrong there too.
    let second = finding.rule.starts_with("rerun/")
        && ![id::RERUN_ERRORS_IGNORED, id::RERUN_PROMPT].contains(&finding.rule);
    if second && is_first_boot_script(context.sources.file(finding.span.file).path()) {
        finding.confidence = Confidence::Low;
    }
}
