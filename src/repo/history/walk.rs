//! Which commits came since a review: finds the commit that was reviewed, and lists the commits that HEAD has
//! and it does not.

use crate::finding::Gap;
use crate::repo::history::changes::{Comparer, Lack, Raw, bytes};
use crate::repo::history::repository::Store;
use crate::repo::history::{Base, Commit, History, Kind, Since, UnknownRevision};
use crate::source::SourceFile;
use gix::ObjectId;
use gix::bstr::ByteSlice;
use jiff::civil::Date;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};

/// The most commits that are walked.
pub(crate) const MAX_COMMITS: usize = 10_000;
/// The most commits before the reviewed one that are walked if some are damaged.
const MAX_HIDDEN: usize = 200_000;
/// The most characters of a message's first line that are kept.
const MAX_SUMMARY: usize = 200;

/// A commit as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) id: ObjectId,
    tree: ObjectId,
    parents: Vec<ObjectId>,
    seconds: i64,
    date: Date,
    summary: String,
}

/// Reads commits of a repository.
pub(crate) struct Walker<'s> {
    store: &'s Store,
    /// The commits whose parents are missing, sorted.
    shallow: Vec<ObjectId>,
    comparer: Comparer<'s>,
}

impl<'s> Walker<'s> {
    pub(crate) fn new(store: &'s Store) -> Self {
        let shallow = store.repo.shallow_commits().ok().flatten();
        let shallow = shallow.map(|ids| ids.iter().copied().collect()).unwrap_or_default();
        Walker { store, shallow, comparer: Comparer::new(store) }
    }

    pub(crate) fn commit(&self, id: ObjectId) -> Option<Stored> {
        let commit = self.store.repo.find_commit(id).ok()?;
        let time = commit.time().unwrap_or_default();
        let shallow = self.shallow.binary_search(&id).is_ok();
        let message = commit.message_raw().map(|m| m.to_str_lossy().into_owned()).unwrap_or_default();
        Some(Stored {
            id,
            tree: commit.tree_id().ok()?.detach(),
            parents: if shallow { Vec::new() } else { commit.parent_ids().map(|p| p.detach()).collect() },
            seconds: time.seconds,
            date: date(time),
            summary: summary(&message),
        })
    }

    /// The tree of the root in a commit.
    pub(crate) fn tree(&self, commit: &Stored) -> Result<Option<ObjectId>, ()> {
        let path = self.store.prefix.trim_end_matches('/');
        if path.is_empty() {
            return Ok(Some(commit.tree));
        }
        let top = self.store.repo.find_tree(commit.tree).map_err(|_| ())?;
        let entry = top.lookup_entry(path.split('/').map(str::as_bytes)).map_err(|_| ())?;
        Ok(entry.filter(|entry| entry.mode().is_tree()).map(|entry| entry.object_id()))
    }

    /// The commit that counts as reviewed.
    pub(crate) fn base(
        &self,
        head: &Stored,
        since: &Since,
        today: Date,
        history: &mut History,
    ) -> Result<Option<Stored>, UnknownRevision> {
        match since {
            Since::Beginning => Ok(None),
            Since::Date(day) => Ok(self.by_date(head, *day, today, history)),
            Since::Revision(name) => self.named(name).map(Some),
            Since::Recorded { document, line, date } => match self.recorded(head, document, line) {
                Some(found) => Ok(Some(found)),
                None => {
                    history.notes.push(format!(
                        "the line of {document} that says {date} is not committed yet, so changes count by their date"
                    ));
                    Ok(self.by_date(head, *date, today, history))
                }
            },
        }
    }

    /// The commit that the branch was at when `day` ended. The commits of a branch that was merged later were
    /// not there to be reviewed, whenever they were written. If dates contradict the order of commits, the
    /// order counts. A date in the future is not trusted.
    fn by_date(&self, head: &Stored, day: Date, today: Date, history: &mut History) -> Option<Stored> {
        let mut reviewed = None;
        let mut here = head.clone();
        let mut believed = here.date.min(today);
        for _ in 0..MAX_COMMITS {
            if here.date <= today {
                believed = here.date;
            }
            if believed > day {
                reviewed = None;
            } else if reviewed.is_none() {
                reviewed = Some(here.clone());
            }
            let Some(parent) = here.parents.first() else { return reviewed };
            match self.commit(*parent) {
                Some(commit) => here = commit,
                None => {
                    // The walk over all commits reports it.
                    return reviewed;
                }
            }
        }
        if reviewed.is_none() {
            history.notes.push(format!("the last {MAX_COMMITS} commits are all dated after {day}"));
        }
        reviewed
    }

    fn named(&self, name: &str) -> Result<Stored, UnknownRevision> {
        let fail = |reason: &str| UnknownRevision { name: name.to_owned(), reason: reason.to_owned() };
        let id = self.store.repo.rev_parse_single(name.as_bytes().as_bstr());
        let id = id.map_err(|_| fail("no commit has that name, or more than one has"))?;
        let object = id.object().map_err(|_| fail("the object is missing or damaged"))?;
        let commit =
            object.peel_to_kind(gix::object::Kind::Commit).map_err(|_| fail("it is another object"))?;
        self.commit(commit.id).ok_or_else(|| fail("the commit is damaged"))
    }

