//! The script as it runs again: what happened to each resource, which guards hold then, and what each step does.

pub(super) mod second_run;
pub(super) mod timeline;
pub(super) mod truth;
