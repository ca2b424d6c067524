//! Owners and modes of new paths.

mod needs;

include!(concat!(env!("OUT_DIR"), "/rules_permissions.rs"));
