//! Repositories that are odd, damaged or hostile. What can be read is read, and the rest is a gap or a note.

use super::{TODAY, summaries};
use crate::repo::files::Root;
use crate::repo::history::{History, Kind, Since, read_on};
use crate::support::Repo;
use jiff::civil::date;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// The longest time that a repository may take. Without optimisation, and on a busy machine, the code is about twenty times
/// slower.
const PATIENCE: Duration = Duration::from_secs(if cfg!(debug_assertions) { 100 } else { 12 });

fn since(directory: &Path, since: &Since) -> History {
    let root = Root::open(directory).unwrap();
    read_on(&root, since, TODAY).unwrap()
}

/// The whole history.
fn all(directory: &Path) -> History {
    since(directory, &Since::Beginning)
}

/// A repository with two commits, `first` and `second`, each with a file.
fn two() -> Option<Repo> {
    let repo = Repo::new()?;
    repo.commit("2024-01-01 12:00 +0000", "first", &[("a", "a\n")]);
    repo.commit("2024-01-02 12:00 +0000", "second", &[("b/c", "c\n")]);
    Some(repo)
}

/// Checks that there is no history, for that reason, and that everything counts as new.
fn is_unread(directory: &Path, file: &str, reason: &str) {
    let found = all(directory);
    let told = found.gaps.iter().any(|gap| gap.file == file && gap.reason.contains(reason));
    assert!(told, "{file}: {reason}: {:?}", found.gaps);
    assert_eq!(found.notes, ["git could not be read, so everything counts as new"]);
    assert!(found.commits.is_empty() && found.head.is_none() && found.base.is_none());
    let own = directory.to_string_lossy().into_owned();
    assert!(found.gaps.iter().all(|gap| !gap.reason.contains(&own)), "{:?}", found.gaps);
    // A revision that is named is not passed over.
    let named = read_on(&Root::open(directory).unwrap(), &Since::Revision("HEAD".to_owned()), TODAY);
    assert!(named.is_err());
}

/// The path of the loose object of that name.
fn object(repo: &Repo, id: &str) -> PathBuf {
    repo.path().join(".git/objects").join(&id[..2]).join(&id[2..])
}

