//! `deploylint scan` over many small repos. What is finished is never lost, whatever ends the scan.

use crate::support::Repo;
use crate::support::{self, PROGRAM, Ran, ran, records, root, skipped};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A script that deploys, with two faults.
const SCRIPT: &str = "#!/bin/bash\nset -e\nmkdir /opt/shop\nuseradd shop\nsystemctl restart shop\n";

/// `repos/000`, `repos/001` and so on, each with a script of its own length.
fn repos(count: usize) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for n in 0..count {
        let repo = dir.path().join(format!("repos/{n:03}"));
        fs::create_dir_all(repo.join(".git")).unwrap();
        let more = format!("mkdir /srv/{n}\n").repeat(n % 7);
        fs::write(repo.join("start.sh"), format!("{SCRIPT}{more}")).unwrap();
    }
    dir
}

fn command(dir: &Path, args: &[&str]) -> Command {
    support::command(dir, &[&["scan"], args].concat())
}

fn run(dir: &Path, args: &[&str]) -> Ran {
    ran(command(dir, args).stdin(Stdio::null()).output().unwrap())
}

fn names(text: &str) -> Vec<String> {
    records(text).iter().map(|record| record["repo"].as_str().unwrap().to_owned()).collect()
}

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("repos/{n:03}")).collect()
}

#[test]
fn a_record_has_the_findings_of_check_byte_for_byte() {
    let examples = root().join("examples");
    let scanned = run(&examples, &["shop", "shop-fixed", "--format", "ndjson"]);
    assert_eq!((scanned.code, scanned.err.as_str()), (1, ""));
    for (line, repo) in scanned.out.lines().zip(["shop", "shop-fixed"]) {
        let checked = support::run(&examples, &["check", repo, "--format", "json"]).out;
        // From the findings to the end of the summary.
        let same = &checked[checked.find("\"findings\":").unwrap()..checked.trim_end().len() - 1];
        let (before, after) = line.split_once(same).unwrap_or_else(|| panic!("{line}\nlacks\n{same}"));
        assert!(before.starts_with(&format!("{{\"version\":1,\"repo\":\"{repo}\",")), "{before}");
        assert!(before.contains("\"scripts\":[\"start.sh\"") || before.contains("\"scripts\":["), "{before}");
        assert!(after.starts_with(",\"milliseconds\":") && after.ends_with('}'), "{after}");
    }
    assert_eq!(scanned.out.lines().count(), 2);
}

#[test]
fn any_number_of_jobs_gives_the_same_in_the_order_of_the_input() {
    let dir = repos(40);
    let one = run(dir.path(), &["repos", "--format", "ndjson", "--jobs", "1"]);
    assert_eq!(names(&one.out), numbered(40));
    assert_eq!(records(&one.out)[3]["findings"].as_array().unwrap().len(), 3 + 3);
    for jobs in ["2", "7"] {
        let more = run(dir.path(), &["repos", "--format", "ndjson", "--jobs", jobs]);
        assert_eq!(records(&more.out), records(&one.out), "{jobs} jobs");
        assert_eq!((more.code, more.err.as_str()), (1, ""));
    }
}

#[test]
fn arguments_are_repos_folders_and_patterns() {
    let dir = repos(4);
    let given = ["repos/002", "repos/00[13]", "repos", "--format", "ndjson"];
    let ran = run(dir.path(), &given);
    // No record comes twice.
    assert_eq!(names(&ran.out), ["repos/002", "repos/001", "repos/003", "repos/000"]);
    let ran = run(dir.path(), &["repos/001", "gone", "x*", "repos/002/start.sh", "--format", "ndjson"]);
    assert_eq!(names(&ran.out), ["repos/001"]);
    assert_eq!(ran.code, 2);
    let errors: Vec<&str> = ran.err.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(
        errors,
        [
            "error: gone: there is no such file or directory",
            "error: `x*` matches no directory",
            "error: repos/002/start.sh: it is not a directory"
        ]
    );
}

