//! Entries that are damaged or belong to another repo, directories that are something else, and two scans at a time.

use super::*;

/// The entries of a cache.
fn entries(cache: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for directory in fs::read_dir(cache.join(ENTRIES)).unwrap() {
        found.extend(fs::read_dir(directory.unwrap().path()).unwrap().map(|entry| entry.unwrap().path()));
    }
    found.sort();
    found
}

fn small() -> Shop {
    Shop::of(&[("start.sh", "mkdir /a\nuseradd a\n")])
}

#[test]
fn a_damaged_entry_is_absent_and_is_replaced() {
    let shop = small();
    let cache = shop.open();
    let first = shop.scan(Some(&cache));
    let [entry] = &entries(shop.cache.path())[..] else { panic!("not one entry") };
    let whole = fs::read(entry).unwrap();
    let root = shop.dir.path();
    for length in 0..whole.len() {
        fs::write(entry, &whole[..length]).unwrap();
        assert_eq!(cache.get(root), None, "{length} bytes");
    }
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        fs::write(entry, bytes).unwrap();
        assert_eq!(cache.get(root), None, "byte {at}");
    }
    fs::write(entry, [&whole[..], b"x"].concat()).unwrap();
    assert_eq!(cache.get(root), None);
    assert!(!shop.scan(Some(&cache)).hit);
    assert_eq!(fs::read(entry).unwrap(), whole);
    assert_eq!(shop.scan(Some(&cache)), Came { hit: true, ..first });
}

#[test]
fn an_entry_with_a_right_checksum_may_still_be_wrong() {
    let shop = small();
    let cache = shop.open();
    shop.scan(Some(&cache));
    let root = Root::open(shop.dir.path()).unwrap();
    let place = cache.place(&key(&root)).unwrap();
    let whole = fs::read(&place).unwrap();
    let entry = Entry::parse(&whole).unwrap();
    let parts = [b"".as_slice(), &[0xff; 8], &[0xff; 64], &entry.recorded[..entry.recorded.len() - 1]];
    for recorded in parts {
        let wrong = Entry { recorded, payload: b"wrong", ..Entry::parse(&whole).unwrap() };
        fs::write(&place, wrong.bytes()).unwrap();
        assert_eq!(cache.get(root.path()), None);
    }
    // This is the entry of another repo, or of another request, under this name.
    let other = small();
    other.scan(Some(&cache));
    let other = cache.place(&key(&Root::open(other.dir.path()).unwrap())).unwrap();
    fs::copy(other, &place).unwrap();
    assert_eq!(cache.get(root.path()), None);
    fs::write(&place, Entry { fingerprint: [0; 32], ..Entry::parse(&whole).unwrap() }.bytes()).unwrap();
    assert_eq!(cache.get(root.path()), None);
    fs::write(&place, &whole).unwrap();
    assert!(cache.get(root.path()).is_some());
}

#[cfg(unix)]
#[test]
fn no_link_is_followed_out_of_the_cache() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let shop = small();
    let cache = shop.open();
    shop.scan(Some(&cache));
    let [entry] = &entries(shop.cache.path())[..] else { panic!("not one entry") };
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(entry), mode(entry.parent().unwrap())), (0o600, 0o700));
    let outside = tempfile::tempdir().unwrap();
    let moved = outside.path().join("entry");
    fs::rename(entry, &moved).unwrap();
    symlink(&moved, entry).unwrap();
    let before = fs::read(&moved).unwrap();
    assert!(!shop.scan(Some(&cache)).hit);
    // The link was replaced, and what it led to was not touched.
    assert!(entry.symlink_metadata().unwrap().is_file());
    assert_eq!(fs::read(&moved).unwrap(), before);
    assert!(shop.scan(Some(&cache)).hit);
    // A link to another directory is neither read nor written.
    let directory = entry.parent().unwrap();
    fs::rename(directory, outside.path().join("directory")).unwrap();
    symlink(outside.path().join("directory"), directory).unwrap();
    assert_eq!(cache.get(shop.dir.path()), None);
    assert!(cache.put(shop.dir.path(), &Recorder::new(), b"x").is_err());
    assert!(cache.put(shop.dir.path(), &Recorder::new(), b"x").is_ok(), "it is told once");
    assert_eq!(cache.counts().stored, 2);
}

