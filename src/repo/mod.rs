//! A repo as files: which files it has, which of them are worth reading, its history, and how it is written
//! to. It does not know what the files mean.

pub(crate) mod files;
pub(crate) mod history;
pub(crate) mod inventory;
pub(crate) mod names;
pub(crate) mod rewrite;
