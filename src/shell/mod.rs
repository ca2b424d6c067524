//! Shell: words and quoting, wrappers and regions. It knows nothing about order or guards.

pub(crate) mod argv;
pub(crate) mod ast;
pub(crate) mod builtins;
pub(crate) mod count;
pub(crate) mod line;
mod lower;
pub(crate) mod parse;
pub(crate) mod value;
mod word;
pub(crate) mod wrappers;
