//! The tests from outside the crate. They are one program, so that the crate is linked once.
// A test that cannot set itself up fails.
#![allow(clippy::unwrap_used)]

mod bad_input;
mod cache;
mod circles;
mod cli;
mod corpus;
mod deployments;
mod deploys;
mod docs;
mod examples;
mod fixes;
mod mutants;
mod order;
mod programs;
mod review;
mod scan;
mod services;
mod snapshots;
mod support;
mod tidy;