fn damage(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    bytes.truncate(bytes.len() / 2);
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

/// Makes an object of this kind with these bytes, whatever git thinks of them.
fn make(repo: &Repo, kind: &str, bytes: &[u8]) -> String {
    let path = repo.path().join(".git/made");
    fs::write(&path, bytes).unwrap();
    repo.git(&["hash-object", "-t", kind, "-w", "--literally", ".git/made"])
}

#[test]
fn no_commit_yet() {
    let Some(repo) = Repo::new() else { return };
    repo.write("start.sh", "true\n");
    for asked in [Since::Beginning, Since::Date(date(2024, 1, 1))] {
        let found = since(&repo.path(), &asked);
        assert_eq!(found.notes, ["there is no commit yet, so everything counts as new"]);
        assert_eq!((found.gaps, found.head, found.base), (vec![], None, None));
    }
    let root = Root::open(&repo.path()).unwrap();
    assert!(read_on(&root, &Since::Revision("main".to_owned()), TODAY).is_err());
}

#[test]
fn a_shallow_clone() {
    let Some(repo) = two() else { return };
    repo.commit("2024-01-03 12:00 +0000", "third", &[("a", "b\n")]);
    let source = format!("file://{}", repo.path().display());
    let clone = Repo::with(&["clone", "-q", "--depth", "2", &source, "."]).unwrap();
    let found = since(&clone.path(), &Since::Date(date(2024, 1, 1)));
    assert_eq!(summaries(&found), ["third", "second"]);
    assert!(found.notes[0].starts_with("this is a shallow clone: the history before "), "{:?}", found.notes);
    assert_eq!((found.gaps, found.base), (vec![], None));
    // The oldest commit that is there can still be the base.
    let found = since(&clone.path(), &Since::Date(date(2024, 1, 2)));
    assert_eq!((summaries(&found), found.notes.len()), (vec!["third"], 0));
}

#[test]
fn a_detached_head() {
    let Some(repo) = two() else { return };
    repo.git(&["checkout", "-q", "--detach", "HEAD~1"]);
    let found = all(&repo.path());
    assert_eq!(summaries(&found), ["first"]);
    assert_eq!(found.head.unwrap().branch, None);
    assert_eq!(found.notes, ["no branch is checked out (a detached HEAD)"]);
}

#[test]
fn a_bare_repository() {
    let Some(repo) = Repo::with(&["init", "-q", "--bare", "-b", "main", "."]) else { return };
    is_unread(&repo.path(), "", "a bare repository: there is no working tree to review");
}

#[test]
fn a_linked_work_tree_and_a_submodule() {
    let Some(repo) = two() else { return };
    let other = tempfile::tempdir().unwrap();
    let linked = other.path().canonicalize().unwrap().join("linked");
    repo.git(&["worktree", "add", "-q", "-b", "side", linked.to_str().unwrap(), "HEAD~1"]);
    fs::write(linked.join("new"), "x\n").unwrap();
    let found = all(&linked);
    assert_eq!((summaries(&found), &found.gaps), (vec!["first"], &vec![]));
    assert_eq!(found.head.unwrap().branch.as_deref(), Some("side"));
    assert_eq!(found.working.iter().map(|f| f.path.as_str()).collect::<Vec<_>>(), ["new"]);

    let above = Repo::new().unwrap();
    above.git(&["submodule", "--quiet", "add", repo.path().to_str().unwrap(), "lib"]);
    above.commit("2024-02-01 12:00 +0000", "with lib", &[]);
    fs::write(above.path().join("lib/own"), "x\n").unwrap();
    let found = all(&above.path());
    let files: Vec<_> = found.commits[0].files.iter().map(|f| f.path.as_str()).collect();
    assert_eq!((files, &found.gaps), (vec![".gitmodules", "lib"], &vec![]));
    assert_eq!(found.working, []);
    let root = Root::open(&above.path()).unwrap();
    assert_eq!(found.texts(&root, &found.commits[0].files[1]), (None, None));
    let inside = all(&above.path().join("lib"));
    assert_eq!((summaries(&inside), &inside.gaps), (vec!["second", "first"], &vec![]));
    assert_eq!(inside.working.len(), 1);
}

#[test]
fn a_git_that_leads_elsewhere() {
    let Some(other) = two() else { return };
    let theirs = other.path().join(".git");
    let none = |name: &str, text: &str, reason: &str| {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        fs::write(root.join(name), text).unwrap();
        is_unread(&root, ".git", reason);
    };
    none(".git", &format!("gitdir: {}\n", theirs.display()), "does not point back");
    none(".git", "gitdir: /nowhere/at/all\n", "a directory that does not exist");
    none(".git", "gitdir:", "does not point back");
    none(".git", "hello\n", "a file that names no directory");
    none(".git", "", "a file that names no directory");
    none(".git", &"gitdir: x".repeat(200_000), "neither a directory nor a file that names one");
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        symlink(&theirs, root.join(".git")).unwrap();
        is_unread(&root, ".git", "leads out of the work tree");
        fs::remove_file(root.join(".git")).unwrap();
        symlink(".git", root.join(".git")).unwrap();
        is_unread(&root, ".git", "leads nowhere");
    }
    // This is a real directory that borrows the objects of another repository.
    let Some(repo) = two() else { return };
    let git = repo.path().join(".git");
    fs::write(git.join("commondir"), theirs.to_str().unwrap()).unwrap();
    is_unread(&repo.path(), ".git", "`commondir` leads to a directory that does not know this work tree");
    fs::remove_file(git.join("commondir")).unwrap();
    let alternates = git.join("objects/info/alternates");
    fs::write(&alternates, theirs.join("objects").to_str().unwrap()).unwrap();
    is_unread(&repo.path(), ".git/objects/info/alternates", "borrows objects from another repository");
    fs::write(&alternates, "\n").unwrap();
    assert_eq!(all(&repo.path()).commits.len(), 2);
}

