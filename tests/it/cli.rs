//! The command line: arguments, exit codes, and what goes to which stream.

use crate::support::{Repo, command, output_with, project, ran, run};
use std::io::Read;
use std::process::Stdio;

/// A script with a comment that suppresses nothing: one finding of severity warning.
const WARNS: &str = "#!/bin/bash\nset -euo pipefail\n# deploylint: ignore[ignore/malformed]\ntrue\n";
const CLEAN: &str = "#!/bin/bash\nset -euo pipefail\ntrue\n";

#[test]
fn exit_codes() {
    let dir = project(&[("a.sh", WARNS), ("ok.sh", CLEAN), ("bin.sh", "a\0b")]);
    let code = |args: &[&str]| run(dir.path(), args).code;
    assert_eq!(code(&["check", "ok.sh"]), 0);
    assert_eq!(code(&["check", "a.sh"]), 1);
    assert_eq!(code(&["check", "a.sh", "--fail-on", "warning"]), 1);
    assert_eq!(code(&["check", "a.sh", "--fail-on", "info"]), 1);
    assert_eq!(code(&["check", "a.sh", "--fail-on", "error"]), 0);
    assert_eq!(code(&["check", "a.sh", "--fail-on", "never"]), 0);
    assert_eq!(code(&["check", "a.sh", "--ignore", "ignore"]), 0);
    assert_eq!(code(&["check", "a.sh", "--select", "ignore/malformed"]), 0);
    assert_eq!(code(&["check", "bin.sh"]), 3);
    assert_eq!(code(&["check", "bin.sh", "--fail-on", "never"]), 3);
    assert_eq!(code(&["check", "bin.sh", "a.sh"]), 1);
}

#[test]
fn wrong_usage_is_2_and_says_why() {
    let dir = project(&[("a.sh", CLEAN)]);
    for (args, said) in [
        (&["check", "nope.sh"][..], "error: nope.sh: "),
        (&["check", "--select", "ignore/unsued"], "did you mean `ignore/unused`?"),
        (&["check", "--ignore", "zzz"], "`zzz` is not a rule or a family"),
        (&["check", "--fail-on", "fatal"], "invalid value 'fatal'"),
        (&["check", "--config", "none.yaml"], "error: none.yaml: "),
        (&["check", "--root", "a.sh"], "error: a.sh: "),
        (&["check", "--rules", "none"], "error: none: "),
        (&["check", "--stdin-filename", "x.sh", "a.sh"], "--stdin-filename"),
        (&["check", "-", "-"], "only once"),
        (&["check", ""], "error: "),
        (&["chekc"], "a similar subcommand exists: 'check'"),
        (&["explain", "unused"], "did you mean `ignore/unused`?"),
        (&["debug", "tree", "none.sh"], "error: none.sh: "),
        (&[], "Usage: deploylint"),
    ] {
        let ran = run(dir.path(), args);
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.err);
        assert!(ran.err.contains(said), "{args:?}: {}", ran.err);
        assert!(!ran.err.contains("panicked"), "{args:?}: {}", ran.err);
    }
}

#[test]
fn a_wrong_path_does_not_stop_the_rest() {
    let dir = project(&[("a.sh", WARNS)]);
    let ran = run(dir.path(), &["check", "a.sh", "nope.sh"]);
    assert_eq!(ran.code, 2);
    assert!(ran.out.contains("ignore/unused"), "{}", ran.out);
    assert!(ran.err.starts_with("error: nope.sh: "), "{}", ran.err);
}

#[test]
fn text_shows_the_line_and_a_summary() {
    let dir = project(&[("deploy/a.sh", WARNS), ("package.json", "{}")]);
    let ran = run(dir.path(), &["check", "deploy/a.sh"]);
    assert!(ran.out.contains("warning[ignore/unused]: "), "{}", ran.out);
    assert!(ran.out.contains("─ deploy/a.sh:3:1\n"), "{}", ran.out);
    assert!(ran.out.contains("3 │ # deploylint: ignore"), "{}", ran.out);
    assert!(ran.out.lines().last().unwrap().starts_with("1 warning in "), "{}", ran.out);
    assert_eq!(ran.err, "");
}

