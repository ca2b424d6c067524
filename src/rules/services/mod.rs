//! The family `services`: do Compose, units and architecture agree on what runs?

mod documents;
mod statements;

include!(concat!(env!("OUT_DIR"), "/rules_services.rs"));
