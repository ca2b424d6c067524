//! Fixes end, on every example of every page and on the shop.

use super::{Fixed, Report, Request, Target, check, fix};
use crate::finding::Confidence;
use crate::rules::page_examples::{SCRIPT, examples};
use crate::rules::pages::Pages;
use crate::support::{project, root, write};
use std::fs;
use std::path::Path;

/// Fixes everything that can be fixed, and says what was wrong with how that went.
fn convergence(root: &Path, targets: &[Target]) -> (Fixed, Vec<String>) {
    let request = Request {
        root: Some(root.to_owned()),
        targets: targets.to_vec(),
        confidence: Some(Confidence::Low),
        ..Request::default()
    };
    let first = check(&request).unwrap();
    let mut faults = Vec::new();
    let fixed = fix(&request, true).unwrap();
    for change in &fixed.changes {
        fs::write(root.join(&change.path), &change.after).unwrap();
    }
    let again = fix(&request, true).unwrap();
    if !again.changes.is_empty() {
        faults.push("a second --fix changes something".to_owned());
    }
    // What was judged in memory must be on disk now.
    let told = |report: &Report| -> Vec<String> {
        report.findings.iter().map(|f| format!("{} {:?} {}", f.rule, f.span.start, f.message)).collect()
    };
    if told(&again.report) != told(&fixed.report) {
        faults.push("what was written is judged in another way".to_owned());
    }
    if again.report.findings.len() + fixed.count() > first.findings.len() {
        faults.push("fixed findings are still there, or others have come".to_owned());
    }
    if again.report.gaps.len() > first.gaps.len() {
        faults.push("less is analysed than before".to_owned());
    }
    (fixed, faults)
}

#[test]
fn fixes_of_every_example_come_to_an_end() {
    let mut faults = Vec::new();
    let mut count = 0;
    for page in Pages::embedded().unwrap().iter() {
        for example in examples(page).unwrap() {
            let files = example.files.iter().map(|f| (f.name.as_str(), f.text.as_str()));
            let dir = project(&files.collect::<Vec<_>>());
            let target = Target::Path(dir.path().join(SCRIPT));
            let (fixed, wrong) = convergence(dir.path(), &[target]);
            count += fixed.count();
            faults.extend(wrong.iter().map(|w| format!("{}:{}: {w}", page.file, example.page_line)));
            let mut rejected = fixed.rejected.iter().filter(|r| r.rule == page.id && example.fixed.is_some());
            if let Some(rejected) = rejected.next() {
                faults.push(format!("{}:{}: not applied: {rejected:?}", page.file, example.page_line));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
    assert!(count > 20, "{count} fixes were tried");
}

#[test]
fn fixes_of_the_shop_come_to_an_end() {
    let shop = root().join("examples/shop");
    let dir = tempfile::tempdir().unwrap();
    for entry in ignore::WalkBuilder::new(&shop).hidden(false).build().filter_map(Result::ok) {
        if entry.path().is_file() {
            let name = entry.path().strip_prefix(&shop).unwrap().to_str().unwrap();
            write(dir.path(), name, fs::read(entry.path()).unwrap());
        }
    }
    let (fixed, faults) = convergence(dir.path(), &[]);
    assert!(faults.is_empty(), "{faults:?}");
    assert!(fixed.count() >= 5, "{:?}", fixed.fixed);
}
