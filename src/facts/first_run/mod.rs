//! What the first run of a script meets on a new server, where the model's second run says what the script meets again.
//! Whether that is worth a finding is asked elsewhere.

mod called_from;
mod clones;
mod disk;
mod gone;
mod holders;
mod names;
mod new_server;
mod outcome;
mod outputs;
mod programs;
mod rights;
mod shut;
mod troubles;

pub(crate) use clones::refused_clones;
pub(crate) use names::unset_names;
pub(crate) use outcome::{FirstOutcome, FirstRun, first_runs};
pub(crate) use programs::{MissingProgram, missing_programs};
pub(crate) use rights::refused;
pub(crate) use shut::shut_files;
pub(crate) use troubles::{Need, made_only_later, troubles};
