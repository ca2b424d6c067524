//! What the tests share: throw-away projects, the program as it is called, and what it said.

pub(crate) mod git;

use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_deploylint");

/// The top of this repo.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Writes a file, and the directories above it.
pub(crate) fn write(dir: &Path, name: &str, content: impl AsRef<[u8]>) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// A directory with these files, which is gone when the test ends.
pub(crate) fn project(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        write(dir.path(), name, text);
    }
    dir
}

/// [`project`] with files that need not be text.
pub(crate) fn project_of_bytes(files: &[(&str, &[u8])]) -> TempDir {
    let dir = project(&[]);
    for (name, bytes) in files {
        write(dir.path(), name, bytes);
    }
    dir
}

/// The program in a directory, with colours as they are by default.
pub(crate) fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.current_dir(dir).args(args).env_remove("NO_COLOR");
    command
}

/// What a run came to.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The outcome of a run that no signal ended, and that said nothing but text.
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

/// The records of a scan; without their times, which differ from run to run.
pub(crate) fn records(text: &str) -> Vec<Value> {
    let record = |line: &str| {
        let mut record: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert!(record.as_object_mut().unwrap().remove("milliseconds").unwrap().is_u64());
        record
    };
    text.lines().map(record).collect()
}

/// Tells that a test could not take place. The harness holds back what a passing test prints; this goes past it.
pub(crate) fn skipped(test: &str, missing: &str) {
    let _ = writeln!(std::io::stderr().lock(), "SKIPPED {test}: no {missing} on this machine");
}
