//! The script as it runs again: what happened to each resource, which guards hold then, and what each step does.

mod anew;
#[cfg(test)]
mod measured_tests;
mod origin;
mod relation;
pub(super) mod second_run;
pub(super) mod timeline;
pub(super) mod together;
pub(super) mod truth;
