use super::*;
use crate::check::{Request, Settings};
use crate::rules::embedded::RuleFile;

fn pages() -> Pages {
    let page = |path: &str| {
        RuleFile {
        path: path.to_owned(),
        shown: path.to_owned(),
        text: "---\ntitle: t\nseverity: error\nconfidence: high\nfix: none\n---\n## What\n## Why\n## Example\n## Instead\n".into(),
    }
    };
    let mine = ["rerun/one.md", "rerun/two.md", "user/three.md"].map(page);
    Pages::parse(crate::rules::embedded::files().chain(mine)).unwrap()
}

/// Reports `rerun/one` for every `FAULT` in the file, and returns what is left as `line:rule`.
fn left(path: &str, text: &str) -> Vec<String> {
    left_of(path, text, &[])
}

fn left_of(path: &str, text: &str, ignore: &[&str]) -> Vec<String> {
    let mut sources = Sources::default();
    let file = sources.add(SourceFile::new(path, text.as_bytes().to_vec()).unwrap());
    let text = sources.file(file).text().to_owned();
    let finding = |range: Range<usize>| Finding {
        rule: RuleId::made_up("rerun/one"),
        severity: Severity::Error,
        confidence: Confidence::High,
        message: "m".to_owned(),
        help: None,
        span: span(file, range),
        related: Vec::new(),
        fix: None,
        run: None,
    };
    let faults = text.match_indices("FAULT").map(|(i, f)| finding(i..i + f.len()));
    let mut findings: Vec<_> = faults.collect();
    if text.starts_with("#!whole") {
        findings.push(finding(0..0));
    }
    let mut comments = Vec::new();
    if path.ends_with(".sh") {
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            if !line.starts_with("DATA")
                && let Some(i) = line.find("# ").filter(|i| *i == 0 || line[..*i].ends_with(' '))
            {
                comments.push(span(file, at + i..at + line.trim_end().len()));
            }
            at += line.len();
        }
    }
    let pages = pages();
    let request = Request { ignore: ignore.iter().map(|s| (*s).to_owned()).collect(), ..Request::default() };
    let selection =
        Selection::resolve(&pages, &super::super::Config::default(), "x".as_ref(), &request).unwrap();
    let kept = apply(&sources, &comments, &[], findings, &pages, &selection);
    let mut kept: Vec<_> = kept.iter().map(|f| format!("{}:{}", sources.line(f.span), f.rule)).collect();
    kept.sort();
    kept
}

#[test]
fn on_the_line_or_right_above() {
    assert_eq!(left("a.sh", "FAULT\n"), ["1:rerun/one"]);
    assert!(left("a.sh", "FAULT # deploylint: ignore[rerun/one] why\n").is_empty());
    assert!(left("a.sh", "FAULT # deploylint:ignore[rerun]\n").is_empty());
    assert!(left("a.sh", "# deploylint: ignore[rerun/one]\nFAULT\n").is_empty());
    assert!(left("a.sh", "# deploylint: ignore[rerun/one]\n# more words\nFAULT\n").is_empty());
    assert_eq!(
        left("a.sh", "# deploylint: ignore[rerun/one]\n\nFAULT\n"),
        ["1:ignore/unused", "3:rerun/one"]
    );
    assert_eq!(left("a.sh", "FAULT\n# deploylint: ignore[rerun/one]\n"), ["1:rerun/one", "2:ignore/unused"]);
    // A comment beside another command is not above this one.
    assert_eq!(
        left("a.sh", "true # deploylint: ignore[rerun/one]\nFAULT\n"),
        ["1:ignore/unused", "2:rerun/one"]
    );
}

#[test]
fn a_continued_command_is_one() {
    assert!(left("a.sh", "# deploylint: ignore[rerun]\nrun \\\n  x \\\n  FAULT\n").is_empty());
    assert!(left("a.sh", "run FAULT \\\n  x # deploylint: ignore[rerun]\n").is_empty());
    assert!(left("a.sh", "# deploylint: ignore[rerun]\r\nrun \\\r\n  FAULT\r\n").is_empty());
}

