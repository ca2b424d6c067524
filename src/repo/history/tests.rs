//! The history since a review, in throw-away repositories that `git` makes.

mod odd;

use crate::repo::files::Root;
use crate::repo::history::{FileChange, History, Kind, Since, committed, read_on};
use crate::repo::inventory::Inventory;
use crate::source::Sources;
use crate::support::Repo;
use jiff::civil::{Date, date};
use std::fs;

const TODAY: Date = date(2024, 6, 30);

fn history(repo: &Repo, since: &Since) -> History {
    let root = Root::open(&repo.path()).unwrap();
    let history = read_on(&root, since, TODAY).unwrap();
    assert_eq!(history.gaps, []);
    history
}

fn summaries(history: &History) -> Vec<&str> {
    history.commits.iter().map(|c| c.summary.as_str()).collect()
}

fn paths(files: &[FileChange]) -> Vec<(&str, Kind)> {
    files.iter().map(|f| (f.path.as_str(), f.kind)).collect()
}

#[test]
fn what_is_dated_after_the_day_counts() {
    let Some(repo) = Repo::new() else { return };
    repo.commit("2024-01-10 23:59 +0000", "first", &[("start.sh", "true\n")]);
    let second = repo.commit("2024-01-11 00:01 +0000", "second", &[("start.sh", "false\n"), ("b", "b\n")]);
    // It was still the eleventh at the place of the commit, and the twelfth in London.
    repo.commit("2024-01-11 23:00 -0800", "third", &[("c", "c\n")]);
    let found = history(&repo, &Since::Date(date(2024, 1, 10)));
    assert_eq!(summaries(&found), ["third", "second"]);
    assert_eq!(found.commits[1].id, second);
    assert_eq!(found.commits[1].date, date(2024, 1, 11));
    assert_eq!(paths(&found.commits[1].files), [("b", Kind::Added), ("start.sh", Kind::Modified)]);
    assert_eq!(found.base.as_ref().unwrap().date, date(2024, 1, 10));
    assert_eq!(found.head.as_ref().unwrap().branch.as_deref(), Some("main"));
    assert_eq!(summaries(&history(&repo, &Since::Date(date(2024, 1, 11)))), Vec::<&str>::new());
    let early = history(&repo, &Since::Date(date(2023, 1, 1)));
    assert_eq!(summaries(&early), ["third", "second", "first"]);
    assert_eq!(early.base, None);
    assert_eq!(summaries(&history(&repo, &Since::Beginning)), ["third", "second", "first"]);
}

#[test]
fn the_working_tree_is_the_newest_change() {
    let Some(repo) = Repo::new() else { return };
    repo.commit(
        "2024-01-10 12:00 +0000",
        "first",
        &[("a", "a\n"), ("b", "b\n"), ("crlf", "x\ny\n"), ("lfs", LFS), (".gitignore", "ignored\n")],
    );
    repo.write("a", "A\n");
    repo.write("new/c", "c\n");
    repo.write("ignored", "x\n");
    repo.write("crlf", "x\r\ny\r\n");
    repo.write("lfs", "12345");
    repo.write("node_modules/x/index.js", "");
    fs::remove_file(repo.path().join("b")).unwrap();
    let found = history(&repo, &Since::Date(date(2024, 6, 29)));
    assert_eq!(paths(&found.working), [("a", Kind::Modified), ("b", Kind::Removed), ("new/c", Kind::Added)]);
    let root = Root::open(&repo.path()).unwrap();
    let text = |i: usize| found.texts(&root, &found.working[i]);
    assert_eq!(text(0), (Some("a\n".to_owned()), Some("A\n".to_owned())));
    assert_eq!(text(1), (Some("b\n".to_owned()), None));
    assert_eq!(text(2), (None, Some("c\n".to_owned())));
    // A review of today saw the files as they are now.
    assert_eq!(history(&repo, &Since::Date(TODAY)).working, []);
    repo.write("lfs", "123456");
    assert_eq!(history(&repo, &Since::Beginning).working.len(), 4);
}

const LFS: &str = "version https://git-lfs.github.com/spec/v1\noid sha256:5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5\nsize 5\n";

#[test]
fn filters_of_the_configuration_are_not_run() {
    let Some(repo) = Repo::new() else { return };
    repo.commit(
        "2024-01-10 12:00 +0000",
        "first",
        &[("a.sh", "a\n"), (".gitattributes", "*.sh filter=x diff=x\n")],
    );
    let mark = repo.path().join("ran");
    let command = format!("touch {}", mark.display());
    for key in ["filter.x.clean", "filter.x.smudge", "filter.x.process", "diff.x.textconv", "diff.x.command"]
    {
        repo.git(&["config", key, &command]);
    }
    repo.git(&["config", "core.fsmonitor", &command]);
    repo.write("a.sh", "b\n");
    let found = history(&repo, &Since::Date(date(2024, 1, 10)));
    assert_eq!(paths(&found.working), [("a.sh", Kind::Modified)]);
    let root = Root::open(&repo.path()).unwrap();
    assert_eq!(found.texts(&root, &found.working[0]).1.as_deref(), Some("b\n"));
    assert!(!mark.exists());
}

