//! What changed since the last review, and what that means for the deployment. It compares the facts of two
//! states of a repo, and prints nothing.

mod begin;
mod carry_out;
pub(crate) mod checklist;
pub(crate) mod document;
mod impact;
mod net;
mod request;
mod seen;
mod state;
mod trace;

pub(crate) use carry_out::{Recorded, Review, review};
pub(crate) use impact::{Change, Impact};
pub(crate) use request::Request;
pub(crate) use state::Kind;
#[cfg(any(test, fuzzing))]
pub(crate) use state::State;
