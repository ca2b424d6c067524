//! F1: the only importer of `tree_sitter`. Owns parsing, the views of nodes and the selectors; knows no tool and no
//! rule.

pub mod mask;
