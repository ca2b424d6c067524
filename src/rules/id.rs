//! The ids of the built-in rules, one constant each: `STEPS_NOT_ENABLED` is `steps/not-enabled`. `build.rs` makes them of
//! the pages, and with them what each page's front matter says.

use crate::finding::{About, Applicability, Confidence, RuleId, Severity};
use std::borrow::Cow;

/// The id of a built-in rule.
pub(super) fn named(name: &str) -> Option<RuleId> {
    let at = ABOUT.binary_search_by(|about| (*about.name).cmp(name)).ok()?;
    Some(RuleId::built_in(&ABOUT[at]))
}

include!(concat!(env!("OUT_DIR"), "/ids.rs"));
