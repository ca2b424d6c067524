//! Throw-away projects and repositories. The crate's own unit tests include this file as `crate::support`.

use std::cell::RefCell;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The top of this repo.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Writes a file, and creates the directories above it.
pub(crate) fn write(dir: &Path, name: &str, content: impl AsRef<[u8]>) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// A directory with these files, which is removed when the test ends.
pub(crate) fn project(files: &[(&str, &str)]) -> TempDir {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    project_of_bytes(&files)
}

/// Like [`project`], with files that need not be text.
pub(crate) fn project_of_bytes(files: &[(&str, &[u8])]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        write(dir.path(), name, bytes);
    }
    dir
}

/// Reports that a test could not run. The harness hides what a passing test prints, so this writes past it.
pub(crate) fn skipped(test: &str, missing: &str) {
    let _ = writeln!(std::io::stderr().lock(), "SKIPPED {test}: no {missing} on this machine");
}

/// A repository that the `git` program makes without anyone's configuration. It is removed when the test ends.
pub(crate) struct Repo {
    dir: tempfile::TempDir,
    date: RefCell<String>,
}

impl Repo {
    /// An empty repository; `None`, with a note, if there is no `git`.
    pub(crate) fn new() -> Option<Repo> {
        Self::with(&["init", "-q", "-b", "main", "."])
    }

    /// A repository that this `git` command makes in an empty directory.
    pub(crate) fn with(arguments: &[&str]) -> Option<Repo> {
        if Command::new("git").arg("--version").output().is_err() {
            skipped("a test of git repositories", "git");
            return None;
        }
        let repo = Repo { dir: tempfile::tempdir().unwrap(), date: RefCell::default() };
        repo.date("2024-01-01 12:00 +0000");
        repo.git(arguments);
        Some(repo)
    }

    /// Its path, without links.
    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().canonicalize().unwrap()
    }

    /// Sets the date of all later commits.
    pub(crate) fn date(&self, date: &str) {
        date.clone_into(&mut self.date.borrow_mut());
    }

    /// Runs git, which must not fail, and returns its output.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        self.git_in(self.dir.path(), arguments)
    }

    /// Runs git in another directory.
    pub(crate) fn git_in(&self, directory: &Path, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "commit.gpgsign=false"])
            .args(["-c", "protocol.file.allow=always", "-c", "gc.auto=0"])
            .args(arguments)
            .current_dir(directory)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_COMMITTER_DATE", &*self.date.borrow())
            .env("GIT_AUTHOR_DATE", &*self.date.borrow())
            .env("GIT_CEILING_DIRECTORIES", directory.parent().unwrap())
            .output()
            .unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, text: &str) {
        write(self.dir.path(), name, text);
    }

    /// Writes these files, commits everything, and returns the commit's id.
    pub(crate) fn commit(&self, date: &str, message: &str, files: &[(&str, &str)]) -> String {
        self.date(date);
        for (name, text) in files {
            self.write(name, text);
        }
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }
}
