//! Who runs what.

include!(concat!(env!("OUT_DIR"), "/rules_user.rs"));
