//! The progress of a scan on standard error, if that is a terminal.

use crate::scan::find::{Given, Repos};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Repos, repos per second, time left.
const COUNTED: &str = "{wide_bar} {pos}/{len} repos, {msg} findings, {per_sec}, {eta} left";
/// Shown while the number of repos is unknown.
const OPEN: &str = "{spinner} {pos} repos, {msg} findings, {per_sec}, {elapsed}";
/// How many are counted before the number is announced.
const STEP: u64 = 64;

/// A bar, or nothing.
#[derive(Clone)]
pub(super) struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    /// A bar if standard error is a terminal. The number of repos is counted beside the scan.
    pub(super) fn over(paths: &[PathBuf], list: Option<&Path>) -> Self {
        if !io::stderr().is_terminal() {
            return Progress { bar: None };
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
        bar.set_style(style(OPEN));
        bar.set_message("0");
        bar.enable_steady_tick(Duration::from_millis(200));
        let paths = paths.to_vec();
        let list = list.map(Path::to_path_buf);
        let counted = bar.clone();
        let count = move || {
            let items: Box<dyn Iterator<Item = ()>> = match list {
                // Input from a pipe can be read only once.
                Some(list) if !list.is_file() => return,
                Some(list) => {
                    let Ok(file) = File::open(list) else { return };
                    let lines = BufReader::new(file).split(b'\n').map_while(Result::ok);
                    Box::new(lines.filter(|line| !line.is_empty() && line != b"\r").map(drop))
                }
                None => Box::new(Repos::of(Given::Paths(paths)).filter_map(Result::ok).map(drop)),
            };
            let mut count = 0;
            for () in items {
                count += 1;
                if count % STEP == 0 {
                    counted.set_length(count);
                }
            }
            counted.set_length(count);
            counted.set_style(style(COUNTED));
        };
        // Without it, only the remaining time is missing.
        let _ = std::thread::Builder::new().name("count".to_owned()).spawn(count);
        Progress { bar: Some(bar) }
    }

    /// Sets how many repos are finished, and how many findings they have.
    pub(super) fn at(&self, repos: u64, findings: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(repos);
            bar.set_message(findings.to_string());
        }
    }

    /// Writes something else to the same terminal.
    pub(super) fn beside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Removes the bar.
    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_right() {
        for template in [COUNTED, OPEN] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