#[test]
fn a_list_is_taken_line_by_line_and_each_is_answered_before_the_next() {
    let dir = repos(3);
    let mut child = command(dir.path(), &["--repos-from", "-", "--format", "ndjson"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut given = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    for repo in ["repos/002", "repos/gone", "repos/000"] {
        writeln!(given, "{repo}").unwrap();
        given.flush().unwrap();
        let answer: Value = serde_json::from_str(&answers.next().unwrap().unwrap()).unwrap();
        assert_eq!(answer["repo"], repo);
        let gaps = answer["not_analysed"].as_array().unwrap().len();
        assert_eq!(gaps, usize::from(repo == "repos/gone"), "{answer}");
    }
    drop(given);
    assert!(answers.next().is_none());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn a_repo_that_cannot_be_judged_is_a_gap_of_its_own() {
    let dir = repos(3);
    fs::write(dir.path().join("repos/001/deploylint.yaml"), "rules:\n  rerun: sometimes\n").unwrap();
    let ran = run(dir.path(), &["repos", "--format", "ndjson"]);
    let records = records(&ran.out);
    assert_eq!(records.len(), 3);
    assert_eq!(records[1]["findings"], Value::Array(Vec::new()));
    let gap = &records[1]["not_analysed"][0];
    assert_eq!(gap["file"], "deploylint.yaml");
    assert!(gap["reason"].as_str().unwrap().starts_with("2:10: "), "{gap}");
    for other in [&records[0], &records[2]] {
        assert_eq!(other["not_analysed"], Value::Array(Vec::new()));
        assert!(!other["findings"].as_array().unwrap().is_empty());
    }
    // If there is only a gap, the exit code is 3.
    assert_eq!(run(dir.path(), &["repos/001"]).code, 3);
}

#[test]
fn the_revision_is_that_of_the_repo_itself() {
    let Some(repo) = Repo::new() else { return };
    fs::create_dir(repo.path().join("inner")).unwrap();
    fs::write(repo.path().join("start.sh"), SCRIPT).unwrap();
    fs::write(repo.path().join("inner/start.sh"), SCRIPT).unwrap();
    repo.git(&["add", "."]);
    repo.git(&["commit", "-qm", "first"]);
    let id = repo.git(&["rev-parse", "HEAD"]);
    let records = records(&run(&repo.path(), &[".", "inner", "--format", "ndjson"]).out);
    assert_eq!(records[0]["revision"], id.trim());
    assert_eq!(records[1].get("revision"), None);
}

/// The summary, counted from the records.
fn counted(records: &[Value]) -> (usize, BTreeMap<String, usize>) {
    let mut rules = BTreeMap::new();
    let findings = records.iter().flat_map(|record| record["findings"].as_array().unwrap());
    for finding in findings {
        *rules.entry(finding["rule"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    (records.len(), rules)
}

#[test]
fn statistics_count_what_the_records_hold() {
    let dir = repos(9);
    let ran = run(dir.path(), &["repos", "--format", "ndjson", "--output", "out", "--stats=json"]);
    let records = records(&fs::read_to_string(dir.path().join("out")).unwrap());
    let stats: Value = serde_json::from_str(&ran.out).unwrap();
    let rules = stats["rules"].as_array().unwrap().iter();
    let rules: BTreeMap<String, usize> = rules
        .map(|rule| (rule["rule"].as_str().unwrap().to_owned(), rule["findings"].as_u64().unwrap() as usize))
        .collect();
    assert_eq!((stats["repos"].as_u64().unwrap() as usize, rules), counted(&records));
    assert_eq!((stats["scripts"].as_u64(), stats["repos_with_findings"].as_u64()), (Some(9), Some(9)));
    let existing = stats["rules"].as_array().unwrap().iter().find(|r| r["rule"] == "rerun/existing-path");
    assert_eq!(existing.unwrap()["share"], 1.0);

    // If the records are on standard output, the summary goes to standard error. After a text it goes to standard output.
    let ran = run(dir.path(), &["repos", "--format", "ndjson", "--stats"]);
    assert_eq!(ran.out.lines().count(), 9);
    assert!(ran.err.starts_with("repos     9: 9 with scripts that deploy"), "{}", ran.err);
    let ran = run(dir.path(), &["repos", "--stats=markdown"]);
    assert!(ran.out.starts_with("== repos/000\n\n"), "{}", ran.out);
    assert!(ran.out.contains("\n# deploylint scan\n\n- **repos**: 9: "), "{}", ran.out);
    // A document contains them anyway.
    let document: Value = serde_json::from_str(&run(dir.path(), &["repos", "--format", "json"]).out).unwrap();
    assert_eq!(document["repos"].as_array().unwrap().len(), 9);
    assert_eq!(document["stats"]["rules"], stats["rules"]);
}

#[test]
fn wrong_usage_is_told_before_anything_is_read() {
    let dir = repos(1);
    fs::write(dir.path().join("out"), "of an earlier scan\n").unwrap();
    let wrong: [&[&str]; 8] = [
        &[],
        &["repos", "--select", "rerun/exsting-path", "--output", "out"],
        &["--repos-from", "gone.txt", "--output", "out"],
        &["repos", "--config", "gone.yaml"],
        &["repos", "--repos-from", "x"],
        &["--repos-from", "gone.txt"],
        &["repos", "--jobs", "0"],
        &["repos", "--output", "gone/out"],
    ];
    for args in wrong {
        let ran = run(dir.path(), args);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}");
        assert!(ran.err.starts_with("error: "), "{args:?}: {}", ran.err);
    }
    assert_eq!(fs::read_to_string(dir.path().join("out")).unwrap(), "of an earlier scan\n");
}

/// A scan whose output is read so slowly that it can be stopped in the middle.
fn begun(dir: &Path, args: &[&str]) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut child = command(dir, args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::with_capacity(100, child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert!(line.contains("repos/000"), "{line}");
    (child, out)
}

/// More than a pipe holds.
const MANY: usize = 150;

fn errors(child: &mut Child) -> String {
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_consumer_that_has_enough_ends_it_with_an_error_that_says_how_far_it_came() {
    let dir = repos(MANY);
    let (mut child, out) = begun(dir.path(), &["repos", "--format", "ndjson"]);
    drop(out);
    assert_eq!(child.wait().unwrap().code(), Some(2));
    let err = errors(&mut child);
    assert!(err.starts_with("ended early: ") && err.contains(" finished and written\n"), "{err}");
    assert!(err.contains("error: the records cannot be written: the reader has closed the pipe"), "{err}");
}

#[test]
fn a_slow_consumer_gets_everything() {
    let dir = repos(MANY);
    let (mut child, mut out) = begun(dir.path(), &["repos", "--format", "ndjson"]);
    std::thread::sleep(Duration::from_millis(500));
    // The scan waits for its reader.
    assert!(child.try_wait().unwrap().is_none());
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert_eq!(names(&rest), numbered(MANY)[1..]);
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[cfg(unix)]
fn signal(child: &Child, name: &str) {
    let kill = format!("kill -{name} {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_with_whole_records() {
    let dir = repos(MANY);
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let (mut child, mut out) = begun(dir.path(), &["repos", "--format", "ndjson"]);
        signal(&child, name);
        let mut rest = String::new();
        out.read_to_string(&mut rest).unwrap();
        let written = names(&rest).len() + 1;
        assert_eq!(names(&rest), numbered(MANY)[1..written]);
        assert_eq!(child.wait().unwrap().code(), Some(code));
        let err = errors(&mut child);
        let told = format!("ended early: {written} repo{}", if written == 1 { " is" } else { "s are" });
        assert!(err.contains(&told), "{written}: {err}");
    }
    // The JSON document is closed.
    let mut child = command(dir.path(), &["repos", "--format", "json", "--output", "out"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(100));
    signal(&child, "INT");
    child.wait().unwrap();
    let text = fs::read_to_string(dir.path().join("out")).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        document["repos"].as_array().unwrap().len() as u64,
        document["stats"]["repos"].as_u64().unwrap()
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let dir = repos(3);
    let ran = run(dir.path(), &["repos", "--format", "ndjson", "--output", "/dev/full"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.starts_with("ended early: 0 repos are finished and written\nerror: /dev/full: "),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("No space left"), "{}", ran.err);
}

/// What a scan writes that is never killed.
fn whole(dir: &Path, format: &str) -> String {
    let ran = run(dir, &["repos", "--format", format]);
    assert_eq!(ran.code, 1);
    ran.out
}

#[test]
fn killed_at_any_point_and_started_again_it_goes_on() {
    let dir = repos(60);
    let expected = records(&whole(dir.path(), "ndjson"));
    let args = ["repos", "--format", "ndjson", "--output", "out", "--resume", "journal"];
    for trial in 0..8u64 {
        for file in ["out", "journal"] {
            let _ = fs::remove_file(dir.path().join(file));
        }
        let mut killed = 0;
        for wait in 0.. {
            let mut child = command(dir.path(), &args).stderr(Stdio::null()).spawn().unwrap();
            // Each attempt is a little longer. Otherwise it might never end on a slow machine.
            let time = 15 + trial * 7 + wait * 40;
            std::thread::sleep(Duration::from_millis(time));
            let ended = child.try_wait().unwrap().is_some();
            // This is SIGKILL on Unix.
            child.kill().unwrap();
            let status = child.wait().unwrap();
            if ended {
                assert_eq!(status.code(), Some(1));
                break;
            }
            killed += 1;
        }
        let text = fs::read_to_string(dir.path().join("out")).unwrap();
        assert_eq!(records(&text), expected, "trial {trial}, killed {killed} times");
    }
    // Nothing is left to do, and the earlier counts are still there.
    let ran = run(dir.path(), &[&args[..], &["--stats=json"]].concat());
    let stats: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(stats["repos"], 60);
    assert_eq!(records(&fs::read_to_string(dir.path().join("out")).unwrap()), expected);
}

#[test]
fn a_document_goes_on_too() {
    let dir = repos(20);
    let args = ["repos", "--format", "json", "--output", "out", "--resume", "journal"];
    assert_eq!(run(dir.path(), &args).code, 1);
    let path = dir.path().join("out");
    let text = fs::read_to_string(&path).unwrap();
    // The journal is as a kill in the middle of the twelfth record would leave it.
    let journal = fs::read_to_string(dir.path().join("journal")).unwrap();
    let lines: Vec<&str> = journal.lines().take(1 + 11).collect();
    let end = serde_json::from_str::<Value>(lines[11]).unwrap()["end"].as_u64().unwrap() as usize;
    fs::write(dir.path().join("journal"), lines.join("\n") + "\n{\"end\":").unwrap();
    fs::write(&path, &text[..end + 40]).unwrap();
    assert_eq!(run(dir.path(), &args).code, 1);
    let document: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let before: Value = serde_json::from_str(&text).unwrap();
    let repos = |document: &Value| {
        let repos = document["repos"].as_array().unwrap().iter();
        repos.map(|r| (r["repo"].clone(), r["findings"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(repos(&document), repos(&before));
    assert_eq!(document["stats"]["rules"], before["stats"]["rules"]);
}

#[cfg(unix)]
#[test]
fn redirected_output_goes_on_as_well() {
    let dir = repos(30);
    let expected = records(&whole(dir.path(), "ndjson"));
    let shell = |line: &str| {
        let line = line.replace("SCAN", &format!("'{PROGRAM}' scan repos --format ndjson"));
        Command::new("sh").current_dir(dir.path()).args(["-c", &line]).status().unwrap().code()
    };
    // The scan is killed while it appends to a file that contains something else.
    fs::write(dir.path().join("out"), "{\"other\":1}\n").unwrap();
    shell("SCAN --resume journal >>out & sleep 0.1; kill -9 $!; wait");
    assert_eq!(shell("SCAN --resume journal >>out 2>/dev/null"), Some(1));
    let text = fs::read_to_string(dir.path().join("out")).unwrap();
    assert_eq!(records(text.strip_prefix("{\"other\":1}\n").unwrap()), expected);
    // A file that a shell has emptied is written again.
    assert_eq!(shell("SCAN --resume journal >out"), Some(1));
    assert_eq!(records(&fs::read_to_string(dir.path().join("out")).unwrap()), expected);
    // A journal belongs to one set of arguments.
    assert_eq!(shell("SCAN --select user --resume journal >>out 2>err"), Some(2));
    let err = fs::read_to_string(dir.path().join("err")).unwrap();
    assert!(err.contains("journal: it is the journal of a scan with other options"), "{err}");
}

#[cfg(unix)]
#[test]
fn nothing_is_written_into_the_repos_and_no_link_is_followed() {
    let dir = repos(2);
    std::os::unix::fs::symlink("../../outside", dir.path().join("repos/link")).unwrap();
    fs::create_dir_all(dir.path().join("outside/x/.git")).unwrap();
    let listed = |path: &Path| {
        let walk = ignore::WalkBuilder::new(path).hidden(false).git_ignore(false).build();
        let file = |entry: ignore::DirEntry| {
            let metadata = entry.path().symlink_metadata().unwrap();
            (entry.path().to_owned(), metadata.len(), metadata.modified().unwrap())
        };
        walk.map(Result::unwrap).map(file).collect::<Vec<_>>()
    };
    let before = listed(dir.path());
    let ran = run(dir.path(), &["repos", "--format", "ndjson"]);
    assert_eq!(names(&ran.out), numbered(2));
    assert_eq!(listed(dir.path()), before);
}

#[test]
fn a_repo_that_takes_too_long_holds_up_nothing() {
    let dir = repos(3);
    let huge: String =
        (0..60_000).map(|n| format!("mkdir /srv/{n}\nuseradd u{n}\nchown u{n} /srv/{n}\n")).collect();
    fs::write(dir.path().join("repos/001/start.sh"), format!("{SCRIPT}{huge}")).unwrap();
    let ran = run(dir.path(), &["repos", "--format", "ndjson", "--timeout", "1"]);
    assert_eq!(names(&ran.out), numbered(3));
    let records = records(&ran.out);
    let reason = records[1]["not_analysed"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("took too long"), "{reason}");
    for other in [&records[0], &records[2]] {
        assert_eq!(other["not_analysed"], Value::Array(Vec::new()));
        assert!(!other["findings"].as_array().unwrap().is_empty());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_sees_how_far_it_is() {
    if Command::new("script").arg("--version").output().is_err() {
        return skipped("a_terminal_sees_how_far_it_is", "script(1)");
    }
    let dir = repos(MANY);
    let scan = format!("'{PROGRAM}' scan repos --format ndjson --output out");
    let output = Command::new("script")
        .current_dir(dir.path())
        .args(["-qec", &scan, "typescript"])
        .stdin(Stdio::null())
        .env("TERM", "xterm")
        .output()
        .unwrap();
    let seen = String::from_utf8_lossy(&output.stdout);
    assert!(seen.contains(&format!("/{MANY} repos, ")) && seen.contains(" left"), "{seen:?}");
    assert_eq!(names(&fs::read_to_string(dir.path().join("out")).unwrap()), numbered(MANY));
}
