//! Input that nobody should write. It is reported with its place and by the exit code, and `good.sh` beside it is still
//! judged.

use crate::support::{PROGRAM, Ran, project_of_bytes, skipped};
use serde_json::Value;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

mod architecture;
mod compose;
mod dotenv;
mod first_run;
mod hostile;
mod manifests;
mod review;
mod scripts;
mod units;

/// A script with one finding: a comment that suppresses nothing.
const GOOD: &str = "#!/bin/bash\nset -euo pipefail\n# deploylint: ignore[ignore/malformed]\ntrue\n";
/// How often hostile input repeats itself.
const MANY: usize = 50_000;
/// The longest time that an input may take. Without optimisation, and on a busy machine, the program is about twenty times
/// slower.
const PATIENCE: Duration = Duration::from_secs(if cfg!(debug_assertions) { 100 } else { 12 });
/// The memory that one run may take, in KiB.
const MEMORY: usize = 3_000_000;

fn project(files: &[(&str, &[u8])]) -> TempDir {
    let dir = project_of_bytes(&[&[("good.sh", GOOD.as_bytes())], files].concat());
    // No directory above may count as the project.
    fs::create_dir(dir.path().join(".git")).unwrap();
    dir
}

fn deploylint(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -v {MEMORY}; exec \"$0\" \"$@\"")]);
    command.arg(PROGRAM).args(args).current_dir(dir).env_remove("NO_COLOR");
    command
}

/// Runs the program, which must end in time.
fn finish(mut command: Command, stdin: &[u8]) -> Ran {
    let streams = tempfile::tempdir().unwrap();
    let [input, out, err] = ["in", "out", "err"].map(|name| streams.path().join(name));
    fs::write(&input, stdin).unwrap();
    command.stdin(File::open(&input).unwrap());
    command.stdout(File::create(&out).unwrap()).stderr(File::create(&err).unwrap());
    let started = Instant::now();
    let mut child = command.spawn().unwrap();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("it does not end");
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let read = |path: &Path| String::from_utf8(fs::read(path).unwrap()).unwrap();
    let (out, err) = (read(&out), read(&err));
    let code = status.code().unwrap_or_else(|| panic!("{status}: {err}"));
    assert!(!err.contains("panicked") && !err.contains("bug"), "{err}");
    Ran { code, out, err }
}

fn run(dir: &Path, args: &[&str]) -> Ran {
    finish(deploylint(dir, args), b"")
}

/// What was not analysed, as `(file, line, reason)`. The good script must still have been judged.
fn gaps(ran: &Ran) -> Vec<(String, u64, String)> {
    let json: Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}", ran.err));
    let findings = json["findings"].as_array().unwrap();
    assert!(findings.iter().any(|f| f["file"] == "good.sh" && f["rule"] == "ignore/unused"), "{}", ran.out);
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let gap = |g: &Value| {
        let line = g["range"]["start"]["line"].as_u64().unwrap_or(0);
        (text(&g["file"]), line, text(&g["reason"]))
    };
    json["not_analysed"].as_array().unwrap().iter().map(gap).collect()
}

const JSON: [&str; 4] = ["--format", "json", "--fail-on", "never"];
