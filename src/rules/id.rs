//! The ids of the built-in rules, one constant each: `STEPS_NOT_ENABLED` is `steps/not-enabled`. `build.rs` makes them from
//! the pages, together with what each page's front matter says.

use crate::finding::{About, Applicability, Confidence, RuleId, Severity};
use std::borrow::Cow;

/// The id of a built-in rule.
pub(super) fn named(name: &str) -> Option<RuleId> {
    let at = ALL.binary_search_by(|id| id.as_str().cmp(name)).ok()?;
    Some(ALL[at].clone())
}

include!(concat!(env!("OUT_DIR"), "/ids.rs"));
