//! `deploylint review`.

use super::args::{ReviewArgs, ReviewFormat};
use super::check::to_reader;
use super::{Exit, Failure, tell};
use crate::check::CheckError;
use crate::output::{clean, review as output};
use crate::repo::files::find_root;
use crate::review::checklist::Task;
use crate::review::{Recorded, Request, review};
use std::io::Write;
use std::path::PathBuf;

/// Carries out the checklist. With `--record` it records the date.
pub(super) fn run(args: &ReviewArgs, out: &mut dyn Write) -> Result<Exit, Failure> {
    let path = args.path.clone().unwrap_or_else(|| PathBuf::from("."));
    if !path.exists() {
        return Err(CheckError::in_file(&path, "there is no such file or directory").into());
    }
    let root = if path.is_dir() { path } else { find_root(&path) };
    let request = Request {
        root,
        config: args.config.clone(),
        since: args.since.clone(),
        document: args.document.clone(),
        tested: args.tested,
    };
    let review = review(&request)?;
    let written = match args.format {
        ReviewFormat::Text => output::write_text(&review, out),
        ReviewFormat::Markdown => output::write_markdown(&review, out),
        ReviewFormat::Json => output::write_json(&review, out),
    };
    to_reader(written.and_then(|()| out.flush()))?;
    if args.record {
        match review.record(args.force)? {
            Recorded::Written(path) => {
                tell(&format!("recorded {} in {}\n", review.today, clean::line(&path, 500)));
            }
            Recorded::Already(path) => {
                tell(&format!("{} is already recorded in {}\n", review.today, clean::line(&path, 500)));
            }
            Recorded::Refused(left) => {
                let left: Vec<&str> = left.iter().map(|task| Task::title(*task)).collect();
                tell(&format!(
                    "error: nothing was recorded, because these items are open: {}\n  help: --force records the date anyway\n",
                    left.join("; ")
                ));
                return Ok(Exit::Findings);
            }
        }
        return Ok(Exit::Clean);
    }
    Ok(match (args.check && (review.due || review.is_open()), review.gaps.is_empty()) {
        (true, _) => Exit::Findings,
        (false, false) => Exit::NotAnalysed,
        (false, true) => Exit::Clean,
    })
}
