//! Gathers the inputs that the fuzz targets start from. They are the examples of the pages and of the shop, so they are made
//! from the repo whenever somebody wants to fuzz, and are not committed.

use super::memory::input_of;
use super::samples::{Sample, of_pages, of_shop};
use crate::support::root;
use std::collections::BTreeSet;
use std::fs;

/// Longer inputs slow a target down; its runs get `-max_len=4096`.
const LONGEST: usize = 4096;
/// Configurations, because no example of a page contains one.
const CONFIGURATIONS: [&str; 8] = [
    "app:\n  user: shop\n  directory: /opt/shop\nscripts: [start.sh, 'deploy/*.sh']\nservices:\n  web: shop-web.service\n  mail: null\nrules:\n  rerun: info\n  rerun/prompt: off\n  user: \"error\"\nextra-rules: [lint/rules]\n",
    "review:\n  document: docs/tasks.md\n  task: Review\n  label: Last run\n",
    "scripts: ['a[']\n",
    "rules: {rerun: off, rerun: off}\n",
    "x: &a [b]\nscripts: *a\n",
    "scripts:\n  - start.sh\n  - 'deploy/**'\nrules:\n  env: warning\n",
    "---\napp: {user: x}\n...\n",
    "services:\n  web:\n  cache: ~\n",
];

/// Fills `fuzz/corpus/<target>`. This is a command and not a check: `cargo test --lib gather_seeds -- --ignored` runs it, as
/// `fuzz/README.md` says. It is written as a test because the samples are known to the tests only.
#[test]
#[ignore = "a command, described in fuzz/README.md: it writes fuzz/corpus"]
fn gather_seeds() {
    let mut all = of_pages();
    all.push(of_shop());
    let scripts: BTreeSet<String> = all.iter().map(|sample| sample.script().to_owned()).collect();
    for target in ["check", "words", "fixes", "suppressions"] {
        write(target, scripts.iter());
    }
    let commented =
        scripts.iter().map(|script| format!("#!/bin/bash\n\n{}", script.replace('\n', "\n# next\n")));
    write("suppressions", commented.collect::<Vec<_>>().iter());
    write("compose", of_kind(&all, |path| path.contains("compose") && path.ends_with("ml")).iter());
    write("dotenv", of_kind(&all, |path| path.contains(".env")).iter());
    let mut units = of_kind(&all, |path| path.ends_with(".service") || path.ends_with(".conf"));
    units.extend(scripts.iter().flat_map(|script| heredocs(script)));
    write("unit", units.iter());
    write("configuration", CONFIGURATIONS.map(str::to_owned).iter());
    let repos: BTreeSet<String> = all
        .iter()
        .map(|sample| input_of(sample.files.iter().map(|(p, t)| (p.as_str(), t.as_str())), "start.sh"))
        .collect();
    write("project", repos.iter());
    write("rules", rules().iter());
}

/// The texts of all files of a kind.
fn of_kind(samples: &[Sample], kind: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let files = samples.iter().flat_map(|sample| &sample.files);
    files.filter(|(path, _)| kind(path)).map(|(_, text)| text.clone()).collect()
}

/// The bodies of heredocs that are units or settings.
fn heredocs(script: &str) -> Vec<String> {
    let bodies = script.split("EOF").filter(|body| body.contains("\n["));
    bodies.map(|body| body[body.find("\n[").unwrap() + 1..].to_owned()).collect()
}

/// Each page with its query, without its examples.
fn rules() -> BTreeSet<String> {
    let files = crate::rules::embedded::table();
    let pages = files.iter().filter(|(path, _)| path.ends_with(".md") && path.contains('/'));
    let with_query = pages.map(|(path, text)| {
        let query = path.replace(".md", ".scm");
        let query = files.iter().find(|(other, _)| **other == query).map_or("", |(_, text)| text);
        input_of([("own/rule.md", *text), ("own/rule.scm", query)], "own/rule.md")
    });
    with_query.collect()
}

fn write<'t>(target: &str, inputs: impl Iterator<Item = &'t String>) {
    let folder = root().join("fuzz/corpus").join(target);
    fs::create_dir_all(&folder).unwrap();
    for input in inputs.filter(|input| !input.is_empty() && input.len() <= LONGEST) {
        // The name follows from the content, so that gathering again changes nothing.
        let sum = input
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |sum, b| (sum ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
        fs::write(folder.join(format!("seed-{sum:016x}")), input).unwrap();
    }
}
