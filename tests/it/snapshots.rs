//! What a person sees: the text of each command, kept in `snapshots/`. A change is shown as a diff. Its author reads the
//! whole text again and accepts it with `INSTA_UPDATE=always cargo test --locked --test it snapshots`.

use crate::support::{Ran, Repo, command, project, ran, root, run};
use std::fmt::Write;
use std::path::Path;
use std::process::Stdio;

/// Compares a text with the one that is kept under `name`.
fn assert_kept(name: &str, text: &str) {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, text);
    });
}

/// The command line, its output, and its exit code.
fn shown(args: &[&str], ran: &Ran) -> String {
    let mut text = format!("$ deploylint {}\n", args.join(" "));
    for stream in [&ran.out, &ran.err] {
        text.push_str(stream);
    }
    let _ = write!(text, "# exit code {}\n\n", ran.code);
    text
}

fn run_and_show(dir: &Path, args: &[&str]) -> String {
    shown(args, &run(dir, args))
}

#[test]
fn check_shows_every_finding_of_the_shop() {
    assert_kept("check", &run_and_show(&root().join("examples/shop"), &["check"]));
}

#[test]
fn services_shows_the_matrix_of_the_shop() {
    assert_kept("services", &run_and_show(&root().join("examples/shop"), &["services"]));
}

#[test]
fn rules_are_listed_and_one_is_explained() {
    let dir = project(&[]);
    assert_kept("rules", &run_and_show(dir.path(), &["rules"]));
    let explained = [["explain", "rerun/existing-path"], ["explain", "ignore"]];
    assert_kept("explain", &explained.map(|args| run_and_show(dir.path(), &args)).concat());
}

