//! What changed since the last review, and what that means for the deployment. It compares the facts of two
//! states of a repo, and prints nothing.

mod begin;
mod carry_out;
pub mod checklist;
pub mod document;
mod impact;
mod net;
mod request;
mod seen;
mod state;
mod trace;

pub use carry_out::{Recorded, Review, review};
pub use impact::{Change, Impact};
pub use request::Request;
pub use state::Kind;
#[cfg(any(test, fuzzing))]
pub(crate) use state::State;
