//! A record as bytes. Bytes that are read may be damaged or someone else's, so each length is checked before
//! it is trusted.

use crate::repo::files::record::{Asked, Digest, Log, PATHS, Together};

/// Bytes that are not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Damaged;

/// Takes numbers and texts off bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    /// Starts at the first byte.
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Reader(bytes)
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    /// An error means that there are fewer bytes.
    pub(crate) fn take(&mut self, count: usize) -> Result<&'b [u8], Damaged> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    /// A number.
    ///
    /// # Errors
    /// An error means that the bytes end before.
    pub(crate) fn number(&mut self) -> Result<u64, Damaged> {
        let bytes = self.take(8)?.try_into().map_err(|_| Damaged)?;
        Ok(u64::from_le_bytes(bytes))
    }

    /// As many bytes as the number before them says.
    ///
    /// # Errors
    /// An error means that there are fewer bytes.
    pub(crate) fn part(&mut self) -> Result<&'b [u8], Damaged> {
        let length = usize::try_from(self.number()?).map_err(|_| Damaged)?;
        self.take(length)
    }

    /// A digest.
    ///
    /// # Errors
    /// An error means that the bytes end before.
    pub(crate) fn digest(&mut self) -> Result<Digest, Damaged> {
        self.take(32)?.try_into().map_err(|_| Damaged)
    }

    /// True if nothing is left.
    pub(crate) fn is_done(&self) -> bool {
        self.0.is_empty()
    }

    fn short(&mut self) -> Result<usize, Damaged> {
        let bytes: [u8; 2] = self.take(2)?.try_into().map_err(|_| Damaged)?;
        Ok(usize::from(u16::from_le_bytes(bytes)))
    }

    fn text(&mut self) -> Result<&'b str, Damaged> {
        let length = self.short()?;
        std::str::from_utf8(self.take(length)?).map_err(|_| Damaged)
    }

    /// The questions about the next path.
    pub(crate) fn question(&mut self) -> Result<(&'b str, Asks), Damaged> {
        let path = self.text()?;
        let flags = self.take(1)?.first().copied().ok_or(Damaged)?;
        let head = match flags & HEAD {
            0 => None,
            _ => Some(self.number()?),
        };
        Ok((path, Asks { flags, head }))
    }

    /// Files that git is asked about.
    pub(crate) fn committed(&mut self) -> Result<Vec<String>, Damaged> {
        let count = self.number()?;
        let mut paths = Vec::new();
        for _ in 0..count {
            paths.push(self.text()?.to_owned());
        }
        Ok(paths)
    }
}

pub(crate) const LISTING: u8 = 1;
pub(crate) const CONTENT: u8 = 1 << 1;
pub(crate) const HEAD: u8 = 1 << 2;
pub(crate) const SIZE: u8 = 1 << 3;
pub(crate) const EXISTS: u8 = 1 << 4;
pub(crate) const FILLED: u8 = 1 << 5;
pub(crate) const EXECUTABLE: u8 = 1 << 6;

/// The questions about a path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asks {
    flags: u8,
    /// The size up to which a head is read.
    pub(crate) head: Option<u64>,
}

impl Asks {
    fn of(asked: &Asked) -> Self {
        let Asked { listing, content, head, size, exists, filled, executable } = asked;
        let flags = [
            (listing.is_some(), LISTING),
            (content.is_some(), CONTENT),
            (head.is_some(), HEAD),
            (size.is_some(), SIZE),
            (exists.is_some(), EXISTS),
            (filled.is_some(), FILLED),
            (executable.is_some(), EXECUTABLE),
        ];
        let flags = flags.into_iter().filter(|(set, _)| *set).fold(0, |all, (_, flag)| all | flag);
        Asks { flags, head: head.map(|(most, _)| most) }
    }

    pub(crate) fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// The paths in order, each with its questions, and after every few of them the digest of all answers so far.
/// Then follow the question to git, and the digest of everything.
pub(crate) fn write(log: &Log) -> Vec<u8> {
    let mut out = Vec::new();
    let mut together = Together::new();
    // A longer path cannot be opened, so its answers are those of a missing file.
    let asked = log.asked.iter().filter(|(path, _)| path.len() <= usize::from(u16::MAX));
    out.extend_from_slice(&(asked.clone().count() as u64).to_le_bytes());
    for (index, (path, asked)) in asked.enumerate() {
        text(&mut out, path);
        let asks = Asks::of(asked);
        out.push(asks.flags);
        if let Some(most) = asks.head {
            out.extend_from_slice(&most.to_le_bytes());
        }
        together.add(asked);
        if (index + 1) % PATHS == 0 {
            out.extend_from_slice(&together.so_far());
        }
    }
    out.extend_from_slice(&(log.committed.len() as u64).to_le_bytes());
    for (paths, held) in &log.committed {
        out.extend_from_slice(&(paths.len() as u64).to_le_bytes());
        for path in paths {
            text(&mut out, path);
        }
        together.add_committed(held);
    }
    out.extend_from_slice(&together.so_far());
    out
}

fn text(out: &mut Vec<u8>, text: &str) {
    // Longer ones were left out, and no path on disk is that long.
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}
