//! `deploylint check`.

use super::args::{CheckArgs, Color, FailOn, Format};
use super::{Exit, Failure, complain, tell};
use crate::check::{CheckError, Report, Request, Target};
use crate::output::{clean, json, text};
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

/// One byte more than is judged, so that a text that is too long can be recognised.
const MAX_STDIN: u64 = crate::repo::files::MAX_BYTES + 1;

pub(super) fn run(args: &CheckArgs, out: &mut dyn Write) -> Result<Exit, Failure> {
    let found = crate::check::check(&request(args)?)?;
    tell_taken(args, &found);
    to_reader(report(args, &found, colors(args.color), out))?;
    Ok(exit(&found, args.fail_on))
}

/// With `--verbose`, tells which scripts were checked, and why.
pub(super) fn tell_taken(args: &CheckArgs, report: &Report) {
    for (path, why) in report.taken.iter().filter(|_| args.verbose) {
        let line = format!("checked {}: {}\n", clean::line(path, 500), clean::line(why, 500));
        tell(&line);
    }
}

/// A closed pipe is no error: the reader may have seen enough, and the findings still count.
pub(super) fn to_reader(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Writes a report in the format that was asked for, and errors of the request on standard error.
pub(super) fn report(args: &CheckArgs, report: &Report, color: bool, out: &mut dyn Write) -> io::Result<()> {
    // If nothing that was asked for is there, the errors say all there is to say.
    let empty = report.scripts == 0 && report.findings.is_empty() && report.gaps.is_empty();
    let written = match args.format {
        Format::Text if empty && !report.errors.is_empty() => Ok(()),
        Format::Json => json::write(report, out),
        Format::Text => text::write(report, color, out),
    };
    let written = written.and_then(|()| out.flush());
    for error in &report.errors {
        complain(error);
    }
    written
}

pub(super) fn exit(report: &Report, fail_on: FailOn) -> Exit {
    let fails = |least| report.findings.iter().any(|f| f.severity >= least);
    if !report.errors.is_empty() {
        Exit::Usage
    } else if fail_on.least().is_some_and(fails) {
        Exit::Findings
    } else if !report.gaps.is_empty() {
        Exit::NotAnalysed
    } else {
        Exit::Clean
    }
}

/// What the arguments ask for. It reads standard input if that is named.
pub(super) fn request(args: &CheckArgs) -> Result<Request, CheckError> {
    let dash = Path::new("-");
    let mut targets = Vec::new();
    let mut paths = args.paths.clone();
    match (paths.iter().filter(|p| *p == dash).count(), &args.stdin_filename) {
        (0, Some(_)) if paths.is_empty() => paths.push(dash.to_owned()),
        (0, Some(_)) => {
            let error = CheckError::new("--stdin-filename has no effect without `-`");
            return Err(error.advise("write `deploylint check - --stdin-filename NAME`"));
        }
        (0 | 1, _) => {}
        _ => {
            return Err(CheckError::new("standard input (`-`) can be read only once"));
        }
    }
    if paths.is_empty() {
        paths.push(args.root.clone().unwrap_or_else(|| PathBuf::from(".")));
    }
    for path in paths {
        if path.as_os_str().is_empty() {
            return Err(CheckError::new("a PATH is empty"));
        }
        targets.push(if path == dash {
            let mut text = Vec::new();
            let mut stdin = io::stdin().lock().take(MAX_STDIN);
            stdin
                .read_to_end(&mut text)
                .map_err(|e| CheckError::new(format!("standard input cannot be read: {e}")))?;
            let name = args.stdin_filename.clone();
            Target::Stdin { name: name.unwrap_or_else(|| PathBuf::from("stdin.sh")), text }
        } else {
            Target::Path(path)
        });
    }
    Ok(Request {
        root: args.root.clone(),
        targets,
        config: args.config.clone(),
        select: args.select.clone(),
        ignore: args.ignore.clone(),
        rules_dirs: args.rules.clone(),
        confidence: Some(args.confidence.least()),
        time: None,
    })
}

/// Whether to use colours. NO_COLOR counts if it is not empty (no-color.org), but `--color` outweighs it.
pub(super) fn colors(when: Color) -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|v: std::ffi::OsString| !v.is_empty());
    match when {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
            io::stdout().is_terminal() && !set("NO_COLOR") && !dumb
        }
    }
}
