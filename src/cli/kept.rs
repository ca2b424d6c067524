//! `deploylint scan --cache DIR`: which part of a repo's record is kept, and how a record is put together.

use super::args::ScanArgs;
use super::progress::Progress;
use super::tell;
use crate::check::{CheckError, Request};
use crate::output::clean;
use crate::output::scan::Form;
use crate::repo::files::Recorder;
use crate::repo::files::record::Reader;
use crate::scan::cache::{Cache, Fingerprint};
use crate::scan::tally::Tally;
use std::path::{Path, PathBuf};

/// Earlier results of repos: their records without name, place and time.
pub(super) struct Kept {
    cache: Cache,
    directory: PathBuf,
}

impl Kept {
    /// The requested cache.
    ///
    /// # Errors
    /// It cannot be used.
    pub(super) fn open(args: &ScanArgs, request: &Request, form: Form) -> Result<Option<Self>, CheckError> {
        let Some(directory) = &args.cache else { return Ok(None) };
        let fingerprint = Fingerprint::of_program()?.with_request(request)?;
        let fingerprint = fingerprint.with("form", format!("{form:?}").as_bytes());
        Ok(Some(Kept { cache: Cache::open(directory, &fingerprint)?, directory: directory.clone() }))
    }

    /// What a check would find in `repo`, if that is known.
    pub(super) fn find(&self, repo: &Path) -> Option<(Tally, Vec<u8>)> {
        let kept = self.cache.get(repo)?;
        let mut reader = Reader::new(&kept);
        let tally = serde_json::from_slice(reader.part().ok()?).ok()?;
        let body = reader.part().ok()?.to_vec();
        Some((Tally::from_json(&tally)?, body))
    }

    /// Keeps what a check found in `repo`. If that fails, the scan goes on without it, and says so once.
    pub(super) fn keep(
        &self,
        repo: &Path,
        recorder: &Recorder,
        tally: &Tally,
        body: &[u8],
        progress: &Progress,
    ) {
        let mut kept = Vec::with_capacity(body.len() + 500);
        for part in [tally.to_json().to_string().as_bytes(), body] {
            kept.extend((part.len() as u64).to_le_bytes());
            kept.extend(part);
        }
        if let Err(error) = self.cache.put(repo, recorder, &kept) {
            let directory = self.directory.to_string_lossy();
            let directory = clean::line(&directory, 500);
            let told =
                format!("{directory}: the cache cannot be written: {error}; the scan goes on without it\n");
            progress.beside(|| tell(&told));
        }
    }
}
