//! How a report looks. This is the only floor that derives `Serialize`. Everything is written to a writer
//! from the caller.

pub(crate) mod clean;
pub(crate) mod diff;
mod excerpt;
pub(crate) mod json;
pub(crate) mod review;
pub(crate) mod rules;
pub(crate) mod scan;
pub(crate) mod services;
pub(crate) mod text;
