//! A reader that cannot be misled: it opens regular files inside the root and nothing else. It must never
//! know what the files mean.

pub(crate) mod record;
mod tree;
mod walk;

pub(crate) use record::Recorder;
pub(crate) use tree::{Contents, Entry, Tree};
pub(crate) use walk::{Kind, Step};

use crate::finding::Gap;
use crate::source::{FileId, SourceFile, Sources};
use std::fs::{File, FileType, Metadata};
use std::io::{ErrorKind, Read};
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

/// The largest file that is read, in bytes. The largest script of a thousand real repos has a tenth of it.
pub(crate) const MAX_BYTES: u64 = 8 * 1024 * 1024;

/// How much memory the texts of one repo may take. The scripts and settings of a real one take a hundredth of
/// it.
const MAX_TOTAL: usize = 128 * 1024 * 1024;

/// The directory outside of which nothing is read, or its contents at another time.
#[derive(Clone, Debug)]
pub(crate) struct Root {
    /// The canonical path: no links, no `..`.
    path: PathBuf,
    /// What is read instead of the disk.
    tree: Option<Rc<Tree>>,
    /// The recorder of each question and its answer.
    recorder: Option<Recorder>,
}

/// What the disk says about a file without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) size: u64,
    /// When it was last written, since 1970.
    pub(crate) seconds: i64,
    pub(crate) nanoseconds: u32,
}

impl Root {
    /// The root at `path`.
    ///
    /// # Errors
    /// A gap if there is no such directory or it cannot be entered.
    pub(crate) fn open(path: &Path) -> Result<Self, Gap> {
        let named = path.to_string_lossy().into_owned();
        let fail = |reason: String| Gap { file: named.clone(), place: None, reason };
        let canonical = path.canonicalize().map_err(|e| fail(describe(&e)))?;
        if !canonical.is_dir() {
            return Err(fail("not a directory".to_owned()));
        }
        Ok(Root { path: canonical, tree: None, recorder: None })
    }

    /// The same root with other files; the disk is no longer read.
    pub(crate) fn with_tree(&self, tree: Tree) -> Root {
        Root { path: self.path.clone(), tree: Some(Rc::new(tree)), recorder: None }
    }

    /// The same root; questions are recorded from now on.
    #[must_use]
    pub(crate) fn noted_by(self, recorder: Option<Recorder>) -> Root {
        Root { recorder, ..self }
    }

