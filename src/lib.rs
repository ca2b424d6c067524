//! deploylint: a static analyser for the scripts that deploy a repo to a server.
//!
//! [`check`] judges the scripts of a repo, [`fix`] works out what would mend them. Neither runs, fetches or writes
//! anything; the caller does as it likes with what they say.
//!
//! ```
//! use deploylint::{Request, Target, check, fix};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let repo = tempfile::tempdir()?;
//! let script = repo.path().join("start.sh");
//! std::fs::write(&script, "#!/bin/bash\nset -e\nmkdir /opt/shop\n")?;
//!
//! let request = Request { targets: vec![Target::Path(script)], ..Request::default() };
//! let report = check(&request)?;
//! let finding = &report.findings[0];
//! assert_eq!(finding.rule.as_str(), "rerun/existing-path");
//! assert_eq!(report.sources.file(finding.span.file).path(), "start.sh");
//! assert_eq!(report.sources.line(finding.span), 3);
//!
//! // What could not be read is told as well: without a gap, silence means that nothing is wrong.
//! assert!(report.gaps.is_empty());
//!
//! let fixed = fix(&request, false)?;
//! assert_eq!(fixed.changes[0].after, b"#!/bin/bash\nset -e\nmkdir -p /opt/shop\n");
//! # Ok(())
//! # }
//! ```
//!
//! The default feature `cli` is the program: its commands, and the forms of its output. A program that embeds the library
//! does without (`default-features = false`).

// The library without its program keeps what only the program asks for.
#![cfg_attr(not(feature = "cli"), allow(dead_code, unused_imports))]

mod check;
#[cfg(feature = "cli")]
mod cli;
mod facts;
mod finding;
#[doc(hidden)]
pub mod internal;
mod limit;
mod model;
#[cfg(feature = "cli")]
mod output;
mod project;
mod repo;
#[cfg(feature = "cli")]
mod review;
mod rules;
#[cfg(feature = "cli")]
mod scan;
mod shell;
mod source;
mod syntax;
mod tools;

/// What must hold whatever is read, for the tests and for the fuzz targets.
#[cfg(all(any(test, fuzzing), feature = "cli"))]
#[doc(hidden)]
#[path = "../tests/mutations/mod.rs"]
pub mod mutations;

#[cfg(test)]
#[path = "../tests/it/support/ground.rs"]
mod support;

pub use check::{Change, CheckError, Fixed, Rejected, Report, Request, Target, check, fix};
#[cfg(feature = "cli")]
pub use cli::main;
pub use finding::{About, Applicability, Confidence, Edit, Finding, Fix, Gap, Related, RuleId, Severity};
pub use rules::page::Page;
pub use rules::pages::built_in as pages;
pub use source::{FileId, LineColumn, SourceFile, Sources, Span};
