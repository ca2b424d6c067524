//! Makes the rules' chapters of the book from their pages.

use deploylint::{Applicability, Page};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// What each family asks; the order of the index.
const FAMILIES: [(&str, &str); 8] = [
    ("rerun", "What happens when the script runs again?"),
    ("user", "Does each command run as the right user?"),
    ("permissions", "Do new paths get their owner and mode?"),
    ("steps", "Is a step missing, or in the wrong place?"),
    ("units", "Will systemd run the units as they are meant?"),
    ("services", "Do compose services and units agree?"),
    ("env", "Do code, samples and deployment agree on environment variables?"),
    ("ignore", "Are the suppression comments still right?"),
];

/// Puts the chapters of all rules into `book`.
pub(crate) fn fill(book: &mut Value) -> Result<(), Box<dyn std::error::Error>> {
    let pages = deploylint::pages();
    if let Some(page) = pages.iter().find(|p| FAMILIES.iter().all(|(name, _)| *name != p.family())) {
        return Err(format!("the family of {} has no line in docs/chapters.rs", page.id).into());
    }
    let items = book.get_mut("items").and_then(Value::as_array_mut).ok_or("the book has no items")?;
    let chapter = items
        .iter_mut()
        .find_map(|item| item.get_mut("Chapter").filter(|c| c["path"] == "rules.md"))
        .ok_or("no chapter rules.md")?;
    let mut index = String::new();
    let mut families = Vec::new();
    for (name, asks) in FAMILIES {
        let own: Vec<&Page> = pages.iter().filter(|p| p.family() == name).collect();
        if own.is_empty() {
            continue;
        }
        let _ = writeln!(index, "## {name}\n\n{asks}\n\n{}", table(&own, "rules/"));
        let content = format!("# {name}\n\n{asks}\n\n{}", table(&own, "../"));
        let rules = own.iter().map(|page| {
            let path = format!("rules/{}.md", page.id);
            chapter_of(&page.id, &chapter_text(page), &path, &["Rules", name], Vec::new())
        });
        let path = format!("rules/{name}/index.md");
        families.push(chapter_of(name, &content, &path, &["Rules"], rules.collect()));
    }
    let text = chapter["content"].as_str().unwrap_or_default();
    if !text.contains("{{rules}}") {
        return Err("rules.md has no {{rules}}".into());
    }
    chapter["content"] = text.replace("{{rules}}", index.trim_end()).into();
    chapter["sub_items"] = families.into();
    Ok(())
}

fn chapter_of(name: &str, content: &str, path: &str, parents: &[&str], sub_items: Vec<Value>) -> Value {
    json!({"Chapter": {
        "name": name, "content": content, "number": null, "sub_items": sub_items,
        "path": path, "source_path": path, "parent_names": parents,
    }})
}

/// One rule a line; `to` leads from the page that holds the table to the families' folders.
fn table(pages: &[&Page], to: &str) -> String {
    let mut rows =
        String::from("| rule | severity | confidence | fix | |\n| --- | --- | --- | --- | --- |\n");
    for page in pages {
        let _ = writeln!(
            rows,
            "| [{id}]({to}{id}.md) | {} | {} | {} | {} |",
            page.about().severity.name(),
            page.about().confidence.name(),
            page.about().fix.map_or("none", Applicability::name),
            page.about().title.replace('|', "\\|"),
            id = page.id,
        );
    }
    rows
}

/// A rule's page for readers: the marks of its tests in plain words.
fn chapter_text(page: &Page) -> String {
    let mut text = format!(
        "# {}\n\n{}.\n\nSeverity **{}**, confidence **{}**, fix **{}**. To quiet a line: `# deploylint: ignore[{}] reason`\n\n",
        page.id,
        page.about().title.trim_end_matches('.'),
        page.about().severity.name(),
        page.about().confidence.name(),
        page.about().fix.map_or("none", Applicability::name),
        page.id,
    );
    let mut fence: Option<usize> = None;
    for line in page.body_for_readers().lines() {
        let ticks = line.bytes().take_while(|b| *b == b'`').count();
        match fence {
            None if ticks >= 3 => {
                fence = Some(ticks);
                let mut info = line[ticks..].split_ascii_whitespace();
                let language = info.next().unwrap_or_default();
                for word in info {
                    match word.strip_prefix("file=") {
                        Some(name) => {
                            let _ = writeln!(text, "`{name}`:\n");
                        }
                        None if word == "fixed" => text.push_str("With the fix:\n\n"),
                        None => {}
                    }
                }
                let _ = writeln!(text, "{}{language}", &line[..ticks]);
            }
            Some(open) if ticks >= open && line.len() == ticks => {
                fence = None;
                let _ = writeln!(text, "{line}");
            }
            _ => {
                let _ = writeln!(text, "{line}");
            }
        }
    }
    text
}
