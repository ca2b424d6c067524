//! Syntax. The only importer of tree_sitter: parses a text, walks its tree, runs queries.

pub(crate) mod code;
pub(crate) mod debug;
#[cfg(test)]
mod grammar_tests;
pub(crate) mod literal;
pub(crate) mod mask;
pub(crate) mod parses;
pub(crate) mod query;
mod search;
pub(crate) mod tree;
