//! Where the repos are: each argument is a repo, or a folder of repos. Only names are looked at.

use crate::check::CheckError;
use crate::repo::inventory::is_of_others;
use crate::repo::names::stands_at_the_top;
use ignore::WalkBuilder;
use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs;
#[cfg(unix)]
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// How many folders deep repos are searched.
pub(crate) const MAX_DEPTH: usize = 6;

/// A repo to check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Repo {
    /// Its directory.
    pub(crate) path: PathBuf,
    /// Its name in the output: the path, with bytes that are not UTF-8 written as `\xFF`. No two repos of a
    /// scan have the same name.
    pub(crate) name: String,
}

impl Repo {
    /// The repo at `path`.
    pub(crate) fn at(path: PathBuf) -> Self {
        let name = match path.to_str() {
            Some(name) => name.to_owned(),
            None => {
                let bytes = path.as_os_str().as_encoded_bytes().utf8_chunks();
                let chunk = |chunk: std::str::Utf8Chunk<'_>| {
                    let invalid = chunk.invalid().iter().map(|byte| format!("\\x{byte:02X}"));
                    chunk.valid().replace('\\', "\\\\") + &invalid.collect::<String>()
                };
                bytes.map(chunk).collect()
            }
        };
        Repo { path, name }
    }
}

/// Where repos are searched.
pub(crate) enum Given {
    /// Repos, folders of repos, and patterns of either.
    Paths(Vec<PathBuf>),
    /// One repo on each line; empty lines are ignored.
    Lines(Box<dyn BufRead + Send>),
}

/// The repos, as they are found. Never more names than those of one folder are held at a time.
pub(crate) struct Repos {
    given: Rest,
    /// The folders that are being searched; the innermost one is last.
    folders: Vec<Folder>,
    /// The directories that were entered; empty if nothing can be met twice.
    entered: Option<HashSet<Identity>>,
}

enum Rest {
    Paths(std::vec::IntoIter<PathBuf>, Option<glob::Paths>),
    Lines(Box<dyn BufRead + Send>),
}

/// A folder with repos that are still to come.
struct Folder {
    path: PathBuf,
    names: Names,
    /// How deep below the argument.
    depth: usize,
    /// Whether it had a repo or a fault.
    any: bool,
}

/// The names of a folder, of which there may be many, in little memory.
#[derive(Default)]
struct Names {
    text: String,
    /// The ranges of the names in the text.
    places: Vec<(u32, u32)>,
    /// Names that are not UTF-8.
    others: Vec<OsString>,
}

#[cfg(unix)]
type Identity = (u64, u64);
#[cfg(not(unix))]
type Identity = PathBuf;

/// What a directory is, judged by its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Repo,
    Folder,
    /// A git repository without a work tree: there is nothing to check.
    Bare,
}

impl Repos {
    /// Looks for repos in what is given.
    pub(crate) fn of(given: Given) -> Self {
        let pattern = |path: &PathBuf| path.to_str().is_some_and(is_pattern);
        let once = matches!(&given, Given::Paths(paths) if paths.len() < 2 && !paths.iter().any(pattern));
        let given = match given {
            Given::Paths(paths) => Rest::Paths(paths.into_iter(), None),
            Given::Lines(lines) => Rest::Lines(lines),
        };
        Repos { given, folders: Vec::new(), entered: (!once).then(HashSet::new) }
    }

    /// True if the directory was not entered before.
    fn enter(&mut self, path: &Path) -> bool {
        let Some(entered) = &mut self.entered else { return true };
        entered.insert(identity(path))
    }

