//! What is asked of a review.

use std::path::PathBuf;

/// What the caller asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The repo's root.
    pub root: PathBuf,
    /// A configuration other than `deploylint.yaml` at the root.
    pub config: Option<PathBuf>,
    /// A day or a revision, instead of the date in the document.
    pub since: Option<String>,
    /// The document, instead of looking for it.
    pub document: Option<PathBuf>,
    /// Somebody has tried the scripts.
    pub tested: bool,
}
