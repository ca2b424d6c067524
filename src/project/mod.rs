//! What must agree with the deploy script. It finds the files of a project and reads them: compose files,
//! systemd units, environment files, manifests. It knows nothing about shell syntax, runs nothing, and reads
//! nothing outside the root. It does not judge; that is the rules' work.

pub mod architecture;
pub mod compose;
pub mod discover;
pub mod dotenv;
pub mod env;
pub mod managers;
pub mod manifest;
pub mod services;
pub mod unit;
pub mod yaml;

use crate::source::Span;

/// A line of a file that its readers ignore or misread. It is a fault of the file, while a gap is a limit of
/// the analysis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line.
    pub span: Span,
    /// What is wrong with it.
    pub reason: String,
}
