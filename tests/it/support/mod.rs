//! What the tests share: throw-away projects, calls of the program, and its output.

mod ground;

pub(crate) use ground::{Repo, project, project_of_bytes, root, skipped, write};

use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_deploylint");

/// The program in a directory, with the default colours.
pub(crate) fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.current_dir(dir).args(args).env_remove("NO_COLOR");
    command
}

/// The result of a run.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The result of a run. No signal may have ended it, and its output must be text.
pub(crate) fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs the program with nothing on standard input.
pub(crate) fn run(dir: &Path, args: &[&str]) -> Ran {
    ran(command(dir, args).stdin(Stdio::null()).output().unwrap())
}

/// Runs the program with something on standard input.
pub(crate) fn output_with(dir: &Path, args: &[&str], stdin: &[u8]) -> Output {
    let mut command = command(dir, args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin).unwrap();
    child.wait_with_output().unwrap()
}

/// The records of a scan without their times, which differ from run to run.
pub(crate) fn records(text: &str) -> Vec<Value> {
    let record = |line: &str| {
        let mut record: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert!(record.as_object_mut().unwrap().remove("milliseconds").unwrap().is_u64());
        record
    };
    text.lines().map(record).collect()
}
