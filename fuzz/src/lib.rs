//! What the targets share: the properties, which `tests/it/mutations` holds as well.

#[path = "../../tests/it/mutations/properties.rs"]
pub mod properties;
