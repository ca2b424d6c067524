//! Which files differ between two trees, and which of them were renamed. Renames are found here and not by
//! gix, whose search involves attributes, filters and programs from the configuration.

use crate::repo::files::MAX_BYTES;
use crate::repo::history::repository::Store;
use crate::repo::history::{Blob, FileChange, Kind};
use crate::repo::inventory::lies_in_skipped;
use gix::bstr::{BString, ByteSlice};
use gix::diff::tree::{Recorder, State, Visit, visit};
use gix::objs::TreeRefIter;
use gix::objs::tree::{EntryKind, EntryMode};
use gix::{ObjectId, oid};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::ops::ControlFlow;

/// The most tree entries that one commit may change. The rest is not listed.
const MAX_CHANGES: usize = 20_000;
/// The most files on each side whose contents are compared to find renames.
const MAX_RENAMES: usize = 100;
/// The largest file whose lines are compared for that.
const MAX_RENAMED: u64 = 512 * 1024;

/// One side of a changed file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Side {
    pub(crate) id: ObjectId,
    pub(crate) kind: EntryKind,
}

impl Side {
    fn blob(self) -> Blob {
        match self.kind {
            EntryKind::Blob | EntryKind::BlobExecutable => Blob::Object(self.id),
            _ => Blob::None,
        }
    }
}

/// A path below the root, and both sides of it.
pub(crate) type Raw = (BString, Option<Side>, Option<Side>);

/// Compares trees.
pub(crate) struct Comparer<'s> {
    store: &'s Store,
    state: State,
    hasher: RandomState,
}

/// Why a comparison is incomplete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lack {
    /// An object is missing or damaged.
    Damaged,
    /// There are more changes than are listed.
    TooMany,
}

/// Stops gix's own recorder when there is too much.
struct Bounded(Recorder);

impl Visit for Bounded {
    fn pop_front_tracked_path_and_set_current(&mut self) {
        self.0.pop_front_tracked_path_and_set_current();
    }
    fn push_back_tracked_path_component(&mut self, component: &gix::bstr::BStr) {
        self.0.push_back_tracked_path_component(component);
    }
    fn push_path_component(&mut self, component: &gix::bstr::BStr) {
        self.0.push_path_component(component);
    }
    fn pop_path_component(&mut self) {
        self.0.pop_path_component();
    }
    fn visit(&mut self, change: visit::Change) -> visit::Action {
        if self.0.records.len() >= MAX_CHANGES {
            return ControlFlow::Break(());
        }
        self.0.visit(change)
    }
}

impl<'s> Comparer<'s> {
    pub(crate) fn new(store: &'s Store) -> Self {
        Comparer { store, state: State::default(), hasher: RandomState::new() }
    }

    /// The differences between two trees of the repository; `None` is the empty tree.
    pub(crate) fn raw(&mut self, old: Option<ObjectId>, new: Option<ObjectId>) -> (Vec<Raw>, Option<Lack>) {
        if old == new {
            return (Vec::new(), None);
        }
        let load = |id: Option<ObjectId>| match id {
            Some(id) => self.store.repo.find_tree(id).map(|tree| tree.data.clone()),
            None => Ok(Vec::new()),
        };
        let (Ok(old), Ok(new)) = (load(old), load(new)) else { return (Vec::new(), Some(Lack::Damaged)) };
        let hash = self.store.repo.object_hash();
        let mut recorder = Bounded(Recorder::default());
        let ended = gix::diff::tree(
            TreeRefIter::from_bytes(&old, hash),
            TreeRefIter::from_bytes(&new, hash),
            &mut self.state,
            &self.store.repo.objects,
            &mut recorder,
        );
        let full = recorder.0.records.len() >= MAX_CHANGES;
        let lack = ended.is_err().then_some(if full { Lack::TooMany } else { Lack::Damaged });
        (pairs(recorder.0.records), lack)
    }