#[test]
fn a_merge_brings_what_was_not_there_whenever_it_was_written() {
    let Some(repo) = Repo::new() else { return };
    repo.commit("2024-01-01 12:00 +0000", "root", &[("a", "1\n2\n3\n4\n5\n")]);
    repo.git(&["checkout", "-q", "-b", "feature"]);
    repo.commit("2024-01-05 12:00 +0000", "early on a branch", &[("b", "b\n")]);
    repo.git(&["checkout", "-q", "main"]);
    let reviewed = repo.commit("2024-01-10 12:00 +0000", "reviewed", &[("a", "1\n2\n3\n4\nfive\n")]);
    repo.date("2024-01-20 12:00 +0000");
    repo.git(&["merge", "-q", "--no-ff", "--no-commit", "feature"]);
    repo.write("a", "by the merge itself\n");
    repo.git(&["add", "-A"]);
    repo.git(&["commit", "-q", "-m", "merge"]);
    let found = history(&repo, &Since::Date(date(2024, 1, 15)));
    assert_eq!(found.base.as_ref().unwrap().id, reviewed);
    assert_eq!(summaries(&found), ["merge", "early on a branch"]);
    assert_eq!(paths(&found.commits[0].files), [("a", Kind::Modified)]);
    assert_eq!(paths(&found.commits[1].files), [("b", Kind::Added)]);
}

#[test]
fn the_line_of_the_last_review_names_the_commit() {
    let Some(repo) = Repo::new() else { return };
    let line = "Last review: 2024-01-10";
    let recorded = |document: &str| Since::Recorded {
        document: document.to_owned(),
        line: line.to_owned(),
        date: date(2024, 1, 10),
    };
    repo.commit(
        "2024-01-01 12:00 +0000",
        "first",
        &[("docs/r.md", "# Review\n\nLast review: 2023-01-10\n\nx\n")],
    );
    repo.commit("2024-01-10 10:00 +0000", "just before", &[("a", "a\n")]);
    repo.write("docs/r.md", &format!("# Review\n\n{line}\n\nx\n"));
    // It is not committed, so only the date counts, and the line itself is a change.
    let open = history(&repo, &recorded("docs/r.md"));
    assert!(open.notes[0].contains("not committed yet"), "{:?}", open.notes);
    assert_eq!(summaries(&open), Vec::<&str>::new());
    assert_eq!(paths(&open.working), [("docs/r.md", Kind::Modified)]);
    let base = repo.commit("2024-01-10 11:00 +0000", "reviewed", &[]);
    repo.commit("2024-01-10 12:00 +0000", "the same day", &[("a", "b\n")]);
    repo.git(&["mv", "docs/r.md", "REVIEW.md"]);
    repo.commit("2024-01-12 12:00 +0000", "moved", &[]);
    repo.commit("2024-01-13 12:00 +0000", "edited", &[("REVIEW.md", &format!("# Review\n\n{line}\n\ny\n"))]);
    let found = history(&repo, &recorded("REVIEW.md"));
    assert_eq!(found.base.as_ref().unwrap().id, base);
    assert_eq!(summaries(&found), ["edited", "moved", "the same day"]);
    assert_eq!(found.commits[1].files[0].from.as_deref(), Some("docs/r.md"));
    assert_eq!(found.notes, Vec::<String>::new());
}

#[test]
fn a_revision_may_be_named() {
    let Some(repo) = Repo::new() else { return };
    let first = repo.commit("2024-01-01 12:00 +0000", "first", &[("a", "a\n")]);
    repo.git(&["tag", "-a", "-m", "one", "v1"]);
    repo.commit("2024-01-02 12:00 +0000", "second", &[("a", "b\n")]);
    repo.git(&["checkout", "-q", "-b", "other", &first]);
    repo.commit("2024-01-03 12:00 +0000", "elsewhere", &[("b", "b\n")]);
    repo.git(&["checkout", "-q", "main"]);
    for name in ["v1", "HEAD~1", &first, &first[..8]] {
        assert_eq!(summaries(&history(&repo, &Since::Revision(name.to_owned()))), ["second"], "{name}");
    }
    let aside = history(&repo, &Since::Revision("other".to_owned()));
    assert_eq!(summaries(&aside), ["second"]);
    assert!(aside.notes[0].contains("HEAD is not based on other"), "{:?}", aside.notes);
    let root = Root::open(&repo.path()).unwrap();
    for name in ["nothing", "", "HEAD..v1", "HEAD:a", "-x", "0000", "^v1", "HEAD@{99}"] {
        let failed = read_on(&root, &Since::Revision(name.to_owned()), TODAY);
        assert_eq!(failed.map(|h| h.base).unwrap_err().name, name);
    }
}