    /// The recorder for a path on disk; `None` for a path that cannot be asked about again.
    fn key<'p>(&self, path: &'p Path) -> Option<&'p str> {
        path.strip_prefix(&self.path).ok()?.to_str()
    }

    /// Records which of some files git has.
    pub(crate) fn note_committed(&self, paths: &[String], held: &[String]) {
        if let Some(recorder) = &self.recorder {
            recorder.committed(paths, held);
        }
    }

    /// What is read instead of the disk.
    pub(crate) fn tree(&self) -> Option<&Tree> {
        self.tree.as_deref()
    }

    /// True if anything exists under `name`; a link need not lead anywhere.
    pub(crate) fn exists(&self, name: &str) -> bool {
        if let Some(tree) = &self.tree {
            return self.name(Path::new(name)).is_some_and(|name| tree.entry(&name).is_some());
        }
        let exists = self.locate(name).symlink_metadata().is_ok();
        if let Some(recorder) = &self.recorder {
            recorder.exists(Some(name), exists);
        }
        exists
    }

    /// The size of a regular file in bytes; `None` for anything else, including a link.
    pub(crate) fn size(&self, name: &str) -> Option<u64> {
        if let Some(tree) = &self.tree {
            return tree.size(name);
        }
        let known = self.locate(name).symlink_metadata().ok().filter(Metadata::is_file);
        let size = known.map(|known| known.len());
        if let Some(recorder) = &self.recorder {
            recorder.size(Some(name), size);
        }
        size
    }

    /// What the disk says about a regular file; `None` for anything else, including a link, and if there is
    /// no disk.
    pub(crate) fn stat(&self, name: &str) -> Option<Stat> {
        // Times are not contents, so a result that depends on them is not kept.
        self.recorder.iter().for_each(Recorder::tear);
        let known = self.locate(name).symlink_metadata().ok().filter(Metadata::is_file);
        let known = known.filter(|_| self.tree.is_none())?;
        let time = known.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok();
        let seconds = time.map_or(-1, |time| i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
        Some(Stat { size: known.len(), seconds, nanoseconds: time.map_or(0, |time| time.subsec_nanos()) })
    }

    /// The target of a link on disk; it is not followed.
    pub(crate) fn link(&self, name: &str) -> Option<String> {
        self.recorder.iter().for_each(Recorder::tear);
        let target = std::fs::read_link(self.locate(name)).ok().filter(|_| self.tree.is_none())?;
        Some(target.to_string_lossy().into_owned())
    }

    /// The bytes of a file inside the root, by its name in output.
    ///
    /// # Errors
    /// Why they are not read.
    pub(crate) fn bytes(&self, name: &str) -> Result<Vec<u8>, String> {
        let Some(name) = self.name(Path::new(name)) else {
            return Err("is outside the project's root, so it is not read".to_owned());
        };
        self.contents(&self.path.join(&name), &name)
    }

    /// The canonical path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The name of `path` (absolute, or relative to the root) in output: relative to the root, with `/`.
    /// `None` if it is not inside. Links are not resolved if the path itself stays inside.
    pub(crate) fn name(&self, path: &Path) -> Option<String> {
        let inside = if path.is_absolute() {
            match path.strip_prefix(&self.path) {
                Ok(rest) => rest.to_path_buf(),
                // The root itself may have been reached through a link.
                Err(_) => {
                    let parent = path.parent()?.canonicalize().ok()?;
                    let tail = parent.strip_prefix(&self.path).ok()?;
                    tail.join(path.file_name()?)
                }
            }
        } else {
            path.to_path_buf()
        };
        let mut parts: Vec<String> = Vec::new();
        for component in inside.components() {
            match component {
                Component::Normal(part) => parts.push(part.to_string_lossy().into_owned()),
                Component::CurDir => {}
                Component::ParentDir => {
                    parts.pop()?;
                }
                Component::RootDir | Component::Prefix(_) => return None,
            }
        }
        Some(parts.join("/"))
    }

    /// The path on disk of a name in output.
    pub(crate) fn locate(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Reads a file once; a second call returns the same id. `path` is absolute or relative to the root.
    ///
    /// # Errors
    /// A gap that says why it was not read: missing, a FIFO, a device, a directory, a link out of the root, too
    /// large, unreadable, not text.
    pub(crate) fn read(&self, path: impl AsRef<Path>, sources: &mut Sources) -> Result<FileId, Gap> {
        let path = path.as_ref();
        let Some(name) = self.name(path) else {
            return Err(Gap {
                file: path.to_string_lossy().into_owned(),
                place: None,
                reason: "is outside the project's root, so it is not read".to_owned(),
            });
        };
        if let Some(known) = sources.find(&name) {
            return Ok(known);
        }
        let gap = |reason: String| Gap { file: name.clone(), place: None, reason };
        // A name that is not UTF-8 cannot be rebuilt from its output form.
        let on_disk = if path.is_absolute() { path.to_path_buf() } else { self.path.join(path) };
        let bytes = self.contents(&on_disk, &name).map_err(gap)?;
        match SourceFile::new(name.clone(), bytes) {
            Ok(file) if sources.size() + file.size() > MAX_TOTAL => {
                Err(gap(format!("the texts before it take {} MiB, so it is not read", MAX_TOTAL >> 20)))
            }
            Ok(file) => Ok(sources.add(file)),
            Err(not_text) => {
                Err(gap(format!("binary, not text: it holds a NUL byte at offset {}", not_text.nul_at)))
            }
        }
    }

    /// The bytes of a regular file of at most `most` bytes, by its name in output, for a look that needs no
    /// text. Links are not followed.
    pub(crate) fn peek(&self, name: &str, most: u64) -> Option<Vec<u8>> {
        let small = self.size(name).is_some_and(|size| size <= most);
        small.then(|| self.bytes(name).ok()).flatten()
    }

    fn contents(&self, path: &Path, name: &str) -> Result<Vec<u8>, String> {
        if let Some(tree) = &self.tree {
            return tree.bytes(name);
        }
        let read = self.on_disk(path);
        if let Some(recorder) = &self.recorder {
            recorder.content(self.key(path), read.as_deref().map_err(String::as_str));
        }
        read
    }

    fn on_disk(&self, path: &Path) -> Result<Vec<u8>, String> {
        let target = path.canonicalize().map_err(|e| describe(&e))?;
        if !target.starts_with(&self.path) {
            return Err("a symbolic link that leads out of the project's root".to_owned());
        }
        // Opening a FIFO blocks until somebody writes. So the kind is checked first, and again after opening.
        let before = target.metadata().map_err(|e| describe(&e))?;
        refuse(&before)?;
        let file = File::open(&target).map_err(|e| describe(&e))?;
        refuse(&file.metadata().map_err(|e| describe(&e))?)?;
        let mut bytes = Vec::with_capacity(before.len() as usize);
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|e| describe(&e))?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(too_large(bytes.len() as u64));
        }
        Ok(bytes)
    }
}

