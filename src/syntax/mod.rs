//! Syntax. The only importer of tree_sitter: parses a text, walks its tree, runs queries.

pub mod code;
pub mod debug;
#[cfg(test)]
mod grammar_tests;
pub mod literal;
pub mod mask;
pub(crate) mod parses;
pub mod query;
pub mod tree;
