//! What the second run does, if that takes more than a selector: lines that are appended again, files and
//! secrets that are created again, steps that a guard skips for ever, failures that nobody sees.

mod destroyed;
mod environment_file;
mod errors_ignored;
mod git_ownership;
mod interrupted;
mod lines;
mod mirrored;
mod once;
mod skipped;

use crate::rules::Rule;

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