#[test]
fn only_what_is_named() {
    assert_eq!(left("a.sh", "FAULT # deploylint: ignore[rerun/two]\n"), ["1:ignore/unused", "1:rerun/one"]);
    assert_eq!(left("a.sh", "FAULT # deploylint: ignore[rerun/one, user]\n"), ["1:ignore/unused"]);
    assert_eq!(left("a.sh", "FAULT # deploylint: ignore[rerun/on]\n"), ["1:ignore/malformed", "1:rerun/one"]);
    // A family's name does not match as a prefix.
    assert_eq!(left("a.sh", "FAULT # deploylint: ignore[re]\n"), ["1:ignore/malformed", "1:rerun/one"]);
}

#[test]
fn a_rule_that_is_off_leaves_its_comments_alone() {
    let text = "true # deploylint: ignore[user/three]\n";
    assert_eq!(left("a.sh", text), ["1:ignore/unused"]);
    assert!(left_of("a.sh", text, &["user"]).is_empty());
    assert!(left("a.sh", "true # deploylint: ignore[rerun, ignore/unused]\n").is_empty());
}

#[test]
fn other_files_have_their_own_comments() {
    let quiet = "# deploylint: ignore[rerun]";
    assert!(left("c.yaml", &format!("a:\n  {quiet}\n  FAULT: x\n  FAULT: y {quiet}\n")).is_empty());
    assert!(left("web.service", "[Unit]\n; deploylint: ignore[rerun]\nFAULT=1\n").is_empty());
    assert!(left("architecture.md", "# A\n<!-- deploylint: ignore[rerun] why -->\nFAULT\n").is_empty());
    assert!(left("deploy/.env", &format!("{quiet}\nFAULT=1\n")).is_empty());
    assert_eq!(left("c.yaml", &format!("a: x {quiet}\n")), ["1:ignore/unused"]);
    assert!(left("c.yaml", "a: see deploylint\n").is_empty());
}

#[test]
fn a_line_of_a_heredoc_quiets_but_is_not_judged() {
    assert!(left("a.sh", "DATA\n#deploylint: ignore[rerun]\nFAULT\n").is_empty());
    assert!(left("a.sh", "DATA\n#deploylint: ignore[rerun]\nfine\n").is_empty());
}

#[test]
fn the_head_of_a_file_quiets_the_whole() {
    assert!(left("a.sh", "#!whole\n# deploylint: ignore[rerun/one] one-off\ntrue\n").is_empty());
    assert_eq!(
        left("a.sh", "#!whole\ntrue\n# deploylint: ignore[rerun/one]\n"),
        ["1:rerun/one", "3:ignore/unused"]
    );
}

#[test]
fn what_is_meant_and_does_not_work_is_told() {
    for comment in [
        "# deploylint: ignore",
        "# deploylint: ignore[]",
        "# deploylint: ignore[rerun",
        "# deploylint: ignore[rerun,]",
        "# deploylint: disable[rerun]",
        "# deploylint ignore[rerun]",
        "# deploylint disable=rerun",
        "# once; deploylint: ignore[rerun]",
    ] {
        assert!(matches!(parse(comment), Parsed::Malformed(_)), "{comment}");
    }
    for comment in [
        "# deploylint runs over this", "# deploylint offers more", "# run deploylint: it is good",
        "# shellcheck disable=SC1000",
    ] {
        assert_eq!(parse(comment), Parsed::Other, "{comment}");
    }
    assert_eq!(parse("## deploylint: ignore[a, b/c] x"), Parsed::Names(22..28, vec![22..23, 25..28]));
}

#[test]
fn the_fix_leaves_nothing_behind() {
    let check = |text: &str, after: &str| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.sh");
        std::fs::write(&path, text).unwrap();
        let request = Request { targets: vec![crate::check::Target::Path(path)], ..Request::default() };
        let report = crate::check::check(&request).unwrap();
        let fixes = report.findings.iter().filter_map(|f| f.fix.as_ref());
        let file = report.sources.iter().next().unwrap().0;
        assert_eq!(crate::check::fix::apply_fixes(&report.sources, file, fixes), after);
        Settings::load(&request).unwrap();
    };
    check("true  # deploylint: ignore[ignore/malformed] x\nls\n", "true\nls\n");
    check("ls\n  # deploylint: ignore[ignore/malformed]\nls", "ls\nls");
    check("ls\n# deploylint: ignore[ignore/malformed]", "ls\n");
}
