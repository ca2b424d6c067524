//! Many repos, one after the other or side by side. It finds them, has each checked, and delivers the results
//! in the order in which they were found, however long each takes. It keeps a journal, and counts.
//!
//! It knows neither what a record looks like nor what a check is: both come from the caller.

pub(crate) mod cache;
pub(crate) mod find;
pub(crate) mod journal;
pub(crate) mod pool;
pub(crate) mod sink;
pub(crate) mod tally;
