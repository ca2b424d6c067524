//! A writer that loses nothing: it replaces regular files inside the root, all of them or none. It is the
//! only place that writes a file. It must never know what the files mean.
//!
//! The new text goes to a temporary file in the same directory, is flushed to disk, and replaces the old file
//! by rename(2), which is atomic. A link stays a link: the file that it leads to is replaced. A file with
//! further hard links is refused, because those would keep the old text.

use crate::repo::files::Root;
use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file to replace.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rewrite<'a> {
    /// Its name in output: relative to the root.
    pub(crate) path: &'a str,
    /// Its contents when it was read.
    pub(crate) before: &'a [u8],
    /// Its new contents.
    pub(crate) after: &'a [u8],
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rewritten {
    /// The files that now hold their new text.
    pub(crate) paths: Vec<String>,
    /// What could not be preserved of a file: `(path, what)`.
    pub(crate) lost: Vec<(String, String)>,
}

/// Why a file was not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotWritten {
    /// The file.
    pub(crate) path: String,
    /// Why.
    pub(crate) reason: String,
    /// The files that were written before that. The temporary files of the others are gone.
    pub(crate) done: Rewritten,
}

impl fmt::Display for NotWritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not written: {}; ", self.reason)?;
        match self.done.paths.as_slice() {
            [] => write!(f, "no file was changed"),
            done => write!(f, "these files were changed before that: {}", done.join(", ")),
        }
    }
}

/// Replaces the files. Everything that can go wrong is tried on all of them before the first one changes.
///
/// # Errors
/// The first file that cannot be written, or whose contents have changed since it was read.
pub(crate) fn rewrite(root: &Root, files: &[Rewrite<'_>]) -> Result<Rewritten, NotWritten> {
    let mut done = Rewritten::default();
    let mut ready = Vec::new();
    for file in files {
        match Ready::prepare(root, *file) {
            Ok(prepared) => ready.push(prepared),
            Err(reason) => return Err(NotWritten { path: file.path.to_owned(), reason, done }),
        }
    }
    for prepared in ready {
        let path = prepared.file.path.to_owned();
        done.lost.extend(prepared.lost.iter().map(|what| (path.clone(), what.clone())));
        if let Err(reason) = prepared.replace() {
            done.lost.retain(|(of, _)| *of != path);
            return Err(NotWritten { path, reason, done });
        }
        done.paths.push(path);
    }
    Ok(done)
}

/// A new text on disk beside its file. Dropping it removes it.
struct Ready<'a> {
    file: Rewrite<'a>,
    target: PathBuf,
    temporary: PathBuf,
    lost: Vec<String>,
}

impl<'a> Ready<'a> {
    fn prepare(root: &Root, file: Rewrite<'a>) -> Result<Self, String> {
        let target = root.locate(file.path).canonicalize().map_err(|e| describe(&e))?;
        if !target.starts_with(root.path()) {
            return Err("it leads out of the project's root".to_owned());
        }
        let metadata = target.metadata().map_err(|e| describe(&e))?;
        refuse(&metadata)?;
        unchanged(&target, file.before)?;
        // A writable directory lets a read-only file be replaced; but the file was made read-only on purpose.
        OpenOptions::new().write(true).open(&target).map_err(|e| describe(&e))?;
        let (mut open, temporary) = temporary(&target).map_err(|e| describe(&e))?;
        let mut ready = Ready { file, target, temporary, lost: Vec::new() };
        open.write_all(file.after).map_err(|e| describe(&e))?;
        ready.lost = keep(&open, &metadata).map_err(|e| describe(&e))?;
        open.sync_all().map_err(|e| describe(&e))?;
        Ok(ready)
    }

    fn replace(self) -> Result<(), String> {
        unchanged(&self.target, self.file.before)?;
        fs::rename(&self.temporary, &self.target).map_err(|e| describe(&e))?;
        // The name itself is on disk once the directory is. Not every file system supports that request.
        if let Some(Ok(directory)) = self.target.parent().map(File::open) {
            let _ = directory.sync_all();
        }
        Ok(())
    }
}

impl Drop for Ready<'_> {
    fn drop(&mut self) {
        // After the rename there is none.
        let _ = fs::remove_file(&self.temporary);
    }
}

fn unchanged(target: &Path, before: &[u8]) -> Result<(), String> {
    if fs::read(target).map_err(|e| describe(&e))? == before {
        return Ok(());
    }
    Err("it has changed since it was read".to_owned())
}

fn refuse(metadata: &Metadata) -> Result<(), String> {
    if !metadata.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    if metadata.permissions().readonly() {
        return Err("it is read-only".to_owned());
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if metadata.nlink() > 1 {
            return Err(format!(
                "it has {} hard links, and the others would keep the old text",
                metadata.nlink()
            ));
        }
    }
    Ok(())
}

/// A new file beside `target` that nobody else can read.
fn temporary(target: &Path) -> io::Result<(File, PathBuf)> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut attempt = 0;
    loop {
        let mut name = OsString::from(".deploylint-");
        name.push(format!("{}-{attempt}", std::process::id()));
        let path = target.with_file_name(name);
        match options.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < 1000 => attempt += 1,
            opened => return Ok((opened?, path)),
        }
    }
}

