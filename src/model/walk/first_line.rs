//! The options that the first line of a script sets.

/// What the first line of a script turns on: `#!/bin/bash -eu`.
pub(crate) struct Options {
    pub(crate) errexit: bool,
    pub(crate) nounset: bool,
    /// Where the line ends.
    pub(crate) end: u32,
}

impl Options {
    pub(crate) fn of_first_line(text: &str) -> Options {
        let line = text.lines().next().filter(|line| line.starts_with("#!")).unwrap_or_default();
        let has = |option: char| {
            let mut words = line.split_ascii_whitespace().skip(1).filter(|word| word.starts_with('-'));
            words.any(|word| word.contains(option) && !word.starts_with("--"))
        };
        Options { errexit: has('e'), nounset: has('u'), end: line.len() as u32 }
    }
}