/// A script with a finding, a guard, a comment that suppresses, and a condition that is not understood.
const SCRIPT: &str = "#!/bin/bash
set -euo pipefail
APP=/opt/shop
mkdir $APP
[ -d $APP/logs ] || mkdir $APP/logs
useradd shop # deploylint: ignore[rerun/existing-account] the image is made once
if [ \"$1\" = full ]; then
  git clone https://example.org/shop.git $APP/src
fi
echo done
";

#[test]
fn why_shows_what_was_understood_of_each_line() {
    let dir = project(&[("start.sh", SCRIPT)]);
    let mut text = String::new();
    for (index, line) in SCRIPT.lines().enumerate().skip(3) {
        let _ = writeln!(text, "{line}");
        text.push_str(&run_and_show(dir.path(), &["why", &format!("start.sh:{}", index + 1)]));
    }
    assert_kept("why", &text);
}

#[test]
fn fixes_are_shown_and_summed_up() {
    let dir = project(&[("start.sh", SCRIPT)]);
    let diff = run_and_show(dir.path(), &["check", "start.sh", "--diff"]);
    let fixed = run_and_show(dir.path(), &["check", "start.sh", "--fix", "--verbose"]);
    assert_kept("fix", &[diff, fixed].concat());
}

#[test]
fn a_review_shows_what_changed_and_what_is_left_to_do() {
    let Some(repo) = Repo::new() else { return };
    let task = "# Tasks\n\n## Review Production Deployment Scripts\n\n**Trigger:** After a feature\n\n\
                **Last performed:** 2026-01-02\n";
    let unit = "cat > /etc/systemd/system/shop.service <<'EOF'\n[Service]\nUser=shop\n\
                ExecStart=/opt/shop/venv/bin/gunicorn shop.main:app -b 127.0.0.1:8000\nRestart=on-failure\n\
                [Install]\nWantedBy=multi-user.target\nEOF\nsystemctl daemon-reload\nsystemctl enable shop\n\
                systemctl restart shop\n";
    let script = format!("#!/bin/bash\nset -euo pipefail\n{unit}");
    let compose = "services:\n  web:\n    build: .\n    command: gunicorn shop.main:app -b 0.0.0.0:8000\n";
    repo.commit(
        "2026-01-02 12:00 +0000",
        "Review",
        &[("docs/tasks.md", task), ("start.sh", &script), ("compose.yaml", compose)],
    );
    let worker = format!("{compose}  worker:\n    build: .\n    command: celery -A shop worker\n");
    let files = [("compose.yaml", worker.as_str()), ("requirements.txt", "celery==5.4\n")];
    repo.commit("2026-02-03 12:00 +0000", "Send mails in the background", &files);
    assert_kept("review", &run_and_show(&repo.path(), &["review"]));
}

#[test]
fn a_scan_sums_up() {
    let dir = project(&[("a/start.sh", SCRIPT), ("b/README.md", "nothing\n")]);
    let ran = run(dir.path(), &["scan", "a", "b", "--stats"]);
    // The times differ from run to run, and the slowest repos come last.
    let (text, times) = ran.out.split_once("\ntime ").unwrap();
    let (time, rest) = times.split_once('\n').unwrap();
    let (rules, slowest) = rest.split_once("\n       ms ").unwrap();
    assert!(time.ends_with(" s for all repos together") && slowest.starts_with("slowest repos\n"), "{times}");
    assert_kept("scan", &format!("$ deploylint scan a b --stats\n{text}\n{rules}"));
}

const PAGE: &str = "---\ntitle: Ours\nseverity: info\nconfidence: high\nfix: none\n---\n\n## What\n\n## Why\n\n\
                    ## Example\n\n## Instead\n";

/// The name of the case, the files beside the script, and the arguments.
type Case<'c> = (&'c str, &'c [(&'c str, &'c str)], &'c [&'c str]);

#[test]
fn errors_say_where_and_what_would_be_right() {
    let query = "((command name: (command_name) @name) @finding\n  (#second-run? @finding \"failes\"))\n";
    let cases: &[Case<'_>] = &[
        ("an unknown key", &[("deploylint.yaml", "scripts: [start.sh]\nrule:\n  rerun: off\n")], &["check"]),
        ("an unknown rule", &[("deploylint.yaml", "rules:\n  rerun/exsting-path: off\n")], &["check"]),
        ("a wrong level", &[("deploylint.yaml", "rules:\n  rerun: sometimes\n")], &["check"]),
        ("a wrong type", &[("deploylint.yaml", "app: shop\n")], &["check"]),
        ("no YAML", &[("deploylint.yaml", "app:\n\tuser: shop\n")], &["check"]),
        ("a folder that is not there", &[("deploylint.yaml", "extra-rules: [lint]\n")], &["check"]),
        (
            "a wrong query",
            &[("lint/own/rule.md", PAGE), ("lint/own/rule.scm", query)],
            &["check", "--rules", "lint"],
        ),
        ("a pattern that matches nothing", &[("deploylint.yaml", "scripts: [ops/*.sh]\n")], &["check"]),
        ("a name that is not read", &[("deploylint.yml", "rules: {}\n")], &["check"]),
        ("a page without its query", &[("lint/own/rule.md", PAGE)], &["check", "--rules", "lint"]),
        ("a query without its page", &[("lint/own/rule.scm", query)], &["check", "--rules", "lint"]),
        (
            "a wrong page",
            &[("lint/own/rule.md", &PAGE.replace("info", "bad"))],
            &["rules", "--rules", "lint"],
        ),
        ("an unknown rule", &[], &["check", "--select", "rerun/exsting-path"]),
        ("an unknown file", &[], &["check", "strat.sh"]),
        ("an unknown file", &[], &["why", "strat.sh:1"]),
        ("a wrong place", &[], &["why", "start.sh"]),
        ("an unknown command", &[], &["chekc"]),
    ];
    let mut text = String::new();
    for (what, files, args) in cases {
        let dir = project(&[&[("start.sh", "#!/bin/bash\nset -e\ntrue\n")], *files].concat());
        let _ = write!(text, "## {what}\n{}", run_and_show(dir.path(), args));
    }
    assert_kept("errors", &text);
}

#[test]
fn help_texts() {
    let dir = project(&[]);
    let commands = ["", "check", "explain", "why", "services", "review", "scan", "rules", "debug"];
    let mut text = String::new();
    for name in commands {
        let args: Vec<&str> = [name, "--help"].into_iter().filter(|arg| !arg.is_empty()).collect();
        let mut command = command(dir.path(), &args);
        // The terminal of whoever runs the test would set another width.
        command.env_remove("COLUMNS").stdin(Stdio::null());
        text.push_str(&shown(&args, &ran(command.output().unwrap())));
    }
    assert_kept("help", &text);
}
