//! The walk over a project's files, and what its `.gitignore` files keep out of it: gitignore(5). They are read as every other
//! file is: a FIFO, a device, a link out of the root is none, and no file is without end.

use crate::finding::Gap;
use crate::project::files::{Root, contents};
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use ignore::{DirEntry, Walk, WalkBuilder};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A larger one was written by no person; the patterns of one are a single automaton.
const MAX_BYTES: usize = 256 * 1024;
/// Patterns that are written out of many parts may take more than their bytes.
const MAX_LINE: usize = 4096;

/// The files that say what is left out; those of `.ignore` outweigh all of the others.
const FILES: [&str; 2] = [".ignore", ".gitignore"];

/// Which files of a walk are left out. Asked in the order of the walk: what lies in a directory right after it.
#[derive(Debug)]
struct Ignored {
    top: PathBuf,
    /// The directories that the walk is in, from the outermost.
    open: Vec<Open>,
    gaps: Arc<Mutex<Vec<Gap>>>,
}

#[derive(Debug)]
struct Open {
    directory: PathBuf,
    patterns: [Option<Gitignore>; 2],
}

/// A walk below `directory`, which lies in `root`, without following links, by the rules of the ignore files in it, in the
/// order of names, of what `keep` keeps; and what was wrong with those files, once it has ended.
pub(in crate::project) fn walk(
    root: &Root,
    directory: &Path,
    depth: Option<usize>,
    keep: impl Fn(&DirEntry) -> bool + Send + Sync + 'static,
) -> (Walk, Arc<Mutex<Vec<Gap>>>) {
    let gaps = Arc::new(Mutex::new(Vec::new()));
    let ignored = Ignored { top: root.path().to_owned(), open: Vec::new(), gaps: Arc::clone(&gaps) };
    let ignored = Mutex::new(ignored);
    let mut walk = WalkBuilder::new(directory);
    let walk = walk
        .standard_filters(false)
        .follow_links(false)
        .max_depth(depth)
        .sort_by_file_name(Ord::cmp)
        .filter_entry(move |entry| {
            let left_out = ignored.lock().unwrap_or_else(PoisonError::into_inner).leaves_out(entry);
            !left_out && keep(entry)
        })
        .build();
    (walk, gaps)
}

impl Ignored {
    fn leaves_out(&mut self, entry: &DirEntry) -> bool {
        let Some(parent) = entry.path().parent().filter(|_| entry.depth() > 0) else { return false };
        while self.open.last().is_some_and(|open| !parent.starts_with(&open.directory)) {
            self.open.pop();
        }
        if self.open.last().is_none_or(|open| open.directory != parent) {
            let patterns = FILES.map(|name| self.patterns(parent, name));
            self.open.push(Open { directory: parent.to_owned(), patterns });
        }
        let is_directory = entry.file_type().is_some_and(|t| t.is_dir());
        (0..FILES.len())
            .find_map(|file| {
                let all = self.open.iter().rev().filter_map(|open| open.patterns[file].as_ref());
                let mut said = all.map(|patterns| patterns.matched(entry.path(), is_directory));
                said.find(|said| !said.is_none()).map(|said| said.is_ignore())
            })
            .unwrap_or(false)
    }

    fn patterns(&self, directory: &Path, name: &str) -> Option<Gitignore> {
        let path = directory.join(name);
        if path.symlink_metadata().is_err() {
            return None;
        }
        let patterns = contents(&self.top, &path).and_then(|bytes| read(directory, &path, &bytes));
        match patterns {
            Ok(patterns) => Some(patterns),
            Err(reason) => {
                let file = path.strip_prefix(&self.top).unwrap_or(&path).to_string_lossy().replace('\\', "/");
                let gap = Gap { file, place: None, reason };
                self.gaps.lock().unwrap_or_else(PoisonError::into_inner).push(gap);
                None
            }
        }
    }
}

fn read(directory: &Path, path: &Path, bytes: &[u8]) -> Result<Gitignore, String> {
    if bytes.len() > MAX_BYTES {
        return Err(format!("larger than {} KiB, and nothing is left out by it", MAX_BYTES / 1024));
    }
    let mut patterns = GitignoreBuilder::new(directory);
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    for line in bytes.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() > MAX_LINE {
            continue;
        }
        let Ok(line) = std::str::from_utf8(line) else { break };
        // A pattern that is wrong matches nothing, as git has it.
        let _ = patterns.add_line(Some(path.to_owned()), line);
    }
    patterns.build().map_err(|_| "its patterns are too many, and nothing is left out by it".to_owned())
}
