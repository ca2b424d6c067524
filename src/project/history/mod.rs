//! What changed since a review: the commits since then, and the working tree as the newest change. The only importer of
//! gix. Reads objects and references, runs nothing, writes nothing, fetches nothing, and believes no configuration: no
//! filter, textconv, hook or alias of the repo or its user has a say. Knows nothing of what the files mean.

use crate::finding::Gap;
use crate::project::files::Root;
use jiff::civil::Date;
use std::fmt;

/// Since when changes count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Since {
    /// A day that was reviewed to its end: what is dated after it counts, by the committer's date in the commit's own
    /// time zone. The working tree counts as today.
    Date(Date),
    /// A commit, named in any way of gitrevisions(7) that needs no search: what HEAD holds and it does not.
    Revision(String),
    /// A line that a review left in a document: the commit that wrote it. Where it is not committed yet, its date.
    Recorded {
        /// Relative to the root.
        document: String,
        /// The line, as it stands there; blanks around it do not matter.
        line: String,
        /// What it says.
        date: Date,
    },
    /// Nothing was reviewed yet.
    Beginning,
}

/// The commit that counts as reviewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// In full, hexadecimal.
    pub id: String,
    /// The committer's date in the commit's own time zone.
    pub date: Date,
}

/// What is checked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// In full, hexadecimal.
    pub id: String,
    /// `main`; `None` where no branch is checked out.
    pub branch: Option<String>,
}

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// In full, hexadecimal.
    pub id: String,
    /// The committer's date in the commit's own time zone.
    pub date: Date,
    /// The first line of its message without control characters.
    pub summary: String,
    /// What it changed below the root, by path. Of a merge: what is as in none of its parents; the rest belongs to the
    /// commits that it merged.
    pub files: Vec<FileChange>,
}

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// Its contents changed.
    Modified,
    /// It has another name, and may have changed as well.
    Renamed,
}

/// A file that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// Relative to the root, with `/`; bytes that are not UTF-8 are replaced.
    pub path: String,
    /// The name that it had.
    pub from: Option<String>,
    /// What happened.
    pub kind: Kind,
    /// True where it holds a NUL byte among its first 8,000, as git has it.
    pub binary: bool,
    before: Blob,
    after: Blob,
}

/// Where the contents of one side of a change are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(dead_code)]
enum Blob {
    /// There is no file, or none that has a text: a link, a submodule.
    #[default]
    None,
    /// An object of the repo.
    Object(gix::ObjectId),
    /// The file on disk.
    Disk,
}

/// What changed since a review.
#[derive(Debug, Default)]
pub struct History {
    /// What counts as reviewed; `None`: everything is new.
    pub base: Option<Base>,
    /// What is checked out; `None`: there is no git, or no commit.
    pub head: Option<Head>,
    /// What [`Base`] does not hold, newest first: no commit before one that was made on top of it.
    pub commits: Vec<Commit>,
    /// What differs from HEAD on disk, by path; what `.gitignore` names is left out.
    pub working: Vec<FileChange>,
    /// What a reader must know of the above: `no git: everything counts as new`.
    pub notes: Vec<String>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

/// Why a history was asked for wrongly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownRevision {
    /// What was named.
    pub name: String,
    /// Why it names nothing.
    pub reason: String,
}

impl fmt::Display for UnknownRevision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` names no commit: {}", self.name, self.reason)
    }
}

impl std::error::Error for UnknownRevision {}

/// Reads what changed in `root` since `since`.
///
/// # Errors
/// A revision that names no commit. Whatever else cannot be read is a note or a gap.
pub fn read(root: &Root, since: &Since) -> Result<History, UnknownRevision> {
    let _ = (root, since);
    Ok(History::default())
}

impl History {
    /// The tree of [`History::base`], as a root that the same readers read. `None` where everything is new.
    ///
    /// # Errors
    /// A gap where the tree cannot be read.
    pub fn reviewed(&self, root: &Root) -> Result<Option<Root>, Gap> {
        let _ = root;
        Ok(None)
    }

    /// The texts of a changed file before and after, as `SourceFile` has them; `None` for what is not there, is not
    /// text, or cannot be read.
    pub fn texts(&self, root: &Root, change: &FileChange) -> (Option<String>, Option<String>) {
        let _ = (root, change, self);
        (None, None)
    }

    /// True where there is something since the base.
    pub fn any(&self) -> bool {
        !self.commits.is_empty() || !self.working.is_empty()
    }
}
