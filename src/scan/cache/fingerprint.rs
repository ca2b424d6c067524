//! What a result depends on besides the repo: the program and its options.

use crate::check::{CheckError, Request};
use crate::repo::files::record::{Digest, digest, digest_of};
use crate::rules::pages::read_folder;
use std::fs::File;
use std::io;
use std::path::Path;

/// The program and its options. A result is valid only for the same fingerprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint(pub(super) Vec<u8>);

impl Fingerprint {
    /// This build of the program, with its rules, by the bytes of its executable, so that no two builds share
    /// results.
    ///
    /// # Errors
    /// The program cannot read itself.
    pub(crate) fn of_program() -> Result<Self, CheckError> {
        let own = || digest_of(File::open(std::env::current_exe()?)?);
        let own = own().map_err(|error: io::Error| {
            let message =
                format!("the program cannot read itself, and cannot tell its results apart: {error}");
            CheckError::new(message).advise("leave out --cache")
        })?;
        let new = Fingerprint(Vec::new());
        Ok(new.with("version", env!("CARGO_PKG_VERSION").as_bytes()).with("program", &own))
    }

    /// Adds the options except the repo itself: rules and families, confidence, the configuration and the
    /// folders of rules that are named, with their contents.
    ///
    /// # Errors
    /// A file that is named cannot be read.
    pub(crate) fn with_request(self, request: &Request) -> Result<Self, CheckError> {
        let mut all = self;
        for (name, values) in [("select", &request.select), ("ignore", &request.ignore)] {
            for value in values {
                all = all.with(name, value.as_bytes());
            }
        }
        all = all.with("confidence", format!("{:?}", request.confidence).as_bytes());
        if let Some(config) = &request.config {
            let content = File::open(config).and_then(digest_of);
            let content = content.map_err(|error| {
                CheckError::in_file(config, format!("the configuration cannot be read: {error}"))
            })?;
            all = all.with_path("config", config).with("content", &content);
        }
        for folder in &request.rules_dirs {
            all = all.with_path("rules", folder);
            for file in read_folder(folder)? {
                all = all.with("rule", file.path.as_bytes()).with("text", file.text.as_bytes());
            }
        }
        Ok(all)
    }

    /// Adds something else on which the kept bytes depend.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: &[u8]) -> Self {
        for part in [name.as_bytes(), value] {
            self.0.extend_from_slice(&(part.len() as u64).to_le_bytes());
            self.0.extend_from_slice(part);
        }
        self
    }

    fn with_path(self, name: &str, path: &Path) -> Self {
        self.with(name, path.as_os_str().as_encoded_bytes())
    }

    pub(super) fn digest(&self) -> Digest {
        digest(&self.0)
    }
}
