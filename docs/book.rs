//! The rules' chapters of the book, made of their pages while mdBook builds it: a preprocessor
//! (<https://rust-lang.github.io/mdBook/for_developers/preprocessors.html>). It reads `[context, book]` as JSON and
//! writes the book back, with a chapter for each family and each rule below the one called `rules.md`, so that no page
//! and no list stands twice in the repo.

mod chapters;

use serde_json::Value;
use std::io::{Read, Write as _};
use std::process::ExitCode;

fn main() -> ExitCode {
    // mdBook asks `supports RENDERER` first; chapters are good for any.
    if std::env::args().nth(1).as_deref() == Some("supports") {
        return ExitCode::SUCCESS;
    }
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to be done when standard error is closed.
            let _ = writeln!(std::io::stderr(), "error: the rules' chapters: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let mut input: Value = serde_json::from_str(&text)?;
    let mut book = input.get_mut(1).map(Value::take).ok_or("the input is no [context, book]")?;
    chapters::fill(&mut book)?;
    std::io::stdout().write_all(book.to_string().as_bytes())?;
    Ok(())
}
