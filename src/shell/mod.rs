//! Shell. Words and quoting, wrappers, regions, and what each tool does. Knows nothing of order or of guards.

pub mod argv;
pub mod ast;
pub(crate) mod builtins;
pub mod count;
mod lower;
pub mod parse;
pub mod value;
mod word;
pub mod wrappers;
