//! Repos that are made to hang a reader or to fill its memory.

use super::*;
use deploylint::{Request, Target, check};

/// Commands that make a script count as one that deploys, so that it is judged.
const DEPLOYS: &str = "#!/bin/bash\nset -e\nsystemctl restart web\napt-get install -y nginx\n";
/// The memory that these may take, in KiB. An address space is larger than the memory in use.
const SMALL: usize = 1_200_000;

/// Judges a whole repo, and returns what could not be read.
fn judge_all(dir: &Path) -> Vec<(String, u64, String)> {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -v {SMALL}; exec \"$0\" \"$@\"")]);
    command.arg(PROGRAM).args(["check", "--root", ".", ".", "good.sh"]).args(JSON);
    command.current_dir(dir).env_remove("NO_COLOR");
    let ran = finish(command, b"");
    assert!([0, 3].contains(&ran.code), "{}", ran.err);
    gaps(&ran)
}

/// The repo of one script that deploys.
fn script(lines: &str) -> TempDir {
    project(&[("deploy.sh", [DEPLOYS, lines].concat().as_bytes())])
}

fn tells(gaps: &[(String, u64, String)], file: &str, reason: &str) {
    let told = gaps.iter().any(|(at, _, why)| at == file && why.contains(reason));
    assert!(told, "{file}: {:?}", gaps.iter().take(5).collect::<Vec<_>>());
}

fn many(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect()
}

fn fifo(path: &Path) -> bool {
    let mut command = Command::new("mkfifo");
    command.arg(path).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[cfg(unix)]
#[test]
fn ignore_files_are_read_as_other_files_are() {
    use std::os::unix::fs::symlink;
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("list"), "deploy.sh\n").unwrap();
    let name = ".gitignore";
    // The directory has two more scripts, and an ignore file that leaves one out.
    let repo = || {
        let dir = script("");
        fs::create_dir(dir.path().join("d")).unwrap();
        fs::write(dir.path().join("d/.gitignore"), "left-*\n!left-in.sh\n").unwrap();
        for script in ["d/left-out.sh", "d/left-in.sh"] {
            fs::write(dir.path().join(script), "#!/bin/sh\nnot 'closed\n").unwrap();
        }
        dir
    };
    let dir = repo();
    if fifo(&dir.path().join(name)) {
        tells(&judge_all(dir.path()), name, "not a regular file, so its rules are ignored");
    } else {
        println!("no FIFO can be made here");
    }
    for target in [Path::new("/dev/zero"), &outside.path().join("list")] {
        let dir = repo();
        symlink(target, dir.path().join(name)).unwrap();
        // git does not follow such a link, so it contains no rules.
        assert_eq!(judge_all(dir.path()), []);
    }
    for size in [4 << 30, 1 << 20] {
        let dir = repo();
        File::create(dir.path().join(name)).unwrap().set_len(size).unwrap();
        tells(&judge_all(dir.path()), name, "larger than ");
    }
    let dir = repo();
    let odd =
        ["**/".repeat(1000), "[".repeat(4000), "*a".repeat(2000), "{a,".repeat(1300), "\u{feff}".to_owned()];
    fs::write(dir.path().join(name), odd.join("\n") + "\n/deploy.*\r\n").unwrap();
    assert_eq!(judge_all(dir.path()), []);
}

#[cfg(unix)]
#[test]
fn the_directory_of_git_holds_what_is_no_file() {
    let dir = script("");
    let run_git = |args: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=a", "-c", "user.email=a@b"]).args(args).current_dir(dir.path());
        assert!(command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success());
    };
    fs::remove_dir(dir.path().join(".git")).unwrap();
    fs::write(dir.path().join(".gitignore"), "*.sh\n").unwrap();
    run_git(&["init", "-q"]);
    run_git(&["add", "-f", "."]);
    run_git(&["commit", "-qm", "x"]);
    let touched = dir.path().join("touched");
    let touch = format!("touch {}", touched.display());
    let mut config = fs::read_to_string(dir.path().join(".git/config")).unwrap();
    config +=
        &format!("[core]\nfsmonitor = {touch}\nsshCommand = {touch}\n[filter \"a\"]\nclean = {touch}\n");
    config += "[include]\npath = /dev/zero\n[includeIf \"gitdir:/\"]\npath = /dev/zero\n";
    fs::write(dir.path().join(".git/config"), config).unwrap();
    fs::write(dir.path().join(".gitattributes"), "* filter=a\n").unwrap();
    judge_all(dir.path());
    assert!(!touched.exists());
    for name in ["packed-refs", "shallow", "commondir", "config", "HEAD"] {
        let path = dir.path().join(".git").join(name);
        let _ = fs::remove_file(&path);
        if fifo(&path) {
            judge_all(dir.path());
        }
    }
}

