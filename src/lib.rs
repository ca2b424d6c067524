//! deploylint: a static analyser for the scripts that deploy a repo to a server.

pub mod check;
pub mod cli;
pub mod facts;
pub mod finding;
pub mod limit;
pub mod model;
pub mod output;
pub mod project;
pub mod repo;
pub mod review;
pub mod rules;
pub mod scan;
pub mod shell;
pub mod source;
pub mod syntax;
pub mod tools;
