//! Finds the repository around a root and opens it, if everything that is then read belongs to it: no link,
//! no `commondir` and no `alternates` may lead elsewhere, and nothing may block.

use crate::finding::Gap;
use crate::repo::files::Root;
use gix::bstr::ByteSlice;
use std::fs;
use std::path::{Path, PathBuf};

/// The largest size of the small files that name a directory, and of a configuration that is read.
const MAX_SMALL: u64 = 1024 * 1024;
/// The most files below `objects` and `refs` that are looked at.
const MAX_FILES: usize = 2_000_000;

/// The file that names the commit that is checked out.
const HEADS: &[&str] = &["HEAD", "config", "packed-refs", "refs"];

/// An open repository.
pub(crate) struct Store {
    /// gix's repository.
    pub(crate) repo: gix::Repository,
    /// The root within the work tree: empty, or `backend/`.
    pub(crate) prefix: String,
    /// True if it lacks contents that nobody has fetched yet.
    pub(crate) partial: bool,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store(/{})", self.prefix)
    }
}

/// The repository around `root`; `None` if there is none.
pub(crate) fn open(root: &Root) -> Result<Option<Store>, Gap> {
    open_for(root, &[HEADS, &["config.worktree", "shallow", "index", "objects"]].concat())
}

/// The same for a caller that needs only the commit that is checked out.
pub(crate) fn open_for_head(root: &Root) -> Result<Option<Store>, Gap> {
    open_for(root, HEADS)
}

fn open_for(root: &Root, names: &[&str]) -> Result<Option<Store>, Gap> {
    let Some(found) = find(root.path()) else { return Ok(None) };
    let (top, git) = match found {
        Found::WorkTree(top) => {
            let git = directory(&top).map_err(|reason| gap(".git", reason))?;
            (top, git)
        }
        Found::Bare => {
            return Err(gap("", "a bare repository: there is no working tree to review"));
        }
    };
    let common = common(&git).map_err(|reason| gap(".git", reason))?;
    look(&git, &common, names).map_err(|(file, reason)| gap(&format!(".git/{file}"), reason))?;
    let config = Config::read(&common.join("config"));
    if let Some(reason) = config.unsupported() {
        return Err(gap(".git/config", reason));
    }
    let inside = root.path().strip_prefix(&top).unwrap_or(Path::new(""));
    let prefix = match inside.to_string_lossy().replace('\\', "/") {
        top if top.is_empty() => top,
        inside => inside + "/",
    };
    // Isolated: no configuration of the system or the user, and no environment. Reduced trust: none of the
    // repo either.
    let options = gix::open::Options::isolated().with(gix::sec::Trust::Reduced).open_path_as_is(true);
    match options.open(git) {
        Ok(repo) => {
            let mut repo = repo.to_thread_local();
            repo.object_cache_size_if_unset(8 * 1024 * 1024);
            Ok(Some(Store { repo, prefix, partial: config.is_partial() }))
        }
        Err(_) => Err(gap(".git", "git's directory is damaged or has an unknown format")),
    }
}

fn gap(file: &str, reason: impl Into<String>) -> Gap {
    Gap { file: file.to_owned(), place: None, reason: format!("{}: no history", reason.into()) }
}

enum Found {
    /// The directory that holds `.git`.
    WorkTree(PathBuf),
    /// A repository without a work tree.
    Bare,
}

/// The nearest one above, as git finds it. Only names are looked at.
fn find(root: &Path) -> Option<Found> {
    root.ancestors().find_map(|directory| {
        if directory.join(".git").symlink_metadata().is_ok() {
            return Some(Found::WorkTree(directory.to_owned()));
        }
        let bare = directory.join("HEAD").is_file()
            && directory.join("objects").is_dir()
            && directory.join("refs").is_dir();
        bare.then_some(Found::Bare)
    })
}

/// Where the `.git` of a work tree leads. A `.git` file may lead out of the work tree only to a directory
/// that points back: the linked work trees of git-worktree(1) and submodules, see gitrepository-layout(5).
fn directory(top: &Path) -> Result<PathBuf, String> {
    let entry = top.join(".git");
    let kind = entry.symlink_metadata().map_err(|_| "`.git` cannot be accessed")?.file_type();
    let target = entry.canonicalize().map_err(|_| "`.git` is a link that leads nowhere")?;
    if kind.is_symlink() && !target.starts_with(top) {
        return Err("`.git` is a link that leads out of the work tree and is not followed".to_owned());
    }
    if target.is_dir() {
        return Ok(target);
    }
    let text = small(&target).ok_or("`.git` is neither a directory nor a file that names one")?;
    let named = text.strip_prefix("gitdir:").ok_or("`.git` is a file that names no directory")?.trim();
    let git = top.join(named).canonicalize().map_err(|_| "`.git` names a directory that does not exist")?;
    let back = |path: &Path| git.join(path).canonicalize().is_ok_and(|back| back == target);
    // A linked work tree records where its `.git` file is, and a submodule where its work tree is.
    let linked = small(&git.join("gitdir")).is_some_and(|path| back(Path::new(path.trim())));
    let config = Config::read(&git.join("config"));
    let submodule = config.value("core", "worktree").is_some_and(|path| back(&Path::new(&path).join(".git")));
    if linked || submodule {
        Ok(git)
    } else {
        Err("`.git` names a directory that does not point back, so it is not read".to_owned())
    }
}

