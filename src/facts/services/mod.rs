//! The comparison of services: what Compose, units, processes and documents say about the same running thing.

pub(crate) mod compared;
pub(crate) mod differences;
mod documented;
pub(crate) mod documents;
pub(crate) mod matrix;
pub(crate) mod named;
pub(crate) mod rows;

pub(crate) use compared::Compared;