#[test]
fn json_has_its_form() {
    let dir = project(&[("a.sh", &WARNS.replace('\n', "\r\n")), ("bin.sh", "\0")]);
    let args = ["check", "a.sh", "bin.sh", "--format", "json"];
    let ran = run(dir.path(), &args);
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert!(ran.out.ends_with("}\n"));
    assert_eq!((&json["version"], &json["tool"]["name"]), (&1.into(), &"deploylint".into()));
    let finding = &json["findings"][0];
    assert_eq!(finding["rule"], "ignore/unused");
    assert_eq!(finding["file"], "a.sh");
    let start = &finding["range"]["start"];
    assert_eq!((&start["line"], &start["column"]), (&3.into(), &1.into()));
    // On disk, each of the two lines before it ends in two bytes.
    let text = WARNS.replace('\n', "\r\n");
    assert_eq!(start["offset"], text.find("# deploylint").unwrap());
    assert_eq!(finding["fix"]["applicability"], "safe");
    let not_analysed = json["not_analysed"].as_array().unwrap();
    let not_analysed: Vec<_> = not_analysed.iter().map(|gap| gap["file"].as_str().unwrap()).collect();
    assert_eq!(not_analysed, ["a.sh", "bin.sh"]);
    assert_eq!(json["summary"]["warnings"], 1);
    assert_eq!(run(dir.path(), &args).out, ran.out);
}

