//! Review documents that are missing, duplicated or wrong, and wrong requests for reviews.

use super::*;

const TASK: &str = "# Review Production Deployment Scripts\n\n";

/// The exit code and the first line of the error.
fn review(files: &[(&str, &str)], args: &[&str]) -> (i32, String) {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    let dir = project(&files);
    fs::remove_dir(dir.path().join(".git")).unwrap();
    let ran = run(dir.path(), &[&["review"], args].concat());
    (ran.code, ran.err.lines().next().unwrap_or_default().to_owned())
}

fn error(message: &str) -> (i32, String) {
    (2, format!("error: {message}"))
}

#[test]
fn no_document() {
    assert_eq!(review(&[], &[]), (0, String::new()));
    assert_eq!(review(&[], &["--check"]).0, 1);
    assert_eq!(
        review(&[], &["--record", "--force"]),
        error("there is no review document to write the date into")
    );
    assert_eq!(review(&[], &["--document", "x.md"]), error("x.md: no such file"));
    let other = [("x.md", "# Tidy up\n")];
    assert_eq!(
        review(&other, &["--document", "x.md"]),
        error("x.md: it has no task to review deployment scripts")
    );
    assert_eq!(
        review(&other, &["--document", "../x.md"]),
        error("../x.md: is outside the project's root, so it is not read")
    );
}

#[test]
fn two_documents() {
    let dated = format!("{TASK}Last performed: 2025-01-01\n");
    let two = [("a.md", dated.as_str()), ("docs/b.md", dated.as_str())];
    assert_eq!(review(&two, &[]), error("several tasks to review deployment scripts: a.md:1, docs/b.md:1"));
    assert_eq!(review(&two, &["--document", "docs/b.md"]).0, 0);
    // A document that only mentions a review is not a review document.
    assert_eq!(review(&[("a.md", &dated), ("b.md", TASK)], &[]).0, 0);
}

#[test]
fn no_date() {
    assert_eq!(review(&[("a.md", TASK)], &["--check"]).0, 1);
    assert_eq!(
        review(&[("a.md", TASK)], &["--record", "--force"]),
        error("a.md:1:1: `Review Production Deployment Scripts` has no line for the date")
    );
}

#[test]
fn a_date_that_is_none() {
    let wrong = |date: &str| format!("{TASK}**Last performed:** {date}\n");
    for date in ["2025-02-30", "2025-13-01", "30.01.2025", "0000-00-00"] {
        let text = wrong(date);
        assert_eq!(
            review(&[("a.md", &text)], &["--check"]),
            error(&format!("a.md:3:21: `{date}` is not a date (YYYY-MM-DD)"))
        );
        assert_eq!(review(&[("a.md", &text)], &["--since", "2025-01-01"]).0, 0);
    }
    let (code, message) = review(&[("a.md", &wrong("9999-01-01"))], &[]);
    assert!(code == 2 && message.starts_with("error: a.md:3:21: 9999-01-01 is in the future"), "{message}");
    let (code, message) = review(&[], &["--since", "2025-02-30"]);
    assert!(code == 2 && message.contains("`2025-02-30` is not a day"), "{message}");
}

#[test]
fn nothing_that_a_document_says_reaches_the_terminal_as_it_is() {
    let text = format!("{TASK}**Trigger:** \x1b[31mred\u{202e}\n\n**Last performed:** never\n");
    let dir = project(&[("a.md", text.as_bytes())]);
    for format in ["text", "markdown"] {
        let ran = run(dir.path(), &["review", "--format", format]);
        assert!(!ran.out.contains(['\x1b', '\u{202e}']), "{}", ran.out);
    }
}

#[test]
fn a_document_of_megabytes() {
    let text = format!("{}\n{TASK}Last performed: 2025-01-01\n", "> - a\n".repeat(1_000_000));
    // It is too large for a list of tasks, unless somebody names it.
    assert_eq!(review(&[("a.md", &text)], &["--check"]).0, 1);
    assert_eq!(review(&[("a.md", &text)], &["--document", "a.md"]).0, 0);
}
