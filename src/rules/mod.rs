//! Rules. Each has a page (`queries/<family>/<name>.md`), and is either a query beside it or Rust code
//! here. They know nothing about configuration, suppression or output.

pub(crate) mod draft;
pub(crate) mod embedded;
pub(crate) mod env;
pub(crate) mod front;
mod guards;
// A rule that is a query file alone is named by no code.
#[allow(dead_code)]
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
use crate::finding::{Confidence, Finding, RuleId};
use crate::limit::{self, Failure};
use crate::repo::names::is_first_boot_script;
use crate::rules::pages::Pages;
use crate::syntax::query::Selectors;

/// A rule in Rust: it looks at a whole repo, because it compares two places.
pub(crate) type Rule = fn(&World<'_, '_>, &mut Vec<Finding>);

/// A function that judges, and the rules that it judges for.
pub(crate) type Entry = (&'static [RuleId], Rule);

/// The families that judge each deploy by itself.
const OF_DEPLOY: [&str; 3] = ["steps", "user", "permissions"];

/// Every rule in Rust.
const FAMILIES: &[&[Entry]] = &[
    rerun::RULES,
    rerun::SHARED,
    user::RULES,
    permissions::RULES,
    steps::RULES,
    services::RULES,
    units::RULES,
    env::RULES,
];

/// How the query files of each family are worded, where their pages do not say it.
fn wordings() -> Vec<queries::Worded> {
    let families = [
        rerun::WORDINGS,
        rerun::SHARED_WORDINGS,
        user::WORDINGS,
        permissions::WORDINGS,
        steps::WORDINGS,
        services::WORDINGS,
        units::WORDINGS,
        env::WORDINGS,
    ];
    families.concat()
}

/// What is run: the query files, the pages of all rules, and which rules are asked for.
#[derive(Clone, Copy)]
pub(crate) struct Chosen<'r> {
    /// The query files.
    pub(crate) selectors: &'r Selectors,
    /// The pages.
    pub(crate) pages: &'r Pages,
    /// Whether a rule is asked for. One that is not does not run.
    pub(crate) wants: &'r dyn Fn(&str) -> bool,
}

/// What is run by itself, so that its failure costs nothing else.
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

/// What failed, and of what.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    /// What failed.
    pub(crate) judge: Judge,
    /// What it failed of.
    pub(crate) failure: Failure,
}

impl Judge {
    /// A rule that may panic.
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
    /// What it failed of.
    pub(crate) fn run(&self, world: &World<'_, '_>, chosen: &Chosen<'_>) -> Result<Vec<Finding>, Failure> {
        limit::piece(|| {
            let mut found = self.judge(world, chosen);
            if let Some(main) = world.main().filter(|_| self.may_judge_deploys()) {
                // The deploy is judged by itself; what stands beside it counts on it.
                found.retain(|finding| !is_of_deploy(&finding.rule) || main.is_beside(finding.span.file));
                let wants = |rule: &str| is_of_deploy(rule) && (chosen.wants)(rule);
                let mut own = self.judge(main, &Chosen { wants: &wants, ..*chosen });
                own.retain(|finding| is_of_deploy(&finding.rule) && !main.is_beside(finding.span.file));
                found.append(&mut own);
            }
            found.retain(|finding| (chosen.wants)(&finding.rule));
            found.iter_mut().for_each(|finding| temper(world, finding));
            found
        })
    }

    fn judge(&self, world: &World<'_, '_>, chosen: &Chosen<'_>) -> Vec<Finding> {
        let mut found = Vec::new();
        match &self.0 {
            Kind::Rust(_, rule) => rule(world, &mut found),
            Kind::Queries => queries::run(world, chosen, &wordings(), &mut found),
            Kind::Query(rule) => {
                let wants = |name: &str| name == &**rule;
                queries::run(world, &Chosen { wants: &wants, ..*chosen }, &wordings(), &mut found);
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

/// Runs every rule that is asked for. Gives those that failed; the others have judged all the same.
pub(crate) fn run(world: &World<'_, '_>, chosen: &Chosen<'_>, findings: &mut Vec<Finding>) -> Vec<Failed> {
    let mut failed = Vec::new();
    for judge in all().filter(|judge| judge.is_asked_for(chosen)) {
        match judge.run(world, chosen) {
            Ok(mut found) => findings.append(&mut found),
            // The rules of the other query files judge without the one that panics.
            Err(Failure::Panicked) if matches!(judge.0, Kind::Queries) => {
                run_each_query(world, chosen, findings, &mut failed);
            }
            Err(failure) => failed.push(Failed { judge, failure }),
        }
    }
    failed
}

/// True for what is judged of one deploy, and not of the repo.
fn is_of_deploy(rule: &str) -> bool {
    OF_DEPLOY.iter().any(|family| rule.split_once('/').is_some_and(|(own, _)| own == *family))
}

/// Runs the query files one by one.
fn run_each_query(
    world: &World<'_, '_>,
    chosen: &Chosen<'_>,
    findings: &mut Vec<Finding>,
    failed: &mut Vec<Failed>,
) {
    let rules = chosen.selectors.rules().into_iter().filter(|rule| (chosen.wants)(rule));
    let ids = rules.filter_map(|rule| chosen.pages.get(&rule).map(|page| page.id.clone()));
    for judge in ids.map(|id| Judge(Kind::Query(id))) {
        match judge.run(world, chosen) {
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
    let second = finding.rule.family() == "rerun" && !finding.rule.about().first_run;
    if second && is_first_boot_script(context.sources.file(finding.span.file).path()) {
        finding.confidence = Confidence::Low;
    }
}
