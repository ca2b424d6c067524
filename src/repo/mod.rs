//! A repo as files: what lies in it, what of it is worth reading, its history, and how it is written to. Knows nothing of
//! what the files mean.

pub mod files;
pub mod history;
pub mod inventory;
pub mod names;
pub mod rewrite;
