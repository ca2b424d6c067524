//! What a check asked of a root, and the answers. That is enough to ask the same again later, and to know
//! whether a check would come to the same result. A check is a function of these answers and of nothing else,
//! because everything that it reads of a repo goes through [`Root`]. This must never know what the files
//! mean.

mod encoded;
mod replay;

pub(crate) use encoded::{Damaged, Reader};

use crate::repo::files::Root;
use crate::repo::files::walk::Listing;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// BLAKE3 with 256 bits: nobody can make two contents with one digest.
pub(crate) type Digest = [u8; 32];

/// Paths between two checkpoints.
const PATHS: usize = 16;

/// The digest of some bytes.
pub(crate) fn digest(bytes: &[u8]) -> Digest {
    *blake3::hash(bytes).as_bytes()
}

/// The digest of all that can be read.
///
/// # Errors
/// It cannot be read.
pub(crate) fn digest_of(mut from: impl std::io::Read) -> std::io::Result<Digest> {
    let mut buffer = vec![0; 1 << 20];
    let mut hasher = blake3::Hasher::new();
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(*hasher.finalize().as_bytes()),
            Ok(read) => {
                hasher.update(buffer.get(..read).unwrap_or_default());
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Records the questions to a root and the answers. Clones record in the same place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder(Arc<Mutex<Log>>);

#[derive(Debug, Default)]
struct Log {
    asked: BTreeMap<String, Asked>,
    /// The files that git was asked about, and which of them it has.
    committed: Vec<(Vec<String>, Vec<bool>)>,
    /// True if a question cannot be repeated, or was answered in two ways.
    torn: bool,
}

/// The questions about one path, with the answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Asked {
    listing: Option<Digest>,
    content: Option<Answer>,
    head: Option<(u64, Digest)>,
    size: Option<Option<u64>>,
    exists: Option<bool>,
    filled: Option<bool>,
    executable: Option<bool>,
}

/// The digest of a content, or of the reason why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Answer {
    read: bool,
    digest: Digest,
}

impl Answer {
    fn of(content: Result<&[u8], &str>) -> Self {
        match content {
            Ok(bytes) => Answer { read: true, digest: digest(bytes) },
            Err(reason) => Answer { read: false, digest: digest(reason.as_bytes()) },
        }
    }
}

/// The digest of a listing. A name never holds a NUL byte.
fn of_listing(listing: &std::io::Result<Listing>) -> Digest {
    let mut all = Vec::new();
    match listing {
        Ok(entries) => {
            for (name, kind) in entries {
                all.push(b'0' + *kind as u8);
                all.extend_from_slice(name.as_encoded_bytes());
                all.push(0);
            }
        }
        Err(error) => all.extend_from_slice(format!("not listed: {:?}", error.kind()).as_bytes()),
    }
    digest(&all)
}

/// Questions with the digests of their answers, as bytes to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recorded(Vec<u8>);

impl Recorded {
    /// The bytes to be stored.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Asks `root` all questions in `bytes`. True if the answers are the same.
    pub(crate) fn holds(bytes: &[u8], root: &Root) -> bool {
        replay::holds(bytes, root).unwrap_or(false)
    }
}

/// Stores the first answer. A different answer later makes the record useless.
fn put<T: PartialEq>(torn: &mut bool, place: &mut Option<T>, answer: T) {
    match place {
        Some(known) => *torn |= *known != answer,
        None => *place = Some(answer),
    }
}

impl Recorder {
    /// A recorder without any records.
    pub(crate) fn new() -> Self {
        Recorder::default()
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, key: Option<&str>, note: impl FnOnce(&mut Asked, &mut bool)) {
        let mut log = self.log();
        let Log { asked, torn, .. } = &mut *log;
        match key {
            // Most files are asked about more than once.
            Some(key) => match asked.get_mut(key) {
                Some(known) => note(known, torn),
                None => note(asked.entry(key.to_owned()).or_default(), torn),
            },
            None => *torn = true,
        }
    }

