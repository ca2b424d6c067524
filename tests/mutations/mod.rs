//! What must hold whatever is read. The properties look into every floor, so the crate takes this module in as its own:
//! for `cargo test`, which asks them of damaged examples ([`run`]), and for the fuzz targets in `fuzz/`.
// A property that does not hold, or that cannot be asked, is a panic.
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
