//! A repo as files: which files it has, which of them are worth reading, its history, and how it is written
//! to. It does not know what the files mean.

pub mod files;
pub mod history;
pub mod inventory;
pub mod names;
pub mod rewrite;
