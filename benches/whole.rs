//! The whole analysis of scripts against tree-sitter's parse of the same bytes, on one thread, in one run: machines
//! are noisy, ratios are not.
//!
//! `cargo bench --bench whole -- [DIR…]` takes every shell script below the directories; without any, the scripts of
//! `examples/`. Prints the median of the ratios of 15 rounds, and where the time goes.

// A benchmark prints.
#![allow(clippy::print_stdout)]

use bumpalo::Bump;
use deploylint::model::{self, FollowNothing};
use deploylint::rules::context::{Context, Given, Project};
use deploylint::rules::pages::Pages;
use deploylint::rules::{self, embedded};
use deploylint::source::{SourceFile, Sources};
use deploylint::syntax::query::Selectors;
use deploylint::syntax::{mask, tree};
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 15;

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

fn main() {
    let directories: Vec<PathBuf> =
        std::env::args().skip(1).filter(|a| !a.starts_with("--")).map(PathBuf::from).collect();
    let directories =
        if directories.is_empty() { vec![Path::new("examples").to_owned()] } else { directories };
    let scripts = scripts(&directories);
    let bytes: usize = scripts.iter().map(|(_, text)| text.len()).sum();
    println!("{} scripts, {} kB", scripts.len(), bytes / 1000);

    let pages = Pages::embedded().expect("the embedded pages are tested");
    let files = embedded::files().filter(|f| f.path.ends_with(".scm")).map(|f| (f.shown, f.text));
    let selectors = Selectors::load_beside(files, []).expect("the embedded selectors are tested");
    let (project, given) = (Project::default(), Given::default());

    let mut rounds: Vec<[f64; 4]> = Vec::new();
    for _ in 0..ROUNDS {
        let mut seconds = [0.0; 4];
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

            let context = Context::new(&sources, &models, &project, &pages, &given);
            let mut findings = Vec::new();
            assert!(rules::run(&context, &selectors, &mut findings).is_empty(), "a rule panicked");
            black_box(findings);
            seconds[3] += start.elapsed().as_secs_f64();
        }
        rounds.push(seconds);
    }
    let median = |pick: &dyn Fn(&[f64; 4]) -> f64| {
        let mut values: Vec<f64> = rounds.iter().map(pick).collect();
        values.sort_by(f64::total_cmp);
        (values[0], values[ROUNDS / 2], values[ROUNDS - 1])
    };
    let show = |name: &str, (low, middle, high): (f64, f64, f64)| {
        println!("{name:34} {middle:8.3}   ({low:.3} to {high:.3})");
    };
    show("parse alone, ms", median(&|s| s[0] * 1e3));
    show("mask and parse / parse", median(&|s| s[1] / s[0]));
    show("model (with mask, parse) / parse", median(&|s| s[2] / s[0]));
    show("whole (model and rules) / parse", median(&|s| s[3] / s[0]));
}
