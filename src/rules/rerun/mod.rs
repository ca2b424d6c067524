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

use crate::finding::RuleId;
use crate::rules::Rule;
use crate::rules::id;
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
pub(super) const WORDINGS: &[(RuleId, Wording)] = &[
    (id::RERUN_ALREADY_RUNNING, AGAIN),
    (id::RERUN_DUPLICATE_DOWNLOAD, AGAIN),
    (id::RERUN_DUPLICATE_ROWS, AGAIN),
    (id::RERUN_DUPLICATE_RULE, AGAIN),
    (id::RERUN_EXISTING_ACCOUNT, AGAIN),
    (id::RERUN_EXISTING_CONTAINER, AGAIN),
    (id::RERUN_EXISTING_DATABASE, AGAIN),
    (id::RERUN_EXISTING_OBJECT, AGAIN),
    (id::RERUN_EXISTING_PATH, AGAIN),
    (id::RERUN_MISSING_PATH, AGAIN),
    (id::RERUN_PROMPT, Wording::Command(prompt::word)),
    (id::RERUN_STATE_REPLACED, AGAIN),
];

const AGAIN: Wording = Wording::Command(again::word);