fn refuse(metadata: &Metadata) -> Result<(), String> {
    if !metadata.is_file() {
        return Err(format!("{}, not a regular file", kind(metadata.file_type())));
    }
    if metadata.len() > MAX_BYTES {
        return Err(too_large(metadata.len()));
    }
    Ok(())
}

fn too_large(bytes: u64) -> String {
    format!("larger than {} MiB ({} bytes or more), so it is not read", MAX_BYTES / (1024 * 1024), bytes)
}

#[cfg(unix)]
fn kind(file_type: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    if file_type.is_dir() {
        "a directory"
    } else if file_type.is_fifo() {
        "a FIFO"
    } else if file_type.is_socket() {
        "a socket"
    } else if file_type.is_char_device() || file_type.is_block_device() {
        "a device"
    } else {
        "a special file"
    }
}

#[cfg(not(unix))]
fn kind(file_type: FileType) -> &'static str {
    if file_type.is_dir() { "a directory" } else { "a special file" }
}

fn describe(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "no such file".to_owned(),
        ErrorKind::PermissionDenied => "cannot be read: permission denied".to_owned(),
        // ELOOP has no stable kind yet.
        _ if error.to_string().contains("symbolic links") => {
            "a symbolic link that leads in a circle".to_owned()
        }
        _ => format!("could not be read: {error}"),
    }
}

/// Files that mark the top of a project without `.git`.
const MARKS: &[&str] = &[
    "compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml", "pyproject.toml",
    "requirements.txt", "setup.py", "Pipfile", "manage.py", "package.json", "Gemfile", "composer.json",
    "go.mod", "Cargo.toml", "deploylint.yaml",
];

/// The root of the project that `target` belongs to. A directory is its own root. For a file it is the
/// nearest ancestor with `.git` (a worktree or submodule has a file of that name), else the nearest with a
/// compose file or a manifest, else the file's own directory. Only names are looked at.
pub(crate) fn find_root(target: &Path) -> PathBuf {
    let absolute = std::path::absolute(target).unwrap_or_else(|_| target.to_path_buf());
    if absolute.is_dir() {
        return absolute.canonicalize().unwrap_or(absolute);
    }
    // A link belongs to the project that contains it, not to its target's.
    let own = absolute.parent().unwrap_or(Path::new("."));
    let own = own.canonicalize().unwrap_or_else(|_| own.to_path_buf());
    let holds = |directory: &Path, name: &str| directory.join(name).symlink_metadata().is_ok();
    own.ancestors()
        .find(|d| holds(d, ".git"))
        .or_else(|| own.ancestors().find(|d| MARKS.iter().any(|mark| holds(d, mark))))
        .map_or_else(|| own.clone(), Path::to_path_buf)
}

