//! Results that a scan keeps, so that a repo in which nothing changed is not checked again. There is one
//! entry for each repo, with what the check asked of its files, the digests of the answers, and the result.
//! An entry is valid if the same questions get the same answers today. This must never know what is in the
//! bytes that it keeps.
//!
//! ```text
//! DIR/CACHEDIR.TAG        backups pass it over: <https://bford.info/cachedir/>
//! DIR/.gitignore          so does git
//! DIR/entries/ab/cdef…    named by the digest of the repo's path, so that the next result takes the place of this one
//! ```
//!
//! An entry is trusted if it is complete (a checksum covers all of it), was written under this name, and
//! comes from a scan with the same [`Fingerprint`]. Anything else counts as absent and is replaced. Entries
//! are written beside their place and renamed, so that two scans can share a directory. They hold excerpts of
//! what was scanned, so only their owner may read them. Whoever may write them is trusted.

mod fingerprint;

pub(crate) use fingerprint::Fingerprint;

use crate::check::CheckError;
use crate::repo::files::record::{Damaged, Digest, Reader, Recorded, digest};
use crate::repo::files::{Recorder, Root};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The first bytes of an entry, with the version of the format.
const MAGIC: &[u8] = b"deploylint cache 1\n";
/// A larger entry is neither read nor written.
const MAX_ENTRY: u64 = 64 * 1024 * 1024;
const ENTRIES: &str = "entries";
const TAG: &str = "CACHEDIR.TAG";
const TAG_TEXT: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
    # This file is a cache directory tag created by deploylint.\n\
    # For information about cache directory tags, see https://bford.info/cachedir/\n";

/// A directory of results.
#[derive(Debug)]
pub(crate) struct Cache {
    entries: PathBuf,
    fingerprint: Digest,
    hits: AtomicU64,
    misses: AtomicU64,
    stored: AtomicU64,
    /// True once something could not be written; nothing more is tried then.
    full: AtomicBool,
}

/// How often a cache was useful.
#[cfg(test)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Repos whose result was there.
    pub(crate) hits: u64,
    /// Repos whose result was missing or no longer valid.
    pub(crate) misses: u64,
    /// Results that were written.
    pub(crate) stored: u64,
}

impl Cache {
    /// The cache in `directory`, which is created if it is missing.
    ///
    /// # Errors
    /// The directory cannot be created or written, or holds something else.
    pub(crate) fn open(directory: &Path, fingerprint: &Fingerprint) -> Result<Self, CheckError> {
        let fail = |error: &io::Error| {
            CheckError::in_file(directory, format!("it cannot be used as the cache: {error}"))
        };
        own_directory(directory).map_err(|error| fail(&error))?;
        if !is_ours(directory).map_err(|error| fail(&error))? {
            let message = "it holds other files and cannot be used as the cache";
            return Err(CheckError::in_file(directory, message).advise("name a new or an empty directory"));
        }
        // The working directory may change, and so may the targets of links.
        let directory = directory.canonicalize().map_err(|error| fail(&error))?;
        let prepare = || {
            write_beside(&directory, TAG, &[TAG_TEXT.as_bytes()])?;
            write_beside(&directory, ".gitignore", &[b"*\n"])?;
            let entries = directory.join(ENTRIES);
            own_directory(&entries)?;
            Ok(entries)
        };
        let entries = prepare().map_err(|error| fail(&error))?;
        Ok(Cache {
            entries,
            fingerprint: fingerprint.digest(),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            stored: AtomicU64::new(0),
            full: AtomicBool::new(false),
        })
    }

    /// The result for the repo at `root`, if a check would come to the same today. Nothing is parsed.
    pub(crate) fn get(&self, root: &Path) -> Option<Vec<u8>> {
        let payload = self.look(root);
        let counter = if payload.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        payload
    }

    fn look(&self, root: &Path) -> Option<Vec<u8>> {
        let root = Root::open(root).ok()?;
        let key = key(&root);
        let bytes = read(&self.place(&key)?)?;
        let entry = Entry::parse(&bytes).ok()?;
        let counts = entry.fingerprint == self.fingerprint && entry.key == key;
        (counts && Recorded::holds(entry.recorded, &root)).then(|| entry.payload.to_vec())
    }