#[test]
fn standard_input_has_a_name() {
    let dir = project(&[]);
    for dash in [&["-"][..], &[]] {
        let args = ["check", "--stdin-filename", "deploy/web.sh", "--root", ".", "--format", "json"];
        let ran = ran(output_with(dir.path(), &[&args, dash].concat(), WARNS.as_bytes()));
        assert_eq!(ran.code, 1, "{}", ran.err);
        assert!(ran.out.contains(r#""file":"deploy/web.sh""#), "{}", ran.out);
    }
}

#[test]
fn a_reader_that_leaves_ends_it_quietly() {
    let many = "true # deploylint: ignore[ignore/malformed]\n".repeat(3000);
    let dir = project(&[("a.sh", &many)]);
    for format in ["text", "json"] {
        let mut child = command(dir.path(), &["check", "a.sh", "--format", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = [0; 16];
        let mut out = child.stdout.take().unwrap();
        out.read_exact(&mut first).unwrap();
        drop(out);
        let ran = ran(child.wait_with_output().unwrap());
        assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    }
}

#[test]
fn colours_are_for_terminals_and_for_those_who_ask() {
    let dir = project(&[("a.sh", WARNS)]);
    let coloured = |args: &[&str], no_color: Option<&str>| {
        let mut command = command(dir.path(), &["check", "a.sh"]);
        if let Some(value) = no_color {
            command.env("NO_COLOR", value);
        }
        ran(command.args(args).output().unwrap()).out.contains('\u{1b}')
    };
    assert!(!coloured(&[], None));
    assert!(!coloured(&["--color", "never"], None));
    assert!(coloured(&["--color", "always"], None));
    assert!(coloured(&["--color", "always"], Some("1")));
    assert!(!coloured(&["--color", "auto"], Some("1")));
}

#[test]
fn escapes_in_names_and_lines_stay_text() {
    let text = "true # deploylint: ignore[ignore/malformed] \u{1b}]0;owned\u{7}\n";
    let dir = project(&[("a\u{1b}[31m.sh", text), ("b\u{1b}[2J.sh", "\0")]);
    let paths = ["check", "a\u{1b}[31m.sh", "b\u{1b}[2J.sh", "no\u{7}ne", "-v"];
    let ran = run(dir.path(), &paths);
    let obeyed = |c: char| c.is_control() && c != '\n';
    assert!(ran.out.contains("a␛[31m.sh:1:6"), "{}", ran.out);
    assert!(!ran.out.contains(obeyed), "{:?}", ran.out);
    assert!(!ran.err.contains(obeyed), "{:?}", ran.err);
}

#[test]
fn configuration_errors_have_a_place() {
    for (config, said) in [
        ("rules:\n  ignore/unsued: off\n", "error: deploylint.yaml:2:3: `ignore/unsued` is not a rule"),
        ("rule: {}\n", "error: deploylint.yaml:1:1: unknown field `rule`"),
        ("scripts: a.sh\n", "error: deploylint.yaml:1:10: expected a list"),
        ("extra-rules: [nowhere]\n", "error: deploylint.yaml:1:15: there is no folder `nowhere`"),
        ("extra-rules: [../x]\n", "error: deploylint.yaml:1:15: `../x` is outside the root"),
        ("app:\n\tuser: x\n", "error: deploylint.yaml:2:"),
    ] {
        let dir = project(&[("a.sh", CLEAN), ("deploylint.yaml", config)]);
        let ran = run(dir.path(), &["check", "a.sh"]);
        assert_eq!(ran.code, 2, "{config}");
        assert!(ran.err.starts_with(said), "{}", ran.err);
        assert_eq!(ran.out, "", "{config}");
    }
}

#[test]
fn a_configuration_that_is_not_heeded_is_an_error() {
    let unmatched = project(&[("a.sh", CLEAN), ("deploylint.yaml", "scripts: [a.sh, 'ops/*.sh']\n")]);
    let ran = run(unmatched.path(), &["check"]);
    assert_eq!(ran.code, 2);
    let said = "error: deploylint.yaml:1:17: `ops/*.sh` matches no script of the repo\n";
    assert_eq!(ran.err, said);
    assert_eq!(run(unmatched.path(), &["check", "a.sh"]).code, 0);
    let scanned = run(unmatched.path(), &["scan", "."]);
    assert_eq!(scanned.code, 3, "{}", scanned.out);
    assert!(scanned.out.contains("`ops/*.sh` matches no script of the repo"), "{}", scanned.out);
    for name in ["deploylint.yml", ".deploylint.yaml"] {
        let other = project(&[("a.sh", CLEAN), (name, "rules: {rerun: off}\n")]);
        let ran = run(other.path(), &["check"]);
        assert_eq!(ran.code, 2);
        assert!(
            ran.err.starts_with(&format!("error: {name}: a configuration of this name is not read\n")),
            "{}",
            ran.err
        );
        assert!(ran.err.contains("call it deploylint.yaml"), "{}", ran.err);
    }
}

#[test]
fn configuration_sets_levels() {
    let with = |level: &str| {
        let config = format!("rules:\n  ignore/unused: {level}\n");
        let dir = project(&[("a.sh", WARNS), ("deploylint.yaml", &config)]);
        run(dir.path(), &["check", "a.sh"])
    };
    assert_eq!(with("off").code, 0);
    let info = with("info");
    assert_eq!(info.code, 0);
    assert!(info.out.contains("info[ignore/unused]") && info.out.contains("1 info in "), "{}", info.out);
    assert!(with("error").out.contains("error[ignore/unused]"));
}

const PAGE: &str = "---\ntitle: Ours\nseverity: info\nconfidence: high\nfix: none\n---\n\
    ## What\n## Why\n## Example\n## Instead\nWrite it so.\n";

const QUERY: &str = "((command) @finding (#set! command \"mkdir\"))\n";

#[test]
fn own_rules_are_known_and_their_errors_have_a_place() {
    let dir = project(&[
        ("a.sh", CLEAN),
        ("lint/ours/rule.md", PAGE),
        ("lint/ours/rule.scm", QUERY),
        ("lint/README.md", "Ours.\n"),
        ("deploylint.yaml", "extra-rules: [lint]\n"),
    ]);
    let ran = run(dir.path(), &["explain", "ours/rule", "--rules", "lint"]);
    assert!(ran.out.starts_with("# ours/rule: Ours\n") && ran.out.contains("Write it so."), "{}", ran.out);
    assert_eq!(run(dir.path(), &["check", "a.sh", "--select", "ours"]).code, 0);
    // The configuration and the command line may name the same folder.
    assert_eq!(run(dir.path(), &["check", "a.sh", "--select", "ours", "--rules", "./lint"]).code, 0);
    let broken = project(&[("lint/ours/rule.md", &PAGE.replace("fix", "fixes"))]);
    let ran = run(broken.path(), &["rules", "--rules", "lint"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.starts_with("error: lint/ours/rule.md:5:1: unknown key `fixes`"), "{}", ran.err);
}

#[test]
fn a_folder_of_rules_that_would_find_nothing_is_an_error() {
    let elsewhere = "a rule is read only in the folder of its family: lint/FAMILY/rule";
    for (files, said) in [
        (
            vec![("lint/ours/rule.scm", "")],
            "lint/ours/rule.scm: a query needs a page beside it: ours/rule.md",
        ),
        (
            vec![("lint/ours/rule.md", PAGE)],
            "lint/ours/rule.md: a page needs a query beside it: ours/rule.scm",
        ),
        (vec![("lint/rule.md", PAGE), ("lint/rule.scm", QUERY)], &format!("lint/rule.md: {elsewhere}.md")),
        (vec![("lint/ours/more/rule.scm", QUERY)], &format!("lint/ours/more/rule.scm: {elsewhere}.scm")),
        (vec![("lint/ours/notes.txt", "")], "lint: it holds no rule: FAMILY/NAME.md and FAMILY/NAME.scm"),
        (
            vec![("lint/rerun/existing-path.scm", QUERY)],
            "lint/rerun/existing-path.scm: deploylint has a rule `rerun/existing-path` already",
        ),
    ] {
        let ran = run(project(&files).path(), &["check", "--rules", "lint"]);
        assert_eq!(ran.code, 2, "{files:?}");
        assert!(ran.err.starts_with(&format!("error: {said}")), "{}", ran.err);
    }
}

#[test]
fn rules_are_listed_and_explained() {
    let dir = project(&[]);
    let table = run(dir.path(), &["rules"]);
    assert_eq!(table.code, 0);
    let severity =
        |line: &str| [" SEVERITY", " error ", " warning ", " info "].iter().find_map(|s| line.find(s));
    let columns: Vec<_> = table.out.lines().map(severity).collect();
    assert_eq!(columns[0], columns[1]);
    let json = run(dir.path(), &["rules", "--format", "json"]).out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let rules = json["rules"].as_array().unwrap();
    assert_eq!(rules.len() + 1, table.out.lines().count());
    for rule in rules {
        let ran = run(dir.path(), &["explain", rule["rule"].as_str().unwrap()]);
        assert_eq!(ran.code, 0);
        assert!(ran.out.contains("## Instead"), "{}", ran.out);
    }
    let family = run(dir.path(), &["explain", "ignore"]);
    assert!(family.out.contains("ignore/unused") && family.code == 0);
}

#[test]
fn help_shows_examples_and_exit_codes() {
    let dir = project(&[]);
    let help = run(dir.path(), &["check", "--help"]);
    assert_eq!((help.code, help.err.as_str()), (0, ""));
    for word in ["Examples:", "Exit codes:", "--fail-on", "# deploylint: ignore["] {
        assert!(help.out.contains(word), "{}", help.out);
    }
    assert_eq!(run(dir.path(), &["--version"]).out, format!("deploylint {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn verbose_says_which_scripts_on_standard_error() {
    let dir = project(&[("a.sh", CLEAN)]);
    let ran = run(dir.path(), &["check", "a.sh", "-v", "--format", "json"]);
    assert!(ran.err.contains("a.sh: "), "{}", ran.err);
    assert!(ran.out.starts_with("{\"version\":1"), "{}", ran.out);
}

#[test]
fn a_library_is_judged_with_the_script_that_sources_it_or_by_itself() {
    let library =
        "install_app() {\n  apt-get install -y nginx\n  useradd shop\n  systemctl restart shop\n}\n";
    let followed = "#!/bin/bash\n. ./lib/steps.sh\ninstall_app\n";
    let dir = project(&[("start.sh", followed), ("lib/steps.sh", library)]);
    let ran = run(dir.path(), &["check", "-v", "--select", "rerun/existing-account"]);
    assert!(ran.out.contains("lib/steps.sh:3:3") && ran.err.contains("checked start.sh"), "{}", ran.out);
    assert!(!ran.err.contains("checked lib/steps.sh"), "{}", ran.err);

    let unknown = "#!/bin/bash\n. \"$SHOP_HOME/lib/steps.sh\"\ninstall_app\n";
    let dir = project(&[("start.sh", unknown), ("lib/steps.sh", library)]);
    let ran = run(dir.path(), &["check", "-v", "--select", "rerun/existing-account"]);
    assert!(ran.out.contains("lib/steps.sh:3:3") && ran.err.contains("checked lib/steps.sh"), "{}", ran.err);
}

#[test]
fn around_a_script_outside_any_project_only_its_own_directory_is_read() {
    let dir =
        project(&[("start.sh", "#!/bin/bash\nset -e\ntrue\n"), ("elsewhere/deep/package.json", "{ broken")]);
    let ran = run(dir.path(), &["check", "start.sh"]);
    assert_eq!((ran.code, ran.out.contains("package.json")), (0, false), "{}", ran.out);
    let ran = run(dir.path(), &["check", "."]);
    assert!(ran.out.contains("elsewhere/deep/package.json"), "{}", ran.out);
}

#[test]
fn why_says_what_was_understood_of_a_line_and_what_became_of_its_findings() {
    let script = "#!/bin/bash\nset -e\nmkdir /opt/a\n\
        mkdir /opt/b # deploylint: ignore[rerun/existing-path] made anew\n\
        [ -d /opt/c ] || mkdir /opt/c\n# a comment\n[ \"$x\" ] && mkdir \"$unknown\"\nsystemctl restart web\n";
    let dir = project(&[("start.sh", script)]);
    let said = |line: u32| {
        let ran = run(dir.path(), &["why", &format!("start.sh:{line}")]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        ran.out
    };
    let bare = said(3);
    assert!(bare.contains("creates path /opt/a\n  first run: nothing that it needs is missing\n"), "{bare}");
    assert!(bare.contains("  second run: fails (cannot create directory"), "{bare}");
    assert!(
        bare.contains("error[rerun/existing-path], confidence high: ") && bare.ends_with("  reported\n"),
        "{bare}"
    );
    assert!(said(4).ends_with("  not reported, because a comment suppresses it\n"));
    let guarded = said(5);
    assert!(guarded.contains("only if `[ -d /opt/c ]` (line 5) fails"), "{guarded}");
    assert!(
        guarded.contains("second run: skipped by `[ -d /opt/c ]` (line 5)\nNo rule has a finding"),
        "{guarded}"
    );
    assert!(said(6).starts_with("No command is known to run on line 6"));
    let unknown = said(7);
    assert!(unknown.contains("which is not understood, so the confidence is lower"), "{unknown}");
    // A restart is an effect, although it leaves the machine as it was.
    assert!(said(8).contains("second run: does the same again, or changes nothing\n"), "{}", said(8));
    for (place, error) in [
        ("start.sh", "`start.sh` is not FILE:LINE"),
        ("start.sh:9", "start.sh: it has lines 1 to 8, but no line 9"),
        ("none.sh:1", "none.sh: there is no such file"),
    ] {
        let ran = run(dir.path(), &["why", place]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{place}");
        assert!(ran.err.contains(error), "{}", ran.err);
    }
}

#[test]
fn of_a_variable_that_is_set_twice_to_one_value_nothing_is_ignored() {
    let dir = project(&[(".env.example", "PORT=3000\nHOST=::1\nPORT=3000\n"), ("start.sh", "nginx -t\n")]);
    let ran = run(dir.path(), &["check", "--select", "env/duplicate-key", "--confidence", "low"]);
    let says =
        "info[env/duplicate-key]: .env.example sets `PORT` twice to the same value, here and on line 1\n";
    assert!(ran.out.contains(says) && !ran.out.contains("without effect"), "{}", ran.out);
}

#[test]
fn a_secret_that_git_holds_is_told_and_one_that_it_ignores_is_not() {
    let Some(repo) = Repo::new() else { return };
    // The secret is put together here, so that no scanner takes this file for a leak.
    let secret = format!("JWT_SECRET={}{}\n", "q7Xv2Lp9", "Rt4Kz8Wm3Nc6");
    let start = "#!/bin/bash\nset -euo pipefail\nnginx -t\nsystemctl reload nginx\n";
    repo.commit("2024-01-01 12:00 +0000", "All", &[(".env", &secret), ("start.sh", start)]);
    repo.commit("2024-01-02 12:00 +0000", "Ignore it", &[(".gitignore", ".env\n")]);
    repo.write("app/.env", &secret);
    let ran = run(&repo.path(), &["check", "--select", "env/secret-in-git"]);
    let places: Vec<&str> = ran.out.lines().filter(|line| line.contains("┌─ ")).collect();
    assert_eq!((ran.code, places.len()), (1, 1), "{}", ran.out);
    assert!(places[0].ends_with("─ .env:1:1"), "{}", ran.out);
}

#[test]
fn why_blames_the_step_since_which_it_is_so() {
    let said = |text: &str, place: &str| {
        let dir = project(&[("deploy.sh", text)]);
        run(dir.path(), &["why", place]).out
    };
    let fills = "mkdir /srv/shop\ncp a.conf /srv/shop/a.conf\n";
    let out = said(fills, "deploy.sh:1");
    assert!(out.contains("File exists)\n"), "{out}");
    let twice = "useradd shop\nusermod -aG www-data shop\nuseradd shop\n";
    let out = said(twice, "deploy.sh:3");
    assert!(out.contains("because of `useradd shop` (line 1)"), "{out}");
}
