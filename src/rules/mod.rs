//! Rules. Each has a page (`queries/<family>/<name>.md`), and is either a query beside it or Rust code
//! here. They know nothing about configuration, suppression or output.

pub(crate) mod draft;
pub(crate) mod embedded;
pub(crate) mod env;
pub(crate) mod front;
mod guards;
pub(crate) mod id;
pub(crate) mod page;
#[cfg(any(test, fuzzing))]
pub(crate) mod page_examples;
pub(crate) mod pages;
mod permissions;
pub(crate) mod queries;
pub(crate) mod rerun;
pub(crate) mod services;
mod steps;
mod units;
mod user;

use crate::facts::world::World;
use crate::facts::worlds::{Whose, Worlds};
use crate::finding::{Confidence, Finding, RuleId};
use crate::limit::{self, Failure};
use crate::repo::names::is_first_boot_script;
use crate::rules::pages::Pages;
use crate::syntax::query::Queries;

/// A rule in Rust: it looks at a whole repo, because it compares two places.
pub(crate) type Rule = fn(&World<'_, '_>, &mut Vec<Finding>);

/// A function that judges, and the rules that it judges for.
pub(crate) type Entry = (&'static [RuleId], Rule);

/// The families that judge each deploy by itself.
const OF_DEPLOY: [&str; 3] = ["steps", "user", "permissions"];

/// Every rule in Rust.
const FAMILIES: &[&[Entry]] =
    &[rerun::RULES, user::RULES, permissions::RULES, steps::RULES, services::RULES, units::RULES, env::RULES];

/// How the findings of each family's query files are worded, if the pages do not say it.
const WORDINGS: &[&[queries::Worded]] = &[
    rerun::WORDINGS,
    rerun::SHARED_WORDINGS,
    user::WORDINGS,
    permissions::WORDINGS,
    steps::WORDINGS,
    services::WORDINGS,
    units::WORDINGS,
    env::WORDINGS,
];

/// What is run: the query files, the pages of all rules, and which rules are asked for.
#[derive(Clone, Copy)]
pub(crate) struct Chosen<'r> {
    pub(crate) queries: &'r Queries,
    pub(crate) pages: &'r Pages,
    /// Whether a rule is asked for. Other rules do not run.
    pub(crate) wants: &'r dyn Fn(&str) -> bool,
}

/// Something that runs by itself, so that nothing else is lost if it fails.
#[derive(Clone, Debug)]
pub(crate) struct Judge(Kind);

#[derive(Clone, Debug)]
enum Kind {
    /// Rules in Rust.
    Rust(&'static [RuleId], Rule),
    /// All query files, which share the walk over the commands.
    Queries,
    /// The query file of one rule.
    Query(RuleId),
}

/// What failed, and why.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    pub(crate) judge: Judge,
    pub(crate) failure: Failure,
}

impl Judge {
    /// A rule that a test lets panic.
    #[cfg(test)]
    pub(crate) fn of(rule: Rule) -> Judge {
        Judge(Kind::Rust(&[], rule))
    }

    /// Its name in a gap.
    pub(crate) fn name(&self) -> &str {
        match &self.0 {
            Kind::Rust(rules, _) => rules.first().map_or("test", RuleId::as_str),
            Kind::Queries => "of a query file",
            Kind::Query(rule) => rule,
        }
    }

    /// Runs it, perhaps on less than before.
    ///
    /// # Errors
    /// The way in which it failed.
    pub(crate) fn run(&self, worlds: &Worlds<'_, '_>, chosen: &Chosen<'_>) -> Result<Vec<Finding>, Failure> {
        limit::piece(|| {
            let mut found = match worlds.parts().is_empty() || !self.may_judge_deploys() {
                true => self.judge(worlds.whole(), chosen),
                false => self.judge_apart(worlds, chosen),
            };
            found.retain(|finding| (chosen.wants)(&finding.rule));
            found.iter_mut().for_each(|finding| temper(worlds.whole(), finding));
            found
        })
    }

    /// Judges each deploy by itself, and the whole repo for what belongs to no deploy.
    fn judge_apart(&self, worlds: &Worlds<'_, '_>, chosen: &Chosen<'_>) -> Vec<Finding> {
        let wants = |rule: &str| !is_of_deploy(rule) && (chosen.wants)(rule);
        let whole = Chosen { wants: &wants, ..*chosen };
        let mut found =
            if self.is_asked_for(&whole) { self.judge(worlds.whole(), &whole) } else { Vec::new() };
        found.retain(|finding| !is_of_deploy(&finding.rule));
        let wants = |rule: &str| is_of_deploy(rule) && (chosen.wants)(rule);
        let of_deploy = Chosen { wants: &wants, ..*chosen };
        // What the files of the repo ask for is reported only if all deploys lack it.
        let mut shared: Option<Vec<Finding>> = None;
        for part in worlds.parts() {
            let mut of_files = Vec::new();
            for finding in self.judge(&part.world, &of_deploy) {
                match worlds.whose(part, finding.span.file) {
                    _ if !is_of_deploy(&finding.rule) => {}
                    Whose::Own => found.push(finding),
                    Whose::Shared => of_files.push(finding),
                    Whose::Others => {}
                }
            }
            if part.is_deploy() {
                let alike = |one: &Finding, other: &Finding| one.rule == other.rule && one.span == other.span;
                shared = Some(match shared {
                    Some(mut so_far) => {
                        so_far.retain(|one| of_files.iter().any(|other| alike(one, other)));
                        so_far
                    }
                    None => of_files,
                });
            }
        }
        found.extend(shared.into_iter().flatten());
        found
    }

