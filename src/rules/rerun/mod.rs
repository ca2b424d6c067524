//! What the second run does, where that takes more than a selector: lines that are appended again, files and
//! secrets that are made anew, steps that a guard skips for ever, failures that nobody sees.

mod again;
mod destroyed;
mod environment_file;
mod errors_ignored;
mod git_ownership;
mod interrupted;
mod lines;
mod mirrored;
mod once;
mod prompt;
mod skipped;

use crate::rules::Rule;
use crate::rules::queries::Wording;

/// The rules of this family in Rust.
pub(super) const RULES: &[(&str, Rule)] = &[
    ("rerun/duplicate-lines", lines::duplicate_lines),
    ("rerun/errors-ignored", errors_ignored::errors_ignored),
    ("rerun/install-behind-guard", skipped::install_behind_guard),
    ("rerun/file-replaced", environment_file::file_replaced),
    ("rerun/git-ownership", git_ownership::git_ownership),
    ("rerun/interrupted-run", interrupted::interrupted_run),
    ("rerun/data-destroyed", destroyed::data_destroyed),
    ("rerun/never-updated", once::never_updated),
    ("rerun/backup-overwritten", once::backup_overwritten),
    ("rerun/mirror-deletes", mirrored::mirror_deletes),
];

/// How the query files of this family are worded.
pub(super) const WORDINGS: &[(&str, Wording)] = &[
    ("rerun/already-running", AGAIN),
    ("rerun/duplicate-download", AGAIN),
    ("rerun/duplicate-rows", AGAIN),
    ("rerun/duplicate-rule", AGAIN),
    ("rerun/existing-account", AGAIN),
    ("rerun/existing-container", AGAIN),
    ("rerun/existing-database", AGAIN),
    ("rerun/existing-object", AGAIN),
    ("rerun/existing-path", AGAIN),
    ("rerun/missing-path", AGAIN),
    ("rerun/prompt", Wording::Command(prompt::word)),
    ("rerun/state-replaced", AGAIN),
];

const AGAIN: Wording = Wording::Command(again::word);
