//! F7: many repos, one after the other or side by side.

pub mod cache;
