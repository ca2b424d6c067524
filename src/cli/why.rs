//! `deploylint why`: what the analyser understood of one line, and why it reports it or not.

use super::args::WhyArgs;
use super::{Exit, Failure};
use crate::check::{CheckError, Fate};
use crate::output::clean;
use std::io::Write;
use std::path::PathBuf;

/// Prints everything that is known about a line.
pub(super) fn run(args: &WhyArgs, out: &mut dyn Write) -> Result<Exit, Failure> {
    let (path, line) = place(&args.place)?;
    let why = crate::check::why(path, line, args.root.clone())?;
    let limit = 2000;
    if why.steps.is_empty() {
        writeln!(
            out,
            "No command is known to run on line {line}: it is empty, a comment, text (such as a heredoc), or part of a \
             command that begins on another line."
        )?;
    }
    for step in &why.steps {
        writeln!(out, "{}", clean::lines(step, limit))?;
    }
    for gap in &why.gaps {
        writeln!(out, "not analysed: {}", clean::line(&gap.reason, limit))?;
    }
    for (finding, fate) in &why.findings {
        let fate = match fate {
            Fate::Told => "reported",
            Fate::NotSure => "not reported, because its confidence is too low (--confidence low shows it)",
            Fate::Quieted => "not reported, because a comment suppresses it",
            Fate::Off => "not reported, because the configuration switches the rule off",
        };
        let message = clean::line(&finding.message, limit);
        let (severity, sure) = (finding.severity.name(), finding.confidence.name());
        writeln!(out, "{severity}[{}], confidence {sure}: {message}\n  {fate}", finding.rule)?;
    }
    if why.findings.is_empty() {
        writeln!(out, "No rule has a finding on this line.")?;
    }
    Ok(Exit::Clean)
}

/// `FILE:LINE`.
fn place(text: &str) -> Result<(PathBuf, u32), CheckError> {
    let wrong = || {
        let error = CheckError::new(format!("`{}` is not FILE:LINE", clean::line(text, 200)));
        error.advise("for example, write `deploylint why start.sh:12`")
    };
    let (file, line) = text.rsplit_once(':').ok_or_else(wrong)?;
    let line: u32 = line.parse().map_err(|_| wrong())?;
    if file.is_empty() { Err(wrong()) } else { Ok((PathBuf::from(file), line)) }
}
