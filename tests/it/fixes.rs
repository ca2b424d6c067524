//! `check --fix` and `--diff`: what is written, what is left alone, and that fixes end.

use crate::support::{output_with, project, project_of_bytes};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// The result of a run. Its output is bytes, because a fixed file need not be text.
struct Ran {
    code: i32,
    out: Vec<u8>,
    err: String,
}

fn run(dir: &Path, args: &[&str], stdin: &[u8]) -> Ran {
    let output = output_with(dir, &[&["check"], args].concat(), stdin);
    Ran {
        code: output.status.code().unwrap(),
        out: output.stdout,
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn read(dir: &TempDir, name: &str) -> String {
    fs::read_to_string(dir.path().join(name)).unwrap()
}

/// The script after `--fix`.
fn fixed(script: &str, args: &[&str]) -> String {
    let dir = project(&[("start.sh", script)]);
    let ran = run(dir.path(), &[&["start.sh", "--fix"], args].concat(), b"");
    assert_ne!(ran.code, 2, "{}", ran.err);
    read(&dir, "start.sh")
}

const FAULTS: &str = "set -e\nmkdir /opt/a\nuseradd app\napt-get update\napt-get install nginx\n";

#[test]
fn safe_fixes_are_applied_and_the_others_on_request() {
    let dir = project(&[("start.sh", FAULTS)]);
    let ran = run(dir.path(), &["start.sh", "--fix"], b"");
    let safe = "set -e\nmkdir -p /opt/a\nid -u app >/dev/null 2>&1 || useradd app\napt-get update\napt-get install nginx\n";
    assert_eq!(read(&dir, "start.sh"), safe);
    assert_eq!(ran.err, "Fixed 2 findings in 1 file; 1 more with --unsafe-fixes\n");
    let out = String::from_utf8(ran.out).unwrap();
    assert!(out.contains("[rerun/prompt]") && !out.contains("[rerun/existing"), "{out}");
    assert_eq!(ran.code, 1);
    let ran = run(dir.path(), &["start.sh", "--fix", "--unsafe-fixes"], b"");
    assert_eq!(read(&dir, "start.sh"), safe.replace("install", "install -y"));
    assert_eq!((ran.code, ran.err.as_str()), (0, "Fixed 1 finding in 1 file\n"));
    let ran = run(dir.path(), &["start.sh", "--fix", "--unsafe-fixes"], b"");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
}

#[test]
fn json_tells_what_remains() {
    let dir = project(&[("start.sh", FAULTS)]);
    let ran = run(dir.path(), &["start.sh", "--fix", "--format", "json"], b"");
    let json: serde_json::Value = serde_json::from_slice(&ran.out).unwrap();
    let rules: Vec<_> = json["findings"].as_array().unwrap().iter().map(|f| &f["rule"]).collect();
    assert_eq!(rules, ["rerun/prompt"]);
}

#[test]
fn only_what_is_shown_is_fixed() {
    assert_eq!(fixed(FAULTS, &["--select", "rerun/existing-path"]), FAULTS.replace("mkdir", "mkdir -p"));
    assert_eq!(fixed(FAULTS, &["--ignore", "rerun"]), FAULTS);
    let quieted = FAULTS.replace("mkdir /opt/a", "mkdir /opt/a # deploylint: ignore[rerun/existing-path]");
    assert!(fixed(&quieted, &[]).contains("\nmkdir /opt/a #"));
    // This is not certain, because nothing calls the function.
    let unsure = "set -e\nsetup() {\n  mkdir /opt/a\n}\n";
    assert_eq!(fixed(unsure, &["--confidence", "high"]), unsure);
    assert_eq!(fixed(unsure, &[]), unsure.replace("mkdir", "mkdir -p"));
}

#[test]
fn a_diff_writes_nothing_and_does_what_fix_does() {
    let text = b"\xef\xbb\xbfset -e\r\nmkdir /opt/\xe9\r\n\r\n# x\r\n\r\n\r\n\r\n\r\nuseradd app".as_slice();
    let dir = project_of_bytes(&[
        ("deploy/a b.sh", text),
        ("ok.sh", b"set -e\nmkdir -p /opt/a\n"),
        ("compose.yaml", b""),
    ]);
    let ran = run(dir.path(), &["deploy/a b.sh", "--diff"], b"");
    assert_eq!((ran.code, ran.err.as_str()), (1, "Would fix 2 findings in 1 file\n"));
    assert_eq!(fs::read(dir.path().join("deploy/a b.sh")).unwrap(), text);
    let ok = run(dir.path(), &["ok.sh", "--diff"], b"");
    assert_eq!((ok.code, ok.out, ok.err.as_str()), (0, vec![], ""));
    assert_eq!(run(dir.path(), &["ok.sh", "--diff", "--format", "json"], b"").code, 2);
    assert_eq!(run(dir.path(), &["ok.sh", "--unsafe-fixes"], b"").code, 2);
    // patch(1) may be missing. If it is installed, it must accept the diff.
    let patched = project_of_bytes(&[("deploy/a b.sh", text)]);
    let mut patch = Command::new("patch");
    patch.args(["-p0", "--binary"]).current_dir(patched.path());
    let patch = patch.stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
    assert_eq!(run(dir.path(), &["deploy/a b.sh", "--fix"], b"").code, 3);
    let fixed = fs::read(dir.path().join("deploy/a b.sh")).unwrap();
    let expected = b"\xef\xbb\xbfset -e\r\nmkdir -p /opt/\xe9\r\n\r\n# x\r\n\r\n\r\n\r\n\r\nid -u app >/dev/null 2>&1 || useradd app";
    assert_eq!(fixed, expected);
    if let Ok(mut patch) = patch {
        patch.stdin.take().unwrap().write_all(&ran.out).unwrap();
        assert!(patch.wait().unwrap().success());
        assert_eq!(fs::read(patched.path().join("deploy/a b.sh")).unwrap(), fixed);
    }
}

#[test]
fn standard_input_comes_back_on_standard_output() {
    let dir = project(&[("lib.sh", "set -e\nmkdir /opt/lib\n"), ("compose.yaml", "")]);
    let script = "set -e\r\nsource ./lib.sh\r\nmkdir /opt/a\r\napt-get install nginx";
    let args = ["-", "--fix", "--stdin-filename", "start.sh", "--root", "."];
    let ran = run(dir.path(), &args, script.as_bytes());
    assert_eq!(String::from_utf8(ran.out).unwrap(), script.replace("mkdir", "mkdir -p"));
    assert!(
        ran.err.contains("[rerun/prompt]") && ran.err.contains("Fixed 1 finding in 1 file"),
        "{}",
        ran.err
    );
    assert_eq!(ran.code, 1);
    // No other file is changed, and no file of that name is created.
    assert_eq!(read(&dir, "lib.sh"), "set -e\nmkdir /opt/lib\n");
    assert!(!dir.path().join("start.sh").exists());
    let ran = run(dir.path(), &["-", "--diff", "--root", "."], b"set -e\nmkdir /opt/a\n");
    let diff = "--- stdin.sh\n+++ stdin.sh\n@@ -1,2 +1,2 @@\n set -e\n-mkdir /opt/a\n+mkdir -p /opt/a\n";
    assert_eq!((String::from_utf8(ran.out).unwrap().as_str(), ran.code), (diff, 1));
    // A script without faults comes back as it was, and so does a file that is no text.
    for text in [b"true\n".as_slice(), b"", b"a\0b"] {
        assert_eq!(run(dir.path(), &["-", "--fix"], text).out, text);
    }
    assert_eq!(run(dir.path(), &["-", "lib.sh", "--fix"], b"").code, 2);
}

#[test]
fn a_text_in_a_text_takes_only_what_it_can() {
    for (script, expected) in [
        // The test for a line needs single quotes, and a region in single quotes has no room for them.
        ("sudo bash -c 'echo \"a.b.c.d = 10\" >> /etc/x.conf'\n", None),
        ("sudo bash -c 'mkdir /opt/a'\n", Some("sudo bash -c 'mkdir -p /opt/a'\n")),
        ("sudo bash -c \"mkdir /opt/a\"\n", Some("sudo bash -c \"mkdir -p /opt/a\"\n")),
        ("sudo bash -c $'mkdir /opt/a'\n", None),
        // The outer shell would expand the `$USERNAME` of the inner one.
        ("bash <<EOF\nuseradd \"\\$NAME\"\nEOF\n", None),
        (
            "bash <<EOF\nuseradd app\nEOF\n",
            Some("bash <<EOF\nid -u app >/dev/null 2>&1 || useradd app\nEOF\n"),
        ),
        (
            "bash <<'EOF'\nuseradd \"$NAME\"\nEOF\n",
            Some("bash <<'EOF'\nid -u \"$NAME\" >/dev/null 2>&1 || useradd \"$NAME\"\nEOF\n"),
        ),
        ("ssh host mkdir /opt/a\n", Some("ssh host mkdir -p /opt/a\n")),
        // The words would be redirected here.
        ("ssh host useradd app\n", None),
        ("bash -c mkdir\\ /opt/a\n", None),
        ("run='mkdir /opt/a'\neval \"$run\"\n", None),
        ("run() { \"$@\"; }\nrun useradd app\n", None),
        ("cd /opt && useradd app\n", None),
        ("mkdir /opt/a &\n", Some("mkdir -p /opt/a &\n")),
    ] {
        let args = ["--select", "rerun", "--confidence", "low"];
        assert_eq!(fixed(script, &args), expected.unwrap_or(script));
    }
}

#[test]
fn a_sourced_file_is_fixed_too_and_a_link_stays() {
    let dir = project(&[
        ("start.sh", "set -e\n. ./lib/steps.sh\nsetup\n"),
        ("lib/real.sh", "setup() {\n\tmkdir /opt/a\n}\n"),
    ]);
    #[cfg(unix)]
    std::os::unix::fs::symlink("real.sh", dir.path().join("lib/steps.sh")).unwrap();
    #[cfg(not(unix))]
    fs::copy(dir.path().join("lib/real.sh"), dir.path().join("lib/steps.sh")).unwrap();
    let ran = run(dir.path(), &["start.sh", "--fix", "--root", "."], b"");
    assert_eq!((ran.code, ran.err.as_str()), (0, "Fixed 1 finding in 1 file\n"));
    assert_eq!(read(&dir, "lib/steps.sh"), "setup() {\n\tmkdir -p /opt/a\n}\n");
    #[cfg(unix)]
    assert!(dir.path().join("lib/steps.sh").symlink_metadata().unwrap().is_symlink());
    #[cfg(unix)]
    assert_eq!(read(&dir, "lib/real.sh"), read(&dir, "lib/steps.sh"));
}

#[test]
fn a_fix_that_brings_something_else_is_taken_back() {
    let unit = "[Service]\nUser=shop\nExecStart=/opt/shop/web\n[Install]\nWantedBy=multi-user.target\n";
    // A line between the comment and its command would make the comment ineffective.
    let script = format!(
        "git -C /opt/shop pull --ff-only\ncat > /etc/systemd/system/web.service <<'EOF'\n{unit}EOF\n\
         systemctl daemon-reload\n# deploylint: ignore[steps/not-restarted] it is stopped by hand\n\
         systemctl start web\nmkdir /opt/a\nuseradd app\nmkdir /opt/b\n"
    );
    let dir = project(&[("start.sh", &script)]);
    let ran =
        run(dir.path(), &["start.sh", "--fix", "--unsafe-fixes", "--select", "steps,rerun,ignore"], b"");
    let expected =
        script.replace("mkdir", "mkdir -p").replace("useradd", "id -u app >/dev/null 2>&1 || useradd");
    assert_eq!(read(&dir, "start.sh"), expected);
    let said = "not fixed: start.sh:2: steps/not-enabled: the fix would leave the finding, or cause another\n\
                Fixed 3 findings in 1 file\n";
    assert_eq!(ran.err, said);
}

#[cfg(unix)]
#[test]
fn what_cannot_be_written_is_said_and_nothing_is_lost() {
    let dir = project(&[("a.sh", FAULTS), ("b.sh", FAULTS)]);
    fs::hard_link(dir.path().join("b.sh"), dir.path().join("other")).unwrap();
    let ran = run(dir.path(), &["a.sh", "b.sh", "--fix", "--root", "."], b"");
    assert_eq!(ran.code, 2);
    assert!(ran.err.starts_with("error: b.sh: not written: it has 2 hard links"), "{}", ran.err);
    assert!(ran.err.contains("no file was changed") && !ran.err.contains("Fixed"), "{}", ran.err);
    // The output shows what is on disk.
    assert!(String::from_utf8(ran.out).unwrap().contains("a.sh:2:1"));
    assert_eq!((read(&dir, "a.sh").as_str(), read(&dir, "b.sh").as_str()), (FAULTS, FAULTS));
}
