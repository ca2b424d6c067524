//! Shell texts, paths and YAML.

use super::*;

/// Judges a `bad.sh` with these bytes.
fn judge(bytes: &[u8]) -> (i32, Vec<(String, u64, String)>) {
    let dir = project(&[("bad.sh", bytes)]);
    let ran = run(dir.path(), &[&["check", "bad.sh", "good.sh"], &JSON[..]].concat());
    assert_eq!(ran.err, "");
    let gaps = gaps(&ran);
    assert!(gaps.iter().all(|(file, ..)| file == "bad.sh"), "{gaps:?}");
    (ran.code, gaps)
}

/// Checks that there is a gap at that line, for that reason.
fn is_gap(bytes: &[u8], line: u64, reason: &str) {
    let (code, gaps) = judge(bytes);
    let told = gaps.iter().any(|(_, at, why)| *at == line && why.contains(reason));
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
    assert!(told, "{start}: {:?}", gaps.iter().take(5).collect::<Vec<_>>());
    assert_eq!(code, 3, "{start}");
}

/// Checks that it is read without a gap.
fn is_fine(bytes: &[u8]) {
    assert_eq!(judge(bytes), (0, Vec::new()));
}

fn around(open: &str, inside: &str, close: &str) -> Vec<u8> {
    [&open.repeat(MANY), inside, &close.repeat(MANY), "\n"].concat().into_bytes()
}

#[test]
fn no_such_path() {
    let dir = project(&[]);
    let ran = run(dir.path(), &["check", "nowhere/start.sh", "good.sh"]);
    assert_eq!(ran.code, 2);
    assert_eq!(ran.err, "error: nowhere/start.sh: there is no such file or directory\n");
    assert!(ran.out.contains("good.sh:3:1"), "{}", ran.out);
}

