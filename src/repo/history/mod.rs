//! What changed since a review: the commits since then, and the working tree as the newest change. It is the
//! only importer of gix. It reads objects and references; it runs, writes and fetches nothing, and trusts no
//! configuration: no filter, textconv, hook or alias of the repo or its user has any effect. It does not know
//! what the files mean.

mod changes;
mod repository;
mod snapshot;
mod walk;
mod working;

use crate::finding::Gap;
use crate::repo::files::Root;
use crate::source::SourceFile;
use jiff::civil::Date;
use repository::Store;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use walk::Walker;

/// The point from which changes count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// A day that was reviewed to its end. Later commits count, by the committer's date in the commit's own
    /// time zone. The working tree counts as today.
    Date(Date),
    /// A commit, named as in gitrevisions(7). The commits that HEAD has and it does not count.
    Revision(String),
    /// A line that a review left in a document. It stands for the commit that wrote it, or for its date if it
    /// is not committed yet.
    Recorded {
        /// The path, relative to the root.
        document: String,
        /// The line as it is written; blanks around it do not matter.
        line: String,
        /// The date in it.
        date: Date,
    },
    /// Nothing was reviewed yet.
    Beginning,
}

/// The commit that counts as reviewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Base {
    /// The full hexadecimal id.
    pub(crate) id: String,
    /// The committer's date in the commit's own time zone.
    pub(crate) date: Date,
}

/// What is checked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// The full hexadecimal id.
    pub(crate) id: String,
    /// The branch, such as `main`; `None` if no branch is checked out.
    pub(crate) branch: Option<String>,
}

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Commit {
    /// The full hexadecimal id.
    pub(crate) id: String,
    /// The committer's date in the commit's own time zone.
    pub(crate) date: Date,
    /// The first line of its message without control characters.
    pub(crate) summary: String,
    /// Its changes below the root, by path. A merge lists what differs from all of its parents; the rest
    /// belongs to the commits that it merged. Directories with other people's files or a build's output are
    /// left out, as everywhere.
    pub(crate) files: Vec<FileChange>,
}

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
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
pub(crate) struct FileChange {
    /// Relative to the root, with `/`; bytes that are not UTF-8 are replaced.
    pub(crate) path: String,
    /// The name that it had before.
    pub(crate) from: Option<String>,
    /// What happened.
    pub(crate) kind: Kind,
    before: Blob,
    after: Blob,
}

/// Where the contents of one side of a change are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Blob {
    /// There is no file, or it has no text: a link or a submodule.
    #[default]
    None,
    /// An object of the repo.
    Object(gix::ObjectId),
    /// The file on disk.
    Disk,
}

/// What changed since a review.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// The commit that counts as reviewed; `None` means that everything is new.
    pub(crate) base: Option<Base>,
    /// What is checked out; `None` means that there is no git, or no commit.
    pub(crate) head: Option<Head>,
    /// The commits that [`Base`] does not have, newest first. A commit never comes after its ancestors.
    pub(crate) commits: Vec<Commit>,
    /// What differs from HEAD on disk, by path, without what `.gitignore` names.
    pub(crate) working: Vec<FileChange>,
    /// What a reader must know about the above: `there is no git, so everything counts as new`.
    pub(crate) notes: Vec<String>,
    /// What could not be read.
    pub(crate) gaps: Vec<Gap>,
    /// True if the above does not list all changes.
    pub(crate) partial: bool,
    store: Option<Store>,
}

/// Why a request for a history was wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnknownRevision {
    /// The name that was given.
    pub(crate) name: String,
    /// Why it does not name a commit.
    pub(crate) reason: String,
}

