//! `deploylint services`: which service is which unit, and why.

use super::args::{Format, ServicesArgs};
use super::check::to_reader;
use super::{Exit, Failure, complain};
use crate::check::{CheckError, Request, Target};
use crate::output::services;
use std::io::Write;
use std::path::PathBuf;

/// Prints the matrix.
pub(super) fn run(args: &ServicesArgs, out: &mut dyn Write) -> Result<Exit, Failure> {
    let path = args.path.clone().or_else(|| args.root.clone()).unwrap_or_else(|| PathBuf::from("."));
    if path.as_os_str().is_empty() {
        return Err(CheckError::new("the PATH is empty").into());
    }
    let found = crate::check::services(&Request {
        root: args.root.clone(),
        targets: vec![Target::Path(path)],
        config: args.config.clone(),
        ..Request::default()
    })?;
    // Without a row there is only the error to tell.
    if !found.errors.is_empty() && found.matrix.rows.is_empty() {
        found.errors.iter().for_each(complain);
        return Ok(Exit::Usage);
    }
    let written = match args.format {
        Format::Json => services::write_json(&found, out),
        Format::Text => services::write_text(&found, out),
    };
    to_reader(written.and_then(|()| out.flush()))?;
    for error in &found.errors {
        complain(error);
    }
    Ok(match (found.errors.is_empty(), found.gaps.is_empty()) {
        (false, _) => Exit::Usage,
        (true, false) => Exit::NotAnalysed,
        (true, true) => Exit::Clean,
    })
}
