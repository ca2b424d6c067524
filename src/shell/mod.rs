//! Shell: words and quoting, wrappers and regions. It knows nothing about order or guards.

pub mod argv;
pub mod ast;
pub(crate) mod builtins;
pub mod count;
pub mod line;
mod lower;
pub mod parse;
pub mod value;
mod word;
pub mod wrappers;
