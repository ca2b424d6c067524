//! What the second run does, if that takes more than a query: lines that are appended again, files and
//! secrets that are created again, steps that a guard skips for ever, failures that nobody sees.

mod again;
mod moved_head;
mod undone;
pub(crate) mod unreported;

use crate::rules::id;
use crate::rules::queries::{Worded, Wording};

include!(concat!(env!("OUT_DIR"), "/rules_rerun.rs"));

/// How the findings of the query files that ask what the second run does are worded.
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
