//! Architecture documents.

use super::*;

const UNIT: &[u8] = b"#!/bin/bash\nset -e\ncat > /etc/systemd/system/web.service <<'EOF'\n[Service]\nUser=shop\n\
    ExecStart=/opt/shop/bin/web --port 8000\n[Install]\nWantedBy=multi-user.target\nEOF\nsystemctl daemon-reload\n\
    systemctl enable web\nsystemctl restart web\n";
const TABLE: &str = "\n\n| Service | Port |\n| --- | --- |\n| web | 8000 |\n| importer | 8123 |\n";

/// The findings of the family `services` and the gaps, for a repo with this document.
fn judge(document: &[u8]) -> (Vec<String>, Vec<(String, u64, String)>) {
    of(&project(&[("docs/architecture.md", document), ("start.sh", UNIT)]))
}

fn of(dir: &TempDir) -> (Vec<String>, Vec<(String, u64, String)>) {
    let ran = run(dir.path(), &[&["check", ".", "good.sh", "--confidence", "low"], &JSON[..]].concat());
    assert_eq!(ran.err, "");
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    let told = json["findings"].as_array().unwrap().iter().filter_map(|f| {
        let rule = f["rule"].as_str()?.strip_prefix("services/")?;
        Some(format!("{rule} {}:{}", f["file"].as_str()?, f["range"]["start"]["line"]))
    });
    (told.collect(), gaps(&ran))
}

/// The line of the table's last row if it comes after `text`.
fn importer_behind(text: &str) -> String {
    let line = text.matches('\n').count() + TABLE.matches('\n').count();
    format!("not-deployed docs/architecture.md:{line}")
}

/// The table is read in time and without a gap, whatever comes before it.
fn is_read(text: &str) {
    let (told, gaps) = judge(format!("{text}{TABLE}").as_bytes());
    let start: String = text.chars().take(60).collect();
    assert_eq!((told, gaps), (vec![importer_behind(text)], vec![]), "{start}");
}

#[test]
fn five_megabytes_of_tables() {
    let tables = "\n| Method | Path |\n| --- | --- |\n| GET | /api |\n".repeat(100_000);
    is_read(&tables);
    is_read(&format!("| a |{}\n| - |{}\n", " a |".repeat(10_000), " - |".repeat(10_000)));
}

#[test]
fn more_services_than_anybody_has() {
    let rows: String = (0..30_000).map(|i| format!("| thing{i} | {} |\n", 10_000 + i % 50_000)).collect();
    let (_, gaps) = judge(format!("| Service | Port |\n| --- | --- |\n{rows}").as_bytes());
    let [(file, line, reason)] = &gaps[..] else { panic!("{gaps:?}") };
    assert_eq!((file.as_str(), *line), ("docs/architecture.md", 1_003));
    assert!(reason.starts_with("more than 1000 services"), "{reason}");
}

#[test]
fn lists_and_quotes_without_end() {
    is_read(&format!("{} deep\n", "> ".repeat(100_000)));
    is_read(&format!("{} deep\n", "- ".repeat(100_000)));
    is_read(&format!("{} deep\n", "1. ".repeat(100_000)));
    is_read(&format!("{}deep\n", "* x\n".repeat(100_000)));
    is_read(&(0..2_000).map(|i| format!("{}- x\n", "  ".repeat(i))).collect::<String>());
}

#[test]
fn marks_without_end() {
    for mark in ["**", "`", "[", "(", "![", "<", "~~", "| ", "_a", "&", "\\", "#", "=", "-|"] {
        is_read(&format!("x {}\n", mark.repeat(100_000)));
    }
}

#[test]
fn fences_that_nothing_closes() {
    let document =
        "| Service | Port |\n| --- | --- |\n| web | 8000 |\n\n```mermaid\ngraph TD\n  A[Loader :8124";
    let (told, gaps) = judge(document.as_bytes());
    assert_eq!((told, gaps), (vec!["not-deployed docs/architecture.md:7".to_owned()], vec![]));
    // The table is text in the fence.
    assert_eq!(judge(format!("```text\n{TABLE}").as_bytes()), (vec![], vec![]));
}

