//! How a report looks. The only floor that derives `Serialize`; everything is written to a writer that the
//! caller gives.

pub mod clean;
pub mod diff;
mod excerpt;
pub mod json;
pub mod review;
pub mod rules;
pub mod scan;
pub mod services;
pub mod text;