    /// The changes with renames, by path.
    pub(crate) fn files(&mut self, raw: Vec<Raw>) -> Vec<FileChange> {
        let own = raw.into_iter().filter(|(path, ..)| !lies_in_skipped(&path.to_str_lossy()));
        let (mut removed, rest): (Vec<Raw>, Vec<Raw>) = own.partition(|(_, _, new)| new.is_none());
        let (mut added, modified): (Vec<Raw>, Vec<Raw>) =
            rest.into_iter().partition(|(_, old, _)| old.is_none());
        let mut found = Vec::new();
        for (path, old, new) in modified {
            found.push(self.change(Kind::Modified, &path, None, old, new));
        }
        for (from, to) in self.renames(&removed, &added) {
            let (old, _) = (removed[from].1, removed[from].0.clone());
            let change = self.change(Kind::Renamed, &added[to].0, Some(&removed[from].0), old, added[to].2);
            found.push(change);
            // An entry that was taken has no side left.
            removed[from].1 = None;
            added[to].2 = None;
        }
        for (path, old, _) in removed.iter().filter(|(_, old, _)| old.is_some()) {
            found.push(self.change(Kind::Removed, path, None, *old, None));
        }
        for (path, _, new) in added.iter().filter(|(_, _, new)| new.is_some()) {
            found.push(self.change(Kind::Added, path, None, None, *new));
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        found
    }

    fn change(
        &mut self,
        kind: Kind,
        path: &BString,
        from: Option<&BString>,
        old: Option<Side>,
        new: Option<Side>,
    ) -> FileChange {
        let blob = |side: Option<Side>| side.map_or(Blob::None, Side::blob);
        let (before, after) = (blob(old), blob(new));
        FileChange {
            path: path.to_str_lossy().into_owned(),
            from: from.map(|from| from.to_str_lossy().into_owned()),
            kind,
            before,
            after,
        }
    }

    /// Pairs of a removed file and a new one that have the same contents, or share at least half of their
    /// bytes in common lines (git's own measure, `-M50%`).
    fn renames(&self, removed: &[Raw], added: &[Raw]) -> Vec<(usize, usize)> {
        let mut pairs = Vec::new();
        let mut taken_from = vec![false; removed.len()];
        let mut taken_to = vec![false; added.len()];
        let base = |path: &BString| path.rsplit_str("/").next().map(<[u8]>::to_vec);
        let mut by_id: HashMap<Side, Vec<usize>> = HashMap::new();
        for (index, (_, old, _)) in removed.iter().enumerate() {
            if let Some(side) = old {
                by_id.entry(*side).or_default().push(index);
            }
        }
        for (to, (path, _, new)) in added.iter().enumerate() {
            let Some(candidates) = new.and_then(|side| by_id.get(&side)) else { continue };
            let free = || candidates.iter().copied().filter(|from| !taken_from[*from]);
            let same_name = free().find(|from| base(&removed[*from].0) == base(path));
            if let Some(from) = same_name.or_else(|| free().next()) {
                (taken_from[from], taken_to[to]) = (true, true);
                pairs.push((from, to));
            }
        }
        let open = |taken: &[bool]| (0..taken.len()).filter(|i| !taken[*i]).collect::<Vec<_>>();
        let (from, to) = (open(&taken_from), open(&taken_to));
        if from.is_empty() || to.is_empty() || from.len() > MAX_RENAMES || to.len() > MAX_RENAMES {
            return pairs;
        }
        let lines = |side: Option<Side>| side.and_then(|side| self.lines(side));
        let old: Vec<_> = from.iter().map(|i| (*i, lines(removed[*i].1))).collect();
        let new: Vec<_> = to.iter().map(|i| (*i, lines(added[*i].2))).collect();
        let mut scored = Vec::new();
        for (from, a) in &old {
            for (to, b) in &new {
                if let (Some(a), Some(b)) = (a, b)
                    && let score @ 50.. = similarity(a, b)
                {
                    let same_name = base(&removed[*from].0) == base(&added[*to].0);
                    scored.push((score, same_name, *from, *to));
                }
            }
        }
        scored.sort_by(|a, b| (b.0, b.1).cmp(&(a.0, a.1)).then((a.2, a.3).cmp(&(b.2, b.3))));
        for (_, _, from, to) in scored {
            if !taken_from[from] && !taken_to[to] {
                (taken_from[from], taken_to[to]) = (true, true);
                pairs.push((from, to));
            }
        }
        pairs
    }

    /// How often each line occurs in a file, with its length.
    fn lines(&self, side: Side) -> Option<HashMap<u64, (usize, usize)>> {
        let Blob::Object(id) = side.blob() else { return None };
        if size(self.store, &id)? > MAX_RENAMED {
            return None;
        }
        let bytes = bytes(self.store, id).filter(|bytes| !bytes.is_empty())?;
        let mut lines: HashMap<u64, (usize, usize)> = HashMap::new();
        for line in bytes.split_inclusive(|b| *b == b'\n') {
            lines.entry(self.hasher.hash_one(line)).or_insert((0, line.len())).0 += 1;
        }
        Some(lines)
    }
}

impl std::hash::Hash for Side {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

fn pairs(records: Vec<gix::diff::tree::recorder::Change>) -> Vec<Raw> {
    use gix::diff::tree::recorder::Change;
    let side = |mode: EntryMode, id: ObjectId| (!mode.is_tree()).then(|| Side { id, kind: mode.kind() });
    let raw = records.into_iter().map(|change| match change {
        Change::Addition { entry_mode, oid, path, .. } => (path, None, side(entry_mode, oid)),
        Change::Deletion { entry_mode, oid, path, .. } => (path, side(entry_mode, oid), None),
        Change::Modification { previous_entry_mode, previous_oid, entry_mode, oid, path } => {
            (path, side(previous_entry_mode, previous_oid), side(entry_mode, oid))
        }
    });
    raw.filter(|(_, old, new)| old.is_some() || new.is_some()).collect()
}

/// The share of bytes in common lines, in percent of the larger file.
fn similarity(a: &HashMap<u64, (usize, usize)>, b: &HashMap<u64, (usize, usize)>) -> usize {
    let total = |lines: &HashMap<u64, (usize, usize)>| lines.values().map(|(n, len)| n * len).sum::<usize>();
    let common: usize =
        a.iter().filter_map(|(line, (n, len))| b.get(line).map(|(m, _)| n.min(m) * len)).sum();
    common * 100 / total(a).max(total(b)).max(1)
}

/// The size of an object in bytes.
pub(crate) fn size(store: &Store, id: &oid) -> Option<u64> {
    Some(store.repo.find_header(id.to_owned()).ok()?.size())
}

/// The bytes of a blob that is small enough to be read.
pub(crate) fn bytes(store: &Store, id: ObjectId) -> Option<Vec<u8>> {
    size(store, &id).filter(|size| *size <= MAX_BYTES)?;
    let mut blob = store.repo.find_blob(id).ok()?;
    Some(std::mem::take(&mut blob.data))
}