    fn judge(&self, world: &World<'_, '_>, chosen: &Chosen<'_>) -> Vec<Finding> {
        let mut found = Vec::new();
        match &self.0 {
            Kind::Rust(_, rule) => rule(world, &mut found),
            Kind::Queries => queries::run(world, chosen, WORDINGS, &mut found),
            Kind::Query(rule) => {
                let wants = |name: &str| name == &**rule;
                queries::run(world, &Chosen { wants: &wants, ..*chosen }, WORDINGS, &mut found);
            }
        }
        found
    }

    fn may_judge_deploys(&self) -> bool {
        match &self.0 {
            Kind::Rust(rules, _) => rules.iter().any(|rule| is_of_deploy(rule)),
            Kind::Queries => true,
            Kind::Query(rule) => is_of_deploy(rule),
        }
    }

    fn is_asked_for(&self, chosen: &Chosen<'_>) -> bool {
        match &self.0 {
            Kind::Rust(rules, _) => rules.iter().any(|rule| (chosen.wants)(rule)),
            Kind::Queries | Kind::Query(_) => true,
        }
    }
}

/// The query files and every rule in Rust, in the order in which they run.
pub(crate) fn all() -> impl Iterator<Item = Judge> {
    let rules = FAMILIES.iter().copied().flatten();
    let rules = rules.map(|(ids, rule)| Judge(Kind::Rust(ids, *rule)));
    std::iter::once(Judge(Kind::Queries)).chain(rules)
}

/// Runs every rule that is asked for, and returns those that failed. The others have judged all the same.
pub(crate) fn run(worlds: &Worlds<'_, '_>, chosen: &Chosen<'_>, findings: &mut Vec<Finding>) -> Vec<Failed> {
    let mut failed = Vec::new();
    for judge in all().filter(|judge| judge.is_asked_for(chosen)) {
        match judge.run(worlds, chosen) {
            Ok(mut found) => findings.append(&mut found),
            // The rules of the other query files judge without the one that panics.
            Err(Failure::Panicked) if matches!(judge.0, Kind::Queries) => {
                run_each_query(worlds, chosen, findings, &mut failed);
            }
            Err(failure) => failed.push(Failed { judge, failure }),
        }
    }
    failed
}

/// True if some rule is asked for that judges each deploy by itself.
pub(crate) fn judges_deploys(chosen: &Chosen<'_>) -> bool {
    let rules = FAMILIES.iter().copied().flatten().flat_map(|(ids, _)| ids.iter()).map(|id| &**id);
    let of_queries = chosen.queries.rules();
    let mut asked = rules.chain(of_queries.iter().map(|rule| &**rule));
    asked.any(|rule| is_of_deploy(rule) && (chosen.wants)(rule))
}

/// True for a rule that judges each deploy, and not the whole repo.
fn is_of_deploy(rule: &str) -> bool {
    OF_DEPLOY.iter().any(|family| rule.split_once('/').is_some_and(|(own, _)| own == *family))
}

/// Runs the query files one by one.
fn run_each_query(
    worlds: &Worlds<'_, '_>,
    chosen: &Chosen<'_>,
    findings: &mut Vec<Finding>,
    failed: &mut Vec<Failed>,
) {
    let rules = chosen.queries.rules().into_iter().filter(|rule| (chosen.wants)(rule));
    let ids = rules.filter_map(|rule| chosen.pages.get(&rule).map(|page| page.id.clone()));
    for judge in ids.map(|id| Judge(Kind::Query(id))) {
        match judge.run(worlds, chosen) {
            Ok(mut found) => findings.append(&mut found),
            Err(failure) => failed.push(Failed { judge, failure }),
        }
    }
}

/// No finding has a higher confidence than its place allows.
fn temper(context: &World<'_, '_>, finding: &mut Finding) {
    if finding.confidence == Confidence::High {
        finding.confidence = context.at_most(finding.span);
    }
    // What goes wrong on the first run also goes wrong there.
    let second = finding.rule.run() == Some("second");
    if second && is_first_boot_script(context.sources.file(finding.span.file).path()) {
        finding.confidence = Confidence::Low;
    }
}
