//! Counts for one repo, and for all repos.

use crate::check::Report;
use crate::finding::Severity;
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// How many of the slowest repos are remembered.
const SLOWEST: usize = 10;

/// The counts of one repo.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Scripts that were checked.
    pub(crate) scripts: u64,
    /// Their lines.
    pub(crate) lines: u64,
    /// Their commands.
    pub(crate) commands: u64,
    /// The commands among them that were not analysed.
    pub(crate) unread: u64,
    /// Findings by rule.
    pub(crate) rules: BTreeMap<String, u64>,
    /// Findings by severity: errors, warnings, infos.
    pub(crate) severities: [u64; 3],
    /// Places and files that could not be analysed.
    pub(crate) gaps: u64,
    /// How long it took.
    pub(crate) milliseconds: u64,
}

impl Tally {
    /// Counts a report; the caller measures the time.
    pub(crate) fn of(report: &Report) -> Self {
        let mut tally = Tally {
            commands: report.commands as u64,
            unread: report.unread as u64,
            gaps: report.gaps.len() as u64,
            ..Tally::default()
        };
        for (_, file) in judged(report) {
            tally.scripts += 1;
            tally.lines += u64::from(file.line_count());
        }
        for finding in &report.findings {
            *tally.rules.entry(finding.rule.to_string()).or_default() += 1;
            tally.severities[index(finding.severity)] += 1;
        }
        tally
    }

    /// All findings.
    pub(crate) fn findings(&self) -> u64 {
        total(&self.severities)
    }

    /// Findings with at least this severity.
    pub(crate) fn at_least(&self, severity: Severity) -> u64 {
        total(&self.severities[..=index(severity)])
    }

    /// The form in a journal.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "scripts": self.scripts,
            "lines": self.lines,
            "commands": self.commands,
            "unread": self.unread,
            "rules": self.rules,
            "severities": self.severities,
            "gaps": self.gaps,
            "milliseconds": self.milliseconds,
        })
    }

    /// Reads what [`Tally::to_json`] wrote; `None` for anything else.
    pub(crate) fn from_json(value: &Value) -> Option<Self> {
        let number = |key: &str| value.get(key)?.as_u64();
        let rules = value.get("rules")?.as_object()?.iter();
        let severities = value.get("severities")?.as_array()?;
        Some(Tally {
            scripts: number("scripts")?,
            lines: number("lines")?,
            commands: number("commands")?,
            unread: number("unread")?,
            rules: rules.map(|(rule, count)| Some((rule.clone(), count.as_u64()?))).collect::<Option<_>>()?,
            severities: [
                severities.first()?.as_u64()?,
                severities.get(1)?.as_u64()?,
                severities.get(2)?.as_u64()?,
            ],
            gaps: number("gaps")?,
            milliseconds: number("milliseconds")?,
        })
    }
}

/// The scripts that a report checked.
pub(crate) fn judged(report: &Report) -> impl Iterator<Item = (&str, &crate::source::SourceFile)> {
    report
        .taken
        .iter()
        .filter_map(|(path, _)| Some((path.as_str(), report.sources.file(report.sources.find(path)?))))
}

/// Adds numbers, of which a journal may contain any, without an overflow.
fn total(counts: &[u64]) -> u64 {
    counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
}

fn index(severity: Severity) -> usize {
    match severity {
        Severity::Error => 0,
        Severity::Warning => 1,
        Severity::Info => 2,
    }
}

/// The counts of a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct OfRule {
    /// Findings.
    pub(crate) findings: u64,
    /// Repos that have one.
    pub(crate) repos: u64,
}

/// The counts of all repos.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stats {
    /// Repos that were scanned.
    pub(crate) repos: u64,
    /// Repos in which a script was checked.
    pub(crate) with_scripts: u64,
    /// Repos with findings.
    pub(crate) with_findings: u64,
    /// Repos in which something could not be analysed.
    pub(crate) with_gaps: u64,
    /// The sums; for [`Tally::rules`] the repos are counted too.
    pub(crate) sum: Tally,
    /// By rule.
    pub(crate) rules: BTreeMap<String, OfRule>,
    /// The slowest first, and those with the same time by name: milliseconds and name.
    slowest: BinaryHeap<Reverse<(u64, Reverse<String>)>>,
}