#[cfg(unix)]
#[test]
fn parts_of_git_that_are_links_or_block() {
    use std::os::unix::fs::symlink;
    let Some(other) = two() else { return };
    for name in ["objects", "refs", "HEAD", "config", "refs/heads/main", "packed-refs", "index"] {
        let Some(repo) = two() else { return };
        let git = repo.path().join(".git");
        let part = git.join(name);
        let theirs = other.path().join(".git").join(name);
        let _ = fs::remove_file(&part).or_else(|_| fs::remove_dir_all(&part));
        if !theirs.exists() {
            fs::write(&theirs, "").unwrap();
        }
        symlink(&theirs, &part).unwrap();
        is_unread(&repo.path(), &format!(".git/{name}"), "leads out of git's directory");
    }
    for name in ["HEAD", "config", "packed-refs", "index", "refs/heads/x", "objects/info/x", "shallow"] {
        let Some(repo) = two() else { return };
        let part = repo.path().join(".git").join(name);
        let _ = fs::remove_file(&part);
        let made = Command::new("mkfifo").arg(&part).status();
        if made.is_ok_and(|s| s.success()) {
            is_unread(&repo.path(), &format!(".git/{name}"), "not a regular file");
        }
    }
}

#[test]
fn damaged_objects() {
    let Some(repo) = two() else { return };
    let first = repo.git(&["rev-parse", "HEAD~1"]);
    let gap = |found: &History, reason: &str| {
        assert!(found.gaps.iter().any(|g| g.file == ".git" && g.reason.contains(reason)), "{:?}", found.gaps);
        assert!(found.partial);
    };
    // If a blob is damaged, its file is still named.
    repo.commit(
        "2024-01-03 12:00 +0000",
        "third",
        &[("b/c", "longer text, so that half of it is not nothing\n")],
    );
    let blob = repo.git(&["rev-parse", "HEAD:b/c"]);
    damage(&object(&repo, &blob));
    let root = Root::open(&repo.path()).unwrap();
    let found = since(&repo.path(), &Since::Date(date(2024, 1, 2)));
    assert_eq!((found.commits[0].files[0].path.as_str(), found.commits.len()), ("b/c", 1));
    assert_eq!(found.texts(&root, &found.commits[0].files[0]), (Some("c\n".to_owned()), None));
    // If a tree is damaged, the commit is still named.
    let tree = repo.git(&["rev-parse", "HEAD:b"]);
    damage(&object(&repo, &tree));
    let found = since(&repo.path(), &Since::Date(date(2024, 1, 2)));
    assert_eq!(summaries(&found), ["third"]);
    gap(&found, "its changes are unknown");
    gap(&found, "not all of HEAD's tree can be read");
    // The tree that was reviewed is damaged too.
    let old = repo.git(&["rev-parse", "HEAD~1^{tree}"]);
    damage(&object(&repo, &old));
    let found = since(&repo.path(), &Since::Date(date(2024, 1, 2)));
    assert!(found.reviewed(&root).unwrap_err().reason.contains("not all of the reviewed"), "{found:?}");
    // A commit in between is damaged.
    damage(&object(&repo, &first));
    let found = all(&repo.path());
    assert_eq!(summaries(&found), ["third", "second"]);
    gap(&found, "a commit is missing or damaged");
    // The commit that is checked out is damaged.
    let head = repo.git(&["rev-parse", "HEAD"]);
    damage(&object(&repo, &head));
    is_unread(&repo.path(), ".git", "the commit that is checked out is missing or damaged");
}

#[test]
fn damaged_packs_and_files_of_git() {
    let Some(repo) = two() else { return };
    let git = repo.path().join(".git");
    let works = |text: &str| {
        fs::write(git.join("index"), text).unwrap();
        let found = all(&repo.path());
        assert_eq!((found.commits.len(), &found.gaps, &found.working), (2, &vec![], &vec![]), "{text:?}");
    };
    works("");
    works("DIRC garbage");
    fs::remove_file(git.join("index")).unwrap();
    // git does the same: if one line is wrong, no reference can be trusted.
    fs::write(git.join("packed-refs"), "garbage\n\0\n").unwrap();
    is_unread(&repo.path(), ".git", "HEAD does not name anything that could be read");
    fs::remove_file(git.join("packed-refs")).unwrap();
    for head in ["", "garbage", "ref: refs/../../../etc/passwd\n", "ref: refs/heads/../../x\n", "ref: \n"] {
        fs::write(git.join("HEAD"), head).unwrap();
        let found = all(&repo.path());
        assert!(found.commits.is_empty() && found.head.is_none(), "{head}: {found:?}");
        assert!(!found.notes.is_empty());
    }
    fs::write(git.join("HEAD"), "ref: refs/heads/main\n").unwrap();
    repo.git(&["gc", "-q", "--prune=now"]);
    for ending in ["idx", "pack"] {
        for entry in fs::read_dir(git.join("objects/pack")).unwrap().flatten() {
            if entry.path().extension().is_some_and(|e| e == ending) {
                damage(&entry.path());
            }
        }
        let found = all(&repo.path());
        assert!(!found.gaps.is_empty() && found.commits.len() < 2, "{found:?}");
        assert!(found.gaps.iter().all(|gap| !gap.reason.contains("bug")), "{found:?}");
    }
}