/// Gives the new file the owner, group and mode of the old one. Anything that the user may not set is
/// reported.
#[cfg(unix)]
fn keep(new: &File, old: &Metadata) -> io::Result<Vec<String>> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let mut lost = Vec::new();
    let now = new.metadata()?;
    if now.gid() != old.gid() && fchown(new, None, Some(old.gid())).is_err() {
        lost.push(format!("its group {} could not be kept", old.gid()));
    }
    if now.uid() != old.uid() && fchown(new, Some(old.uid()), None).is_err() {
        lost.push(format!("its owner {} could not be kept", old.uid()));
    }
    // This comes last, because chown(2) clears the set-user-ID bit.
    new.set_permissions(old.permissions())?;
    Ok(lost)
}

#[cfg(not(unix))]
fn keep(new: &File, old: &Metadata) -> io::Result<Vec<String>> {
    new.set_permissions(old.permissions())?;
    Ok(Vec::new())
}

fn describe(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "it no longer exists".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::StorageFull => "there is no space left on the disk".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    fn project(files: &[(&str, &str)]) -> (tempfile::TempDir, Root) {
        let dir = crate::support::project(files);
        let root = Root::open(dir.path()).unwrap();
        (dir, root)
    }

    fn file<'a>(path: &'a str, before: &'a str, after: &'a str) -> Rewrite<'a> {
        Rewrite { path, before: before.as_bytes(), after: after.as_bytes() }
    }

    /// The names in the root, so that no temporary file is left.
    fn names(root: &Root) -> Vec<String> {
        let entries = fs::read_dir(root.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    fn text(root: &Root, name: &str) -> String {
        fs::read_to_string(root.locate(name)).unwrap()
    }

    #[test]
    fn a_file_keeps_its_mode_and_owner() {
        let (_dir, root) = project(&[("a.sh", "old")]);
        let path = root.locate("a.sh");
        // The superuser may give it to another group; anyone else tests with his own.
        let _ = std::os::unix::fs::chown(&path, Some(12345), Some(23456));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o754)).unwrap();
        let before = path.metadata().unwrap();
        let done = rewrite(&root, &[file("a.sh", "old", "new")]).unwrap();
        assert_eq!((done.paths, done.lost), (vec!["a.sh".to_owned()], vec![]));
        let after = path.metadata().unwrap();
        assert_eq!((after.mode(), after.uid(), after.gid()), (before.mode(), before.uid(), before.gid()));
        assert_ne!(after.ino(), before.ino());
        assert_eq!((text(&root, "a.sh").as_str(), names(&root)), ("new", vec!["a.sh".to_owned()]));
    }

    #[test]
    fn a_link_stays_and_leads_to_the_new_text() {
        let (_dir, root) = project(&[("a.sh", "old")]);
        symlink("a.sh", root.locate("link.sh")).unwrap();
        rewrite(&root, &[file("link.sh", "old", "new")]).unwrap();
        assert!(root.locate("link.sh").symlink_metadata().unwrap().is_symlink());
        assert!(root.locate("a.sh").symlink_metadata().unwrap().is_file());
        assert_eq!(text(&root, "a.sh"), "new");
    }

    #[test]
    fn all_or_none_are_written() {
        let (outside, _) = project(&[("b.sh", "old")]);
        for (reason, spoil) in [
            (
                "read-only",
                (|path, _| fs::set_permissions(path, fs::Permissions::from_mode(0o444)).unwrap())
                    as fn(&Path, &Path),
            ),
            ("2 hard links", |path, _| fs::hard_link(path, path.with_file_name("c.sh")).unwrap()),
            ("has changed", |path, _| fs::write(path, "other").unwrap()),
            ("no longer exists", |path, _| fs::remove_file(path).unwrap()),
            ("out of the project's root", |path, outside| {
                fs::remove_file(path).unwrap();
                symlink(outside.join("b.sh"), path).unwrap();
            }),
            ("not a regular file", |path, _| {
                fs::remove_file(path).unwrap();
                fs::create_dir(path).unwrap();
            }),
        ] {
            let (_dir, root) = project(&[("a.sh", "old"), ("b.sh", "old")]);
            spoil(&root.locate("b.sh"), outside.path());
            let before = names(&root);
            let files = [file("a.sh", "old", "new"), file("b.sh", "old", "new")];
            let failed = rewrite(&root, &files).unwrap_err();
            assert_eq!(failed.path, "b.sh");
            assert!(failed.reason.contains(reason), "{reason}: {}", failed.reason);
            assert!(failed.to_string().ends_with("no file was changed"), "{failed}");
            assert_eq!((text(&root, "a.sh").as_str(), names(&root)), ("old", before), "{reason}");
        }
        assert_eq!(fs::read_to_string(outside.path().join("b.sh")).unwrap(), "old");
    }

    #[test]
    fn what_was_written_before_a_failure_is_said() {
        let (_dir, root) = project(&[("a.sh", "old"), ("b.sh", "old")]);
        // The same file under two names passes all tests, and then has changed.
        symlink("a.sh", root.locate("z.sh")).unwrap();
        let files = [file("a.sh", "old", "new"), file("z.sh", "old", "newer")];
        let failed = rewrite(&root, &files).unwrap_err();
        assert_eq!(
            failed.to_string(),
            "not written: it has changed since it was read; these files were changed before that: a.sh"
        );
        assert_eq!((text(&root, "a.sh").as_str(), names(&root).len()), ("new", 3));
    }

    #[test]
    fn a_full_disk_is_said() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        assert_eq!(describe(&full), "there is no space left on the disk");
    }
}
