//! What the second run does, if that takes more than a query: lines that are appended again, files and
//! secrets that are created again, steps that a guard skips for ever, failures that nobody sees.

mod again;
mod destroyed;
mod environment_file;
mod interrupted;
mod mirrored;
mod once;
mod skipped;
pub(crate) mod told;

use crate::rules::queries::{Worded, Wording};
use crate::rules::{Entry, id};

include!(concat!(env!("OUT_DIR"), "/rules_rerun.rs"));

/// Rules that share a file with others.
pub(super) const SHARED: &[Entry] = &[
    (&[id::RERUN_INSTALL_BEHIND_GUARD], skipped::install_behind_guard),
    (&[id::RERUN_FILE_REPLACED, id::RERUN_NEW_SECRET], environment_file::file_replaced),
    (&[id::RERUN_INTERRUPTED_RUN], interrupted::interrupted_run),
    (&[id::RERUN_DATA_DESTROYED], destroyed::data_destroyed),
    (&[id::RERUN_NEVER_UPDATED], once::never_updated),
    (&[id::RERUN_BACKUP_OVERWRITTEN], once::backup_overwritten),
    (&[id::RERUN_MIRROR_DELETES], mirrored::mirror_deletes),
];

/// How the query files are worded that ask what the second run does.
pub(super) const SHARED_WORDINGS: &[Worded] = &[
    (id::RERUN_ALREADY_RUNNING, AGAIN),
    (id::RERUN_DUPLICATE_DOWNLOAD, AGAIN),
    (id::RERUN_DUPLICATE_ROWS, AGAIN),
    (id::RERUN_DUPLICATE_RULE, AGAIN),
    (id::RERUN_EXISTING_ACCOUNT, AGAIN),
    (id::RERUN_EXISTING_CONTAINER, AGAIN),
    (id::RERUN_EXISTING_DATABASE, AGAIN),
    (id::RERUN_EXISTING_OBJECT, AGAIN),
    (id::RERUN_EXISTING_PATH, AGAIN),
    (id::RERUN_MISSING_OBJECT, AGAIN),
    (id::RERUN_MISSING_PATH, AGAIN),
    (id::RERUN_STATE_REPLACED, AGAIN),
];

const AGAIN: Wording = Wording::Command(again::word);
