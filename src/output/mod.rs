//! How a report looks. This is the only floor that derives `Serialize`. Everything is written to a writer
//! from the caller.

pub mod clean;
pub mod diff;
mod excerpt;
pub mod json;
pub mod review;
pub mod rules;
pub mod scan;
pub mod services;
pub mod text;