#[test]
fn words_that_end_as_often_as_they_begin() {
    let deep = ["cat ", &"<(".repeat(MANY), "a", &")".repeat(MANY), "\n"].concat();
    tells(&judge_all(script(&deep).path()), "deploy.sh", "nested too deep to follow");
}

#[test]
fn guards_behind_guards() {
    let guards = many(1500, |i| format!("[ -f g{i} ] || exit 1\n"));
    assert_eq!(judge_all(script(&(guards + &many(1500, |i| format!("mkdir d{i}\n")))).path()), []);
    let facts = |i| many(12, |j| format!("[ -f a{i}_{j} ] && "));
    let wide = many(600, |i| format!("if {}true; then mkdir d{i}; fi\n", facts(i)));
    assert_eq!(judge_all(script(&wide).path()), []);
}

#[test]
fn patterns_that_are_asked_for_again_and_again() {
    let lines = many(700, |i| format!("grep -q '^l{i}$' /etc/f || echo l{i} >> /etc/f\n"));
    assert_eq!(judge_all(script(&lines).path()), []);
    let large = "(a|b){900}".repeat(40);
    let lines =
        many(50, |i| format!("grep -qE '{large}{i}' /etc/f || echo {} >> /etc/f\n", "ab".repeat(300)));
    assert_eq!(judge_all(script(&lines).path()), []);
}

#[test]
fn paths_of_more_parts_than_any_disk_has() {
    let long = many(20, |i| format!("mkdir -p /{}\n", format!("{i}/").repeat(20_000)));
    judge_all(script(&long).path());
    judge_all(script(&"cd a\nmkdir b\n".repeat(1500)).path());
}

#[test]
fn scripts_without_number_that_take_in_each_other() {
    let files: Vec<(String, String)> = (0..2000)
        .map(|i| (format!("d{}/s{i}.sh", i % 50), format!("{DEPLOYS}. ./s{}.sh\n. ./lib.sh\n", i + 1)))
        .collect();
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    assert_eq!(judge_all(project(&files).path()), []);
}

#[test]
fn settings_and_tables_without_end() {
    let unit = format!("[Service]\nExecStart=/bin/x\n{}", many(100_000, |i| format!("Environment=A{i}=b\n")));
    let row = format!("|{}\n", "a|".repeat(1000));
    let table = format!("# A\n\n{row}|{}\n{}", "-|".repeat(1000), row.repeat(1500));
    let code = format!("import os\nx = [{}]\n", "os.environ[\"A\"], ".repeat(6_000));
    let files = [("web.service", unit), ("architecture.md", table), ("app.py", code)];
    let files = files.each_ref().map(|(name, text)| (*name, text.as_bytes()));
    let dir = project(&files);
    fs::write(dir.path().join("deploy.sh"), DEPLOYS).unwrap();
    let gaps = judge_all(dir.path());
    tells(&gaps, "architecture.md", "the document is too long, and the rest is not read");
}

/// A script whose steps are compared with each other, which takes minutes without optimisation.
#[test]
fn what_takes_longer_than_its_time_is_told() {
    let slow =
        many(1200, |i| format!("if [ -f g{i} ]; then echo \"A=$B\" >> /etc/x.env; mkdir -p /x/d{i}; fi\n"));
    let dir = project(&[("slow.sh", [DEPLOYS, &slow.repeat(2)].concat().as_bytes())]);
    let request = Request {
        root: Some(dir.path().to_owned()),
        targets: [dir.path().to_owned(), dir.path().join("good.sh")].map(Target::Path).to_vec(),
        time: Some(Duration::from_millis(if cfg!(debug_assertions) { 500 } else { 50 })),
        ..Request::default()
    };
    let started = Instant::now();
    let report = check(&request).unwrap();
    assert!(started.elapsed() < PATIENCE);
    assert!(report.findings.iter().any(|f| &*f.rule == "ignore/unused"), "{:?}", report.findings);
    let late = |gap: &&deploylint::Gap| gap.reason.contains("took too long on it (0");
    let told: Vec<_> = report.gaps.iter().filter(late).collect();
    assert!(!told.is_empty() && told.iter().all(|gap| gap.file == "slow.sh"), "{:?}", report.gaps);
}
