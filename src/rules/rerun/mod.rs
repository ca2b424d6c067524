//! What the second run does, if that takes more than a selector: lines that are appended again, files and
//! secrets that are created again, steps that a guard skips for ever, failures that nobody sees.

mod destroyed;
mod environment_file;
mod interrupted;
mod lines;
mod mirrored;
mod once;
mod skipped;

use crate::rules::{Entry, id};

include!(concat!(env!("OUT_DIR"), "/rules_rerun.rs"));

/// Rules that share a file with others.
pub(super) const SHARED: &[Entry] = &[
    (&[id::RERUN_DUPLICATE_LINES], lines::duplicate_lines),
    (&[id::RERUN_INSTALL_BEHIND_GUARD], skipped::install_behind_guard),
    (&[id::RERUN_FILE_REPLACED, id::RERUN_NEW_SECRET], environment_file::file_replaced),
    (&[id::RERUN_INTERRUPTED_RUN], interrupted::interrupted_run),
    (&[id::RERUN_DATA_DESTROYED], destroyed::data_destroyed),
    (&[id::RERUN_NEVER_UPDATED], once::never_updated),
    (&[id::RERUN_BACKUP_OVERWRITTEN], once::backup_overwritten),
    (&[id::RERUN_MIRROR_DELETES], mirrored::mirror_deletes),
];
