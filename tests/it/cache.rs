//! `deploylint scan --cache DIR` gives the same records, whatever is in the directory.

use crate::support::{self, Ran, ran, records, write};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;
use tempfile::TempDir;

/// Repos with findings; one of them has a gap, and one a wrong configuration.
fn repos() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for n in 0..12 {
        let start = format!("set -e\nmkdir /opt/shop{n}\nuseradd shop\nsystemctl restart shop\n");
        write(dir.path(), &format!("repos/{n:02}/start.sh"), start);
    }
    write(dir.path(), "repos/03/deploy.sh", "if then\nmkdir /a\nsystemctl restart x\nuseradd x\n");
    write(dir.path(), "repos/04/deploylint.yaml", "scripts: 1\n");
    dir
}

fn command(dir: &Path, more: &[&str]) -> Command {
    let mut command = support::command(dir, &["scan", "repos", "--format", "ndjson"]);
    command.args(more).stdin(Stdio::null());
    command
}

fn run(dir: &Path, more: &[&str]) -> (i32, Vec<Value>, String) {
    parts(ran(command(dir, more).output().unwrap()))
}

/// The exit code, the records without their times, and standard error.
fn parts(ran: Ran) -> (i32, Vec<Value>, String) {
    (ran.code, records(&ran.out), ran.err)
}

/// The entries, with the times at which they were written.
fn entries(cache: &Path) -> Vec<(PathBuf, SystemTime)> {
    let mut found = Vec::new();
    for directory in fs::read_dir(cache.join("entries")).unwrap() {
        for entry in fs::read_dir(directory.unwrap().path()).unwrap() {
            let entry = entry.unwrap();
            found.push((entry.path(), entry.metadata().unwrap().modified().unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn what_did_not_change_is_taken_and_what_did_is_judged() {
    let dir = repos();
    let cache = dir.path().join("cache");
    let plain = run(dir.path(), &[]);
    assert_eq!((plain.0, plain.1.len()), (1, 12));
    assert_eq!(run(dir.path(), &["--cache", "cache"]), plain);
    let first = entries(&cache);
    // A wrong configuration is reported each time.
    assert_eq!(first.len(), 11);
    for jobs in ["1", "4"] {
        assert_eq!(run(dir.path(), &["--cache", "cache", "--jobs", jobs]), plain);
    }
    assert_eq!(entries(&cache), first, "nothing was written again");

    write(dir.path(), "repos/05/start.sh", "useradd other\nsystemctl restart shop\n");
    let plain = run(dir.path(), &[]);
    assert_eq!(run(dir.path(), &["--cache", "cache"]), plain);
    let second = entries(&cache);
    assert_eq!(second.len(), 11);
    assert_eq!(second.iter().filter(|entry| !first.contains(entry)).count(), 1);

    let plain = run(dir.path(), &["--select", "rerun"]);
    assert_eq!(run(dir.path(), &["--select", "rerun", "--cache", "cache"]), plain);
    assert_eq!(entries(&cache).iter().filter(|entry| second.contains(entry)).count(), 0);
}

#[test]
fn what_lies_in_the_cache_does_no_harm() {
    let dir = repos();
    let cache = dir.path().join("cache");
    let plain = run(dir.path(), &["--cache", "cache"]);
    let all = entries(&cache);
    fs::write(&all[0].0, "").unwrap();
    fs::write(&all[1].0, fs::read(&all[2].0).unwrap()).unwrap();
    fs::write(&all[3].0, vec![0xff; 100_000]).unwrap();
    fs::remove_file(&all[4].0).unwrap();
    fs::write(all[5].0.with_extension("1-1.new"), "half").unwrap();
    #[cfg(unix)]
    {
        fs::remove_file(&all[6].0).unwrap();
        let made = Command::new("mkfifo").arg(&all[6].0).status().unwrap();
        assert!(made.success());
    }
    assert_eq!(run(dir.path(), &["--cache", "cache"]), plain);
    let mended = entries(&cache);
    assert_eq!(run(dir.path(), &["--cache", "cache"]), plain);
    assert_eq!(entries(&cache), mended);
}

#[test]
fn two_scans_at_a_time_say_the_same() {
    let dir = repos();
    let plain = run(dir.path(), &[]);
    for _ in 0..3 {
        let _ = fs::remove_dir_all(dir.path().join("cache"));
        let children: Vec<_> = (0..3)
            .map(|_| {
                let mut command = command(dir.path(), &["--cache", "cache"]);
                command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
            })
            .collect();
        for child in children {
            assert_eq!(parts(ran(child.wait_with_output().unwrap())), plain);
        }
    }
}

#[test]
fn a_directory_that_is_no_cache_is_left_alone() {
    let dir = repos();
    let (code, records, err) = run(dir.path(), &["--cache", "repos/01"]);
    assert_eq!((code, records.len()), (2, 0));
    assert!(
        err.starts_with("error: repos/01: it holds other files and cannot be used as the cache"),
        "{err}"
    );
    assert_eq!(fs::read_dir(dir.path().join("repos/01")).unwrap().count(), 1);
    let (code, _, err) = run(dir.path(), &["--cache", "repos/01/start.sh"]);
    assert_eq!(code, 2);
    assert!(err.starts_with("error: repos/01/start.sh: it cannot be used as the cache: "), "{err}");
}

#[test]
fn a_cache_that_cannot_be_written_is_told_once() {
    let dir = repos();
    let cache = dir.path().join("cache");
    let plain = run(dir.path(), &["--cache", "cache"]);
    for directory in fs::read_dir(cache.join("entries")).unwrap() {
        let path = directory.unwrap().path();
        fs::remove_dir_all(&path).unwrap();
        fs::write(&path, "in the way").unwrap();
    }
    let (code, records, err) = run(dir.path(), &["--cache", "cache"]);
    assert_eq!((code, records), (plain.0, plain.1));
    assert!(err.starts_with("cache: the cache cannot be written: "), "{err}");
    assert!(err.ends_with("; the scan goes on without it\n") && err.lines().count() == 1, "{err}");
}