#[test]
fn formats_that_are_not_read() {
    if let Some(repo) = Repo::with(&["init", "-q", "-b", "main", "--object-format=sha256", "."]) {
        repo.commit("2024-01-01 12:00 +0000", "first", &[("a", "a\n")]);
        is_unread(&repo.path(), ".git/config", "its objects are named by sha256, which cannot be read yet");
    }
    let Some(repo) = two() else { return };
    repo.git(&["config", "core.repositoryformatversion", "1"]);
    let config = repo.path().join(".git/config");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}[extensions]\n\trefStorage = reftable\n")).unwrap();
    is_unread(&repo.path(), ".git/config", "its references are kept as a reftable, which cannot be read yet");
    // A configuration that makes no sense, or leads elsewhere, is ignored.
    let outside = tempfile::tempdir().unwrap();
    let elsewhere = format!("{text}[core]\n\tworktree = {}\n", outside.path().display());
    for text in ["", "[core\n", &elsewhere, &format!("{text}[include]\n\tpath = /dev/zero\n")] {
        fs::write(&config, text).unwrap();
        let found = all(&repo.path());
        let unread = found.notes.iter().any(|note| note.contains("could not be read"));
        assert!(found.commits.len() == 2 || unread && !found.gaps.is_empty(), "{text}: {found:?}");
    }
}

#[cfg(unix)]
#[test]
fn names_that_are_not_utf_8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let Some(repo) = Repo::new() else { return };
    let odd = repo.path().join(OsStr::from_bytes(b"caf\xe9.sh"));
    if fs::write(&odd, "a\n").is_err() {
        return;
    }
    repo.commit("2024-01-01 12:00 +0000", "first", &[("new\nline.sh", "x\n"), ("tab\t\u{1b}.sh", "x\n")]);
    let found = all(&repo.path());
    let files: Vec<_> = found.commits[0].files.iter().map(|f| f.path.as_str()).collect();
    assert_eq!(files, ["caf\u{fffd}.sh", "new\nline.sh", "tab\t\u{1b}.sh"]);
    assert_eq!(found.working, []);
    assert!(found.gaps[0].reason.contains("its name is not UTF-8"), "{:?}", found.gaps);
    let root = Root::open(&repo.path()).unwrap();
    assert_eq!(found.texts(&root, &found.commits[0].files[0]).1.as_deref(), Some("a\n"));
}

#[test]
fn commits_that_nobody_would_write() {
    let Some(repo) = two() else { return };
    let tree = repo.git(&["rev-parse", "HEAD^{tree}"]);
    let who = "Ann <ann@example.com>";
    let mut parent = repo.git(&["rev-parse", "HEAD"]);
    for (when, message) in [
        ("99999999999999999 +0000", "beyond any calendar"),
        ("-1 +0000", "before the epoch"),
        ("1704200000 +9999", "in a zone that is none"),
        ("now", "without a date"),
        ("1704200000 -0800", "\u{1b}[2Jcleared\u{7}\u{202e}\n\nmore"),
        ("1704200000 +0000", ""),
    ] {
        let text =
            format!("tree {tree}\nparent {parent}\nauthor {who} {when}\ncommitter {who} {when}\n\n{message}");
        parent = make(&repo, "commit", text.as_bytes());
    }
    repo.git(&["update-ref", "refs/heads/main", &parent]);
    let found = all(&repo.path());
    assert_eq!(found.commits.len(), 8, "{:?}", found.gaps);
    assert_eq!(found.commits[0].summary, "");
    assert_eq!(found.commits[1].summary, "[2Jcleared\u{202e}");
    assert_eq!(found.commits[1].date, date(2024, 1, 2));
    assert_eq!(found.commits[6].summary, "second");
    assert_eq!(since(&repo.path(), &Since::Date(date(2024, 1, 1))).commits.len(), 7);
    // This is not a commit.
    for text in ["", "tree", &format!("tree {tree}\n"), &format!("tree {tree}\nparent x\n\n")] {
        let odd = make(&repo, "commit", text.as_bytes());
        fs::write(repo.path().join(".git/refs/heads/main"), odd + "\n").unwrap();
        let found = all(&repo.path());
        assert!(found.commits.len() <= 1, "{text}: {found:?}");
    }
}