    /// What is at an argument, or at a path that its pattern matches.
    fn argument(&mut self, path: PathBuf) -> Option<Result<Repo, CheckError>> {
        match fs::metadata(&path) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => {
                let error = CheckError::in_file(&path, "it is not a directory");
                return Some(Err(error.advise("`deploylint check` checks single scripts")));
            }
            Err(error) => {
                let message = match error.kind() {
                    std::io::ErrorKind::NotFound => "there is no such file or directory".to_owned(),
                    _ => format!("it cannot be accessed: {error}"),
                };
                return Some(Err(CheckError::in_file(&path, message)));
            }
        }
        match kind_of(&path) {
            Err(error) => Some(Err(unreadable(&path, &error))),
            Ok(Kind::Bare) => {
                let error = CheckError::in_file(&path, "a bare repository, which has no files to check");
                Some(Err(error.advise("`git clone` it, and scan the clone")))
            }
            Ok(Kind::Repo) => self.enter(&path).then(|| Ok(Repo::at(path))),
            Ok(Kind::Folder) => {
                if self.enter(&path) {
                    self.folders.push(Folder::read(path, 0));
                }
                None
            }
        }
    }

    /// The next of the innermost folder.
    fn inside(&mut self) -> Option<Result<Repo, CheckError>> {
        let folder = self.folders.last_mut()?;
        let Some(path) = folder.next() else {
            let done = self.folders.pop()?;
            if let Some(above) = self.folders.last_mut() {
                above.any |= done.any;
                return None;
            }
            return (!done.any).then(|| nothing_in(done.path));
        };
        let depth = folder.depth + 1;
        let found = match kind_of(&path) {
            Ok(Kind::Repo) => self.enter(&path).then(|| Ok(Repo::at(path))),
            Ok(Kind::Folder) => {
                let others = path.file_name().and_then(|name| name.to_str()).is_some_and(is_of_others);
                if depth < MAX_DEPTH && !others && self.enter(&path) {
                    self.folders.push(Folder::read(path, depth));
                }
                return None;
            }
            Ok(Kind::Bare) => return None,
            // Somebody may have removed it by now.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
            Err(error) => Some(Err(unreadable(&path, &error))),
        };
        // If a repo was met before, the folder is still not empty.
        self.folders.iter_mut().for_each(|folder| folder.any = true);
        found
    }
}

impl Iterator for Repos {
    type Item = Result<Repo, CheckError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if !self.folders.is_empty() {
                match self.inside() {
                    Some(found) => return Some(found),
                    None => continue,
                }
            }
            let found = match &mut self.given {
                Rest::Lines(lines) => match next_line(lines.as_mut()) {
                    Ok(line) => {
                        let repo = Repo::at(PathBuf::from(line?));
                        self.enter(&repo.path).then_some(Ok(repo))
                    }
                    Err(error) => Some(Err(error)),
                },
                Rest::Paths(_, Some(matches)) => match matches.next() {
                    // A pattern also matches the files beside the repos.
                    Some(Ok(path)) if path.is_dir() => self.argument(path),
                    Some(_) => None,
                    None => {
                        if let Rest::Paths(_, matches) = &mut self.given {
                            *matches = None;
                        }
                        None
                    }
                },
                Rest::Paths(paths, matches) => {
                    let path = paths.next()?;
                    match path.to_str().filter(|text| is_pattern(text) && path.symlink_metadata().is_err()) {
                        None => self.argument(path),
                        Some(pattern) => match matching(pattern) {
                            Ok(found) => {
                                *matches = Some(found);
                                None
                            }
                            Err(error) => Some(Err(error)),
                        },
                    }
                }
            };
            if found.is_some() {
                return found;
            }
        }
    }
}

impl Folder {
    /// The directories in it that could be repos or contain some: no hidden ones, none that an ignore file
    /// there names, and no links.
    fn read(path: PathBuf, depth: usize) -> Folder {
        let found: Arc<Mutex<Names>> = Arc::default();
        let seen = Arc::clone(&found);
        // Everything is caught before the walk would enter it. The walk only decides what is ignored.
        let walk = WalkBuilder::new(&path)
            .max_depth(Some(1))
            .parents(false)
            .git_global(false)
            .git_exclude(false)
            .require_git(false)
            .follow_links(false)
            .filter_entry(move |entry| {
                if entry.depth() > 0 && entry.file_type().is_some_and(|kind| kind.is_dir()) {
                    seen.lock().unwrap_or_else(PoisonError::into_inner).add(entry.file_name());
                }
                entry.depth() == 0
            })
            .build();
        walk.for_each(drop);
        let mut names = std::mem::take(&mut *found.lock().unwrap_or_else(PoisonError::into_inner));
        names.sort();
        Folder { path, names, depth, any: false }
    }

    fn next(&mut self) -> Option<PathBuf> {
        self.names.next().map(|name| self.path.join(name))
    }
}

