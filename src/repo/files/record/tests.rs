use crate::repo::files::record::*;
use std::fs;
use std::path::Path;

fn root(files: &[(&str, &str)]) -> (tempfile::TempDir, Root, Recorder) {
    let dir = crate::support::project(files);
    let recorder = Recorder::new();
    let root = Root::open(dir.path()).unwrap().noted_by(Some(recorder.clone()));
    (dir, root, recorder)
}

fn ask(root: &Root) {
    assert_eq!(root.walk("", 3).filter_map(Result::ok).count(), 4);
    assert_eq!(root.bytes("d/a.sh").unwrap(), b"true\n");
    assert_eq!(root.peek("b.txt", 10).unwrap(), b"b");
    assert_eq!(root.peek("b.txt", 0), None);
    assert!(root.bytes("none").is_err() && !root.exists("gone") && root.exists("d"));
}

type Change<'c> = &'c dyn Fn(&Path);

#[test]
fn the_same_answers_hold_and_others_do_not() {
    let (dir, root, recorder) = root(&[("d/a.sh", "true\n"), ("b.txt", "b")]);
    fs::create_dir(dir.path().join("e")).unwrap();
    ask(&root);
    let recorded = recorder.finish().unwrap();
    ask(&root);
    assert_eq!(recorder.finish().unwrap(), recorded, "what is asked again stands there once");
    assert!(Recorded::holds(recorded.bytes(), &root));
    assert_eq!(recorder.finish().unwrap(), recorded, "what is compared is not noted");
    let at = |name: &str| dir.path().join(name);
    let changes: [(&str, Change<'_>, Change<'_>); 5] = [
        ("d/a.sh", &|p| fs::write(p, "TRUE\n").unwrap(), &|p| fs::write(p, "true\n").unwrap()),
        ("b.txt", &|p| fs::write(p, "c").unwrap(), &|p| fs::write(p, "b").unwrap()),
        ("e/new", &|p| fs::write(p, "").unwrap(), &|p| fs::remove_file(p).unwrap()),
        ("gone", &|p| fs::create_dir(p).unwrap(), &|p| fs::remove_dir(p).unwrap()),
        ("e", &|p| fs::remove_dir(p).unwrap(), &|p| fs::create_dir(p).unwrap()),
    ];
    for (name, change, undo) in changes {
        change(&at(name));
        assert!(!Recorded::holds(recorded.bytes(), &root), "{name}");
        undo(&at(name));
        assert!(Recorded::holds(recorded.bytes(), &root), "{name}");
    }
}

#[test]
fn bytes_that_are_no_record_hold_for_nothing() {
    let (_dir, root, recorder) = root(&[("d/a.sh", "true\n"), ("b.txt", "b"), ("e/x", "1")]);
    root.bytes("b.txt").unwrap();
    root.list("d").unwrap();
    recorder.committed(&["b.txt".to_owned()], &[]);
    let recorded = recorder.finish().unwrap();
    let bytes = recorded.bytes();
    assert!(Recorded::holds(bytes, &root));
    for length in 0..bytes.len() {
        assert!(!Recorded::holds(&bytes[..length], &root), "{length}");
    }
    // A damaged record may ask another question that has the same answer. The checksum of the entry protects the record.
    let mut flipped = bytes.to_vec();
    for at in 0..bytes.len() {
        flipped[at] ^= 0xff;
        let _ = Recorded::holds(&flipped, &root);
        flipped[at] ^= 0xff;
    }
    assert!(!Recorded::holds(&[bytes, b"x"].concat(), &root));
}

#[test]
fn what_changes_while_it_is_read_tears_the_record() {
    let (dir, root, recorder) = root(&[("a", "1")]);
    root.bytes("a").unwrap();
    assert!(recorder.finish().is_some());
    fs::write(dir.path().join("a"), "2").unwrap();
    root.bytes("a").unwrap();
    assert_eq!(recorder.finish(), None);
}

#[cfg(unix)]
#[test]
fn a_file_that_becomes_a_link_or_leads_out_is_another() {
    use std::os::unix::fs::symlink;
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("x"), "1").unwrap();
    let (dir, root, recorder) = root(&[("d/x", "1"), ("y", "1")]);
    // No directory is listed, so the path itself has to be checked.
    root.bytes("d/x").unwrap();
    root.peek("y", 10).unwrap();
    let recorded = recorder.finish().unwrap();
    assert!(Recorded::holds(recorded.bytes(), &root));
    fs::rename(dir.path().join("d"), dir.path().join("e")).unwrap();
    symlink("e", dir.path().join("d")).unwrap();
    assert!(Recorded::holds(recorded.bytes(), &root), "the same file, inside");
    fs::remove_file(dir.path().join("d")).unwrap();
    symlink(outside.path(), dir.path().join("d")).unwrap();
    assert!(!Recorded::holds(recorded.bytes(), &root), "the same content, outside");
    fs::remove_file(dir.path().join("d")).unwrap();
    symlink("e", dir.path().join("d")).unwrap();
    fs::rename(dir.path().join("y"), dir.path().join("z")).unwrap();
    symlink("z", dir.path().join("y")).unwrap();
    assert!(!Recorded::holds(recorded.bytes(), &root), "what is peeked at is no link");
}

#[test]
fn a_file_of_many_chunks_is_one_content() {
    let large = "0123456789abcdef".repeat(20_000);
    let (dir, root, recorder) = root(&[("large", &large), ("chunk", &large[..64 * 1024]), ("empty", "")]);
    root.list("").unwrap();
    for name in ["large", "chunk", "empty"] {
        root.bytes(name).unwrap();
    }
    let recorded = recorder.finish().unwrap();
    assert!(Recorded::holds(recorded.bytes(), &root));
    let mut other = large.into_bytes();
    *other.last_mut().unwrap() ^= 1;
    fs::write(dir.path().join("large"), other).unwrap();
    assert!(!Recorded::holds(recorded.bytes(), &root));
}
