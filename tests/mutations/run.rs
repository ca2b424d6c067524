//! A short version of what `fuzz/` does: the examples of all pages and the shop, each with something broken, the same on
//! each run. The inputs that fuzzing found are in `found`.

use super::damage::{Dice, damaged};
use super::memory::{Files, NAME, base, input_of, inventory_of, request, settings};
use super::samples::{Sample, of_pages, of_shop};
use super::{found, properties};
use crate::finding::Confidence;
use std::panic::catch_unwind;

pub(super) type Property = fn(&[u8]);
/// Whether a path is that of a file of some kind.
type Kind = fn(&str) -> bool;

/// Collects the inputs for which a property does not hold, and reports them together.
#[derive(Default)]
struct Run {
    asked: usize,
    faults: Vec<String>,
}

impl Run {
    fn ask(&mut self, from: &str, property: Property, input: &[u8]) {
        self.asked += 1;
        if let Err(panic) = catch_unwind(|| property(input)) {
            let said = panic.downcast_ref::<String>().map(String::as_str);
            let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default();
            self.faults.push(format!("{from}: {said}\n    of \"{}\"", input.escape_ascii()));
        }
    }

    /// Checks that at least so many inputs were tried and that all hold.
    fn ends(self, at_least: usize) {
        assert!(self.faults.is_empty(), "\n{}\n", self.faults.join("\n"));
        assert!(self.asked >= at_least, "{} inputs", self.asked);
    }
}

/// A sample as one input with all its files.
fn whole(sample: &Sample) -> String {
    input_of(sample.files.iter().map(|(path, text)| (path.as_str(), text.as_str())), "start.sh")
}

#[test]
fn settings_are_those_that_the_properties_speak_of() {
    assert_eq!(request().confidence, Some(Confidence::Low));
    assert!(settings().rules.pages.iter().all(|page| settings().selection.wants(&page.id)));
    assert!(inventory_of(&Files::one("start.sh", b"true\n")).scripts.contains(&"start.sh".to_owned()));
    assert!(base().ends_with(NAME));
}

#[test]
fn what_fuzzing_has_found_holds() {
    let mut run = Run::default();
    for (name, property, input) in found::FOUND {
        run.ask(name, *property, input);
    }
    run.ends(found::FOUND.len());
}

#[test]
fn scripts() {
    let samples = of_pages();
    let (mut run, mut dice) = (Run::default(), Dice::new(1));
    // A check takes about a hundred times as long as reading words.
    let checks: [Property; 3] = [properties::check, properties::fixes, properties::suppressions];
    for (index, sample) in samples.iter().enumerate() {
        let mut input = || {
            let other = &samples[dice.below(samples.len())];
            damaged(&mut dice, sample.script().as_bytes(), other.script().as_bytes())
        };
        for _ in 0..3 {
            run.ask(&sample.from, properties::words, &input());
        }
        run.ask(&sample.from, checks[index % checks.len()], &input());
        run.ask(&sample.from, checks[(index + 1) % checks.len()], &input());
    }
    run.ends(2000);
}

/// Whole scripts in which each line follows a comment. The first finding in each script is suppressed.
#[test]
fn scripts_with_comments() {
    let (mut run, mut dice) = (Run::default(), Dice::new(5));
    for (index, sample) in of_pages().iter().enumerate() {
        let commented = format!("#!/bin/bash\n\n# first\n{}", sample.script().replace('\n', "\n# next\n"));
        match index % 4 {
            0 => run.ask(&sample.from, properties::suppressions, commented.as_bytes()),
            1 => {
                let quiet =
                    commented.replace("# next", "# deploylint: ignore[rerun, steps/undefined] so it is");
                run.ask(&sample.from, properties::suppressions, quiet.as_bytes());
            }
            2 => {
                let input = damaged(&mut dice, commented.as_bytes(), b"# deploylint: ignore[user] why\n");
                run.ask(&sample.from, properties::suppressions, &input);
            }
            _ => {}
        }
    }
    run.ends(200);
}

#[test]
fn repos() {
    let mut samples: Vec<Sample> = of_pages().into_iter().filter(|sample| sample.files.len() > 1).collect();
    samples.push(of_shop());
    let (mut run, mut dice) = (Run::default(), Dice::new(2));
    for (index, sample) in samples.iter().enumerate() {
        let other = whole(&samples[dice.below(samples.len())]);
        let input = damaged(&mut dice, whole(sample).as_bytes(), other.as_bytes());
        if index % 2 == 0 || sample.from.contains("shop") {
            run.ask(&sample.from, properties::project, &input);
        }
    }
    run.ends(50);
}

#[test]
fn files_of_one_kind() {
    let mut samples = of_pages();
    samples.push(of_shop());
    let kinds: [(Kind, Property); 3] = [
        (|path| path.contains("compose") && path.ends_with("ml"), properties::compose),
        (|path| path.contains(".env"), properties::dotenv),
        (|path| path.ends_with(".service") || path.ends_with(".conf"), properties::unit),
    ];
    let (mut run, mut dice) = (Run::default(), Dice::new(3));
    for (kind, property) in kinds {
        let of_kind: Vec<(&str, &str)> = samples
            .iter()
            .flat_map(|sample| sample.files.iter().map(|(path, text)| (path.as_str(), text.as_str())))
            .filter(|(path, _)| kind(path))
            .collect();
        for (path, text) in &of_kind {
            for _ in 0..10 {
                let (_, other) = of_kind[dice.below(of_kind.len())];
                run.ask(path, property, &damaged(&mut dice, text.as_bytes(), other.as_bytes()));
            }
        }
    }
    run.ends(400);
}

#[test]
fn configurations_and_rules() {
    let configuration = "app:\n  user: shop\n  directory: /opt/shop\nscripts: [start.sh, 'deploy/*.sh']\n\
         services:\n  web: shop-web.service\n  mail: null\nrules:\n  rerun: info\n  rerun/prompt: off\n\
         user: \"error\"\nextra-rules: [lint/rules]\nreview:\n  task: Review\n";
    let (mut run, mut dice) = (Run::default(), Dice::new(4));
    for _ in 0..300 {
        let input = damaged(&mut dice, configuration.as_bytes(), b"rules: {a: off, b: [error]}\n&a *a\n");
        run.ask("deploylint.yaml", properties::configuration, &input);
    }
    let table = crate::rules::embedded::table();
    for (path, text) in table.iter().filter(|(path, _)| path.ends_with(".scm") && path.contains('/')) {
        let page = path.replace(".scm", ".md");
        let page = table.iter().find(|(other, _)| **other == page).map_or("", |(_, text)| text);
        let page = damaged(&mut dice, page.as_bytes(), b"```bash\n");
        run.ask(path, properties::rules, &page);
        let query = damaged(&mut dice, text.as_bytes(), b"((command) @x (#eq? @x \"a\"))\n");
        let input = [&page, &b"\n#@ own/rule.scm\n"[..], &query].concat();
        run.ask(path, properties::rules, &input);
    }
    run.ends(320);
}

#[test]
fn damage_is_the_same_at_each_run_and_does_something() {
    let once =
        |seed| damaged(&mut Dice::new(seed), b"set -e\nmkdir /opt/a\nuseradd app\n", b"echo \"$(date)\"\n");
    let all: std::collections::BTreeSet<Vec<u8>> = (0..200).map(once).collect();
    assert!(all.len() > 150, "{} of 200 differ", all.len());
    assert!((0..200).all(|seed| once(seed) == once(seed)));
}
