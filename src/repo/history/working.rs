//! Compares the working tree with HEAD, by text and without git's own status, which would run the filters of
//! a configuration.

use crate::finding::Gap;
use crate::repo::files::{Kind as On, MAX_BYTES, Root, Stat};
use crate::repo::history::changes::{bytes, size};
use crate::repo::history::repository::Store;
use crate::repo::history::snapshot::Listed;
use crate::repo::history::{Blob, FileChange, Kind};
use crate::repo::inventory::{MAX_DEPTH, MAX_ENTRIES, is_skipped, lies_in_skipped};
use crate::source::SourceFile;
use gix::ObjectId;
use gix::bstr::ByteSlice;
use gix::index::entry::{Flags, Stage};
use gix::objs::tree::EntryKind;
use std::collections::BTreeMap;

/// What differs from HEAD on disk, by path. Directories with other people's files are left out, as
/// everywhere.
pub(crate) fn changes(
    store: &Store,
    root: &Root,
    tracked: &BTreeMap<String, Listed>,
    gaps: &mut Vec<Gap>,
) -> Vec<FileChange> {
    let index = Index::read(store);
    let mut found = Vec::new();
    for (path, listed) in tracked {
        if lies_in_skipped(path) || path.contains(char::REPLACEMENT_CHARACTER) {
            continue;
        }
        let known = index.get(store, path);
        let stat = root.stat(path);
        if stat.is_none() && known.is_some_and(|known| known.sparse) {
            continue;
        }
        if let (Some(stat), Some(known)) = (&stat, &known)
            && known.id == listed.id
            && known.stat == Some(*stat)
        {
            continue;
        }
        let Some(kind) = verdict(store, root, path, listed, stat) else { continue };
        let removed = kind == Kind::Removed;
        let blob = if listed.is_file() { Blob::Object(listed.id) } else { Blob::None };
        found.push(FileChange {
            path: path.clone(),
            from: None,
            kind,
            before: blob,
            after: if removed { Blob::None } else { Blob::Disk },
        });
    }
    for path in untracked(root, tracked, gaps) {
        found.push(FileChange { path, from: None, kind: Kind::Added, before: Blob::None, after: Blob::Disk });
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// What happened to a tracked file, judged by what is there now.
fn verdict(store: &Store, root: &Root, path: &str, listed: &Listed, stat: Option<Stat>) -> Option<Kind> {
    match listed.kind {
        EntryKind::Commit | EntryKind::Tree => return None,
        EntryKind::Link => {
            let Some(target) = root.link(path) else {
                return Some(if root.exists(path) { Kind::Modified } else { Kind::Removed });
            };
            let same = bytes(store, listed.id).is_none_or(|old| old.to_str_lossy() == target);
            return (!same).then_some(Kind::Modified);
        }
        EntryKind::Blob | EntryKind::BlobExecutable => {}
    }
    if !root.exists(path) {
        return Some(Kind::Removed);
    }
    // A link, a FIFO or a directory is in its place.
    let Some(stat) = stat else { return Some(Kind::Modified) };
    let Some(old_size) = size(store, &listed.id) else {
        return None; // What is missing from the repository cannot be compared.
    };
    if stat.size > MAX_BYTES || old_size > MAX_BYTES {
        return (stat.size != old_size).then_some(Kind::Modified);
    }
    // If it cannot be read, that is a gap for whoever needs it.
    let new = root.bytes(path).ok()?;
    let hash = gix::objs::compute_hash(store.repo.object_hash(), gix::objs::Kind::Blob, &new);
    if hash.is_ok_and(|id| id == listed.id) {
        return None;
    }
    let old = bytes(store, listed.id)?;
    (!same(path, &old, new)).then_some(Kind::Modified)
}

/// True if two contents are the same to a reader: line ends do not matter, and neither does the form in which
/// a clone keeps large or secret files.
fn same(path: &str, old: &[u8], new: Vec<u8>) -> bool {
    if let Some(size) = lfs_size(old)
        && !new.starts_with(LFS)
    {
        return size == new.len() as u64;
    }
    // git-crypt(1): the working tree holds in clear text what HEAD has encrypted.
    if old.starts_with(b"\0GITCRYPT\0") && !new.starts_with(b"\0GITCRYPT\0") {
        return true;
    }
    let text = |bytes: Vec<u8>| SourceFile::new(path, bytes);
    match (text(old.to_vec()), text(new)) {
        (Ok(old), Ok(new)) => old.text() == new.text(),
        _ => false,
    }
}

const LFS: &[u8] = b"version https://git-lfs.github.com/spec/";

/// The size that a pointer of git-lfs names, <https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>.
fn lfs_size(bytes: &[u8]) -> Option<u64> {
    let pointer = bytes.starts_with(LFS) && bytes.len() < 1024;
    let line = bytes.lines().find_map(|line| line.strip_prefix(b"size ")).filter(|_| pointer)?;
    line.to_str().ok()?.trim().parse().ok()
}

/// Files that HEAD does not have and that no `.gitignore` names.
fn untracked(root: &Root, tracked: &BTreeMap<String, Listed>, gaps: &mut Vec<Gap>) -> Vec<String> {
    let mut found = Vec::new();
    let mut walk = root.walk("", MAX_DEPTH);
    let mut seen = 0;
    while let Some(step) = walk.next() {
        // A walk that ends early is a gap of the inventory.
        seen += 1;
        if seen > MAX_ENTRIES {
            break;
        }
        let Ok(step) = step else { continue };
        if is_skipped(&step) {
            walk.pass_over();
            continue;
        }
        if step.kind == On::Directory {
            continue;
        }
        let path = step.path;
        // The file that says where git's directory is.
        if path == ".git" || path.ends_with("/.git") {
            continue;
        }
        if path.contains(char::REPLACEMENT_CHARACTER) {
            let reason = "its name is not UTF-8, so it is not compared with HEAD".to_owned();
            gaps.push(Gap { file: path, place: None, reason });
        } else if !tracked.contains_key(&path) && !in_submodule(&path, tracked) {
            found.push(path);
        }
    }
    found
}

fn in_submodule(path: &str, tracked: &BTreeMap<String, Listed>) -> bool {
    let above = path.match_indices('/').map(|(at, _)| &path[..at]);
    above.into_iter().any(|dir| tracked.get(dir).is_some_and(|listed| listed.kind == EntryKind::Commit))
}

/// What git recorded of the files when it last looked. A file with the same size and time need not be read.
struct Index(Option<gix::index::File>);

#[derive(Clone, Copy)]
struct Known {
    id: ObjectId,
    /// `None` if the file may have been written in the same moment as the index.
    stat: Option<Stat>,
    /// It is left out of the working tree on purpose.
    sparse: bool,
}

impl Index {
    fn read(store: &Store) -> Self {
        Index(store.repo.open_index().ok())
    }

    fn get(&self, store: &Store, path: &str) -> Option<Known> {
        let index = self.0.as_ref()?;
        let full = format!("{}{path}", store.prefix);
        let entry = index.entry_by_path_and_stage(full.as_bytes().as_bstr(), Stage::Unconflicted)?;
        let time = entry.stat.mtime;
        let written = index.timestamp();
        let racy = i64::from(time.secs) >= written.unix_seconds();
        let stat =
            Stat { size: u64::from(entry.stat.size), seconds: i64::from(time.secs), nanoseconds: time.nsecs };
        Some(Known {
            id: entry.id,
            stat: (!racy).then_some(stat),
            sparse: entry.flags.contains(Flags::SKIP_WORKTREE),
        })
    }
}
