//! The environment: who reads and who sets which variable, and what the names and values of variables show.

pub(crate) mod in_shell;
pub(crate) mod names;
pub(crate) mod required;
pub(crate) mod settled;
pub(crate) mod table;
pub(crate) mod values;

pub(crate) use values::hidden_in;
