//! Owners and modes of new paths.

mod modes;
mod needs;

include!(concat!(env!("OUT_DIR"), "/rules_permissions.rs"));