#[test]
fn only_a_directory_that_is_empty_or_a_cache_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    let fingerprint = Fingerprint(Vec::new());
    let open = |path: &Path| Cache::open(path, &fingerprint).map_err(|error| error.to_string());
    let new = dir.path().join("a/b");
    open(&new).unwrap();
    open(&new).unwrap();
    let names: std::collections::BTreeSet<_> =
        fs::read_dir(&new).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(names.iter().eq([".gitignore", TAG, ENTRIES]), "{names:?}");
    assert!(
        fs::read_to_string(new.join(TAG)).unwrap().starts_with("Signature: 8a477f597d28d172789f06886806bc55")
    );
    assert_eq!(fs::read_to_string(new.join(".gitignore")).unwrap(), "*\n");

    let repo = dir.path().join("repo");
    put(&repo, "start.sh", "");
    let error = open(&repo).unwrap_err();
    assert!(error.contains("repo: it holds other files"), "{error}");
    assert!(!repo.join(".gitignore").exists());
    put(&repo, TAG, "Signature: 8a477f597d28d172789f06886806bc55\n# of another tool\n");
    assert!(open(&repo).is_err());
    let error = open(&repo.join("start.sh")).unwrap_err();
    assert!(error.contains("start.sh: it cannot be used as the cache"), "{error}");
}

#[test]
fn two_scans_share_a_cache() {
    let shop = small();
    let files = ["mkdir /a\nuseradd a\n", "mkdir /b\nuseradd b\n"];
    let cache = shop.open();
    let root = shop.dir.path();
    let record = |text: &str| {
        let recorder = Recorder::new();
        let root = Root::open(root).unwrap().noted_by(Some(recorder.clone()));
        // What the other thread writes in between is another answer, which makes the record useless.
        (root.bytes("start.sh").is_ok_and(|bytes| bytes == text.as_bytes())).then_some(recorder)
    };
    std::thread::scope(|scope| {
        for text in files {
            let (cache, record) = (&cache, &record);
            scope.spawn(move || {
                for _ in 0..200 {
                    // An entry is whole at any time, because a rename replaces the other one.
                    fs::write(root.join(text.trim_end().replace(['/', '\n', ' '], "-")), text).unwrap();
                    fs::rename(
                        root.join(text.trim_end().replace(['/', '\n', ' '], "-")),
                        root.join("start.sh"),
                    )
                    .unwrap();
                    if let Some(recorder) = record(text) {
                        cache.put(root, &recorder, text.as_bytes()).unwrap();
                    }
                    // It is never half of an entry, nor a mixture of the two.
                    if let Some(payload) = cache.get(root) {
                        assert!(files.iter().any(|text| text.as_bytes() == payload));
                    }
                }
            });
        }
    });
    let text = fs::read_to_string(root.join("start.sh")).unwrap();
    cache.put(root, &record(&text).unwrap(), text.as_bytes()).unwrap();
    assert_eq!(cache.get(root).unwrap(), text.as_bytes());
    assert_eq!(entries(shop.cache.path()).len(), 1, "no temporary file is left");
}

#[test]
fn the_program_is_known_by_its_bytes() {
    let one = Fingerprint::of_program().unwrap();
    assert_eq!(one, Fingerprint::of_program().unwrap());
    let (a, b) = (one.clone().with("ab", b"c"), one.clone().with("a", b"bc"));
    assert_ne!(a.digest(), b.digest());
    assert_ne!(one.digest(), a.digest());
}
