//! The request for a review.

use std::path::PathBuf;

/// What the caller asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Request {
    /// The repo's root.
    pub(crate) root: PathBuf,
    /// A configuration other than `deploylint.yaml` at the root.
    pub(crate) config: Option<PathBuf>,
    /// A day or a revision, instead of the date in the document.
    pub(crate) since: Option<String>,
    /// The document, instead of looking for it.
    pub(crate) document: Option<PathBuf>,
    /// True if somebody has tried the scripts.
    pub(crate) tested: bool,
}
