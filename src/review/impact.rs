//! What the changes since a review mean: the facts that came, went or changed, each with the change that did it.

use super::state::{Kind, State};
use crate::project::files::Root;
use crate::project::history::History;

/// What became of a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It says something else.
    Changed {
        /// What it said.
        from: String,
        /// What it says.
        to: String,
    },
}

/// A fact that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impact {
    /// What it is about.
    pub kind: Kind,
    /// What changed, for people: `redis`, `fastapi`, `DATABASE_URL`.
    pub what: String,
    /// How.
    pub change: Change,
    /// Where it stands; of what is gone, where it stood.
    pub file: String,
    /// 1-based line, in the new text; of what is gone, in the old one.
    pub line: Option<u32>,
    /// Which of the history's commits did it; `None`: the working tree, or there is no git.
    pub commit: Option<usize>,
    /// True where that commit changed the very line; false where it is the last that changed the file.
    pub certain: bool,
    /// The hunk that did it: unified, three lines around it, secrets masked. Empty where there is no text to compare.
    pub diff: String,
}

/// What is different in `new`. `old` is empty where everything counts as new.
pub fn impact(root: &Root, old: &State, new: &State, history: &History) -> Vec<Impact> {
    let _ = (root, old, new, history);
    Vec::new()
}
