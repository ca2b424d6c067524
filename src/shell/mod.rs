//! F2: shell. Words and quoting, wrappers, regions, and what each tool does. Knows nothing of order or of guards.

pub mod argv;
pub mod effect;
pub mod tools;
pub mod value;
