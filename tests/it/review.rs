//! `deploylint review`: the document, the list, and the date that it keeps.

use crate::support::Repo;
use crate::support::{Ran, project, run, write};
use serde_json::Value;
use std::fs;
use std::path::Path;

const SCRIPT: &str = "#!/bin/bash\nset -euo pipefail\nnginx -t\nsystemctl reload nginx\n";
const TASK: &str = "## Review Production Deployment Scripts\n\n**Trigger:** After a feature\n\n";

fn review(dir: &Path, args: &[&str]) -> Ran {
    run(dir, &[&["review"], args].concat())
}

fn json(dir: &Path, args: &[&str]) -> Value {
    let ran = review(dir, &[&["--format", "json"], args].concat());
    serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}{}", ran.out, ran.err))
}

fn item<'v>(review: &'v Value, id: &str) -> &'v Value {
    let items = review["items"].as_array().unwrap();
    items.iter().find(|item| item["id"] == id).unwrap()
}

/// A repo that was fully reviewed on 2 January.
fn reviewed(files: &[(&str, &str)]) -> Option<Repo> {
    let repo = Repo::new()?;
    repo.write("docs/tasks.md", &format!("{TASK}**Last performed:** 2026-01-02\n"));
    repo.commit("2026-01-02 12:00 +0000", "Review", files);
    Some(repo)
}

fn today() -> String {
    jiff::Zoned::now().date().to_string()
}