impl fmt::Display for UnknownRevision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` does not name a commit: {}", self.name, self.reason)
    }
}

impl std::error::Error for UnknownRevision {}

/// Reads what changed in `root` since `since`.
///
/// # Errors
/// An error means that a revision names no commit. Anything else that cannot be read is a note or a gap.
pub(crate) fn read(root: &Root, since: &Since) -> Result<History, UnknownRevision> {
    read_on(root, since, jiff::Zoned::now().date())
}

/// Reads what changed in `root` since `since`, as seen on the day `today`.
///
/// # Errors
/// The same as for [`read`].
pub(crate) fn read_on(root: &Root, since: &Since, today: Date) -> Result<History, UnknownRevision> {
    // As far as is known, gix reports a damaged repository as an error. A repository for which it panics must
    // not end the review.
    let read = catch_unwind(AssertUnwindSafe(|| of_repository(root, since, today)));
    read.unwrap_or_else(|_| {
        let mut history = History::default();
        let reason = "reading git's directory failed (this is a bug in deploylint), so there is no history";
        history.gaps.push(Gap { file: ".git".to_owned(), place: None, reason: reason.to_owned() });
        history.notes.push("git could not be read, so everything counts as new".to_owned());
        Ok(history)
    })
}

/// The full hexadecimal id of the commit that is checked out at `root`; `None` if there is no `.git` directly
/// in it, or none that could be read.
pub(crate) fn revision(root: &Root) -> Option<String> {
    if !root.exists(".git") {
        return None;
    }
    let head = || {
        let store = repository::open_for_head(root).ok()??;
        let id = store.repo.head().ok()?.id()?.detach();
        Some(id.to_string())
    };
    catch_unwind(AssertUnwindSafe(head)).ok().flatten()
}

/// Which of some files, relative to the root, the commit that is checked out contains. `.gitignore` does not
/// affect tracked files. `None` if there is no git, or none that could be read.
pub(crate) fn committed(root: &Root, paths: &[String]) -> Vec<String> {
    let held = || {
        let store = repository::open(root).ok()??;
        let walker = Walker::new(&store);
        let head = walker.commit(store.repo.head().ok()?.id()?.detach())?;
        let holds = |path: &&String| walker.blob(&head, &format!("{}{path}", store.prefix)).is_some();
        Some(paths.iter().filter(holds).cloned().collect())
    };
    catch_unwind(AssertUnwindSafe(held)).ok().flatten().unwrap_or_default()
}

fn of_repository(root: &Root, since: &Since, today: Date) -> Result<History, UnknownRevision> {
    let mut history = History::default();
    let store = match repository::open(root) {
        Ok(Some(store)) => store,
        found => {
            let note = match found {
                Err(gap) => {
                    history.gaps.push(gap);
                    "git could not be read, so everything counts as new"
                }
                Ok(_) => "there is no git, so everything counts as new",
            };
            if let Since::Revision(name) = since {
                let reason = "there is no git that could be read".to_owned();
                return Err(UnknownRevision { name: name.clone(), reason });
            }
            history.notes.push(note.to_owned());
            return Ok(history);
        }
    };
    fill(&store, root, since, today, &mut history)?;
    history.store = Some(store);
    Ok(history)
}

fn fill(
    store: &Store,
    root: &Root,
    since: &Since,
    today: Date,
    history: &mut History,
) -> Result<(), UnknownRevision> {
    let damaged = |reason: &str| Gap { file: ".git".to_owned(), place: None, reason: reason.to_owned() };
    let mut walker = Walker::new(store);
    if let Since::Date(day) | Since::Recorded { date: day, .. } = since
        && *day > today
    {
        history.notes.push(format!("{day} is in the future"));
    }
    let unread = |history: &mut History, reason: &str| {
        if let Since::Revision(name) = since {
            return Err(UnknownRevision { name: name.clone(), reason: reason.to_owned() });
        }
        history.gaps.push(damaged(&format!("{reason}, so there is no history")));
        history.notes.push("git could not be read, so everything counts as new".to_owned());
        Ok(())
    };
    let Ok(head) = store.repo.head() else {
        return unread(history, "HEAD does not name anything that could be read");
    };
    let branch = head.referent_name().map(|name| name.shorten().to_string());
    let Some(id) = head.id() else {
        if let Since::Revision(name) = since {
            return Err(UnknownRevision { name: name.clone(), reason: "there is no commit yet".to_owned() });
        }
        history.notes.push("there is no commit yet, so everything counts as new".to_owned());
        return Ok(());
    };
    let Some(head) = walker.commit(id.detach()) else {
        return unread(history, "the commit that is checked out is missing or damaged");
    };
    if branch.is_none() {
        history.notes.push("no branch is checked out (a detached HEAD)".to_owned());
    }
    if store.partial {
        history
            .notes
            .push("this is a partial clone, so contents that were not fetched are missing".to_owned());
    }
    history.head = Some(Head { id: head.id.to_string(), branch });
    let tree = walker.tree(&head).unwrap_or_default();
    if tree.is_none() && !store.prefix.is_empty() {
        history.notes.push("git does not track this directory, so everything counts as new".to_owned());
        return Ok(());
    }
    let notes = history.notes.len();
    let base = walker.base(&head, since, today, history)?;
    let exact = matches!(since, Since::Recorded { .. }) && history.notes.len() == notes;
    walker.commits(&head, base.as_ref(), history);
    if let (Some(base), Since::Revision(name)) = (&base, since)
        && !walker.is_ancestor(base.id, head.id)
    {
        history
            .notes
            .push(format!("HEAD is not based on {name}, so what only {name} holds counts as removed"));
    }
    history.base = base.as_ref().map(Base::from);
    history.partial |= !history.gaps.is_empty();
    let by_day = match since {
        Since::Date(day) => Some(*day),
        Since::Recorded { date, .. } if !exact => Some(*date),
        _ => None,
    };
    // The working tree counts as today.
    if by_day.is_none_or(|day| day < today) {
        let (tracked, whole) = snapshot::list(store, tree);
        if !whole {
            history
                .gaps
                .push(damaged("not all of HEAD's tree can be read, so changes on disk may be missing"));
        }
        history.working = working::changes(store, root, &tracked, &mut history.gaps);
    }
    Ok(())
}

impl History {
    /// The tree of [`History::base`], as a root for the same readers. `None` if everything is new.
    ///
    /// # Errors
    /// A gap if the tree cannot be read.
    pub(crate) fn reviewed(&self, root: &Root) -> Result<Option<Root>, Gap> {
        let (Some(store), Some(base)) = (&self.store, &self.base) else { return Ok(None) };
        let gap = |reason: &str| Gap { file: ".git".to_owned(), place: None, reason: reason.to_owned() };
        let walker = Walker::new(store);
        let commit = gix::ObjectId::from_hex(base.id.as_bytes()).ok().and_then(|id| walker.commit(id));
        let tree = commit.as_ref().ok_or(()).and_then(|commit| walker.tree(commit));
        let tree = tree.map_err(|()| gap("the tree of the reviewed commit is missing or damaged"))?;
        let (listed, whole) = snapshot::list(store, tree);
        if !whole {
            return Err(gap("not all of the reviewed commit's tree can be read"));
        }
        Ok(Some(snapshot::root(store, root, listed)))
    }

    /// The texts of a changed file before and after, as `SourceFile` has them; `None` for one that does not
    /// exist, is not text, or cannot be read.
    pub(crate) fn texts(&self, root: &Root, change: &FileChange) -> (Option<String>, Option<String>) {
        let text = |blob: Blob, path: &str| {
            let bytes = match blob {
                Blob::None => None,
                Blob::Object(id) => changes::bytes(self.store.as_ref()?, id),
                Blob::Disk => root.bytes(path).ok(),
            };
            let file = SourceFile::new(path, bytes?).ok()?;
            Some(file.text().to_owned())
        };
        let from = change.from.as_ref().unwrap_or(&change.path);
        (text(change.before, from), text(change.after, &change.path))
    }

    /// True if there is a change since the base.
    pub(crate) fn any(&self) -> bool {
        !self.commits.is_empty() || !self.working.is_empty()
    }
}

#[cfg(test)]
mod tests;
