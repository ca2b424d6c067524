//! The two shops: one shows every rule, and the other shows that nothing is reported for a correct deploy script.

use crate::support::root;
use deploylint::{Confidence, Finding, Report, Request, Target, check};
use std::collections::BTreeSet;

fn shop(name: &str) -> Report {
    let shop = root().join("examples").join(name);
    check(&Request { targets: vec![Target::Path(shop)], ..Request::default() }).unwrap()
}

#[test]
fn every_rule_has_its_fault_in_the_shop() {
    let report = shop("shop");
    let found: BTreeSet<&str> = report.findings.iter().map(|f| &*f.rule).collect();
    // The pages of their own rules show comments that suppress nothing.
    let pages = deploylint::pages();
    let missing: Vec<&str> =
        pages.iter().map(|p| &*p.id).filter(|id| !found.contains(id) && !id.starts_with("ignore/")).collect();
    assert!(missing.is_empty(), "no fault of the shop shows {missing:?}");
    assert_eq!(report.gaps, []);
}

#[test]
fn each_fault_that_the_shop_admits_is_found() {
    let report = shop("shop");
    for script in [
        "start.sh", "scripts/staging.sh", "scripts/install-canary.sh", "scripts/demo.sh",
        "scripts/restore.sh", "scripts/window.sh",
    ] {
        let file = report.sources.find(script).unwrap();
        let source = report.sources.file(file);
        let told: BTreeSet<u32> = report
            .findings
            .iter()
            .flat_map(|f| std::iter::once(f.span).chain(f.related.iter().map(|r| r.span)))
            .filter(|span| span.file == file)
            .map(|span| source.line(span.start))
            .collect();
        let faults = source.text().lines().enumerate().filter(|(_, line)| line.trim().starts_with("# FAULT"));
        for (index, line) in faults {
            // The command is below its comment. A missing command is reported nearby.
            let line_number = index as u32 + 1;
            let near = line_number.saturating_sub(2)..line_number + 8;
            assert!(told.iter().any(|told| near.contains(told)), "{script}:{line_number}: {line}");
        }
    }
}

#[test]
fn on_the_shop_put_right_the_tool_is_silent() {
    let report = shop("shop-fixed");
    let told: Vec<&String> = report.findings.iter().map(|f| &f.message).collect();
    assert!(told.is_empty(), "{told:#?}");
    assert_eq!(report.gaps, []);
    let taken: Vec<&str> = report.taken.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(
        taken,
        [
            "scripts/demo.sh", "scripts/install-canary.sh", "scripts/restore.sh", "scripts/staging.sh",
            "scripts/window.sh", "start.sh"
        ]
    );
}

#[test]
fn what_a_restore_does_is_not_done_for_the_deploy() {
    let shop = root().join("examples/shop-fixed");
    let text = std::fs::read_to_string(shop.join("start.sh")).unwrap();
    let lacking: Vec<&str> = text.lines().filter(|line| !line.contains("upgrade head")).collect();
    assert_eq!(lacking.len() + 1, text.lines().count());
    let told = |text: String| {
        let start = Target::Stdin { name: shop.join("start.sh"), text: text.into_bytes() };
        let targets = vec![start, Target::Path(shop.join("scripts/restore.sh"))];
        let report = check(&Request { root: Some(shop.clone()), targets, ..Request::default() }).unwrap();
        report.findings.iter().map(|finding| finding.rule.to_string()).collect::<Vec<_>>()
    };
    assert!(told(text.clone()).is_empty());
    assert_eq!(told(lacking.join("\n") + "\n"), ["steps/no-migrations"]);
}

/// What identifies a finding.
fn keys(findings: &[Finding]) -> BTreeSet<(String, u32, u32, &str)> {
    let key = |f: &'_ Finding| (f.rule.to_string(), f.span.start, f.span.end);
    findings.iter().map(|f| (key(f), f.message.as_str())).map(|((a, b, c), d)| (a, b, c, d)).collect()
}

#[test]
fn selecting_fewer_never_brings_more() {
    let request = Request {
        targets: vec![Target::Path(root().join("examples/shop"))],
        confidence: Some(Confidence::Low),
        ..Request::default()
    };
    let whole = check(&request).unwrap();
    let all = keys(&whole.findings);
    let pages = deploylint::pages();
    let families: BTreeSet<&str> = pages.iter().map(|page| page.family()).collect();
    for family in families {
        let select = vec![family.to_owned()];
        let alone = check(&Request { select, ..request.clone() }).unwrap();
        let more: Vec<_> = keys(&alone.findings).difference(&all).cloned().collect();
        assert!(more.is_empty(), "--select {family} brings {more:#?}");
    }
}
