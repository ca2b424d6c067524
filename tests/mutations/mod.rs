//! What must hold for any input. The properties look into every floor, so the crate includes this module: for `cargo test`,
//! which tries them on damaged examples ([`run`]), and for the fuzz targets in `fuzz/`.
// A property that does not hold or cannot be tried is a panic.
#![allow(clippy::unwrap_used)]

#[cfg(test)]
mod damage;
#[cfg(test)]
mod found;
mod memory;
mod places;
pub mod properties;
#[cfg(test)]
mod run;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod seeds;
