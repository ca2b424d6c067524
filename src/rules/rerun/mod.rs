//! F5: what the second run does, where that takes more than a selector: lines that are appended again, files and
//! secrets that are made anew, steps that a guard skips for ever, failures that nobody sees.

mod environment_file;
mod errors_ignored;
mod git_ownership;
mod lines;
mod mirrored;
mod skipped;

pub(super) use environment_file::file_replaced;
pub(super) use errors_ignored::errors_ignored;
pub(super) use git_ownership::git_ownership;
pub(super) use lines::duplicate_lines;
pub(super) use mirrored::mirror_deletes;
pub(super) use skipped::install_behind_guard;
