//! The files of `queries/`, in the binary. `build.rs` writes the table.

use std::borrow::Cow;

/// A file of a rule folder: a page (`.md`) or a query (`.scm`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuleFile {
    /// Path inside the folder, with `/`: `rerun/existing-path.md`.
    pub(crate) path: String,
    /// How errors name the file.
    pub(crate) shown: String,
    /// Its text, with `\n` line ends. Embedded text is borrowed, because each start would copy all of it.
    pub(crate) text: Cow<'static, str>,
}

impl RuleFile {
    /// True for a file in the binary. A test has checked it completely.
    pub(super) fn is_tested(&self) -> bool {
        matches!(self.text, Cow::Borrowed(_))
    }
}

mod table {
    include!(concat!(env!("OUT_DIR"), "/queries.rs"));
}

/// `(path, text)` of every page and query, sorted by path, as in `queries/`.
pub(crate) fn table() -> &'static [(&'static str, &'static str)] {
    table::QUERIES
}

/// The embedded files in the form in which a user's folder is also read.
pub(crate) fn files() -> impl Iterator<Item = RuleFile> {
    table().iter().map(|(path, text)| RuleFile {
        path: (*path).to_owned(),
        shown: format!("queries/{path}"),
        text: match text.contains('\r') {
            true => text.replace("\r\n", "\n").into(),
            false => Cow::Borrowed(*text),
        },
    })
}
