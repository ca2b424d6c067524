//! The examples in the pages are the tests of the rules: each script is checked as a throw-away project.

use crate::check::fix::apply_fixes;
use crate::check::{Report, Request, Target, check};
use crate::finding::Finding;
use crate::rules::page::Page;
use crate::rules::page_examples::{Example, ExampleFile, Expected, SCRIPT, examples};
use crate::rules::pages::{Pages, read_folder};
use crate::support::{project, root};
use std::path::PathBuf;

/// Checks an example. The rules of a folder can be added.
fn run<'e>(example: &'e Example, script: Option<&'e str>, rules: &[PathBuf]) -> Report {
    let text = |file: &'e ExampleFile| script.filter(|_| file.name == SCRIPT).unwrap_or(&file.text);
    let files: Vec<(&str, &str)> = example.files.iter().map(|f| (f.name.as_str(), text(f))).collect();
    let project = project(&files);
    let request = Request {
        root: Some(project.path().to_owned()),
        targets: vec![Target::Path(project.path().join(SCRIPT))],
        rules_dirs: rules.to_vec(),
        ..Request::default()
    };
    check(&request).unwrap()
}

/// The findings of the page's rule, and those of the rules that the example names.
fn of_interest<'r>(report: &'r Report, page: &Page, example: &Example) -> Vec<&'r Finding> {
    let named = |rule: &str| *rule == *page.id || example.expected.iter().any(|e| *e.rule == *rule);
    report.findings.iter().filter(|f| named(&f.rule)).collect()
}

/// True for the finding that an example expects, whatever it says.
fn is_there(report: &Report, expected: &Expected, finding: &Finding) -> bool {
    report.sources.file(finding.span.file).path() == expected.file
        && report.sources.line(finding.span) == expected.line
        && *finding.rule == *expected.rule
}

/// True if a finding holds the words that an example expects.
fn says(finding: &Finding, words: &str) -> bool {
    finding.message.contains(words) || finding.help.as_deref().is_some_and(|help| help.contains(words))
}

fn faults(page: &Page, example: &Example, rules: &[PathBuf]) -> Vec<String> {
    let at = format!("{}:{}", page.file, example.page_line);
    let report = run(example, None, rules);
    let mut faults = Vec::new();
    let found = of_interest(&report, page, example);
    let page_line = |file: &str, line: u32, rule: &str| {
        let file = example.files.iter().find(|f| f.name == file);
        format!("{}:{}: {rule}", page.file, file.map_or(0, |f| f.page_line) + line - 1)
    };
    for expected in &example.expected {
        let there: Vec<_> = found.iter().filter(|f| is_there(&report, expected, f)).collect();
        let at = page_line(&expected.file, expected.line, &expected.rule);
        if there.is_empty() {
            faults.push(format!("{at}: expected, not found"));
        } else if let Some(words) = &expected.words
            && !there.iter().any(|finding| says(finding, words))
        {
            let said = there.iter().map(|f| format!("{:?}, help {:?}", f.message, f.help));
            faults.push(format!("{at}: it does not say {words:?}: {}", said.collect::<Vec<_>>().join("; ")));
        }
    }
    for extra in found.iter().filter(|f| !example.expected.iter().any(|e| is_there(&report, e, f))) {
        let file = report.sources.file(extra.span.file).path();
        let at = page_line(file, report.sources.line(extra.span), &extra.rule);
        faults.push(format!("{at}: found, not expected: {}", extra.message));
    }
    for finding in report.findings.iter().filter(|f| f.rule == page.id) {
        // The table of rules promises this.
        if finding.confidence > page.about().confidence {
            faults.push(format!("{at}: surer than its page: {}", finding.message));
        }
    }
    if !report.gaps.is_empty() {
        faults.push(format!("{at}: not analysed: {:?}", report.gaps));
    }
    if let Some(fixed) = &example.fixed {
        let mine = report.findings.iter().filter(|f| f.rule == page.id);
        let fixes: Vec<_> = mine.filter_map(|f| f.fix.as_ref()).collect();
        let script = report.sources.find(SCRIPT).unwrap();
        let after = apply_fixes(&report.sources, script, fixes.iter().copied());
        if after != *fixed {
            let diff = similar::TextDiff::from_lines(fixed.as_str(), after.as_str());
            let diff = diff.unified_diff().header("fixed", "really").to_string();
            faults.push(format!("{at}: the fix gives another script\n{diff}"));
        }
        // A fix that leaves its own finding would be offered for ever.
        let again = run(example, Some(&after), rules);
        if again.findings.iter().any(|f| f.rule == page.id && f.fix.is_some()) {
            faults.push(format!("{at}: once fixed, the rule offers a fix again"));
        }
    } else if page.about().fix.is_none() {
        let mut mine = report.findings.iter().filter(|f| f.rule == page.id);
        if mine.any(|f| f.fix.is_some()) {
            faults.push(format!("{at}: there is a fix, and the page says `fix: none`"));
        }
    }
    faults
}

#[test]
fn every_example_of_every_page_holds() {
    let pages = Pages::embedded().unwrap();
    let mut all = Vec::new();
    for page in pages.iter() {
        for example in examples(page).unwrap() {
            all.extend(faults(page, &example, &[]));
            for finding in run(&example, None, &[]).findings {
                if pages.get(&finding.rule).is_none() {
                    all.push(format!("{}: no page describes it", finding.rule));
                }
            }
        }
    }
    assert!(all.is_empty(), "\n{}\n", all.join("\n"));
}

#[test]
fn every_page_has_a_fault_a_valid_example_and_its_fix() {
    for page in Pages::embedded().unwrap().iter() {
        let examples = examples(page).unwrap();
        let expects = |e: &Example| e.expected.iter().any(|x| *x.rule == *page.id);
        assert!(examples.iter().any(expects), "{} shows no fault", page.file);
        assert!(!examples.iter().all(expects), "{} has no valid example", page.file);
        let fixed = examples.iter().any(|e| e.fixed.is_some());
        assert_eq!(fixed, page.about().fix.is_some(), "{}: `fix` and its example", page.file);
    }
}

#[test]
fn the_rules_of_the_examples_hold() {
    let folder = root().join("examples/rules");
    let pages = Pages::parse(read_folder(&folder).unwrap()).unwrap();
    let mut all = Vec::new();
    for page in pages.iter() {
        for example in examples(page).unwrap() {
            all.extend(faults(page, &example, std::slice::from_ref(&folder)));
        }
    }
    assert!(all.is_empty(), "\n{}\n", all.join("\n"));
}
