//! In the book for users, every rule has its chapter and every link leads somewhere. mdBook builds it if it is installed.

#[path = "../../docs/chapters.rs"]
mod chapters_of_rules;

use crate::support::{root, skipped};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

/// Every chapter by its path: those of docs/src, and those that the preprocessor adds.
fn chapters() -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut items = Vec::new();
    for entry in fs::read_dir(root().join("docs/src")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let text = fs::read_to_string(entry.path()).unwrap();
        items.push(json!({"Chapter": {"name": name, "content": text, "path": name, "sub_items": []}}));
    }
    let mut filled = json!({ "items": items });
    chapters_of_rules::fill(&mut filled).unwrap();
    fn collect(items: &Value, all: &mut BTreeMap<String, String>) {
        for chapter in items.as_array().unwrap().iter().map(|item| &item["Chapter"]) {
            let text = chapter["content"].as_str().unwrap().to_owned();
            assert!(all.insert(chapter["path"].as_str().unwrap().to_owned(), text).is_none());
            collect(&chapter["sub_items"], all);
        }
    }
    collect(&filled["items"], &mut all);
    all
}

#[test]
fn every_rule_has_a_chapter_without_the_marks_of_its_tests() {
    let chapters = chapters();
    let mut rules = 0;
    for family in
        fs::read_dir(root().join("queries")).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir())
    {
        for page in fs::read_dir(&family).unwrap().map(|e| e.unwrap().path()) {
            if page.extension().is_some_and(|e| e == "md") {
                let id = page.strip_prefix(root().join("queries")).unwrap().to_str().unwrap();
                let text = &chapters[&format!("rules/{id}")];
                assert!(text.contains("## Why"), "{id}");
                assert!(!text.contains("# expect") && !text.contains(" file="), "{id}:\n{text}");
                assert!(chapters["rules.md"].contains(&format!("(rules/{id})")), "{id} is not in the index");
                rules += 1;
            }
        }
    }
    assert!(rules > 30, "{rules} rules");
    assert!(chapters["rules/rerun/existing-path.md"].contains("mkdir /opt/shop # <- reported"));
}

/// Links between chapters. Any other link must be a file of the repo or a whole address.
#[test]
fn every_link_leads_somewhere() {
    let chapters = chapters();
    let mut links = 0;
    for (path, text) in &chapters {
        for part in text.split("](").skip(1) {
            let Some((target, _)) = part.split_once(')') else { continue };
            let target = target.split('#').next().unwrap();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            links += 1;
            let mut resolved = PathBuf::from(path).parent().unwrap().to_owned();
            for component in Path::new(target).components() {
                match component {
                    Component::ParentDir => assert!(resolved.pop(), "{path}: {target}"),
                    other => resolved.push(other),
                }
            }
            assert!(chapters.contains_key(resolved.to_str().unwrap()), "{path}: {target} leads nowhere");
        }
    }
    assert!(links > 60, "only {links} links were looked at");
    for chapter in chapters.keys().filter(|p| !p.starts_with("rules/") && *p != "SUMMARY.md") {
        assert!(chapters["SUMMARY.md"].contains(&format!("({chapter})")), "{chapter} is not in the summary");
    }
}

#[test]
fn the_book_builds() {
    let local = root().join("target/tools/bin/mdbook");
    let mdbook = if local.is_file() { local } else { PathBuf::from("mdbook") };
    let to = tempfile::tempdir().unwrap();
    let built =
        Command::new(mdbook).arg("build").arg(root().join("docs")).arg("--dest-dir").arg(to.path()).output();
    let Ok(built) = built else {
        return skipped("the_book_builds", "mdbook (.ci/run installs it)");
    };
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let page = fs::read_to_string(to.path().join("rules/rerun/existing-path.html")).unwrap();
    assert!(page.contains("&lt;- reported"), "the example is not in the page");
    assert!(to.path().join("own-rules.html").is_file());
}
