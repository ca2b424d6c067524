//! F5: rules. Each has a page (`queries/<family>/<name>.md`), and is either a selector beside it or Rust here.
//! Knows nothing of configuration, suppression or output.

pub mod embedded;
pub mod page;
pub mod page_examples;
pub mod pages;
