//! The finished repos, one on each line, so that a scan that was killed can go on: no repo is lost, and none
//! appears twice.
//!
//! A record is written first, and then its line here, with the length of the output at that point. So
//! anything in the output after the last line belongs to an unfinished repo and is removed. A torn last line
//! counts as not written. Nothing is flushed to the disk: a killed process loses nothing that it wrote, but a
//! machine that loses power may.

use super::sink::Sink;
use super::tally::Tally;
use crate::check::CheckError;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::fs::{File, TryLockError};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::Path;

/// The version of the format.
const VERSION: u64 = 1;
/// A journal goes on only if the same tool gets the same request again.
const TOOL: &str = env!("CARGO_PKG_VERSION");
/// How every journal begins; keys are sorted.
const BEGIN: &[u8] = b"{\"asked\":";
const NONE: &str = "it is not the journal of a scan, so it is left as it is";

/// A journal that is being written.
pub(crate) struct Journal {
    file: File,
}

/// The names of the repos that were finished before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Finished {
    names: HashSet<u64>,
    state: RandomState,
    /// True if their records are in the output that is written now.
    pub(crate) in_output: bool,
}

impl Finished {
    /// True for a repo that was finished.
    pub(crate) fn holds(&self, name: &str) -> bool {
        !self.names.is_empty() && self.names.contains(&self.state.hash_one(name))
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.names.len()
    }

    fn add(&mut self, name: &str) {
        self.names.insert(self.state.hash_one(name));
    }
}

impl Journal {
    /// Opens the journal at `path`, or creates it, for a scan with the options `asked`. Passes each repo that
    /// it lists as finished to `each`, and removes what the output has after them. `own` says that the output
    /// belongs to this scan alone, so a repo that is missing from it is not finished.
    ///
    /// # Errors
    /// It cannot be read or written, another scan is writing it, it belongs to a scan with other options, or
    /// it is not a journal.
    pub(crate) fn open(
        path: &Path,
        asked: &Value,
        sink: &mut Sink,
        own: bool,
        mut each: impl FnMut(&str, &Tally),
    ) -> Result<(Journal, Finished), CheckError> {
        let fail = |what: String| CheckError::in_file(path, what);
        let broken = |error: io::Error| fail(format!("the journal cannot be used: {error}"));
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(path).map_err(broken)?;
        if !file.metadata().map_err(broken)?.is_file() {
            return Err(fail("the journal is not a regular file".to_owned()));
        }
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(fail("another scan is writing it".to_owned())),
            Err(TryLockError::Error(error)) => return Err(broken(error)),
        }
        let mut lines = BufReader::new(&file);
        let mut line = Vec::new();
        lines.read_until(b'\n', &mut line).map_err(broken)?;
        let mut finished = Finished::default();
        // How much of the journal stays, and how much of the output.
        let mut end = 0;
        let mut output = own.then_some(0);
        if line.ends_with(b"\n") {
            let known: Value = serde_json::from_slice(&line).map_err(|_| fail(NONE.to_owned()))?;
            if known["journal"] != json!(VERSION) {
                return Err(fail(NONE.to_owned()));
            }
            if known["tool"] != json!(TOOL) || known["asked"] != *asked {
                let error = fail("it is the journal of a scan with other options".to_owned());
                return Err(error.advise("use the same options, or start a new journal"));
            }
            let identity = sink.identity();
            let same = own || identity.is_some() && known["output"] == json!(identity);
            let limit = same.then(|| sink.length());
            output = limit.and(known["start"].as_u64());
            end = line.len() as u64;
            loop {
                line.clear();
                let read = lines.read_until(b'\n', &mut line).map_err(broken)?;
                let Some((name, length, tally)) = entry(&line) else { break };
                if limit.is_some_and(|limit| length > limit) {
                    break;
                }
                finished.add(&name);
                each(&name, &tally);
                output = limit.and(Some(length));
                finished.in_output = same;
                end += read as u64;
            }
        } else if !line.is_empty() && !line.starts_with(BEGIN) && !BEGIN.starts_with(&line) {
            return Err(fail(NONE.to_owned()));
        }
        if let Some(length) = output {
            sink.cut(length).map_err(|error| {
                CheckError::new(format!("the unfinished record cannot be removed from the output: {error}"))
            })?;
        }
        file.set_len(end).map_err(broken)?;
        file.seek(SeekFrom::Start(end)).map_err(broken)?;
        if end == 0 {
            let output = sink.identity();
            let begin = json!({
                "asked": asked, "journal": VERSION, "output": output, "start": sink.length(), "tool": TOOL,
            });
            file.write_all(format!("{begin}\n").as_bytes()).map_err(broken)?;
        }
        Ok((Journal { file }, finished))
    }

    /// Records that a repo is finished, and how long the output is with its record.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn add(&mut self, name: &str, length: u64, tally: &Tally) -> io::Result<()> {
        let line = json!({"repo": name, "end": length, "tally": tally.to_json()});
        self.file.write_all(format!("{line}\n").as_bytes())
    }
}

/// The content of a whole line.
fn entry(line: &[u8]) -> Option<(String, u64, Tally)> {
    let line: Value = serde_json::from_slice(line.strip_suffix(b"\n")?).ok()?;
    let name = line.get("repo")?.as_str()?.to_owned();
    Some((name, line.get("end")?.as_u64()?, Tally::from_json(line.get("tally")?)?))
}

#[cfg(test)]
mod tests;