#[test]
fn renames_are_followed_by_contents() {
    let Some(repo) = Repo::new() else { return };
    let text: String = (0..40).map(|i| format!("line {i}\n")).collect();
    repo.commit(
        "2024-01-01 12:00 +0000",
        "first",
        &[("a.sh", &text), ("same", "x\ny\n"), ("bin", "\0\u{1}")],
    );
    repo.git(&["mv", "a.sh", "b.sh"]);
    repo.git(&["mv", "same", "moved"]);
    repo.commit(
        "2024-01-02 12:00 +0000",
        "renamed",
        &[("b.sh", &text.replace("line 7\n", "line seven\n")), ("bin", "\0\u{2}"), ("other", "unlike\n")],
    );
    let found = history(&repo, &Since::Revision("HEAD~1".to_owned()));
    let root = Root::open(&repo.path()).unwrap();
    let files: Vec<_> =
        found.commits[0].files.iter().map(|f| (f.path.as_str(), f.kind, f.from.as_deref())).collect();
    assert_eq!(
        files,
        [
            ("b.sh", Kind::Renamed, Some("a.sh")),
            ("bin", Kind::Modified, None),
            ("moved", Kind::Renamed, Some("same")),
            ("other", Kind::Added, None),
        ]
    );
    let (before, after) = found.texts(&root, &found.commits[0].files[0]);
    assert!(before.unwrap().contains("line 7\n") && after.unwrap().contains("line seven\n"));
    assert_eq!(found.texts(&root, &found.commits[0].files[1]), (None, None));
}

#[test]
fn a_root_below_the_top_sees_its_own_files() {
    let Some(repo) = Repo::new() else { return };
    repo.commit("2024-01-01 12:00 +0000", "first", &[("backend/a", "a\n"), ("b", "b\n")]);
    repo.commit("2024-01-02 12:00 +0000", "outside", &[("b", "c\n")]);
    repo.commit("2024-01-03 12:00 +0000", "inside", &[("backend/a", "b\n")]);
    repo.write("backend/c", "c\n");
    repo.write("d", "d\n");
    let root = Root::open(&repo.path().join("backend")).unwrap();
    let found = read_on(&root, &Since::Revision("HEAD~2".to_owned()), TODAY).unwrap();
    assert_eq!(summaries(&found), ["inside", "outside"]);
    assert_eq!(paths(&found.commits[0].files), [("a", Kind::Modified)]);
    assert_eq!(found.commits[1].files, []);
    assert_eq!(paths(&found.working), [("c", Kind::Added)]);
    let old = found.reviewed(&root).unwrap().unwrap();
    assert_eq!(old.bytes("a").unwrap(), b"a\n");
    assert!(old.bytes("b").is_err() && old.bytes("../b").is_err());
    // This directory is not in git.
    repo.write("local/x", "x\n");
    let local = Root::open(&repo.path().join("local")).unwrap();
    let found = read_on(&local, &Since::Date(date(2024, 1, 1)), TODAY).unwrap();
    assert_eq!(found.base, None);
    assert!(found.notes[0].contains("does not track this directory"), "{:?}", found.notes);
}

#[test]
fn the_reviewed_tree_is_read_like_the_disk() {
    let Some(repo) = Repo::new() else { return };
    repo.commit(
        "2024-01-01 12:00 +0000",
        "first",
        &[
            ("deploy/start.sh", "apt-get install -y nginx\r\n"),
            ("compose.yaml", "services: {}\n"),
            (".env.example", "A=\n"),
        ],
    );
    repo.git(&["rm", "-q", "-r", "."]);
    repo.commit("2024-01-02 12:00 +0000", "all else", &[("other.sh", "")]);
    let root = Root::open(&repo.path()).unwrap();
    let found = history(&repo, &Since::Date(date(2024, 1, 1)));
    let old = found.reviewed(&root).unwrap().unwrap();
    let inventory = Inventory::of(&old);
    assert_eq!(inventory.scripts, ["deploy/start.sh"]);
    assert_eq!(inventory.compose, ["compose.yaml"]);
    assert_eq!(inventory.dotenv, [".env.example"]);
    let mut sources = Sources::default();
    let file = old.read("deploy/start.sh", &mut sources).unwrap();
    assert_eq!(sources.file(file).text(), "apt-get install -y nginx\n");
    assert_eq!(Inventory::of(&root).scripts, ["other.sh"]);
    assert!(history(&repo, &Since::Beginning).reviewed(&root).unwrap().is_none());
}

