//! The walk over everything in the root, by the rules of the `.gitignore` files in it. It reads each
//! directory once, follows no link, opens only regular files, and looks at nothing above its starting point.
//! It must never know what names mean.

use crate::finding::Gap;
use crate::repo::files::Root;
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use std::ffi::OsString;
use std::fs::FileType;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A larger `.gitignore` was not written by a person, and takes long to compile.
const MAX_IGNORE: u64 = 256 * 1024;
const IGNORE: &str = ".gitignore";

/// An entry of a directory; links are not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Directory,
    File,
    Link,
    /// A FIFO, a socket, a device.
    Other,
}

impl From<FileType> for Kind {
    fn from(kind: FileType) -> Self {
        if kind.is_dir() {
            Kind::Directory
        } else if kind.is_file() {
            Kind::File
        } else if kind.is_symlink() {
            Kind::Link
        } else {
            Kind::Other
        }
    }
}

/// The entries of one directory, by the bytes of their names.
pub(crate) type Listing = Vec<(OsString, Kind)>;

/// Reads a directory.
pub(crate) fn list(directory: &Path) -> std::io::Result<Listing> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        found.push((entry.file_name(), Kind::from(entry.file_type()?)));
    }
    found.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    Ok(found)
}

/// Something that a walk found.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Relative to the root, with `/`; bytes that are not UTF-8 are replaced.
    pub(crate) path: String,
    pub(crate) on_disk: PathBuf,
    pub(crate) kind: Kind,
    /// 1 for entries directly in the starting directory.
    depth: usize,
}

/// The entries below a directory: a directory before its contents, siblings by the bytes of their names.
/// Entries that a `.gitignore` names are left out. An error is a gap, and the walk goes on.
pub(crate) struct Walk<'r> {
    root: &'r Root,
    most: usize,
    /// A directory that was returned and is entered next.
    next: Option<Step>,
    levels: Vec<Level>,
    gaps: Vec<Gap>,
}

struct Level {
    path: String,
    on_disk: PathBuf,
    entries: std::vec::IntoIter<(OsString, Kind)>,
    rules: Option<Gitignore>,
}

impl Root {
    /// A walk over the directory `from`, down to a depth of `most`.
    pub(crate) fn walk(&self, from: &str, most: usize) -> Walk<'_> {
        let start =
            Step { path: from.to_owned(), on_disk: self.locate(from), kind: Kind::Directory, depth: 0 };
        Walk { root: self, most, next: Some(start), levels: Vec::new(), gaps: Vec::new() }
    }

    /// What the directory `name` holds.
    pub(crate) fn list(&self, name: &str) -> std::io::Result<Listing> {
        self.list_at(&self.locate(name))
    }

    /// Asks about everything that a folder of rules holds, `<family>/<rule>.{md,scm}`. A link may lead out of
    /// the root, and its target cannot be asked about.
    pub(crate) fn note_folder(&self, folder: &Path) {
        let Some(recorder) = &self.recorder else { return };
        let folder = self.path().join(folder);
        let names = |directory: &Path| {
            let listing = self.list_at(directory).unwrap_or_default();
            if listing.iter().any(|(_, kind)| *kind == Kind::Link) {
                recorder.tear();
            }
            listing
        };
        for (family, _) in names(&folder) {
            let family = folder.join(family);
            for (file, _) in names(&family) {
                let file = family.join(file);
                if file.extension().is_some_and(|extension| extension == "md" || extension == "scm") {
                    // Its contents are recorded; they are not needed here.
                    let _ = self.contents(&file, "");
                }
            }
        }
    }

    fn list_at(&self, directory: &Path) -> std::io::Result<Listing> {
        let found = list(directory);
        if let Some(recorder) = &self.recorder {
            recorder.listing(self.key(directory), &found);
        }
        found
    }

    /// True for a directory that is not empty.
    pub(crate) fn is_filled(&self, step: &Step) -> bool {
        let filled = std::fs::read_dir(&step.on_disk).is_ok_and(|mut inside| inside.next().is_some());
        if let Some(recorder) = &self.recorder {
            recorder.filled(self.key(&step.on_disk), filled);
        }
        filled
    }

    /// True for a file with an execute bit; on systems without that bit, for any file.
    pub(crate) fn is_executable(&self, step: &Step) -> bool {
        let executable = is_executable(&step.on_disk);
        if let Some(recorder) = &self.recorder {
            recorder.executable(self.key(&step.on_disk), executable);
        }
        executable
    }

    /// The first bytes of a regular file of at most `most` bytes.
    pub(crate) fn head(&self, step: &Step, most: u64) -> Vec<u8> {
        let head = head(&step.on_disk, most);
        if let Some(recorder) = &self.recorder {
            recorder.head(self.key(&step.on_disk), most, &head);
        }
        head
    }
}