#[test]
fn ragged_rows() {
    let rows = "| Service | Port | Unit |\n| --- | --- |\n| x |\n\n| Service | Port |\n| --- | --- |\n| |\n| web | 8000 | a | b |\n| importer | 8123\n";
    let (told, gaps) = judge(rows.as_bytes());
    assert_eq!((told, gaps), (vec!["not-deployed docs/architecture.md:9".to_owned()], vec![]));
}

#[test]
fn a_diagram_of_ten_thousand_boxes() {
    let boxes: String = (0..10_000).map(|i| format!("  n{i}[Layer {i}] --> n{}\n", i + 1)).collect();
    let (_, gaps) = judge(format!("```mermaid\ngraph TD\n{boxes}```\n{TABLE}").as_bytes());
    assert!(gaps.iter().all(|(_, _, reason)| reason.starts_with("more than 1000 services")), "{gaps:?}");
    let line = "a-- \"x".repeat(200_000);
    is_read(&format!(
        "```mermaid\ngraph TD\n  {line}\n  b[\"\n  (((((\n  é --> ü[ä\n  🦀🦀 -->|\n subgraph\n end\n end\n```\n"
    ));
    is_read(&format!(
        "```plantuml\n{}\n[\ncomponent\ndatabase \"\n}}}}\n```\n",
        "Container(".repeat(100_000)
    ));
    is_read("```mermaid\n```\n```mermaid\n---\n```\n```yaml\nservices:\n  :\n - x\n```\n");
}

#[test]
fn not_utf_8_and_not_text() {
    let latin = [&b"Gr\xfc\xdfe"[..], TABLE.as_bytes()].concat();
    let (told, gaps) = judge(&latin);
    assert_eq!(told, ["not-deployed docs/architecture.md:6"]);
    assert!(gaps[0].2.contains("not UTF-8"), "{gaps:?}");
    let (told, gaps) = judge(b"| a\0b |\n");
    assert_eq!(told, Vec::<String>::new());
    assert!(gaps[0].0 == "docs/architecture.md" && gaps[0].2.contains("binary"), "{gaps:?}");
    let crlf = TABLE.replace('\n', "\r\n");
    assert_eq!(judge(crlf.as_bytes()).0, ["not-deployed docs/architecture.md:6"]);
    let (_, gaps) = judge(&b"x ".repeat(5 << 20));
    assert!(gaps[0].2.contains("larger than 8 MiB"), "{gaps:?}");
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_root_is_not_read() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("a.md"), TABLE).unwrap();
    let dir = project(&[("start.sh", UNIT)]);
    std::os::unix::fs::symlink(outside.path().join("a.md"), dir.path().join("architecture.md")).unwrap();
    let (told, gaps) = of(&dir);
    assert_eq!(told, Vec::<String>::new());
    assert!(
        gaps.iter()
            .any(|(file, _, why)| file == "architecture.md" && why.contains("out of the project's root")),
        "{gaps:?}"
    );
}

#[test]
fn two_documents_that_contradict_each_other() {
    let with = |port: u16| format!("| Service | Port |\n| --- | --- |\n| web | {port} |\n");
    let dir = project(&[
        ("docs/architecture.md", with(8000).as_bytes()),
        ("old-architecture.md", with(8001).as_bytes()),
        ("start.sh", UNIT),
    ]);
    let (told, gaps) = of(&dir);
    assert_eq!((told, gaps), (vec!["other-documented-port old-architecture.md:3".to_owned()], vec![]));
    // At the default confidence, neither is reported.
    let ran = run(dir.path(), &[&["check", "."], &JSON[..]].concat());
    assert!(!ran.out.contains("other-documented-port"), "{}", ran.out);
}