#[test]
fn packed_objects_and_references_are_read() {
    let Some(repo) = Repo::new() else { return };
    for i in 0..20 {
        let text: String = (0..200).map(|line| format!("{line} {}\n", line * i / 100)).collect();
        repo.commit(&format!("2024-01-{:02} 12:00 +0000", i + 1), &format!("commit {i}"), &[("a", &text)]);
    }
    repo.git(&["gc", "-q", "--aggressive", "--prune=now"]);
    repo.git(&["commit-graph", "write", "--reachable"]);
    let found = history(&repo, &Since::Date(date(2024, 1, 5)));
    assert_eq!(found.commits.len(), 15);
    let root = Root::open(&repo.path()).unwrap();
    let (before, after) = found.texts(&root, &found.commits[0].files[0]);
    assert!(before.unwrap().contains("199 35\n") && after.unwrap().contains("199 37\n"));
}

#[test]
fn clocks_that_went_wrong_hide_nothing() {
    let Some(repo) = Repo::new() else { return };
    repo.commit("@4102488000 +0000", "in the far future", &[("a", "1\n")]);
    repo.commit("2024-01-01 12:00 +0000", "reviewed", &[("a", "2\n")]);
    repo.commit("2024-02-01 12:00 +0000", "new", &[("a", "3\n")]);
    repo.commit("@0 +0000", "with the clock at nought", &[("a", "4\n")]);
    let found = history(&repo, &Since::Date(date(2024, 1, 15)));
    assert_eq!(summaries(&found), ["with the clock at nought", "new"]);
    assert_eq!(found.commits[0].date, date(1970, 1, 1));
    let future = history(&repo, &Since::Date(date(2030, 1, 1)));
    assert_eq!((summaries(&future), future.working.len()), (vec![], 0));
    assert!(future.notes[0].contains("is in the future"), "{:?}", future.notes);
}

#[test]
fn without_git_everything_is_new() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("start.sh"), "true\n").unwrap();
    let root = Root::open(dir.path()).unwrap();
    let found = read_on(&root, &Since::Date(date(2024, 1, 1)), TODAY).unwrap();
    assert!(found.base.is_none() && found.head.is_none() && found.commits.is_empty());
    assert_eq!(found.notes, ["there is no git, so everything counts as new"]);
    assert!(found.reviewed(&root).unwrap().is_none());
    assert!(read_on(&root, &Since::Revision("HEAD".to_owned()), TODAY).is_err());
}

#[test]
fn what_was_committed_before_it_was_ignored_is_in_git() {
    let Some(repo) = Repo::new() else { return };
    // The secret is put together here, so that no scanner takes this file for a leak.
    let secret = ["q7Xv2Lp9", "Rt4Kz8Wm3Nc6"].concat();
    let start = "#!/bin/bash\nset -euo pipefail\nnginx -t\nsystemctl reload nginx\n";
    let files = [(".env", format!("JWT_SECRET={secret}\n")), ("start.sh", start.to_owned())];
    let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
    repo.commit("2024-01-01 12:00 +0000", "All", &files);
    repo.commit("2024-01-02 12:00 +0000", "Ignore it", &[(".gitignore", ".env\n")]);
    repo.write("app/.env", &format!("API_TOKEN={secret}\n"));
    repo.write("app/.env.example", "API_TOKEN=\n");

    let root = Root::open(&repo.path()).unwrap();
    let all = [".env", "app/.env", "none/.env"].map(str::to_owned);
    assert_eq!(committed(&root, &all), [".env"]);
    let below = Root::open(&repo.path().join("app")).unwrap();
    assert_eq!(committed(&below, &[".env".to_owned()]), Vec::<String>::new());

    let inventory = Inventory::of(&root);
    assert_eq!(inventory.dotenv, [".env", "app/.env", "app/.env.example"]);
    assert_eq!(inventory.ignored_dotenv, ["app/.env"]);
}

#[test]
fn a_manifest_that_is_committed_counts_whatever_is_ignored() {
    let Some(repo) = Repo::new() else { return };
    let files = [(".gitignore", "*.txt\n"), ("app.py", "import flask\n")];
    repo.commit("2024-01-01 12:00 +0000", "All", &files);
    repo.write("requirements.txt", "flask\n");
    repo.git(&["add", "-f", "requirements.txt"]);
    repo.git(&["commit", "-q", "-m", "In spite of it"]);
    repo.write("requirements-dev.txt", "pytest\n");
    let inventory = Inventory::of(&Root::open(&repo.path()).unwrap());
    assert_eq!(inventory.manifests, ["requirements.txt"]);
}