impl Names {
    fn add(&mut self, name: &OsStr) {
        let start = self.text.len();
        match (name.to_str(), u32::try_from(start + name.len())) {
            (Some(name), Ok(end)) => {
                self.text.push_str(name);
                self.places.push((start as u32, end));
            }
            _ => self.others.push(name.to_owned()),
        }
    }

    /// Sorts the names in reverse, because they are taken from the end.
    fn sort(&mut self) {
        let text = &self.text;
        let name = |(start, end): &(u32, u32)| &text[*start as usize..*end as usize];
        self.places.sort_unstable_by(|a, b| name(b).cmp(name(a)));
        self.others.sort_unstable_by(|a, b| b.cmp(a));
    }

    fn next(&mut self) -> Option<OsString> {
        match self.places.pop() {
            Some((start, end)) => Some(self.text[start as usize..end as usize].into()),
            None => self.others.pop(),
        }
    }
}

/// What a directory is. One with `.git` is a repo. So is one with files that belong at the top of a project,
/// unless it contains repositories of its own.
fn kind_of(path: &Path) -> std::io::Result<Kind> {
    if path.join(".git").symlink_metadata().is_ok() {
        return Ok(Kind::Repo);
    }
    let mut marked = false;
    let mut bare = 0;
    let mut directories = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if entry.file_type()?.is_dir() {
            bare += usize::from(matches!(name, "objects" | "refs"));
            directories.push(entry.path());
        } else {
            bare += usize::from(name == "HEAD");
            marked |= stands_at_the_top(name);
        }
    }
    let is_repository = |path: &PathBuf| path.join(".git").symlink_metadata().is_ok();
    Ok(match marked {
        _ if bare == 3 => Kind::Bare,
        true if !directories.iter().any(is_repository) => Kind::Repo,
        _ => Kind::Folder,
    })
}

/// A folder in which no repo was found: if it holds files at all, the folder itself is meant.
fn nothing_in(path: PathBuf) -> Result<Repo, CheckError> {
    let files = fs::read_dir(&path).into_iter().flatten().flatten();
    match files.into_iter().any(|entry| entry.file_type().is_ok_and(|kind| kind.is_file())) {
        true => Ok(Repo::at(path)),
        false => Err(CheckError::in_file(&path, "there is no repo in it")),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> CheckError {
    CheckError::in_file(path, format!("it cannot be entered: {error}"))
}

/// True for a path with something that `glob` treats as a pattern.
fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// What a pattern matches, in the order of names. As in a shell, `*` does not match names that begin with a
/// dot.
fn matching(pattern: &str) -> Result<glob::Paths, CheckError> {
    let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::default() };
    let paths = || glob::glob_with(pattern, options);
    let wrong = |error: glob::PatternError| {
        CheckError::new(format!("`{pattern}` is not a valid pattern: {}", error.msg))
    };
    let any = paths().map_err(wrong)?.flatten().any(|path| path.is_dir());
    if !any {
        return Err(CheckError::new(format!("`{pattern}` matches no directory")));
    }
    paths().map_err(wrong)
}

/// The next line that is not empty; a path need not be valid text.
fn next_line(lines: &mut dyn BufRead) -> Result<Option<OsString>, CheckError> {
    loop {
        let mut line = Vec::new();
        let read = lines.read_until(b'\n', &mut line);
        let read = read.map_err(|e| CheckError::new(format!("the list of repos cannot be read: {e}")))?;
        if read == 0 {
            return Ok(None);
        }
        while line.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
            line.pop();
        }
        if !line.is_empty() {
            return Ok(Some(path_of(line)));
        }
    }
}

#[cfg(unix)]
fn path_of(bytes: Vec<u8>) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes)
}

#[cfg(not(unix))]
fn path_of(bytes: Vec<u8>) -> OsString {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

/// A path that does not exist is known by its name.
#[cfg(unix)]
fn identity(path: &Path) -> Identity {
    use std::os::unix::fs::MetadataExt;
    match fs::metadata(path) {
        Ok(found) => (found.dev(), found.ino()),
        Err(_) => (u64::MAX, BuildHasherDefault::<DefaultHasher>::default().hash_one(path)),
    }
}

#[cfg(not(unix))]
fn identity(path: &Path) -> Identity {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests;