/// True for a directory that is a project's root: it contains what [`find_root`] looks for.
pub(crate) fn is_marked(directory: &Path) -> bool {
    let holds = |name: &str| directory.join(name).symlink_metadata().is_ok();
    holds(".git") || MARKS.iter().any(|mark| holds(mark))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn project(files: &[(&str, &[u8])]) -> (tempfile::TempDir, Root) {
        let dir = crate::support::project_of_bytes(files);
        let root = Root::open(dir.path()).unwrap();
        (dir, root)
    }

    fn reason(root: &Root, name: &str) -> String {
        let gap = root.read(name, &mut Sources::default()).unwrap_err();
        assert!(!gap.reason.contains(&*root.path().to_string_lossy()));
        gap.reason
    }

    #[test]
    fn a_file_is_read_once_and_named_from_the_root() {
        let (_dir, root) = project(&[("deploy/start.sh", b"\xef\xbb\xbfecho\r\n")]);
        let mut sources = Sources::default();
        let id = root.read("deploy/start.sh", &mut sources).unwrap();
        assert_eq!(sources.file(id).path(), "deploy/start.sh");
        assert_eq!(sources.file(id).text(), "echo\n");
        for same in ["./deploy/start.sh".into(), root.locate("deploy/../deploy/start.sh")] {
            assert_eq!(root.read(same, &mut sources), Ok(id));
        }
    }

    #[test]
    fn what_is_not_a_plain_text_file_is_named() {
        let (_dir, root) = project(&[("bin.sh", b"ELF\0"), ("d/x", b"")]);
        assert_eq!(reason(&root, "d"), "a directory, not a regular file");
        assert_eq!(reason(&root, "missing.sh"), "no such file");
        assert!(reason(&root, "bin.sh").starts_with("binary, not text"));
        assert!(reason(&root, "../other/start.sh").contains("outside"));
        let large = File::create(root.locate("large.sh")).unwrap();
        large.set_len(MAX_BYTES + 1).unwrap();
        assert!(reason(&root, "large.sh").starts_with("larger than 8 MiB"));
    }

    #[test]
    fn texts_that_together_take_too_much_memory_are_not_read() {
        // Each byte may need five: one for itself, and four if a line starts there.
        let large = vec![b'\n'; 7 << 20];
        let (_dir, root) = project(&[
            ("a.sh", &large),
            ("b.sh", &large),
            ("c.sh", &large),
            ("d.sh", &large),
            ("e.sh", b"true\n"),
        ]);
        let mut sources = Sources::default();
        let read: Vec<bool> = ["a.sh", "b.sh", "c.sh", "d.sh", "e.sh"]
            .iter()
            .map(|name| root.read(name, &mut sources).is_ok())
            .collect();
        // Small files may still be read.
        assert_eq!(read, [true, true, true, false, true]);
    }

    #[cfg(unix)]
    #[test]
    fn a_fifo_does_not_block() {
        let (_dir, root) = project(&[]);
        let made = std::process::Command::new("mkfifo").arg(root.locate("start.sh")).status();
        if made.is_ok_and(|s| s.success()) {
            assert_eq!(reason(&root, "start.sh"), "a FIFO, not a regular file");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_inside_the_root_only() {
        use std::os::unix::fs::symlink;
        let (_dir, root) = project(&[("real.sh", b"true\n")]);
        symlink("real.sh", root.locate("inside.sh")).unwrap();
        symlink("/etc/passwd", root.locate("outside.sh")).unwrap();
        symlink("/etc", root.locate("etc")).unwrap();
        symlink("b.sh", root.locate("a.sh")).unwrap();
        symlink("a.sh", root.locate("b.sh")).unwrap();
        symlink("/dev/null", root.locate("null.sh")).unwrap();
        let mut sources = Sources::default();
        let id = root.read("inside.sh", &mut sources).unwrap();
        assert_eq!(sources.file(id).path(), "inside.sh");
        for name in ["outside.sh", "etc/passwd", "null.sh"] {
            assert!(reason(&root, name).contains("out of the project's root"), "{name}");
        }
        assert_eq!(reason(&root, "a.sh"), "a symbolic link that leads in a circle");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_without_permission_is_a_gap() {
        use std::os::unix::fs::PermissionsExt;
        let (_dir, root) = project(&[("secret.sh", b"true\n")]);
        fs::set_permissions(root.locate("secret.sh"), fs::Permissions::from_mode(0o0)).unwrap();
        // The superuser can read it anyway.
        if File::open(root.locate("secret.sh")).is_err() {
            assert!(reason(&root, "secret.sh").contains("permission denied"));
        }
        let denied = std::io::Error::from(ErrorKind::PermissionDenied);
        assert_eq!(describe(&denied), "cannot be read: permission denied");
    }

    #[test]
    fn the_root_is_the_repository_or_else_the_nearest_manifest() {
        let (dir, root) = project(&[
            ("compose.yaml", b""),
            ("backend/pyproject.toml", b""),
            ("backend/deploy/start.sh", b""),
        ]);
        let script = dir.path().join("backend/deploy/start.sh");
        assert_eq!(find_root(&script), root.locate("backend"));
        fs::create_dir(dir.path().join(".git")).unwrap();
        assert_eq!(find_root(&script), root.path());
        assert_eq!(find_root(&dir.path().join("backend")), root.locate("backend"));
    }
}
