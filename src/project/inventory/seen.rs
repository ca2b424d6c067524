//! What a walk comes upon, on disk or in what git keeps. Knows nothing of what a name means.

use crate::project::files::{Entry, Tree};
use crate::project::names::shell_of_shebang;
use ignore::DirEntry;
use std::fs::File;
use std::io::Read;

/// An executable without extension that is larger is no script that a person wrote.
const MAX_SHEBANG_FILE: u64 = 256 * 1024;

/// Something that a walk came upon.
pub(super) enum Seen<'s> {
    Disk(&'s DirEntry),
    Tree(&'s Tree, &'s str, Entry),
}

impl Seen<'_> {
    pub(super) fn is_directory(&self) -> bool {
        match self {
            Seen::Disk(entry) => entry.file_type().is_some_and(|t| t.is_dir()),
            Seen::Tree(_, _, entry) => *entry == Entry::Directory,
        }
    }

    /// A regular file, no link.
    pub(super) fn is_file(&self) -> bool {
        match self {
            Seen::Disk(entry) => entry.file_type().is_some_and(|t| t.is_file()),
            Seen::Tree(_, _, entry) => matches!(entry, Entry::File { .. }),
        }
    }

    pub(super) fn is_executable(&self) -> bool {
        match self {
            Seen::Disk(entry) => entry.metadata().is_ok_and(|m| is_executable(&m)),
            Seen::Tree(_, _, entry) => *entry == Entry::File { executable: true },
        }
    }

    pub(super) fn has_shell_shebang(&self) -> bool {
        let mut head = [0u8; 64];
        let small = |size: u64| size <= MAX_SHEBANG_FILE;
        let read = match self {
            Seen::Disk(entry) if entry.metadata().is_ok_and(|m| small(m.len())) => {
                File::open(entry.path()).and_then(|mut file| file.read(&mut head)).unwrap_or(0)
            }
            Seen::Tree(tree, path, _) if tree.size(path).is_some_and(small) => {
                let bytes = tree.bytes(path).unwrap_or_default();
                let read = bytes.len().min(head.len());
                head[..read].copy_from_slice(&bytes[..read]);
                read
            }
            _ => 0,
        };
        let line = head[..read].split(|b| *b == b'\n').next().unwrap_or_default();
        shell_of_shebang(&String::from_utf8_lossy(line)).is_some()
    }
}

#[cfg(unix)]
fn is_executable(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &std::fs::Metadata) -> bool {
    true
}
