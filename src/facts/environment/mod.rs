//! The environment: who reads and who sets which variable, and what variables' names and values say of them.

pub(crate) mod in_shell;
pub(crate) mod names;
pub mod table;
pub(crate) mod values;

pub use values::hidden_in;
