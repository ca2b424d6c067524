//! What must agree with the deploy script. It finds the files of a project and reads them: compose files,
//! systemd units, environment files, manifests. It knows nothing about shell syntax, runs nothing, and reads
//! nothing outside the root. It does not judge; that is the rules' work.

pub(crate) mod architecture;
pub(crate) mod compose;
pub(crate) mod discover;
pub(crate) mod dotenv;
pub(crate) mod env;
pub(crate) mod image;
pub(crate) mod managers;
pub(crate) mod manifest;
pub(crate) mod sequences;
pub(crate) mod services;
pub(crate) mod unit;
pub(crate) mod yaml;

use crate::source::Span;

/// A line of a file that its readers ignore or misread. It is a fault of the file, while a gap is a limit of
/// the analysis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The line.
    pub(crate) span: Span,
    /// What is wrong with it.
    pub(crate) reason: String,
}