    /// The observation cannot be repeated, or is not a function of the repo alone, so nothing is to be kept.
    pub(crate) fn tear(&self) {
        self.log().torn = true;
    }

    pub(crate) fn listing(&self, key: Option<&str>, listing: &std::io::Result<Listing>) {
        let digest = of_listing(listing);
        self.note(key, |asked, torn| put(torn, &mut asked.listing, digest));
    }

    /// The content of a file, or why it is not read, in the words of [`Root::bytes`].
    pub(crate) fn content(&self, key: Option<&str>, content: Result<&[u8], &str>) {
        let answer = Answer::of(content);
        self.note(key, |asked, torn| put(torn, &mut asked.content, answer));
    }

    /// There is no file of this name.
    pub(crate) fn absent(&self, name: &str) {
        self.content(Some(name), Err(&crate::repo::files::describe(&ErrorKind::NotFound.into())));
    }

    pub(crate) fn head(&self, key: Option<&str>, most: u64, head: &[u8]) {
        self.note(key, |asked, torn| put(torn, &mut asked.head, (most, digest(head))));
    }

    pub(crate) fn size(&self, key: Option<&str>, size: Option<u64>) {
        self.note(key, |asked, torn| put(torn, &mut asked.size, size));
    }

    pub(crate) fn exists(&self, key: Option<&str>, exists: bool) {
        self.note(key, |asked, torn| put(torn, &mut asked.exists, exists));
    }

    pub(crate) fn filled(&self, key: Option<&str>, filled: bool) {
        self.note(key, |asked, torn| put(torn, &mut asked.filled, filled));
    }

    pub(crate) fn executable(&self, key: Option<&str>, executable: bool) {
        self.note(key, |asked, torn| put(torn, &mut asked.executable, executable));
    }

    pub(crate) fn committed(&self, paths: &[String], held: &[String]) {
        let answer = paths.iter().map(|path| held.contains(path)).collect();
        self.log().committed.push((paths.to_vec(), answer));
    }

    /// The records; `None` if they cannot be repeated, for example because the repo changed while it was
    /// read.
    pub(crate) fn finish(&self) -> Option<Recorded> {
        let log = self.log();
        (!log.torn).then(|| Recorded(encoded::write(&log)))
    }
}

/// Combines answers, in the order of their questions.
struct Together(blake3::Hasher);

impl Together {
    fn new() -> Self {
        Together(blake3::Hasher::new())
    }

    fn add(&mut self, asked: &Asked) {
        let Asked { listing, content, head, size, exists, filled, executable } = asked;
        // The kinds of the questions are stored beside the paths. Each kind has a fixed number of bytes.
        let mut bytes = [0u8; 128];
        let mut used = 0;
        let mut take = |more: &[u8]| {
            if let Some(place) = bytes.get_mut(used..used + more.len()) {
                place.copy_from_slice(more);
            }
            used += more.len();
        };
        if let Some(listing) = listing {
            take(listing);
        }
        if let Some(content) = content {
            take(&[u8::from(content.read)]);
            take(&content.digest);
        }
        if let Some((_, head)) = head {
            take(head);
        }
        if let Some(size) = size {
            take(&[u8::from(size.is_some())]);
            take(&size.unwrap_or(0).to_le_bytes());
        }
        for one in [exists, filled, executable].into_iter().flatten() {
            take(&[u8::from(*one)]);
        }
        debug_assert!(used <= bytes.len());
        self.0.update(&bytes);
    }

    fn add_committed(&mut self, held: &[bool]) {
        let bytes: Vec<u8> = held.iter().map(|held| u8::from(*held)).collect();
        self.0.update(&bytes);
    }

    fn so_far(&self) -> Digest {
        *self.0.finalize().as_bytes()
    }
}

#[cfg(test)]
mod tests;
