//! The command line. This is the only floor that prints and exits.
//!
//! Exit codes: 0 no findings at or above `--fail-on`; 1 findings; 2 wrong usage or configuration; 3 something
//! could not be analysed, and nothing worse; 130 and 143 an interrupted scan.

mod args;
mod check;
mod debug;
mod explain;
mod fix;
mod kept;
mod progress;
mod review;
mod scan;
mod services;
mod why;

use crate::check::CheckError;
use crate::output::clean;
use args::{Args, Command};
use clap::Parser;
use std::io::{self, Write};
use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    Clean = 0,
    Findings = 1,
    Usage = 2,
    NotAnalysed = 3,
    /// 128 plus the signal's number, as in shells.
    Interrupted = 130,
    Terminated = 143,
}

/// What stops a command.
enum Failure {
    /// Wrong usage or configuration.
    Usage(CheckError),
    /// Standard output cannot be written. If it was closed, the reader has seen enough.
    Output(io::Error),
}

impl From<CheckError> for Failure {
    fn from(error: CheckError) -> Self {
        Failure::Usage(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Output(error)
    }
}

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    // The message of a panic may quote a script.
    std::panic::set_hook(Box::new(|panic| {
        tell(&format!("bug: {}\n", clean::line(&panic.to_string(), 1000)));
    }));
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) if error.use_stderr() => {
            // It quotes the arguments, which may be names of files.
            tell(&format!("{}\n", clean::lines(&error.render().to_string(), 2000)));
            return code(Exit::Usage);
        }
        Err(error) => {
            // If the help cannot be written, nothing is left to do.
            let _ = error.print();
            return code(Exit::Clean);
        }
    };
    let stdout = io::stdout();
    let mut out = io::BufWriter::with_capacity(1 << 16, stdout.lock());
    let run = match args.command {
        Command::Check(args) if args.fix || args.diff => fix::run(&args, &mut out),
        Command::Check(args) => check::run(&args, &mut out),
        Command::Explain(args) => explain::explain(&args, &mut out),
        Command::Services(args) => services::run(&args, &mut out),
        Command::Why(args) => why::run(&args, &mut out),
        Command::Review(args) => review::run(&args, &mut out),
        Command::Scan(args) => scan::run(&args),
        Command::Rules(args) => explain::rules(&args, &mut out),
        Command::Debug(args) => debug::run(&args, &mut out),
    };
    let (run, flushed) = match run {
        Ok(exit) => (Ok(exit), out.flush()),
        Err(Failure::Output(error)) => (Ok(Exit::Clean), Err(error)),
        Err(Failure::Usage(error)) => (Err(error), out.flush()),
    };
    // The process must not try again to write what is still buffered.
    let _ = out.into_parts();
    let exit = match flushed {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let message = format!("cannot write the output: {error}");
            Err(CheckError::new(message))
        }
        _ => run,
    };
    exit.map_or_else(
        |error| {
            complain(&error);
            code(Exit::Usage)
        },
        code,
    )
}

fn code(exit: Exit) -> ExitCode {
    ExitCode::from(exit as u8)
}

/// Writes `error: FILE:LINE:COL: message`, and what to do about it, to standard error.
fn complain(error: &CheckError) {
    let lines = error.lines().map(|line| format!("error: {}\n", clean::line(&line, 2000)));
    let mut text: String = lines.collect();
    if let Some(advice) = &error.advice {
        text.push_str(&format!("  help: {}\n", clean::line(advice, 2000)));
    }
    tell(&text);
}

/// Writes to standard error, which may be closed.
fn tell(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