#[cfg(unix)]
pub(crate) fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.symlink_metadata().is_ok_and(|known| known.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
pub(crate) fn is_executable(_: &Path) -> bool {
    true
}

pub(crate) fn head(path: &Path, most: u64) -> Vec<u8> {
    let mut head = [0u8; 64];
    let small = path.symlink_metadata().is_ok_and(|known| known.is_file() && known.len() <= most);
    let read = match small {
        true => std::fs::File::open(path)
            .and_then(|mut file| std::io::Read::read(&mut file, &mut head))
            .unwrap_or(0),
        false => 0,
    };
    head[..read].to_vec()
}

impl Walk<'_> {
    /// Skips the contents of the directory that was just returned.
    pub(crate) fn pass_over(&mut self) {
        self.next = None;
    }

    fn enter(&mut self, step: Step) {
        let Step { path, on_disk, depth, .. } = step;
        let gap = |file: String, reason: String| Gap { file, place: None, reason };
        let entries = match self.root.list_at(&on_disk) {
            Ok(entries) => entries,
            Err(error) => {
                self.gaps.push(gap(path, unreadable(&error)));
                return;
            }
        };
        let found = entries.binary_search_by(|(name, _)| name.as_os_str().cmp(IGNORE.as_ref()));
        let kind = found.ok().and_then(|at| entries.get(at)).map(|(_, kind)| *kind);
        // Entries at the greatest depth are returned but not entered, so each level that is entered has rules
        // to apply.
        let rules = match kind {
            Some(Kind::File) => {
                let rules = self.rules(&on_disk);
                rules
                    .map_err(|reason| self.gaps.push(gap(join(&path, IGNORE), reason)))
                    .ok()
                    .filter(|rules| !rules.is_empty())
            }
            Some(Kind::Other) => {
                let reason = "not a regular file, so its rules are ignored".to_owned();
                self.gaps.push(gap(join(&path, IGNORE), reason));
                None
            }
            // gitignore(5): git follows no link when it reads one.
            Some(Kind::Link | Kind::Directory) | None => None,
        };
        debug_assert_eq!(self.levels.len(), depth);
        self.levels.push(Level { path, on_disk, entries: entries.into_iter(), rules });
    }

    fn rules(&self, directory: &Path) -> Result<Gitignore, String> {
        let file = directory.join(IGNORE);
        let bytes = self.root.contents(&file, IGNORE)?;
        if bytes.len() as u64 > MAX_IGNORE {
            return Err(format!("larger than {} KiB, so its rules are ignored", MAX_IGNORE / 1024));
        }
        let mut rules = GitignoreBuilder::new(directory);
        for line in String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}').lines() {
            // git treats a line that is not a pattern as one that matches nothing.
            let _ = rules.add_line(None, line);
        }
        rules.build().map_err(|_| "its patterns are too many or too large, so they are ignored".to_owned())
    }

    fn is_ignored(&self, path: &Path, directory: bool) -> bool {
        for rules in self.levels.iter().rev().filter_map(|level| level.rules.as_ref()) {
            match rules.matched(path, directory) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => {}
            }
        }
        false
    }
}