#[test]
fn a_directory_without_scripts() {
    let dir = project(&[("docs/readme.md", b"# Nothing\n")]);
    let ran = run(dir.path(), &["check", "docs"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(ran.out.contains("no script that deploys was found"), "{}", ran.out);
    let both = run(dir.path(), &["check", "docs", "good.sh", "--root", "."]);
    assert!(both.out.contains("good.sh:3:1") && both.code == 1, "{}", both.out);
}

#[test]
fn not_a_shell_script() {
    is_gap(b"\x7fELF\x02\x01\x01\0\0\0", 0, "binary, not text: it holds a NUL byte at offset 7");
    is_gap(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 0, "binary, not text");
    is_gap(b"echo a\0b\n", 0, "NUL byte at offset 6");
    is_gap(b"#!/usr/bin/env python3\nprint(1)\n", 1, "not a shell script: its first line asks for `python3`");
    is_gap(b"import os\nimport sys\n\nprint(os)\n", 1, "not a shell script: it reads like Python");
}

#[test]
fn empty_files() {
    for empty in [&b""[..], b"\n", b"#!/bin/bash", b"\xef\xbb\xbf", b"   \t"] {
        is_fine(empty);
    }
}

#[test]
fn line_ends_byte_order_mark_and_latin_1() {
    is_gap(b"#!/bin/bash\r\ntrue\r\n", 1, "CR LF");
    is_fine(b"\xef\xbb\xbf#!/bin/bash\ntrue\n");
    is_gap(b"#!/bin/bash\necho gr\xfc\xdfe\n", 2, "not UTF-8: it was read as Latin-1");
}

#[test]
fn megabytes_in_one_line() {
    let line = |bytes: usize| [&b"a ".repeat(bytes / 2)[..], b"\n"].concat();
    is_gap(&line(20 << 20), 0, "larger than 8 MiB");
    // The parser sees the words of one command as one word.
    is_fine(&line(300_000));
    is_gap(&line(7 << 20), 1, "it has too many words to read");
    is_gap(&b"true && ".repeat(1 << 19), 1, "the parser took too long on it");
    is_fine(&[b"mkdir -p ", &b"a".repeat(1 << 20)[..], b"\n"].concat());
    let dir = project(&[]);
    let command = deploylint(dir.path(), &[&["check", "-", "good.sh"], &JSON[..]].concat());
    let ran = finish(command, &line(20 << 20));
    assert_eq!(ran.code, 3);
    assert_eq!(gaps(&ran)[0].2, "larger than 8 MiB, so it is not read");
}

#[test]
fn nested_without_end() {
    for (open, inside, close) in [
        ("$(", "a", ")"),
        ("if true; then ", "true", "; fi"),
        ("if true; then\n", "true", "\nfi"),
        ("{ ", "true", "; }"),
        ("( ", "true", " )"),
        ("while a; do ", "b", "; done"),
        ("case a in a) ", "b", ";; esac"),
        ("f() { ", "true", "; }"),
        ("echo \"$(", "a", ")\""),
        ("echo ${a:-$(", "x", ")}"),
        ("a <(", "b", ")"),
    ] {
        let (code, gaps) = judge(&around(open, inside, close));
        assert_eq!(code, 3, "{open}");
        assert!(
            gaps.iter().any(|g| g.2.contains("nested too deep to follow") && g.1 > 0),
            "{open}: {gaps:?}"
        );
    }
    is_fine(&around("echo ${a:-", "x", "}"));
    is_gap(&around("[[ ! -f a && ", "-f b", " ]]"), 1, "");
    is_fine(&[&b"[[ "[..], &b"! ".repeat(MANY)[..], b"-f a ]]\n"].concat());
    is_gap(&[&b"[[ "[..], &b"( ".repeat(MANY)[..], b"\n"].concat(), 1, "it does not parse");
    for open in ["$(", "if ", "{ ", "((", "echo ${a:-", "'"] {
        let mut text = around(open, "", "");
        // An odd number of quotes leaves one open.
        text.splice(0..0, b"echo '".iter().copied().take(if open == "'" { 6 } else { 0 }));
        let (code, gaps) = judge(&text);
        assert!(code == 3 && !gaps.is_empty(), "{open}: {gaps:?}");
    }
    is_gap(&around("\"", "\"", ""), 1, "it does not parse");
    is_gap(&around("`", "`", ""), 1, "it does not parse");
}

#[test]
fn long_chains() {
    is_gap(&around("a && ", "a", ""), 1, "nested too deep to follow");
    is_gap(&around("a || b && ", "a", ""), 1, "nested too deep to follow");
    is_gap(&around("a | ", "a", ""), 1, "unfold to too much to follow");
    is_gap(&around("[ -f a ] && ", "mkdir x", ""), 1, "nested too deep to follow");
    let tests: Vec<String> = (0..MANY).map(|i| format!("-f a{i}")).collect();
    is_fine(format!("[ {} ] || mkdir -p x\n", tests.join(" -o ")).as_bytes());
    let some = tests[..50].join(" -o ");
    is_fine(format!("[ {some} ] || [ {some} ] || mkdir -p x\n").as_bytes());
    is_fine(&around("! ", "true", ""));
    let elif = format!("if a; then b\n{}fi\n", "elif a; then b\n".repeat(MANY));
    let (code, gaps) = judge(elif.as_bytes());
    assert!(code == 3 && gaps[0].2.contains("unfold to too much"), "{gaps:?}");
}

#[test]
fn words_and_heredocs_without_number() {
    let words: Vec<String> = (0..MANY).map(|i| format!("w{i}")).collect();
    is_gap(format!("mkdir -p {}\n", words.join(" ")).as_bytes(), 1, "acts on too many things to follow");
    is_gap(format!("a {}\n", "> f ".repeat(MANY)).as_bytes(), 1, "acts on too many things to follow");
    is_fine(format!("a=({})\n", words.join(" ")).as_bytes());
    is_fine(format!("mkdir -p {{{}}}\n", words.join(",")).as_bytes());
    is_fine(format!("case x in\n{}) true ;;\nesac\n", words.join("|")).as_bytes());
    is_fine(&around("{a,", "b", "}").splice(0..0, *b"mkdir -p ").chain(*b"\n").collect::<Vec<u8>>());
    let heredocs: String = words.iter().map(|w| format!("cat <<{w}\nx\n{w}\n")).collect();
    let (code, gaps) = judge(heredocs.as_bytes());
    assert!(code == 3 && gaps[0].2.contains("unfold to too much"), "{gaps:?}");
    let operators: String = words.iter().map(|w| format!(" <<{w}")).collect();
    let bodies: String = words.iter().map(|w| format!("x\n{w}\n")).collect();
    is_fine(format!("cat{operators}\n{bodies}").as_bytes());
}

#[test]
fn a_heredoc_without_its_end() {
    is_gap(b"cat > /etc/x <<EOF\nfoo\n", 1, "the heredoc has no end, because no line is `EOF`");
}

#[test]
fn what_doubles() {
    let too_much = "unfold to too much to follow";
    let functions: String = (1..60).map(|i| format!("f{i}() {{ f{}; f{}; }}\n", i - 1, i - 1)).collect();
    let (code, gaps) = judge(format!("f0() {{ true; }}\n{functions}f14\n").as_bytes());
    assert!(code == 3 && gaps[0].2.contains(too_much), "{gaps:?}");
    for step in ["a=$a$a\n", "a+=$a\n", "a=${a:-x}${a:-x}\n", "a=$(echo $a$a)\n", "export a=\"$a$a\"\n"] {
        is_fine(format!("a=xxxxxxxx\n{}mkdir -p $a\n", step.repeat(60)).as_bytes());
        is_fine(format!("a=$UNKNOWN\n{}mkdir -p $a\n", step.repeat(60)).as_bytes());
    }
    let array = "a=(\"${a[@]}\" \"${a[@]}\")\n".repeat(60);
    let (code, gaps) = judge(format!("a=(x y)\n{array}").as_bytes());
    assert!(code == 3 && gaps[0].2.contains(too_much), "{gaps:?}");
    let heredoc = format!("cat > f <<E\n{}\nE\n", "$a".repeat(1000)).repeat(300);
    let (code, gaps) = judge(format!("a=x\n{}{heredoc}", "a=$a$a\n".repeat(12)).as_bytes());
    assert!(code == 3 && gaps[0].2.contains(too_much), "{gaps:?}");
    let loops = [&"for a in 1 2 3 4 5 6 7 8 9; do ".repeat(30), "mkdir -p x", &"; done".repeat(30), "\n"];
    is_gap(loops.concat().as_bytes(), 1, too_much);
    let deep: String = (0..40)
        .map(|i| {
            let body = ["if a; then ".repeat(100), format!("f{}", i + 1), "; fi".repeat(100)].concat();
            format!("f{i}() {{ {body}; }}\n")
        })
        .collect();
    let (code, gaps) = judge(format!("{deep}f40() {{ true; }}\nf0\n").as_bytes());
    assert!(code == 3 && gaps[0].2.contains("nested too deep"), "{gaps:?}");
}

#[test]
fn what_calls_itself() {
    is_fine(b"f() { f; }\nf\n");
    is_fine(b"f() { g; }\ng() { f; }\nf\n");
    is_fine(b"f() { f() { f; }; f; }\nf\n");
    is_fine(b"source \"$(dirname \"$0\")/bad.sh\"\n. ./bad.sh\ntrue\n");
    let dir = project(&[("a.sh", b"set -e\n. ./b.sh\ntrue\n"), ("b.sh", b". ./a.sh\n. ./b.sh\ntrue\n")]);
    for files in [&["a.sh", "b.sh"][..], &["b.sh", "a.sh"], &["a.sh"]] {
        let ran = run(dir.path(), &[&["check", "good.sh"], files, &JSON[..]].concat());
        assert_eq!((ran.code, gaps(&ran)), (0, Vec::new()));
    }
}

#[cfg(unix)]
#[test]
fn links() {
    use std::os::unix::fs::symlink;
    let dir = project(&[("real.sh", b"true\n")]);
    let link = |to: &str, name: &str| symlink(to, dir.path().join(name)).unwrap();
    link("b.sh", "a.sh");
    link("a.sh", "b.sh");
    link("/etc/passwd", "out.sh");
    link("/", "top");
    link(".", "here");
    link("real.sh", "inside.sh");
    link("gone.sh", "broken.sh");
    let expect = [
        ("a.sh", "a symbolic link that leads in a circle"),
        ("broken.sh", "no such file"),
        ("out.sh", "a symbolic link that leads out of the project's root"),
    ];
    // If it is named first, it must not make `/etc` the root.
    let args = ["check", "out.sh", "a.sh", "broken.sh", "inside.sh", "good.sh"];
    let ran = run(dir.path(), &[&args, &JSON[..]].concat());
    assert_eq!((ran.code, ran.err.as_str()), (3, ""));
    let told = gaps(&ran);
    assert_eq!(told.len(), expect.len(), "{told:?}");
    for ((file, _, reason), (name, why)) in told.iter().zip(expect) {
        assert_eq!((file.as_str(), reason.as_str()), (name, why));
    }
    // The walk over a directory ends, even if a link leads in a circle.
    assert!([0, 1, 3].contains(&run(dir.path(), &["check", "."]).code));
    // A sourced file outside of the root is not read either, and that is reported.
    let dir = project(&[("main.sh", b". ./lib.sh\ntrue\n")]);
    symlink("/etc/passwd", dir.path().join("lib.sh")).unwrap();
    let told = gaps(&run(dir.path(), &[&["check", "main.sh", "good.sh"], &JSON[..]].concat()));
    assert_eq!((told[0].0.as_str(), told[0].2.as_str()), ("lib.sh", expect[2].1));
}

#[cfg(unix)]
#[test]
fn fifos_and_devices() {
    let dir = project(&[("deploy/x", b""), ("dev/x", b"")]);
    let made = |program: &str, args: &[&str]| {
        let mut command = Command::new(program);
        command.args(args).current_dir(dir.path()).stderr(Stdio::null());
        command.status().is_ok_and(|s| s.success())
    };
    let mut expect = Vec::new();
    if made("mkfifo", &["deploy/start.sh"]) {
        expect.push(("deploy/start.sh", "a FIFO, not a regular file"));
    }
    if made("mknod", &["dev/start.sh", "c", "1", "5"]) {
        expect.push(("dev/start.sh", "a device, not a regular file"));
    } else {
        skipped("a script that is a device", "right to make one");
    }
    let names: Vec<&str> = expect.iter().map(|(name, _)| *name).collect();
    let ran = run(dir.path(), &[&["check", "good.sh"], &names[..], &JSON[..]].concat());
    let told = gaps(&ran);
    let told: Vec<(&str, &str)> = told.iter().map(|(f, _, r)| (f.as_str(), r.as_str())).collect();
    assert_eq!(told, expect);
    assert_eq!(run(dir.path(), &["check", "."]).code, 3);
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let dir = project(&[("secret.sh", b"true\n")]);
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    mode(&dir.path().join("secret.sh"), 0o000);
    let args = [&["check", "secret.sh", "good.sh"], &JSON[..]].concat();
    let mut command = deploylint(dir.path(), &args);
    if File::open(dir.path().join("secret.sh")).is_ok() {
        // root can read everything, so another user has to try, who must be able to start the program.
        mode(dir.path(), 0o755);
        let program = dir.path().join("deploylint");
        fs::copy(PROGRAM, &program).unwrap();
        mode(&program, 0o755);
        let drop = ["--reuid=65534", "--regid=65534", "--clear-groups"];
        let tried = Command::new("setpriv").args(drop).arg(&program).arg("--version").output();
        if !tried.is_ok_and(|o| o.status.success()) {
            return skipped("a_file_that_may_not_be_read", "setpriv, to be another user,");
        }
        command = Command::new("setpriv");
        command.args(drop).arg(&program).args(&args).current_dir(dir.path());
    }
    let ran = finish(command, b"");
    assert_eq!(ran.code, 3);
    assert_eq!(gaps(&ran)[0].0, "secret.sh");
    assert_eq!(gaps(&ran)[0].2, "cannot be read: permission denied");
}

#[test]
fn hostile_yaml() {
    let bomb: String = (1..40).map(|i| format!("a{i}: &a{i} [*a{0}, *a{0}, *a{0}]\n", i - 1)).collect();
    let bomb = format!("a0: &a0 [x, x]\n{bomb}services: *a39\n");
    let deep = format!("services: {}{}\n", "[".repeat(MANY), "]".repeat(MANY));
    let deep_block: String = (0..2_000).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
    let same = "services:\n  web:\n    image: a\n  web:\n    image: b\n";
    let texts = [
        bomb.as_str(),
        &deep,
        &deep_block,
        same,
        "services:\n\tweb:\n\t\timage: a\n",
        "services: [1, 2]\n",
        "services: 7\n",
        "services:\n  web: 7\n",
        "services:\n  web:\n    ports: {a: [b]}\n    environment: 3\n",
        "- a\n- b\n",
        "services: {web: {image: \"a\n",
        "\0",
        "&a *a",
    ];
    for text in texts {
        let dir = project(&[("docker-compose.yaml", text.as_bytes())]);
        let ran = run(dir.path(), &[&["check", "good.sh"], &JSON[..]].concat());
        let told = gaps(&ran);
        let start = &text[..text.len().min(60)];
        assert_eq!(ran.code, 3, "{start}");
        assert_eq!(told[0].0, "docker-compose.yaml", "{start}");
        assert!(told[0].1 > 0 || text == "\0", "no place: {start}: {told:?}");
        if text.contains("web: 7") {
            // As a configuration, it names a unit `7`.
            continue;
        }
        // As a configuration, it is a usage error.
        let ran = run(dir.path(), &["check", "good.sh", "--config", "docker-compose.yaml"]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{start}");
        assert!(ran.err.starts_with("error: docker-compose.yaml:"), "{start}: {}", ran.err);
    }
}

/// Checks that nothing controls the terminal: there are no control characters, and no marks that change the direction of
/// text.
fn assert_tame(text: &str) {
    let wild = |c: char| {
        c.is_control() && c != '\n'
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200f}')
    };
    assert!(!text.contains(wild), "{text:?}");
}

#[test]
fn nothing_reaches_the_terminal_but_text() {
    let wild = "\u{1b}[31m\u{1b}]0;t\u{7}\u{9b}2J\u{202e}\u{8}\r";
    let name = format!("dir{wild}/bad{wild}.sh");
    let text = format!(
        "mkdir /x{wild} # {wild}\nuseradd \"a{wild}\"\ncat <<E{wild}\nX='{wild}'\n# deploylint: ignore[{wild}]\n)\n"
    );
    let compose =
        format!("services:\n  \"{}\":\n    image: 1\n    ports: {{x: y}}\n  w: 3\n", "e\u{202e}\u{85}");
    let config = format!("rules:\n  {}: off\n", "x\u{202e}");
    let dir = project(&[
        (name.as_str(), text.as_bytes()),
        ("compose.yaml", compose.as_bytes()),
        ("bad.yaml", config.as_bytes()),
        (&format!("bin{wild}.sh"), b"\0"),
    ]);
    let binary = format!("bin{wild}.sh");
    let missing = format!("no{wild}");
    for args in [
        &["check", &name, &binary, &missing, "good.sh", "-v"][..],
        &["check", ".", "-v"],
        &["check", "--config", "bad.yaml"],
        &["check", "--config", &missing],
        &["check", "--format", &missing],
        &["check", "--rules", &missing],
        &["check", "--select", &missing],
        &["check", "--root", &missing],
        &["explain", &missing],
        &["debug", "tree", &name],
        &["debug", "model", &name],
        &["debug", "model", &missing],
        &[&missing],
    ] {
        let ran = run(dir.path(), args);
        assert_tame(&ran.out);
        assert_tame(&ran.err);
    }
    let ran = run(dir.path(), &["check", &name, "good.sh"]);
    assert!(ran.out.contains("good.sh:3:1") && ran.out.contains("bad␛[31m"), "{}", ran.out);
}

#[test]
fn a_reader_that_leaves() {
    let many = "true # deploylint: ignore[ignore/malformed]\n".repeat(3000);
    let dir = project(&[("a.sh", many.as_bytes())]);
    for rest in ["check a.sh good.sh", "check a.sh --format json", "rules", "explain ignore/unused", "--help"]
    {
        let mut command = Command::new("bash");
        let script = format!("set -o pipefail; '{PROGRAM}' {rest} | head -1; echo \"${{PIPESTATUS[0]}}\"");
        command.args(["-c", &script]).current_dir(dir.path());
        let ran = finish(command, b"");
        assert_eq!(ran.err, "", "{rest}");
        assert_eq!(ran.out.lines().count(), 2, "{rest}: {}", ran.out);
        assert_eq!(ran.out.lines().last(), Some(if rest.starts_with("check") { "1" } else { "0" }), "{rest}");
    }
}

#[test]
fn text_that_is_no_shell() {
    for text in ["fi\n", "if\nmkdir x\n)\n", "({[<'\"`$(", "a <<E $(\" ' { [[ ", "echo 'it\n"] {
        let (code, gaps) = judge(text.repeat(MANY / 10 + 1).as_bytes());
        assert!(code == 3 && gaps.len() <= 101, "{text}: {}", gaps.len());
    }
}
