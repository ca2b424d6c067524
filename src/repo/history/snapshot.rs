//! The tree of a commit as a root that readers read.

use crate::repo::files::{Contents, Entry, Root, Tree};
use crate::repo::history::changes::{bytes, size};
use crate::repo::history::repository::Store;
use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};
use gix::objs::tree::EntryKind;
use std::collections::BTreeMap;

/// The most entries of one tree that are listed.
const MAX_LISTED: usize = 200_000;
/// How deep directories are entered.
const MAX_NESTED: usize = 64;

/// An entry of a tree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listed {
    pub(crate) id: ObjectId,
    pub(crate) kind: EntryKind,
}

impl Listed {
    pub(crate) fn is_file(&self) -> bool {
        matches!(self.kind, EntryKind::Blob | EntryKind::BlobExecutable)
    }
}

/// All entries of a tree and below, including directories, by path, and whether that is all.
pub(crate) fn list(store: &Store, tree: Option<ObjectId>) -> (BTreeMap<String, Listed>, bool) {
    let mut found = BTreeMap::new();
    let mut whole = true;
    let mut open: Vec<(BString, ObjectId)> = tree.map(|id| (BString::default(), id)).into_iter().collect();
    while let Some((above, id)) = open.pop() {
        let Ok(tree) = store.repo.find_tree(id) else {
            whole = false;
            continue;
        };
        for entry in tree.iter() {
            let Ok(entry) = entry else {
                whole = false;
                break;
            };
            if found.len() >= MAX_LISTED {
                return (found, false);
            }
            let mut path = above.clone();
            path.extend_from_slice(entry.filename());
            let (id, kind) = (entry.object_id(), entry.mode().kind());
            found.entry(path.to_str_lossy().into_owned()).or_insert(Listed { id, kind });
            if kind == EntryKind::Tree {
                if path.find_iter(b"/").count() >= MAX_NESTED {
                    whole = false;
                    continue;
                }
                path.push(b'/');
                open.push((path, id));
            }
        }
    }
    (found, whole)
}

/// `root` with the files of a tree.
pub(crate) fn root(store: &Store, root: &Root, listed: BTreeMap<String, Listed>) -> Root {
    let entry = |listed: &Listed| match listed.kind {
        EntryKind::Tree => Entry::Directory,
        EntryKind::Blob => Entry::File { executable: false },
        EntryKind::BlobExecutable => Entry::File { executable: true },
        EntryKind::Link => Entry::Link,
        EntryKind::Commit => Entry::Submodule,
    };
    let entries = listed.iter().map(|(path, listed)| (path.clone(), entry(listed))).collect();
    let store = Store { repo: store.repo.clone(), prefix: store.prefix.clone(), partial: store.partial };
    root.with_tree(Tree::new(entries, Box::new(Objects { store, listed })))
}

struct Objects {
    store: Store,
    listed: BTreeMap<String, Listed>,
}

impl Objects {
    fn missing(&self) -> String {
        match self.store.partial {
            true => "its contents were not fetched (a partial clone)".to_owned(),
            false => "its contents are missing from the repository, or damaged".to_owned(),
        }
    }
}

impl Contents for Objects {
    fn size(&self, path: &str) -> Result<u64, String> {
        let listed = self.listed.get(path).ok_or("no such file")?;
        size(&self.store, &listed.id).ok_or_else(|| self.missing())
    }

    fn bytes(&self, path: &str) -> Result<Vec<u8>, String> {
        let listed = self.listed.get(path).ok_or("no such file")?;
        bytes(&self.store, listed.id).ok_or_else(|| self.missing())
    }
}
