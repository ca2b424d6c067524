//! What a walk finds, on disk or in git. It does not know what a name means.

use crate::repo::files::{Entry, Kind, Root, Step, Tree};
use crate::repo::names::shell_of_shebang;

/// A larger executable without extension is not a script that a person wrote.
const MAX_SHEBANG_FILE: u64 = 256 * 1024;

/// Something that a walk found.
pub(crate) enum Seen<'s> {
    Disk(&'s Root, &'s Step),
    Tree(&'s Tree, &'s str, Entry),
}

impl Seen<'_> {
    pub(crate) fn is_directory(&self) -> bool {
        match self {
            Seen::Disk(_, step) => step.kind == Kind::Directory,
            Seen::Tree(_, _, entry) => *entry == Entry::Directory,
        }
    }

    /// A regular file, not a link.
    pub(crate) fn is_plain(&self) -> bool {
        match self {
            Seen::Disk(_, step) => step.kind == Kind::File,
            Seen::Tree(_, _, entry) => matches!(entry, Entry::File { .. }),
        }
    }

    pub(crate) fn is_executable(&self) -> bool {
        match self {
            Seen::Disk(root, step) => root.is_executable(step),
            Seen::Tree(_, _, entry) => *entry == Entry::File { executable: true },
        }
    }

    pub(crate) fn has_shell_shebang(&self) -> bool {
        let head = match self {
            Seen::Disk(root, step) => root.head(step, MAX_SHEBANG_FILE),
            Seen::Tree(tree, path, _) if tree.size(path).is_some_and(|size| size <= MAX_SHEBANG_FILE) => {
                let mut bytes = tree.bytes(path).unwrap_or_default();
                bytes.truncate(64);
                bytes
            }
            Seen::Tree(..) => Vec::new(),
        };
        let line = head.split(|b| *b == b'\n').next().unwrap_or_default();
        shell_of_shebang(&String::from_utf8_lossy(line)).is_some()
    }
}