#[test]
fn trees_within_trees() {
    let Some(repo) = Repo::new() else { return };
    // Each tree has ten names for the next one, ten levels deep, which makes 10^10 files.
    let mut id = repo.git(&["hash-object", "-w", "--stdin"]);
    let mut mode = "100644";
    for _ in 0..10 {
        let mut bytes = Vec::new();
        for i in 0..10 {
            bytes.extend(format!("{} f{i}\0", mode.trim_start_matches('0')).bytes());
            bytes.extend((0..20).map(|b| u8::from_str_radix(&id[b * 2..b * 2 + 2], 16).unwrap()));
        }
        id = make(&repo, "tree", &bytes);
        mode = "040000";
    }
    let commit = repo.git(&["commit-tree", "-m", "bomb", &id]);
    repo.git(&["update-ref", "refs/heads/main", &commit]);
    let started = Instant::now();
    let found = all(&repo.path());
    assert!(found.gaps.iter().any(|g| g.reason.contains("more files than are listed")), "{:?}", found.gaps);
    assert!(found.partial);
    let root = Root::open(&repo.path()).unwrap();
    let found = since(&repo.path(), &Since::Date(date(2024, 1, 2)));
    assert!(found.reviewed(&root).is_err());
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
}

#[test]
fn five_thousand_commits() {
    let Some(repo) = Repo::new() else { return };
    let mut stream = String::new();
    for i in 0..5000 {
        let text = format!("{i}\n");
        stream += &format!(
            "commit refs/heads/main\ncommitter Ann <ann@example.com> {} +0000\ndata 4\n{i:04}\nM 100644 inline d{}/f\ndata {}\n{text}\n",
            1_700_000_000 + i * 60,
            i % 50,
            text.len()
        );
    }
    let path = repo.path().join(".git/stream");
    fs::write(&path, stream).unwrap();
    let ran = Command::new("git")
        .args(["fast-import", "--quiet"])
        .current_dir(repo.path())
        .stdin(File::open(path).unwrap())
        .status();
    assert!(ran.unwrap().success());
    repo.git(&["reset", "-q", "--hard", "main"]);
    let started = Instant::now();
    let found = since(&repo.path(), &Since::Date(date(2023, 11, 14)));
    assert!(started.elapsed() < PATIENCE / 4, "{:?}", started.elapsed());
    // About the first hour and a half belongs to the day that was reviewed.
    assert_eq!(found.commits.len() as i64, 5000 - (86_400 - (1_700_000_000 % 86_400) + 59) / 60);
    assert_eq!(found.commits[0].summary, "4999");
    assert!(found.commits.iter().all(|c| c.files.len() == 1 && c.files[0].kind == Kind::Modified));
    assert_eq!((found.working, found.gaps), (vec![], vec![]));
}

#[test]
fn files_that_are_too_large_are_named() {
    let Some(repo) = two() else { return };
    let large = "x".repeat(9 * 1024 * 1024);
    repo.commit("2024-01-03 12:00 +0000", "large", &[("large.sh", &large)]);
    let found = since(&repo.path(), &Since::Date(date(2024, 1, 2)));
    let change = &found.commits[0].files[0];
    let root = Root::open(&repo.path()).unwrap();
    assert_eq!(change.path, "large.sh");
    assert_eq!(found.texts(&root, change), (None, None));
    assert_eq!((&found.working, &found.gaps), (&vec![], &vec![]));
    let snapshot = since(&repo.path(), &Since::Date(date(2024, 1, 3))).reviewed(&root).unwrap().unwrap();
    assert!(snapshot.bytes("large.sh").unwrap_err().starts_with("larger than 8 MiB"));
}
