//! Writes a made-up corpus: `cargo bench --bench corpus -- [--repos N] [--seed S] DIR`.

// A benchmark prints.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "mod.rs"]
mod corpus;

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let (mut repos, mut seed, mut directory) = (1000, 1, None);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|value| value.parse().ok());
        match word.as_str() {
            // cargo bench adds it.
            "--bench" => {}
            "--repos" => match number() {
                Some(value) => repos = value as usize,
                None => return usage(),
            },
            "--seed" => match number() {
                Some(value) => seed = value,
                None => return usage(),
            },
            _ if !word.starts_with('-') && directory.is_none() => directory = Some(word),
            _ => return usage(),
        }
    }
    let Some(directory) = directory else { return usage() };
    let start = Instant::now();
    match corpus::write(Path::new(&directory), seed, repos) {
        Ok(list) => {
            println!("{repos} repos in {:.1} s: {}", start.elapsed().as_secs_f64(), list.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{directory}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("cargo bench --bench corpus -- [--repos N] [--seed S] DIR");
    ExitCode::from(2)
}