/// The directory that work trees share.
fn common(git: &Path) -> Result<PathBuf, String> {
    let file = git.join("commondir");
    if file.symlink_metadata().is_err() {
        return Ok(git.to_owned());
    }
    let named = small(&file).ok_or("`commondir` names no directory")?;
    let common = git.join(named.trim()).canonicalize().map_err(|_| "`commondir` leads nowhere")?;
    if git.parent() == Some(&common.join("worktrees")) {
        Ok(common)
    } else {
        Err("`commondir` leads to a directory that does not know this work tree".to_owned())
    }
}

/// Checks that everything gix opens is a plain file or directory of the repository itself. Returns the file
/// that is not.
fn look(git: &Path, common: &Path, names: &[&str]) -> Result<(), (String, String)> {
    let mut left = MAX_FILES;
    let both = [git, common];
    for directory in if git == common { &both[..1] } else { &both[..] } {
        for name in names {
            plain(directory, name, common, &mut left)?;
        }
    }
    let alternates = common.join("objects/info/alternates");
    if alternates.symlink_metadata().is_ok() {
        let text = small(&alternates).unwrap_or_else(|| "?".to_owned());
        if text.lines().any(|line| !line.trim().is_empty() && !line.starts_with('#')) {
            let reason = "it borrows objects from another repository, which is not read (`git repack -a -d` copies them)";
            return Err(("objects/info/alternates".to_owned(), reason.to_owned()));
        }
    }
    Ok(())
}

fn plain(directory: &Path, name: &str, common: &Path, left: &mut usize) -> Result<(), (String, String)> {
    let fail = |reason: &str| Err((name.to_owned(), reason.to_owned()));
    let path = directory.join(name);
    let Ok(found) = path.symlink_metadata() else { return Ok(()) };
    let mut kind = found.file_type();
    if kind.is_symlink() {
        let inside = path.canonicalize().is_ok_and(|to| to.starts_with(common) || to.starts_with(directory));
        if !inside {
            return fail("it is a link that leads out of git's directory and is not followed");
        }
        let Ok(target) = path.metadata() else { return Ok(()) };
        kind = target.file_type();
        if kind.is_dir() {
            return fail("it is a link to a directory and is not followed");
        }
    }
    if kind.is_file() {
        return Ok(());
    }
    if !kind.is_dir() {
        return fail("it is not a regular file");
    }
    let Ok(entries) = fs::read_dir(&path) else { return Ok(()) };
    for entry in entries.flatten() {
        *left = left.saturating_sub(1);
        if *left == 0 {
            return fail("it holds too many files");
        }
        // The kind comes with the name, so a plain file costs no further question.
        if !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            let inside = format!("{name}/{}", entry.file_name().to_string_lossy());
            if inside.matches('/').count() > 32 {
                return fail("its directories are nested too deep");
            }
            plain(directory, &inside, common, left)?;
        }
    }
    Ok(())
}

/// The text of a small regular file.
fn small(path: &Path) -> Option<String> {
    let known = path.metadata().ok()?;
    if !known.is_file() || known.len() > MAX_SMALL {
        return None;
    }
    Some(fs::read(path).ok()?.to_str_lossy().into_owned())
}

/// What a repository says about its own format. Nothing else of a configuration is used.
struct Config(Option<gix::config::File>);

impl Config {
    fn read(path: &Path) -> Self {
        let source = gix::config::file::Metadata::from(gix::config::Source::Local);
        let text = small(path);
        Config(text.and_then(|text| {
            gix::config::File::from_bytes_no_includes(text.as_bytes(), source, Default::default()).ok()
        }))
    }

    fn value(&self, section: &str, name: &str) -> Option<String> {
        let value = self.0.as_ref()?.raw_value_by(section, None, name).ok()?;
        Some(value.to_str_lossy().into_owned())
    }

    /// The extensions of git-config(1) under which objects or references are not where gix looks.
    fn unsupported(&self) -> Option<String> {
        let other = |name: &str, known: &str| {
            self.value("extensions", name).filter(|value| !value.eq_ignore_ascii_case(known))
        };
        let hash = other("objectFormat", "sha1");
        let hash = hash.map(|hash| format!("its objects are named by {hash}, which cannot be read yet"));
        hash.or_else(|| {
            let refs = other("refStorage", "files")?;
            Some(format!("its references are kept as a {refs}, which cannot be read yet"))
        })
    }

    fn is_partial(&self) -> bool {
        self.value("extensions", "partialClone").is_some()
    }
}
