//! The tests that reach the crate from outside, as one program: so the crate is linked once.
// A test that cannot set itself up fails.
#![allow(clippy::unwrap_used)]

mod bad_input;
mod cache;
mod cli;
mod corpus;
mod docs;
mod examples;
mod fixes;
mod grammar;
mod history;
mod impact;
mod mutations;
mod programs;
mod review;
mod rules;
mod scan;
mod second_run;
mod services;
mod support;
mod systemd;
mod tidy;
