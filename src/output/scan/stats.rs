//! The totals of a scan, as text, JSON and Markdown.

use crate::output::{clean, json::Tool};
use crate::scan::tally::Stats;
use serde::Serialize;
use std::io::{self, Write};

/// How statistics are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StatsForm {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For people, in a report.
    Markdown,
}

#[derive(Serialize)]
struct JsonStats<'a> {
    version: u32,
    tool: Tool,
    repos: u64,
    repos_with_scripts: u64,
    repos_with_findings: u64,
    repos_with_gaps: u64,
    scripts: u64,
    lines: u64,
    commands: u64,
    commands_not_analysed: u64,
    errors: u64,
    warnings: u64,
    infos: u64,
    gaps: u64,
    milliseconds: u64,
    rules: Vec<JsonRule<'a>>,
    slowest: Vec<JsonSlow<'a>>,
}

#[derive(Serialize)]
struct JsonRule<'a> {
    rule: &'a str,
    findings: u64,
    repos: u64,
    share: f64,
}

#[derive(Serialize)]
struct JsonSlow<'a> {
    repo: &'a str,
    milliseconds: u64,
}

/// Rules by the number of repos that have them, then by findings, then by name.
fn rules(stats: &Stats) -> Vec<JsonRule<'_>> {
    let mut rules: Vec<JsonRule<'_>> = stats
        .rules
        .iter()
        .map(|(rule, of)| JsonRule {
            rule,
            findings: of.findings,
            repos: of.repos,
            // More than four digits would say nothing.
            share: (stats.share(of.repos) * 1e4).round() / 1e4,
        })
        .collect();
    rules.sort_by(|a, b| (b.repos, b.findings, a.rule).cmp(&(a.repos, a.findings, b.rule)));
    rules
}

/// Writes the totals.
///
/// # Errors
/// What the writer says.
pub(crate) fn write(stats: &Stats, form: StatsForm, out: &mut dyn Write) -> io::Result<()> {
    match form {
        StatsForm::Text => write_text(stats, out),
        StatsForm::Markdown => write_markdown(stats, out),
        StatsForm::Json => {
            let [errors, warnings, infos] = stats.sum.severities;
            let slowest = stats.slowest().into_iter();
            let document = JsonStats {
                version: 1,
                tool: Tool::this(),
                repos: stats.repos,
                repos_with_scripts: stats.with_scripts,
                repos_with_findings: stats.with_findings,
                repos_with_gaps: stats.with_gaps,
                scripts: stats.sum.scripts,
                lines: stats.sum.lines,
                commands: stats.sum.commands,
                commands_not_analysed: stats.sum.unread,
                errors,
                warnings,
                infos,
                gaps: stats.sum.gaps,
                milliseconds: stats.sum.milliseconds,
                rules: rules(stats),
                slowest: slowest.map(|(milliseconds, repo)| JsonSlow { repo, milliseconds }).collect(),
            };
            serde_json::to_writer(&mut *out, &document)?;
            out.write_all(b"\n")
        }
    }
}