    /// The commit that wrote a line of a document as it is in HEAD. It goes to a parent that has the line,
    /// under any name of the document, until none has it.
    fn recorded(&self, head: &Stored, document: &str, line: &str) -> Option<Stored> {
        let line = line.trim();
        let mut path = format!("{}{document}", self.store.prefix);
        let mut here = head.clone();
        let mut blob = self.blob(&here, &path).filter(|blob| self.has_line(*blob, line))?;
        for _ in 0..MAX_COMMITS {
            let parents = here.parents.iter().filter_map(|id| self.commit(*id));
            let mut next = None;
            for parent in parents {
                let old = self.blob(&parent, &path);
                if let Some(old) = old.filter(|old| *old == blob || self.has_line(*old, line)) {
                    next = Some((parent, path.clone(), old));
                    break;
                }
                // The document may have had another name.
                if old.is_none()
                    && let Some((from, old)) = self.renamed(&parent, &here, &path)
                    && self.has_line(old, line)
                {
                    next = Some((parent, from, old));
                    break;
                }
            }
            match next {
                Some((parent, name, old)) => (here, path, blob) = (parent, name, old),
                None => return Some(here),
            }
        }
        Some(here)
    }

    /// The file at a path from the top of the work tree.
    pub(crate) fn blob(&self, commit: &Stored, path: &str) -> Option<ObjectId> {
        let tree = self.store.repo.find_tree(commit.tree).ok()?;
        let entry = tree.lookup_entry(path.split('/').map(str::as_bytes)).ok()??;
        entry.mode().is_blob().then(|| entry.object_id())
    }

    fn has_line(&self, blob: ObjectId, line: &str) -> bool {
        let text = bytes(self.store, blob).and_then(|bytes| SourceFile::new("", bytes).ok());
        text.is_some_and(|file| file.text().lines().any(|l| l.trim() == line))
    }

    fn renamed(&self, old: &Stored, new: &Stored, path: &str) -> Option<(String, ObjectId)> {
        let mut comparer = Comparer::new(self.store);
        let (raw, _) = comparer.raw(Some(old.tree), Some(new.tree));
        let change = comparer.files(raw).into_iter().find(|c| c.kind == Kind::Renamed && c.path == path)?;
        let from = change.from?;
        let blob = self.blob(old, &from)?;
        Some((from, blob))
    }

    /// The commits that HEAD has and `base` does not, newest first.
    pub(crate) fn commits(&mut self, head: &Stored, base: Option<&Stored>, history: &mut History) {
        let found = self.reachable(head, base, history);
        for commit in in_order(found) {
            if self.shallow.binary_search(&commit.id).is_ok() {
                history.notes.push(format!(
                    "this is a shallow clone: the history before {} is missing, and everything in it counts as new",
                    &commit.id.to_string()[..10]
                ));
            }
            let (files, lack) = self.files(&commit);
            let reason = lack.map(|lack| match lack {
                Lack::Damaged if self.store.partial => "its changes were not fetched (a partial clone)",
                Lack::Damaged => "its changes are unknown, because an object is missing or damaged",
                Lack::TooMany => "it changes more files than are listed",
            });
            if let Some(reason) = reason {
                let reason = format!("commit {}: {reason}", &commit.id.to_string()[..10]);
                history.gaps.push(Gap { file: ".git".to_owned(), place: None, reason });
            }
            history.commits.push(Commit {
                id: commit.id.to_string(),
                date: commit.date,
                summary: commit.summary.clone(),
                files,
            });
        }
    }

    fn reachable(&self, head: &Stored, base: Option<&Stored>, history: &mut History) -> Vec<Stored> {
        use gix::revision::walk::Sorting;
        use gix::traverse::commit::simple::CommitTimeOrder::NewestFirst;
        let walk = self
            .store
            .repo
            .rev_walk([head.id])
            .with_hidden(base.map(|base| base.id))
            .sorting(Sorting::ByCommitTime(NewestFirst))
            .use_commit_graph(false)
            .all();
        let mut found: Vec<Stored> = Vec::new();
        let mut whole = walk.is_ok();
        for step in walk.into_iter().flatten() {
            if found.len() >= MAX_COMMITS {
                too_many(history);
                break;
            }
            let Some(commit) = step.ok().and_then(|info| self.commit(info.id)) else {
                whole = false;
                break;
            };
            found.push(commit);
        }
        if whole { found } else { self.reachable_one_by_one(head, base, history) }
    }

