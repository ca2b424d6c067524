//! Many repos, one after the other or side by side. Finds them, has each judged, and hands over what came of it
//! in the order in which they were found, however long each takes; keeps a journal of it, and counts.
//!
//! It knows neither what a record looks like nor what a check is: both are the caller's.

pub mod cache;
pub mod find;
pub mod journal;
pub mod pool;
pub mod sink;
pub mod tally;