#[test]
fn nothing_is_due_after_a_review() {
    let Some(repo) = reviewed(&[("start.sh", SCRIPT)]) else { return };
    let ran = review(&repo.path(), &["--check"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    assert!(ran.out.contains("No review is due; nothing is open"), "{}", ran.out);
    assert!(ran.out.contains("in docs/tasks.md:1"), "{}", ran.out);
    // A change of words changes no deployment.
    repo.write("README.md", "Words.\n");
    repo.commit("2026-02-01 12:00 +0000", "Words", &[]);
    let ran = review(&repo.path(), &["--check"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert!(ran.out.contains("1 commit, 0 files not committed, 0 changes"), "{}", ran.out);
}

#[test]
fn the_date_is_all_that_recording_changes() {
    let dir = project(&[("start.sh", SCRIPT)]);
    for (before, after) in [
        (
            "**Last performed:** 2024-01-02 (by hand)\r\nMore\r\n",
            "**Last performed:** TODAY (by hand)\r\nMore\r\n",
        ),
        ("**Last performed:** never\n\ttabs \n", "**Last performed:** TODAY\n\ttabs \n"),
        ("**Last performed:**\nno line end", "**Last performed:** TODAY\nno line end"),
        ("Last performed: YYYY-MM-DD", "Last performed: TODAY"),
    ] {
        let text = |line: &str| format!("\u{feff}{TASK}{line}");
        write(dir.path(), "tasks.md", text(before));
        let ran = review(dir.path(), &["--record", "--tested"]);
        assert_eq!(ran.code, 0, "{before}: {}{}", ran.out, ran.err);
        assert_eq!(ran.err, format!("recorded {} in tasks.md\n", today()));
        let written = fs::read_to_string(dir.path().join("tasks.md")).unwrap();
        assert_eq!(written, text(after).replace("TODAY", &today()));
        // The second time, there is nothing to write.
        let again = review(dir.path(), &["--record", "--tested"]);
        assert_eq!((again.code, again.err), (0, format!("{} is already recorded in tasks.md\n", today())));
        assert_eq!(fs::read_to_string(dir.path().join("tasks.md")).unwrap(), written);
    }
}

#[test]
fn nothing_is_recorded_while_something_is_open() {
    let faulty = format!("{SCRIPT}mkdir /opt/app\n");
    let text = format!("{TASK}**Last performed:** 2024-01-02\n");
    let dir = project(&[("start.sh", &faulty), ("tasks.md", &text)]);
    let ran = review(dir.path(), &["--record", "--tested"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.starts_with("error: nothing was recorded, because these items are open: "),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("The scripts are safe to run again"), "{}", ran.err);
    assert!(
        ran.out.contains("[ ] The scripts are safe to run again\n      ! start.sh:5: rerun/existing-path"),
        "{}",
        ran.out
    );
    assert_eq!(fs::read_to_string(dir.path().join("tasks.md")).unwrap(), text);
    let ran = review(dir.path(), &["--record", "--force"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(fs::read_to_string(dir.path().join("tasks.md")).unwrap().contains(&today()));
}

#[test]
fn a_document_that_may_not_be_written_stays() {
    let text = format!("{TASK}**Last performed:** 2024-01-02\n");
    let dir = project(&[("start.sh", SCRIPT), ("tasks.md", &text)]);
    fs::hard_link(dir.path().join("tasks.md"), dir.path().join("other")).unwrap();
    let ran = review(dir.path(), &["--record", "--force"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("tasks.md:5") && ran.err.contains("hard link"), "{}", ran.err);
    assert_eq!(fs::read_to_string(dir.path().join("tasks.md")).unwrap(), text);
}

#[test]
fn the_document_is_found_where_teams_keep_it() {
    for path in ["docs/tasks.md", ".agent/workflows.md", "CONTRIBUTING.md", "a/b/deployment-review.md"] {
        let text = format!("# All\n\n{TASK}**Last performed:** 2024-01-02\n");
        let dir = project(&[("start.sh", SCRIPT), (path, &text)]);
        let found = json(dir.path(), &[]);
        assert_eq!(found["document"]["file"], path);
        assert_eq!(found["document"]["last_performed"], "2024-01-02");
        assert_eq!(found["document"]["trigger"], "After a feature");
    }
}

#[test]
fn the_configuration_names_the_document_and_its_words() {
    let dir = project(&[
        ("start.sh", SCRIPT),
        ("deploylint.yaml", "review:\n  document: docs/ops.md\n  task: Release check\n  label: Stand\n"),
        ("docs/ops.md", "# Release check\n\nStand: 2024-01-02\n"),
        ("docs/tasks.md", &format!("{TASK}**Last performed:** 2025-01-02\n")),
    ]);
    assert_eq!(json(dir.path(), &[])["document"]["last_performed"], "2024-01-02");
    let given = json(dir.path(), &["--document", "docs/ops.md"]);
    assert_eq!(given["document"]["title"], "Release check");
}

#[test]
fn what_cannot_be_read_blocks_no_more_than_itself() {
    let script = format!("{SCRIPT}if then fi (\nmkdir /opt/app\n");
    let dir = project(&[("start.sh", &script), ("tasks.md", &format!("{TASK}**Last performed:** never\n"))]);
    let found = json(dir.path(), &[]);
    let again = item(&found, "safe-to-run-again");
    assert_eq!(again["status"], "open", "{again}");
    assert_eq!(again["evidence"][0]["line"], 6);
    assert_eq!(again["blocked"][0]["file"], "start.sh");
    assert_eq!(
        (&again["blocked"][0]["first_line"], &again["blocked"][0]["last_line"]),
        (&5.into(), &5.into())
    );
    let migrations = item(&found, "migrations");
    assert_eq!(migrations["status"], "blocked", "{migrations}");
}

#[test]
fn a_compose_file_that_cannot_be_read_blocks_its_items() {
    let Some(repo) = reviewed(&[("start.sh", SCRIPT), ("compose.yaml", "services:\n  web: [\n")]) else {
        return;
    };
    let ran = review(&repo.path(), &["--check"]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    let found = json(&repo.path(), &[]);
    assert_eq!(item(&found, "new-services")["status"], "blocked");
    assert_ne!(item(&found, "migrations")["status"], "blocked");
    assert_eq!(review(&repo.path(), &[]).code, 3);
}

#[test]
fn each_change_is_held_against_the_deployment() {
    let unit = "cat > /etc/systemd/system/web.service <<'EOF'\n[Service]\nUser=app\nExecStart=/opt/app/venv/bin/gunicorn app:app\n[Install]\nWantedBy=multi-user.target\nEOF\n";
    let script = format!(
        "#!/bin/bash\nset -euo pipefail\nid -u app || useradd app\n{unit}systemctl daemon-reload\nsystemctl enable web\nsystemctl restart web\n"
    );
    let compose = "services:\n  web:\n    build: .\n    command: gunicorn app:app\n";
    let Some(repo) = reviewed(&[("start.sh", &script), ("compose.yaml", compose)]) else { return };
    assert_eq!(json(&repo.path(), &[])["due"], false);

    write(
        &repo.path(),
        "compose.yaml",
        format!("{compose}  worker:\n    build: .\n    command: celery -A app worker\n"),
    );
    repo.commit("2026-02-03 12:00 +0000", "Add a worker", &[]);
    repo.write("requirements.txt", "celery==5.4\n");
    let found = json(&repo.path(), &[]);
    assert_eq!(found["due"], true);
    assert_eq!(found["base"]["date"], "2026-01-02");
    assert_eq!(found["commits"][0]["summary"], "Add a worker");
    assert_eq!(found["working"][0], "requirements.txt");
    let changes = found["changes"].as_array().unwrap();
    let change = |kind: &str, what: &str| {
        let is = |change: &&Value| change["kind"] == kind && change["what"] == what;
        changes.iter().find(is).unwrap_or_else(|| panic!("{kind} {what}: {changes:?}"))
    };
    let worker = change("service", "worker");
    assert_eq!((&worker["change"], &worker["file"]), (&"added".into(), &"compose.yaml".into()));
    assert_eq!(worker["commit"], found["commits"][0]["id"]);
    assert!(worker["diff"].as_str().unwrap().contains("\n+  worker:\n"), "{worker}");
    // A change that is not committed has no commit.
    assert!(change("dependency", "celery").get("commit").is_none());

    let services = item(&found, "new-services");
    assert_eq!(services["status"], "open", "{services}");
    assert!(services["evidence"][0]["text"].as_str().unwrap().starts_with(
        "services/no-unit: nothing that start.sh installs does the work of the service `worker`"
    ));
    let dependencies = item(&found, "dependencies");
    assert!(
        dependencies["evidence"][0]["text"].as_str().unwrap().starts_with("steps/no-dependencies"),
        "{dependencies}"
    );
    assert_eq!(item(&found, "build")["status"], "not applicable");
    assert_eq!(item(&found, "analyse-changes")["status"], "done");
}

#[test]
fn a_trigger_names_the_changes_that_make_a_review_due() {
    let Some(repo) = reviewed(&[("start.sh", SCRIPT)]) else { return };
    let task = TASK.replace("After a feature", "After a dependency change");
    repo.write("docs/tasks.md", &format!("{task}**Last performed:** 2026-01-02\n"));
    repo.write("start.sh", &format!("{SCRIPT}systemctl reload postfix\n"));
    repo.commit("2026-02-03 12:00 +0000", "Reload postfix", &[]);
    assert_eq!(json(&repo.path(), &[])["due"], false);
    repo.write("requirements.txt", "celery==5.4\n");
    assert_eq!(json(&repo.path(), &[])["due"], true);
}

#[test]
fn a_day_or_a_revision_says_where_a_review_begins() {
    let Some(repo) = reviewed(&[("start.sh", SCRIPT)]) else { return };
    repo.write("start.sh", &format!("{SCRIPT}systemctl reload postfix\n"));
    repo.commit("2026-02-03 12:00 +0000", "Reload postfix", &[]);
    repo.git(&["tag", "v1"]);
    repo.write("start.sh", &format!("{SCRIPT}systemctl reload dovecot\n"));
    repo.commit("2026-03-03 12:00 +0000", "Reload dovecot", &[]);
    let commits = |since: &str| json(&repo.path(), &["--since", since])["commits"].as_array().unwrap().len();
    assert_eq!(["2026-01-02", "2026-02-03", "v1", "HEAD", "2026-03-03"].map(commits), [2, 1, 1, 0, 0]);
    let ran = review(&repo.path(), &["--since", "nowhere"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.starts_with("error: `nowhere` does not name a commit"), "{}", ran.err);
}

#[test]
fn markdown_has_check_boxes() {
    let Some(repo) = reviewed(&[("start.sh", &format!("{SCRIPT}mkdir /opt/app\n"))]) else { return };
    let ran = review(&repo.path(), &["--format", "markdown"]);
    assert!(ran.out.starts_with("# Review of the deployment scripts\n\n- "), "{}", ran.out);
    assert!(
        ran.out.contains(
            "\n- [ ] **The scripts are safe to run again**\n  - **open** start.sh:5: rerun/existing-path"
        ),
        "{}",
        ran.out
    );
}
