use super::*;
use std::path::PathBuf;

/// A scan of `repos` into a file. It is killed after it has written `bytes` more, to the output and the journal together.
fn scan(dir: &Path, repos: &[&str], mut bytes: usize) -> Result<usize, CheckError> {
    let path = dir.join("out");
    let file = File::options().read(true).write(true).create(true).truncate(false).open(&path).unwrap();
    let mut sink = Sink::file(file).unwrap();
    let mut counted = 0;
    let (mut journal, finished) =
        Journal::open(&dir.join("journal"), &json!({"format": "ndjson"}), &mut sink, true, |_, tally| {
            counted += tally.lines;
        })?;
    assert_eq!(counted as usize, finished.count());
    let tally = Tally { lines: 1, ..Tally::default() };
    for repo in repos.iter().filter(|repo| !finished.holds(repo)) {
        let record = format!("record of {repo}\n");
        sink.write(&record.as_bytes()[..record.len().min(bytes)]).unwrap();
        if record.len() >= bytes {
            return Ok(finished.count());
        }
        bytes -= record.len();
        let before = journal.file.metadata().unwrap().len();
        journal.add(repo, sink.length(), &tally).unwrap();
        let line = journal.file.metadata().unwrap().len() - before;
        if line as usize >= bytes {
            journal.file.set_len(before + bytes as u64).unwrap();
            return Ok(finished.count());
        }
        bytes -= line as usize;
    }
    Ok(finished.count())
}

fn output(dir: &Path) -> String {
    std::fs::read_to_string(dir.join("out")).unwrap()
}

const REPOS: [&str; 4] = ["a", "b/c", "d é\n\"", "e"];

fn whole() -> String {
    REPOS.iter().map(|repo| format!("record of {repo}\n")).collect()
}

#[test]
fn killed_after_any_byte_nothing_is_lost_and_nothing_comes_twice() {
    let once = tempfile::tempdir().unwrap();
    scan(once.path(), &REPOS, usize::MAX).unwrap();
    let all = output(once.path()).len() + std::fs::read(once.path().join("journal")).unwrap().len();
    assert_eq!(output(once.path()), whole());
    for bytes in 1..all {
        let dir = tempfile::tempdir().unwrap();
        scan(dir.path(), &REPOS, bytes).unwrap();
        // It is killed once more, a little later.
        scan(dir.path(), &REPOS, 40).unwrap();
        scan(dir.path(), &REPOS, usize::MAX).unwrap();
        assert_eq!(output(dir.path()), whole(), "killed after {bytes} bytes");
        assert_eq!(scan(dir.path(), &REPOS, usize::MAX).unwrap(), REPOS.len());
    }
}

#[test]
fn a_journal_that_was_cut_anywhere_is_mended() {
    let once = tempfile::tempdir().unwrap();
    scan(once.path(), &REPOS, usize::MAX).unwrap();
    let journal = std::fs::read(once.path().join("journal")).unwrap();
    for length in 0..journal.len() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("journal"), &journal[..length]).unwrap();
        std::fs::copy(once.path().join("out"), dir.path().join("out")).unwrap();
        scan(dir.path(), &REPOS, usize::MAX).unwrap();
        assert_eq!(output(dir.path()), whole(), "cut at {length}");
    }
}

#[test]
fn what_the_output_has_lost_is_done_again() {
    let dir = tempfile::tempdir().unwrap();
    scan(dir.path(), &REPOS, usize::MAX).unwrap();
    std::fs::write(dir.path().join("out"), "record of a\nrec").unwrap();
    assert_eq!(scan(dir.path(), &REPOS, usize::MAX).unwrap(), 1);
    assert_eq!(output(dir.path()), whole());
    std::fs::remove_file(dir.path().join("out")).unwrap();
    assert_eq!(scan(dir.path(), &REPOS, usize::MAX).unwrap(), 0);
    assert_eq!(output(dir.path()), whole());
}

#[test]
fn a_file_that_is_no_journal_is_left_as_it_is() {
    for text in ["precious\n", "precious", "{\"journal\":2}\n", "{}\n", "{\"x", "\n"] {
        let dir = tempfile::tempdir().unwrap();
        let path: PathBuf = dir.path().join("journal");
        std::fs::write(&path, text).unwrap();
        let error = scan(dir.path(), &REPOS, usize::MAX).unwrap_err();
        assert_eq!(error.message, NONE);
        assert_eq!(std::fs::read_to_string(path).unwrap(), text);
    }
}

#[test]
fn a_scan_that_is_asked_for_otherwise_has_another_journal() {
    let dir = tempfile::tempdir().unwrap();
    scan(dir.path(), &REPOS, 50).unwrap();
    let before = output(dir.path());
    let file = File::options().read(true).write(true).open(dir.path().join("out")).unwrap();
    let mut sink = Sink::file(file).unwrap();
    let path = dir.path().join("journal");
    let opened = Journal::open(&path, &json!({"format": "json"}), &mut sink, true, |_, _| {});
    assert!(opened.is_err_and(|error| error.message.contains("other options")));
    assert_eq!(output(dir.path()), before);
}

#[test]
fn two_scans_do_not_share_a_journal() {
    let dir = tempfile::tempdir().unwrap();
    let mut sink = Sink::stream(Box::new(io::sink()));
    let path = dir.path().join("journal");
    let _first = Journal::open(&path, &json!({}), &mut sink, false, |_, _| {}).map_err(|_| ()).unwrap();
    let second = Journal::open(&path, &json!({}), &mut sink, false, |_, _| {});
    assert!(second.is_err_and(|error| error.message.contains("another scan")));
}

#[test]
fn a_stream_goes_on_where_the_journal_ends() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let mut sink = Sink::stream(Box::new(io::sink()));
    let (mut journal, _) =
        Journal::open(&path, &json!({}), &mut sink, false, |_, _| {}).map_err(|_| ()).unwrap();
    journal.add("a", 10, &Tally::default()).unwrap();
    drop(journal);
    let opened = Journal::open(&path, &json!({}), &mut sink, false, |_, _| {});
    let (_journal, finished) = opened.map_err(|_| ()).unwrap();
    assert!(finished.holds("a") && !finished.holds("b"));
}
