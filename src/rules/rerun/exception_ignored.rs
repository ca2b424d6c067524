//! `rerun/exception-ignored`: a command deletes what it is told to leave out, because the exception matches nothing.

use crate::facts::world::World;
use crate::finding::Finding;
use crate::rules::id;
use crate::tools::find::{missed_exception, missed_exclusion};

/// `rerun/exception-ignored`.
pub(in crate::rules) fn exception_ignored(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for (script, id, step) in context.steps() {
        let by_find = missed_exception(&step.argv);
        let Some(arg) = by_find.or_else(|| missed_exclusion(&step.argv)) else { continue };
        let words = context.words(arg.span);
        let (message, help) = match by_find {
            Some(_) => (
                format!(
                    "`-path {words}` matches nothing, so {words} is deleted too: find writes each path from its start"
                ),
                "write `-name NAME`, or the path as find prints it: `./data`",
            ),
            None => (
                format!(
                    "`{words}` matches nothing, and what it names is deleted too: its first `/` is the copied directory"
                ),
                "write it from the directory that is copied: `--exclude=/uploads`",
            ),
        };
        let sure = context.confidence(script, id, None);
        found.push(
            context.finding(id::RERUN_EXCEPTION_IGNORED, arg.span, message).at_most(sure).help(help).done(),
        );
    }
}
