//! Asks again what was asked before. A directory's listing answers most of it: whether a path exists and
//! whether it is a plain file. Such a file is opened without checking each directory above it.

use crate::repo::files::record::encoded::{
    CONTENT, Damaged, EXECUTABLE, EXISTS, FILLED, HEAD, LISTING, Reader, SIZE,
};
use crate::repo::files::record::{Answer, Asked, PATHS, Together, digest, of_listing};
use crate::repo::files::walk::{self, Kind, Listing};
use crate::repo::files::{MAX_BYTES, Root};
use crate::repo::history;
use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// How much is read at a time.
const CHUNK: usize = 64 * 1024;

pub(crate) fn holds(bytes: &[u8], root: &Root) -> Result<bool, Damaged> {
    // Nobody records the questions here.
    let root = &Root { recorder: None, ..root.clone() };
    let mut reader = Reader::new(bytes);
    let mut together = Together::new();
    let mut now = Now { root, listed: HashMap::new(), buffer: vec![0; CHUNK] };
    let paths = reader.number()?;
    for index in 0..paths {
        let (path, asks) = reader.question()?;
        together.add(&now.answer(path, |flag| asks.has(flag), asks.head));
        if (index + 1) % PATHS as u64 == 0 && together.so_far() != reader.digest()? {
            return Ok(false);
        }
    }
    for _ in 0..reader.number()? {
        let paths = reader.committed()?;
        let held = history::committed(root, &paths);
        let held: Vec<bool> = paths.iter().map(|path| held.contains(path)).collect();
        together.add_committed(&held);
    }
    let same = together.so_far() == reader.digest()?;
    Ok(same && reader.is_done())
}

/// What is there now.
struct Now<'r> {
    root: &'r Root,
    /// The directories that were listed and that no link leads to.
    listed: HashMap<String, Listing>,
    buffer: Vec<u8>,
}

/// What the listing of the parent directory says about a path.
enum Above {
    Absent,
    Is(Kind),
    /// It was not listed, or the path does not lead straight down.
    Unknown,
}

impl Now<'_> {
    fn above(&self, path: &str) -> Above {
        if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Above::Unknown;
        }
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        let Some(listing) = self.listed.get(directory) else { return Above::Unknown };
        match listing.binary_search_by(|(known, _)| known.as_os_str().cmp(name.as_ref())) {
            Ok(at) => listing.get(at).map_or(Above::Unknown, |(_, kind)| Above::Is(*kind)),
            Err(_) => Above::Absent,
        }
    }

    fn answer(&mut self, path: &str, asks: impl Fn(u8) -> bool, head: Option<u64>) -> Asked {
        let above = self.above(path);
        let on_disk = self.root.locate(path);
        let mut answer = Asked::default();
        if asks(LISTING) {
            let listing = walk::list(&on_disk);
            answer.listing = Some(of_listing(&listing));
            if let Ok(listing) = listing
                && (path.is_empty() || matches!(above, Above::Is(Kind::Directory)))
            {
                self.listed.insert(path.to_owned(), listing);
            }
        }
        let mut length = None;
        if asks(CONTENT) {
            if matches!(above, Above::Is(Kind::File))
                && let Some((digest, read)) = self.read(&on_disk)
            {
                answer.content = Some(Answer { read: true, digest });
                length = Some(read);
            }
            if answer.content.is_none() {
                let content = self.root.contents(&on_disk, path);
                answer.content = Some(Answer::of(content.as_deref().map_err(String::as_str)));
            }
        }
        if asks(SIZE) {
            answer.size = Some(length.map_or_else(|| self.root.size(path), Some));
        }
        if asks(EXISTS) {
            answer.exists = Some(match above {
                Above::Absent => false,
                Above::Is(_) => true,
                Above::Unknown => self.root.exists(path),
            });
        }
        if asks(FILLED) {
            let filled = std::fs::read_dir(&on_disk).is_ok_and(|mut inside| inside.next().is_some());
            answer.filled = Some(filled);
        }
        if asks(EXECUTABLE) {
            answer.executable = Some(walk::is_executable(&on_disk));
        }
        if asks(HEAD)
            && let Some(most) = head
        {
            answer.head = Some((most, digest(&walk::head(&on_disk, most))));
        }
        answer
    }

    /// The digest and the length of a plain file; `None` for one that needs a closer look.
    fn read(&mut self, path: &Path) -> Option<(super::Digest, u64)> {
        let mut file = File::open(path).ok()?;
        let mut whole: Option<blake3::Hasher> = None;
        let mut length = 0;
        loop {
            let read = file.read(&mut self.buffer).ok()?;
            length += read as u64;
            if length > MAX_BYTES {
                return None;
            }
            let bytes = self.buffer.get(..read)?;
            // The file ends where a read returns less than requested. Otherwise its digest differs from
            // before.
            let ends = read < self.buffer.len();
            match (&mut whole, ends) {
                (None, true) => return Some((digest(bytes), length)),
                (Some(whole), true) => {
                    return Some((*whole.update(bytes).finalize().as_bytes(), length));
                }
                (whole, false) => {
                    whole.get_or_insert_default().update(bytes);
                }
            }
        }
    }
}