    /// gix ends its walk at the first commit with any fault, even in its date. This walk goes on with the
    /// others.
    fn reachable_one_by_one(
        &self,
        head: &Stored,
        base: Option<&Stored>,
        history: &mut History,
    ) -> Vec<Stored> {
        let mut hidden = HashSet::new();
        let mut open: Vec<ObjectId> = base.map(|base| base.id).into_iter().collect();
        while let Some(id) = open.pop() {
            if hidden.len() < MAX_HIDDEN && hidden.insert(id) {
                open.extend(self.commit(id).map(|commit| commit.parents).unwrap_or_default());
            }
        }
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        let mut missing = false;
        let mut open = VecDeque::from([head.id]);
        while let Some(id) = open.pop_front() {
            if hidden.contains(&id) || !seen.insert(id) {
                continue;
            }
            if found.len() >= MAX_COMMITS {
                too_many(history);
                break;
            }
            match self.commit(id) {
                Some(commit) => {
                    open.extend(&commit.parents);
                    found.push(commit);
                }
                None => missing = true,
            }
        }
        if missing {
            let reason = "a commit is missing or damaged, so those before it are not listed";
            history.gaps.push(Gap { file: ".git".to_owned(), place: None, reason: reason.to_owned() });
        }
        found
    }

    /// What a commit changed below the root.
    fn files(&mut self, commit: &Stored) -> (Vec<crate::repo::history::FileChange>, Option<Lack>) {
        let Ok(new) = self.tree(commit) else { return (Vec::new(), Some(Lack::Damaged)) };
        let mut parents = commit.parents.iter();
        let (mut raw, mut lack) = match parents.next() {
            None => self.comparer.raw(None, new),
            Some(first) => self.against(*first, new),
        };
        for parent in parents {
            if raw.is_empty() {
                break;
            }
            let (other, more) = self.against(*parent, new);
            let paths: HashSet<_> = other.iter().map(|(path, ..)| path).collect();
            raw.retain(|(path, ..)| paths.contains(path));
            lack = lack.or(more);
        }
        (self.comparer.files(raw), lack)
    }

    fn against(&mut self, parent: ObjectId, new: Option<ObjectId>) -> (Vec<Raw>, Option<Lack>) {
        let old = self.commit(parent).ok_or(()).and_then(|parent| self.tree(&parent));
        match old {
            Ok(old) => self.comparer.raw(old, new),
            Err(()) => (Vec::new(), Some(Lack::Damaged)),
        }
    }

    /// True where `older` is an ancestor of `newer`, or the same.
    pub(crate) fn is_ancestor(&self, older: ObjectId, newer: ObjectId) -> bool {
        older == newer
            || self
                .store
                .repo
                .merge_base(older, newer)
                .is_ok_and(|base| base.is_some_and(|base| base.detach() == older))
    }
}

impl From<&Stored> for Base {
    fn from(commit: &Stored) -> Base {
        Base { id: commit.id.to_string(), date: commit.date }
    }
}

fn too_many(history: &mut History) {
    history.partial = true;
    history.notes.push(format!(
        "there are more than {MAX_COMMITS} commits since then, and only the newest {MAX_COMMITS} are listed"
    ));
}

/// Newest first by the clock, but a commit never comes after its ancestors, whatever the clocks said.
fn in_order(commits: Vec<Stored>) -> Vec<Stored> {
    let place: HashMap<ObjectId, usize> = commits.iter().enumerate().map(|(i, c)| (c.id, i)).collect();
    let mut children = vec![0usize; commits.len()];
    for parent in commits.iter().flat_map(|c| &c.parents) {
        if let Some(i) = place.get(parent) {
            children[*i] += 1;
        }
    }
    let key = |i: usize| (commits[i].seconds, std::cmp::Reverse(i));
    let mut ready: BinaryHeap<_> = (0..commits.len()).filter(|i| children[*i] == 0).map(key).collect();
    let mut order = Vec::with_capacity(commits.len());
    while let Some((_, std::cmp::Reverse(i))) = ready.pop() {
        order.push(i);
        for parent in &commits[i].parents {
            if let Some(p) = place.get(parent) {
                children[*p] -= 1;
                if children[*p] == 0 {
                    ready.push(key(*p));
                }
            }
        }
    }
    let mut commits: Vec<Option<Stored>> = commits.into_iter().map(Some).collect();
    order.into_iter().filter_map(|i| commits[i].take()).collect()
}

/// The day in the commit's own time zone. A day that no calendar has becomes the first of 1970.
fn date(time: gix::date::Time) -> Date {
    let day = || {
        let offset = jiff::tz::Offset::from_seconds(time.offset).ok()?;
        Some(offset.to_datetime(jiff::Timestamp::from_second(time.seconds).ok()?).date())
    };
    day().unwrap_or(jiff::civil::date(1970, 1, 1))
}

/// The first line of a message, without anything that a terminal would obey.
fn summary(message: &str) -> String {
    let line = message.trim_start().lines().next().unwrap_or_default();
    line.chars().filter(|c| !c.is_control()).take(MAX_SUMMARY).collect::<String>().trim_end().to_owned()
}