    /// Keeps the result for the repo at `root`, with everything that `recorder` recorded. The check must have
    /// had the recorder before anything of the repo was read. A result whose questions cannot be repeated is
    /// not kept. Do not call this for a result that is not a function of the repo alone (it ran out of time).
    ///
    /// # Errors
    /// It cannot be written. That is said once, and from then on nothing is kept.
    pub(crate) fn put(&self, root: &Path, recorder: &Recorder, payload: &[u8]) -> io::Result<()> {
        if self.full.load(Ordering::Relaxed) {
            return Ok(());
        }
        let (Some(recorded), Ok(root)) = (recorder.finish(), Root::open(root)) else { return Ok(()) };
        let key = key(&root);
        let entry = Entry { fingerprint: self.fingerprint, key, recorded: recorded.bytes(), payload };
        let bytes = entry.bytes();
        if bytes.len() as u64 > MAX_ENTRY {
            return Ok(());
        }
        match self.write(&key, &bytes) {
            Ok(()) => {
                self.stored.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Err(_) if self.full.swap(true, Ordering::Relaxed) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// How often it has been useful so far.
    #[cfg(test)]
    pub(crate) fn counts(&self) -> Counts {
        Counts {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            stored: self.stored.load(Ordering::Relaxed),
        }
    }

    fn names(&self, key: &Digest) -> (PathBuf, String) {
        let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        let (directory, name) = hex.split_at(2);
        (self.entries.join(directory), name.to_owned())
    }

    /// The path of an entry; `None` if a link or anything else is in the way.
    fn place(&self, key: &Digest) -> Option<PathBuf> {
        let (directory, name) = self.names(key);
        let plain = directory.symlink_metadata().is_ok_and(|known| known.is_dir());
        plain.then(|| directory.join(name))
    }

    fn write(&self, key: &Digest, bytes: &[u8]) -> io::Result<()> {
        let (directory, name) = self.names(key);
        if directory.symlink_metadata().is_ok_and(|known| known.is_symlink()) {
            return Err(io::Error::new(ErrorKind::NotADirectory, "a link is in its place"));
        }
        own_directory(&directory)?;
        write_beside(&directory, &name, &[bytes])
    }
}

/// The name of an entry. Results name the repo by its directory, so the same files elsewhere are another
/// repo.
fn key(root: &Root) -> Digest {
    digest(root.path().as_os_str().as_encoded_bytes())
}

/// An entry, taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Entry<'e> {
    fingerprint: Digest,
    key: Digest,
    recorded: &'e [u8],
    payload: &'e [u8],
}

impl<'e> Entry<'e> {
    fn parse(bytes: &'e [u8]) -> Result<Self, Damaged> {
        let (all, sum) = bytes.split_last_chunk::<32>().ok_or(Damaged)?;
        if digest(all) != *sum {
            return Err(Damaged);
        }
        let mut reader = Reader::new(all);
        if reader.take(MAGIC.len())? != MAGIC {
            return Err(Damaged);
        }
        let (fingerprint, key) = (reader.digest()?, reader.digest()?);
        let entry = Entry { fingerprint, key, recorded: reader.part()?, payload: reader.part()? };
        if reader.is_done() { Ok(entry) } else { Err(Damaged) }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut all = Vec::with_capacity(self.recorded.len() + self.payload.len() + 256);
        all.extend_from_slice(MAGIC);
        all.extend_from_slice(&self.fingerprint);
        all.extend_from_slice(&self.key);
        for part in [self.recorded, self.payload] {
            all.extend_from_slice(&(part.len() as u64).to_le_bytes());
            all.extend_from_slice(part);
        }
        let sum = digest(&all);
        all.extend_from_slice(&sum);
        all
    }
}

/// The bytes of a plain file.
fn read(path: &Path) -> Option<Vec<u8>> {
    let known = path.symlink_metadata().ok()?;
    if !known.is_file() || known.len() > MAX_ENTRY {
        return None;
    }
    let mut bytes = Vec::with_capacity(usize::try_from(known.len()).ok()? + 1);
    File::open(path).ok()?.take(MAX_ENTRY).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Creates a directory that only its owner may enter; an existing one stays as it is.
fn own_directory(directory: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// True for a directory that is empty or was created by this module.
fn is_ours(directory: &Path) -> io::Result<bool> {
    let tag = || read(&directory.join(TAG)).map(|text| text == TAG_TEXT.as_bytes());
    if let Some(ours) = tag() {
        return Ok(ours);
    }
    for entry in fs::read_dir(directory)? {
        // Another scan may be about to create it.
        if !entry?.file_name().as_encoded_bytes().starts_with(TAG.as_bytes()) {
            // Or it has done so in between: the tag comes before all else.
            return Ok(tag().unwrap_or(false));
        }
    }
    Ok(true)
}

/// Writes a file beside its place and renames it, so that a reader sees either all of it or the old one.
fn write_beside(directory: &Path, name: &str, parts: &[&[u8]]) -> io::Result<()> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let temporary = directory.join(format!("{name}.{}-{count}.new", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let write = || {
        // A run with the same number may have left this when it was killed.
        let mut file = match options.open(&temporary) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                fs::remove_file(&temporary)?;
                options.open(&temporary)?
            }
            other => other?,
        };
        for part in parts {
            file.write_all(part)?;
        }
        drop(file);
        fs::rename(&temporary, directory.join(name))
    };
    let written = write();
    if written.is_err() {
        // It may not exist at all.
        let _ = fs::remove_file(&temporary);
    }
    written
}

#[cfg(test)]
mod tests;
