//! The family `services`: do Compose, units and architecture agree on what runs?

mod documents;
mod statements;
mod together;

include!(concat!(env!("OUT_DIR"), "/rules_services.rs"));