impl Stats {
    /// Counts one more repo.
    pub(crate) fn add(&mut self, name: &str, tally: &Tally) {
        self.repos += 1;
        self.with_scripts += u64::from(tally.scripts > 0);
        self.with_findings += u64::from(tally.findings() > 0);
        self.with_gaps += u64::from(tally.gaps > 0);
        self.sum.scripts = self.sum.scripts.saturating_add(tally.scripts);
        self.sum.lines = self.sum.lines.saturating_add(tally.lines);
        self.sum.commands = self.sum.commands.saturating_add(tally.commands);
        self.sum.unread = self.sum.unread.saturating_add(tally.unread);
        self.sum.gaps = self.sum.gaps.saturating_add(tally.gaps);
        self.sum.milliseconds = self.sum.milliseconds.saturating_add(tally.milliseconds);
        for (sum, count) in self.sum.severities.iter_mut().zip(tally.severities) {
            *sum = sum.saturating_add(count);
        }
        for (rule, count) in &tally.rules {
            if !self.rules.contains_key(rule) {
                self.rules.insert(rule.clone(), OfRule::default());
            }
            if let Some(of_rule) = self.rules.get_mut(rule) {
                of_rule.findings = of_rule.findings.saturating_add(*count);
                of_rule.repos += 1;
            }
        }
        let slow = self.slowest.len() < SLOWEST
            || self.slowest.peek().is_some_and(|Reverse((least, _))| tally.milliseconds > *least);
        if slow {
            self.slowest.push(Reverse((tally.milliseconds, Reverse(name.to_owned()))));
            if self.slowest.len() > SLOWEST {
                self.slowest.pop();
            }
        }
    }

    /// The slowest repos, `(milliseconds, name)`, the slowest first.
    pub(crate) fn slowest(&self) -> Vec<(u64, &str)> {
        let mut slowest: Vec<_> =
            self.slowest.iter().map(|Reverse((time, Reverse(name)))| (*time, name.as_str())).collect();
        slowest.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        slowest
    }

    /// The share of all repos, from 0 to 1.
    pub(crate) fn share(&self, repos: u64) -> f64 {
        if self.repos == 0 { 0.0 } else { repos as f64 / self.repos as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(rules: &[(&str, u64)], milliseconds: u64) -> Tally {
        let rules: BTreeMap<String, u64> = rules.iter().map(|(r, n)| ((*r).to_owned(), *n)).collect();
        let warnings = rules.values().fold(0, |sum: u64, n| sum.saturating_add(*n));
        Tally { scripts: 1, lines: 10, rules, severities: [0, warnings, 0], milliseconds, ..Tally::default() }
    }

    #[test]
    fn a_tally_is_kept_as_it_is() {
        let one = Tally { severities: [1, 2, 3], gaps: 4, commands: 8, unread: 9, ..tally(&[("a/b", 6)], 7) };
        let text = one.to_json().to_string();
        assert_eq!(Tally::from_json(&serde_json::from_str(&text).unwrap()), Some(one));
        assert_eq!(Tally::from_json(&json!({"scripts": 1})), None);
    }

    #[test]
    fn rules_are_counted_with_the_repos_that_have_them() {
        let mut stats = Stats::default();
        stats.add("one", &tally(&[("rerun/a", 2), ("user/b", 1)], 5));
        stats.add("two", &tally(&[("rerun/a", 1)], 9));
        stats.add("three", &Tally { milliseconds: 9, ..Tally::default() });
        assert_eq!(stats.rules["rerun/a"], OfRule { findings: 3, repos: 2 });
        assert_eq!(stats.rules["user/b"], OfRule { findings: 1, repos: 1 });
        assert_eq!((stats.repos, stats.with_scripts, stats.with_findings), (3, 2, 2));
        assert_eq!(stats.sum.findings(), 4);
        assert_eq!(stats.slowest(), [(9, "three"), (9, "two"), (5, "one")]);
    }

    #[test]
    fn a_journal_may_say_any_number() {
        let mut stats = Stats::default();
        let most = Tally { severities: [u64::MAX; 3], lines: u64::MAX, ..tally(&[("rerun/a", u64::MAX)], 1) };
        stats.add("one", &most);
        stats.add("two", &most);
        assert_eq!((stats.sum.findings(), stats.sum.lines), (u64::MAX, u64::MAX));
    }

    #[test]
    fn only_the_slowest_are_remembered() {
        let mut stats = Stats::default();
        for n in 0..100 {
            stats.add(&format!("r{n}"), &tally(&[], n * 37 % 100));
        }
        let times: Vec<u64> = stats.slowest().iter().map(|(time, _)| *time).collect();
        assert_eq!(times, [99, 98, 97, 96, 95, 94, 93, 92, 91, 90]);
    }
}