impl Iterator for Walk<'_> {
    type Item = Result<Step, Gap>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(directory) = self.next.take() {
            self.enter(directory);
        }
        loop {
            if let Some(gap) = self.gaps.pop() {
                return Some(Err(gap));
            }
            let depth = self.levels.len();
            let level = self.levels.last_mut()?;
            let Some((name, kind)) = level.entries.next() else {
                self.levels.pop();
                continue;
            };
            let on_disk = level.on_disk.join(&name);
            let path = join(&level.path, &name.to_string_lossy());
            if self.is_ignored(&on_disk, kind == Kind::Directory) {
                continue;
            }
            let step = Step { path, on_disk, kind, depth };
            if kind == Kind::Directory && depth < self.most {
                self.next = Some(step.clone());
            }
            return Some(Ok(step));
        }
    }
}

fn join(directory: &str, name: &str) -> String {
    match directory {
        "" => name.to_owned(),
        directory => format!("{directory}/{name}"),
    }
}

fn unreadable(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::PermissionDenied => "cannot be entered: permission denied".to_owned(),
        _ => "could not be looked at".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn walked(files: &[(&str, &str)], most: usize) -> Vec<String> {
        let dir = crate::support::project(files);
        let root = Root::open(dir.path()).unwrap();
        let mut steps = Vec::new();
        for step in root.walk("", most) {
            steps.push(match step {
                Ok(step) => step.path,
                Err(gap) => format!("{}: {}", gap.file, gap.reason),
            });
        }
        steps
    }

    #[test]
    fn rules_nest_and_the_nearest_wins() {
        let files = [
            (".gitignore", "\u{feff}*.log\n/out/\ntmp/\n!keep.log\n[\n"),
            ("a.log", ""),
            ("keep.log", ""),
            ("out/x", ""),
            ("d/out/x", ""),
            ("d/tmp/x", ""),
            ("d/.gitignore", "!b.log\nkeep.log\n"),
            ("d/b.log", ""),
            ("d/c.log", ""),
            ("d/keep.log", ""),
            ("d.x/y", ""),
        ];
        let all =
            [".gitignore", "d", "d/.gitignore", "d/b.log", "d/out", "d/out/x", "d.x", "d.x/y", "keep.log"];
        assert_eq!(walked(&files, 8), all);
        let near: Vec<&str> = all.into_iter().filter(|path| !path.contains('/')).collect();
        assert_eq!(walked(&files, 1), near);
    }

    #[test]
    fn rules_that_are_too_large_are_a_gap() {
        let large = "x\n".repeat(MAX_IGNORE as usize);
        let found = walked(&[(".gitignore", &large), ("x", "")], 2);
        assert_eq!(found, [".gitignore: larger than 256 KiB, so its rules are ignored", ".gitignore", "x"]);
    }

    #[cfg(unix)]
    #[test]
    fn no_link_is_followed_and_no_fifo_is_opened() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("rules"), "x\n").unwrap();
        fs::write(dir.path().join("x"), "").unwrap();
        fs::create_dir(dir.path().join("d")).unwrap();
        symlink(outside.path().join("rules"), dir.path().join(".gitignore")).unwrap();
        symlink("..", dir.path().join("d/up")).unwrap();
        let root = Root::open(dir.path()).unwrap();
        let found = || -> Vec<String> { root.walk("", 8).filter_map(Result::ok).map(|s| s.path).collect() };
        assert_eq!(found(), [".gitignore", "d", "d/up", "x"]);
        let fifo = std::process::Command::new("mkfifo").arg(dir.path().join("d/.gitignore")).status();
        if fifo.is_ok_and(|status| status.success()) {
            assert_eq!(found(), [".gitignore", "d", "d/.gitignore", "d/up", "x"]);
            let gaps: Vec<Gap> = root.walk("", 8).filter_map(Result::err).collect();
            assert_eq!(gaps.len(), 1);
            assert_eq!(gaps[0].file, "d/.gitignore");
        }
    }

    #[test]
    fn a_directory_may_be_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("a/b")).unwrap();
        fs::create_dir_all(dir.path().join("c/d")).unwrap();
        let root = Root::open(dir.path()).unwrap();
        let mut walk = root.walk("", 8);
        assert_eq!(walk.next().unwrap().unwrap().path, "a");
        walk.pass_over();
        let rest: Vec<String> = walk.filter_map(Result::ok).map(|step| step.path).collect();
        assert_eq!(rest, ["c", "c/d"]);
    }
}