/// The lines before the tables: what is counted, and how many.
fn totals(stats: &Stats) -> [(&'static str, String); 5] {
    let [errors, warnings, infos] = stats.sum.severities;
    [
        (
            "repos",
            format!(
                "{}: {} with scripts that deploy, {} with findings, {} with gaps",
                stats.repos, stats.with_scripts, stats.with_findings, stats.with_gaps
            ),
        ),
        ("scripts", format!("{}, {} lines", stats.sum.scripts, stats.sum.lines)),
        (
            "findings",
            format!("{}: {errors} errors, {warnings} warnings, {infos} infos", stats.sum.findings()),
        ),
        (
            "gaps",
            format!(
                "{} places were not analysed, with {} of {} commands",
                stats.sum.gaps, stats.sum.unread, stats.sum.commands
            ),
        ),
        ("time", format!("{:.1} s for all repos together", stats.sum.milliseconds as f64 / 1e3)),
    ]
}

fn write_text(stats: &Stats, out: &mut dyn Write) -> io::Result<()> {
    for (what, text) in totals(stats) {
        writeln!(out, "{what:9} {text}")?;
    }
    let rules = rules(stats);
    if let Some(width) = rules.iter().map(|rule| rule.rule.len()).max() {
        writeln!(out, "\n{:width$} {:>9} {:>7} {:>7}", "rule", "findings", "repos", "share")?;
        for rule in rules {
            let share = rule.share * 100.0;
            writeln!(out, "{:width$} {:>9} {:>7} {share:>6.1}%", rule.rule, rule.findings, rule.repos)?;
        }
    }
    let slowest = stats.slowest();
    if !slowest.is_empty() {
        writeln!(out, "\n{:>9} slowest repos", "ms")?;
        for (time, name) in slowest {
            writeln!(out, "{time:>9} {}", clean::line(name, 200))?;
        }
    }
    Ok(())
}

fn write_markdown(stats: &Stats, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# deploylint scan\n")?;
    for (what, text) in totals(stats) {
        writeln!(out, "- **{what}**: {text}")?;
    }
    let rules = rules(stats);
    if !rules.is_empty() {
        writeln!(out, "\n| rule | findings | repos | share |\n| --- | ---: | ---: | ---: |")?;
        for rule in rules {
            let share = rule.share * 100.0;
            writeln!(out, "| {} | {} | {} | {share:.1} % |", rule.rule, rule.findings, rule.repos)?;
        }
    }
    let slowest = stats.slowest();
    if !slowest.is_empty() {
        writeln!(out, "\n| slowest repos | ms |\n| --- | ---: |")?;
        for (time, name) in slowest {
            // A bar would end the cell, and a backtick would end the code.
            let name = clean::line(name, 200).replace('|', "\\|").replace('`', "'");
            writeln!(out, "| `{name}` | {time} |")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::tally::Tally;

    fn stats() -> Stats {
        let mut stats = Stats::default();
        let tally = |rule: &str, findings, milliseconds| Tally {
            scripts: 2,
            lines: 100,
            commands: 50,
            rules: [(rule.to_owned(), findings)].into(),
            severities: [0, findings, 0],
            milliseconds,
            ..Tally::default()
        };
        stats.add("a", &tally("rerun/existing-path", 3, 1500));
        stats.add("b|`c`", &tally("user/root-install", 1, 20));
        stats.add("d", &tally("user/root-install", 1, 0));
        stats.add("e", &Tally { gaps: 2, unread: 1, ..Tally::default() });
        stats
    }

    fn written(form: StatsForm) -> String {
        let mut out = Vec::new();
        write(&stats(), form, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn as_text() {
        let expected = "\
repos     4: 3 with scripts that deploy, 3 with findings, 1 with gaps
scripts   6, 300 lines
findings  5: 0 errors, 5 warnings, 0 infos
gaps      2 places were not analysed, with 1 of 150 commands
time      1.5 s for all repos together

rule                 findings   repos   share
user/root-install           2       2   50.0%
rerun/existing-path         3       1   25.0%

       ms slowest repos
     1500 a
       20 b|`c`
        0 d
        0 e
";
        assert_eq!(written(StatsForm::Text), expected);
    }

    #[test]
    fn as_markdown() {
        let text = written(StatsForm::Markdown);
        assert!(text.contains("- **scripts**: 6, 300 lines\n"));
        assert!(text.contains("| rule | findings | repos | share |\n| --- | ---: | ---: | ---: |\n| user/root-install | 2 | 2 | 50.0 % |\n"));
        assert!(text.contains("| `b\\|'c'` | 20 |\n"));
    }

    #[test]
    fn as_json() {
        let value: serde_json::Value = serde_json::from_str(&written(StatsForm::Json)).unwrap();
        assert_eq!(value["repos_with_scripts"], 3);
        assert_eq!(value["rules"][1]["rule"], "rerun/existing-path");
        assert_eq!(value["rules"][1]["share"], 0.25);
        assert_eq!(value["slowest"][0], serde_json::json!({"repo": "a", "milliseconds": 1500}));
    }
}
