//! The whole analysis of scripts against tree-sitter's parse of the same bytes, on one thread, in one run: machines
//! are noisy, ratios are not.
//!
//! `cargo bench --bench whole -- [--rounds N] [--rules] [DIR…]` takes every shell script below the directories; without
//! any, the scripts of `examples/`. Prints the median of the ratios of 15 rounds, and where the time goes; with
//! `--rules` what each rule takes.

// A benchmark prints.
#![allow(clippy::print_stdout)]

use bumpalo::Bump;
use deploylint::facts::world::{Given, Project, World};
use deploylint::model::{self, FollowNothing};
use deploylint::rules::pages::Pages;
use deploylint::rules::{self, Failed, embedded};
use deploylint::source::{SourceFile, Sources};
use deploylint::syntax::query::Selectors;
use deploylint::syntax::{mask, tree};
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn scripts(directories: &[PathBuf]) -> Vec<(String, String)> {
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
                found.push((file.path().to_owned(), file.text().to_owned()));
            }
        }
    }
    found.sort();
    found
}

/// What is asked for.
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
            // Cargo says `--bench`.
            other if other.starts_with("--") => {}
            directory => asked.directories.push(PathBuf::from(directory)),
        }
    }
    if asked.directories.is_empty() {
        asked.directories.push(Path::new("examples").to_owned());
    }
    asked
}

/// Lowest, middle and highest.
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
    let bytes: usize = scripts.iter().map(|(_, text)| text.len()).sum();
    println!("{} scripts, {} kB", scripts.len(), bytes / 1000);

    let pages = Pages::embedded().expect("the embedded pages are tested");
    let files = embedded::files().filter(|f| f.path.ends_with(".scm")).map(|f| (f.shown, f.text));
    let selectors = Selectors::load_beside(files, []).expect("the embedded selectors are tested");
    let (project, given) = (Project::default(), Given::default());
    let rules: Vec<Failed> = rules::all().collect();

    let mut rounds: Vec<[f64; 4]> = Vec::new();
    let mut each: Vec<Vec<f64>> = Vec::new();
    for _ in 0..asked.rounds {
        let mut seconds = [0.0; 4];
        let mut by_rule = vec![0.0; rules.len() + 1];
        for (path, text) in &scripts {
            let start = Instant::now();
            black_box(tree::parse(text));
            seconds[0] += start.elapsed().as_secs_f64();

            let start = Instant::now();
            black_box(tree::parse(&mask::mask(text).text));
            seconds[1] += start.elapsed().as_secs_f64();

            let start = Instant::now();
            let mut sources = Sources::default();
            let Ok(source) = SourceFile::new(path.clone(), text.clone().into_bytes()) else { continue };
            let file = sources.add(source);
            let arena = Bump::new();
            let text: &str = arena.alloc_str(text);
            let models = [model::build(&arena, file, path, text, &mut FollowNothing)];
            seconds[2] += start.elapsed().as_secs_f64();

            let before = Instant::now();
            let context = World::new(&sources, &models, &project, &given);
            by_rule[rules.len()] += before.elapsed().as_secs_f64();
            if asked.rules {
                for (rule, seconds) in rules.iter().zip(&mut by_rule) {
                    let start = Instant::now();
                    black_box(rule.run(&context, &selectors, &pages).expect("no rule panics"));
                    *seconds += start.elapsed().as_secs_f64();
                }
            } else {
                let mut findings = Vec::new();
                assert!(
                    rules::run(&context, &selectors, &pages, &mut findings).is_empty(),
                    "a rule panicked"
                );
                black_box(findings);
            }
            seconds[3] += start.elapsed().as_secs_f64();
        }
        by_rule.iter_mut().for_each(|of_rule| *of_rule /= seconds[0]);
        each.push(by_rule);
        rounds.push(seconds);
    }
    show("parse alone, ms", rounds.iter().map(|s| s[0] * 1e3).collect());
    show("mask and parse / parse", rounds.iter().map(|s| s[1] / s[0]).collect());
    show("model (with mask, parse) / parse", rounds.iter().map(|s| s[2] / s[0]).collect());
    show("whole (model and rules) / parse", rounds.iter().map(|s| s[3] / s[0]).collect());
    if !asked.rules {
        return;
    }
    // What several rules share is put down to the first that asks for it.
    let names = rules.iter().map(|rule| rule.name).chain(["(what all rules share)"]);
    let mut by_rule: Vec<(&str, Vec<f64>)> =
        names.enumerate().map(|(i, name)| (name, each.iter().map(|round| round[i]).collect())).collect();
    by_rule.sort_by(|a, b| spread(b.1.clone()).1.total_cmp(&spread(a.1.clone()).1));
    println!("\nof the parse alone:");
    for (name, values) in by_rule {
        show(name, values);
    }
}
