//! Compares the whole analysis of scripts with tree-sitter's parse of the same bytes, on one thread and in one run, because
//! machines are noisy and ratios are not.
//!
//! `cargo bench --bench whole -- [--rounds N] [--rules] [DIR…]` takes every shell script below the directories; without DIR,
//! the scripts of `examples/`. It prints the median of the ratios of 15 rounds and where the time goes, and
//! with `--rules` the time of each rule.

// A benchmark prints.
#![allow(clippy::print_stdout)]

use deploylint::SourceFile;
use deploylint::internal::{Stages, Times};
use std::path::{Path, PathBuf};

// This is the program's own allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn scripts(directories: &[PathBuf]) -> Vec<SourceFile> {
    let mut found = Vec::new();
    for directory in directories {
        for entry in ignore::WalkBuilder::new(directory).hidden(false).git_ignore(false).build().flatten() {
            let path = entry.path();
            let is_script = path.extension().is_some_and(|e| e == "sh" || e == "bash");
            if !is_script || !entry.file_type().is_some_and(|t| t.is_file()) {
                continue;
            }
            if let Ok(bytes) = std::fs::read(path)
                && let Ok(file) = SourceFile::new(path.to_string_lossy(), bytes)
            {
                found.push(file);
            }
        }
    }
    found.sort_by(|a, b| a.path().cmp(b.path()));
    found
}

/// The arguments.
struct Asked {
    directories: Vec<PathBuf>,
    rounds: usize,
    rules: bool,
}

fn asked() -> Asked {
    let mut asked = Asked { directories: Vec::new(), rounds: 15, rules: false };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--rounds" => {
                let rounds = arguments.next().and_then(|n| n.parse().ok()).filter(|n| *n > 0);
                asked.rounds = rounds.expect("--rounds takes a number");
            }
            "--rules" => asked.rules = true,
            // Cargo adds `--bench`.
            other if other.starts_with("--") => {}
            directory => asked.directories.push(PathBuf::from(directory)),
        }
    }
    if asked.directories.is_empty() {
        asked.directories.push(Path::new("examples").to_owned());
    }
    asked
}

/// The lowest, the middle and the highest value.
fn spread(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    (values[0], values[values.len() / 2], values[values.len() - 1])
}

fn show(name: &str, values: Vec<f64>) {
    let (low, middle, high) = spread(values);
    println!("{name:34} {middle:8.3}   ({low:.3} to {high:.3})");
}

fn main() {
    let asked = asked();
    let scripts = scripts(&asked.directories);
    let bytes: usize = scripts.iter().map(|script| script.text().len()).sum();
    println!("{} scripts, {} kB", scripts.len(), bytes / 1000);

    let stages = Stages::load();
    let names = stages.names();

    let mut rounds: Vec<Times> = Vec::new();
    let mut each: Vec<Vec<f64>> = Vec::new();
    for _ in 0..asked.rounds {
        let mut round = Times::default();
        let mut by_rule = vec![0.0; names.len()];
        for script in &scripts {
            let times = stages.run(script, asked.rules.then_some(by_rule.as_mut_slice()));
            round.parse += times.parse;
            round.masked += times.masked;
            round.model += times.model;
            round.whole += times.whole;
        }
        by_rule.iter_mut().for_each(|of_rule| *of_rule /= round.parse);
        each.push(by_rule);
        rounds.push(round);
    }
    show("parse alone, ms", rounds.iter().map(|s| s.parse * 1e3).collect());
    show("mask and parse / parse", rounds.iter().map(|s| s.masked / s.parse).collect());
    show("model (with mask, parse) / parse", rounds.iter().map(|s| s.model / s.parse).collect());
    show("whole (model and rules) / parse", rounds.iter().map(|s| s.whole / s.parse).collect());
    if !asked.rules {
        return;
    }
    // Work that several rules share counts for the first that needs it.
    let mut by_rule: Vec<(&str, Vec<f64>)> = names
        .into_iter()
        .enumerate()
        .map(|(i, name)| (name, each.iter().map(|round| round[i]).collect()))
        .collect();
    by_rule.sort_by(|a, b| spread(b.1.clone()).1.total_cmp(&spread(a.1.clone()).1));
    println!("\nof the parse alone:");
    for (name, values) in by_rule {
        show(name, values);
    }
}
