//! Many repos, one after the other or side by side. It finds them, has each checked, and delivers the results
//! in the order in which they were found, however long each takes. It keeps a journal, and counts.
//!
//! It knows neither what a record looks like nor what a check is: both come from the caller.

pub mod cache;
pub mod find;
pub mod journal;
pub mod pool;
pub mod sink;
pub mod tally;
