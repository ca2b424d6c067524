//! What the targets share: the properties, which `tests/mutations` holds as well.

#[path = "../../tests/mutations/properties.rs"]
pub mod properties;
