//! deploylint: a static analyser for the scripts that deploy a repo to a server.
pub mod finding;
pub mod project;
pub mod shell;
pub mod source;
