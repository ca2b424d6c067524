//! What fuzzing has found, cut down: each input broke the property beside it once.

use super::Property;

/// What it is about, the property, and the input.
pub(crate) const FOUND: &[(&str, Property, &[u8])] = &[];
