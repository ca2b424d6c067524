//! Where records go. Each record is written as a whole or, where that can be undone, not at all.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

/// A file, or a stream that cannot be rolled back.
pub(crate) struct Sink {
    out: Box<dyn Write>,
    /// The same, if it is a regular file.
    file: Option<File>,
    /// The length of the file in bytes; for a stream, how much was written to it.
    length: u64,
}

impl Sink {
    /// A stream: a pipe, a terminal.
    pub(crate) fn stream(out: Box<dyn Write>) -> Self {
        Sink { out, file: None, length: 0 }
    }

    /// A regular file; writing continues at its end.
    ///
    /// # Errors
    /// It cannot be accessed.
    pub(crate) fn file(mut file: File) -> io::Result<Self> {
        let length = file.seek(SeekFrom::End(0))?;
        Ok(Sink { out: Box::new(file.try_clone()?), file: Some(file), length })
    }

    /// The identity of the file, whatever its name; `None` for a stream.
    pub(crate) fn identity(&self) -> Option<String> {
        let metadata = self.file.as_ref()?.metadata().ok()?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            Some(format!("{}:{}", metadata.dev(), metadata.ino()))
        }
        #[cfg(not(unix))]
        {
            let made = metadata.created().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
            Some(made.as_nanos().to_string())
        }
    }

    /// How many bytes it holds.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Removes everything after `length`; a stream cannot do that.
    ///
    /// # Errors
    /// The file cannot be changed.
    pub(crate) fn cut(&mut self, length: u64) -> io::Result<()> {
        if let Some(file) = self.file.as_mut().filter(|_| length < self.length) {
            file.set_len(length)?;
            // Both handles share one position in the file.
            file.seek(SeekFrom::Start(length))?;
            self.length = length;
        }
        Ok(())
    }

    /// Writes all of `bytes`, and flushes them.
    ///
    /// # Errors
    /// The system's error: a full disk, a closed pipe. In a file, the partly written bytes are removed.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.out.write_all(bytes).and_then(|()| self.out.flush()) {
            Ok(()) => {
                self.length += bytes.len() as u64;
                Ok(())
            }
            Err(error) => {
                if let Some(file) = &mut self.file {
                    // If this fails too, nothing can repair what could not be written.
                    let _ = file.set_len(self.length);
                    let _ = file.seek(SeekFrom::Start(self.length));
                }
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_cut_and_written_on() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        std::fs::write(&path, "one\ntwo\nthr").unwrap();
        let file = File::options().read(true).write(true).open(&path).unwrap();
        let mut sink = Sink::file(file).unwrap();
        assert_eq!(sink.length(), 11);
        sink.cut(8).unwrap();
        sink.write(b"three\n").unwrap();
        assert_eq!(
            (sink.length(), std::fs::read_to_string(&path).unwrap().as_str()),
            (14, "one\ntwo\nthree\n")
        );
        sink.cut(99).unwrap();
        assert_eq!(sink.length(), 14);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_told() {
        let file = File::options().write(true).open("/dev/full").unwrap();
        let error = Sink::stream(Box::new(file)).write(b"x").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}
