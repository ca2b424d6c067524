//! Services compared: what Compose, units, processes and documents say of the same thing that runs.

pub(crate) mod compared;
pub(crate) mod differences;
pub(crate) mod documents;
pub mod matrix;
pub(crate) mod named;

pub(crate) use compared::Compared;
