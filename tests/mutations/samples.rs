//! The samples from which inputs are made: the examples of all pages and the shop, each as a list of files.

use crate::rules::page_examples::{SCRIPT, examples};
use crate::rules::pages::Pages;
use crate::support::root;
use std::fs;

/// Files with their paths, the script last.
pub(crate) struct Sample {
    /// The rule or the directory from which it comes.
    pub(crate) from: String,
    /// The paths and texts.
    pub(crate) files: Vec<(String, String)>,
}

impl Sample {
    /// The script that is judged.
    pub(crate) fn script(&self) -> &str {
        self.files.iter().find(|(path, _)| path == SCRIPT).map_or("", |(_, text)| text)
    }
}

/// The examples of the pages, in the order of the pages.
pub(crate) fn of_pages() -> Vec<Sample> {
    let mut samples = Vec::new();
    for page in Pages::embedded().unwrap().iter() {
        for example in examples(page).unwrap() {
            let files = example.files.into_iter().map(|file| (file.name, file.text)).collect();
            samples.push(Sample { from: page.id.to_string(), files });
        }
    }
    samples
}

/// The shop of `examples/` with its faults: the files that are text and not large.
pub(crate) fn of_shop() -> Sample {
    let shop = root().join("examples/shop");
    let mut files = Vec::new();
    for entry in ignore::WalkBuilder::new(&shop).hidden(false).build().filter_map(Result::ok) {
        let path = entry.path().strip_prefix(&shop).unwrap().to_string_lossy().replace('\\', "/");
        if let Ok(text) = fs::read_to_string(entry.path())
            && text.len() < 20_000
        {
            files.push((path, text));
        }
    }
    files.sort_by_key(|(path, _)| (path == SCRIPT, path.clone()));
    Sample { from: "examples/shop".to_owned(), files }
}
