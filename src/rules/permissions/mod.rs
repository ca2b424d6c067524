//! Owners and modes of new paths.

include!(concat!(env!("OUT_DIR"), "/rules_permissions.rs"));
