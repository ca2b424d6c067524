//! The examples of a page are its tests, and this finds them. It is pure: it takes the page's text and
//! returns examples.
//!
//! - A ```` ```bash ```` fence is a script named `start.sh`. A line that ends in `# expect` or `#
//!   expect[family/name]` must get a finding, and every other line none. The marks are removed.
//! - A fence whose info string has `file=NAME` adds a file to the next such script.
//! - A ```` ```bash fixed ```` fence after a script is that script with its fixes applied.
//! - Any other fence is only text.

use crate::rules::page::{Block, Page, PageError, blocks};
use std::sync::Arc;

/// The name of an example's script.
pub const SCRIPT: &str = "start.sh";

/// A file of an example, without its marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleFile {
    /// Path inside the example's project.
    pub name: String,
    /// Its contents.
    pub text: String,
    /// The line of the page with its first line.
    pub page_line: u32,
}

/// A finding that an example expects.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expected {
    /// The file that gets it.
    pub file: String,
    /// 1-based line in that file.
    pub line: u32,
    /// The rule.
    pub rule: Arc<str>,
}

/// A script of a page, the files around it, and the expected findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Line of the page where the script's fence opens.
    pub page_line: u32,
    /// The script comes last, after the files around it.
    pub files: Vec<ExampleFile>,
    /// Sorted; none for a valid example.
    pub expected: Vec<Expected>,
    /// The script after the fixes of its findings.
    pub fixed: Option<String>,
}

/// The examples of a page, in order.
///
/// # Errors
/// A `fixed` fence without a script before it, a file without a script after it, or a malformed mark.
pub fn examples(page: &Page) -> Result<Vec<Example>, PageError> {
    let fail = |line: u32, message: &str| PageError {
        file: page.file.clone(),
        line: Some(line),
        message: message.to_owned(),
    };
    let mut found: Vec<Example> = Vec::new();
    let mut files: Vec<ExampleFile> = Vec::new();
    let mut expected: Vec<Expected> = Vec::new();
    for block in blocks(page.text()) {
        let Block::Fence(fence) = block else { continue };
        let mut words = fence.info.split_whitespace();
        let language = words.next().unwrap_or_default();
        let (mut name, mut fixed) = (None, false);
        for word in words {
            match word.strip_prefix("file=") {
                Some(file) => name = Some(file),
                None if word == "fixed" => fixed = true,
                None => return Err(fail(fence.line, "a fence can say `file=NAME` or `fixed`, nothing else")),
            }
        }
        if fixed {
            let Some(example) = found.last_mut().filter(|e| e.fixed.is_none()) else {
                return Err(fail(fence.line, "a `fixed` fence must follow its script"));
            };
            example.fixed = Some(fence.body.to_owned());
            continue;
        }
        let script = language == "bash" && name.is_none();
        let Some(name) = name.or(script.then_some(SCRIPT)) else {
            continue;
        };
        if name.starts_with('/') || name.split('/').any(|part| part == "..") {
            return Err(fail(fence.line, "a file's name must stay inside the project"));
        }
        if files.iter().any(|f| f.name == name) {
            return Err(fail(fence.line, "two files of one example have this name"));
        }
        let mut text = String::with_capacity(fence.body.len());
        for (index, raw) in fence.body.split_inclusive('\n').enumerate() {
            let line = index as u32 + 1;
            let end = raw.len() - raw.trim_end_matches('\n').len();
            let (kept, mark) =
                unmark(&raw[..raw.len() - end]).map_err(|message| fail(fence.line + line, message))?;
            if let Some(rule) = mark {
                expected.push(Expected {
                    file: name.to_owned(),
                    line,
                    rule: Arc::from(rule.unwrap_or(&page.id)),
                });
            }
            text.push_str(kept);
            text.push_str(&raw[raw.len() - end..]);
        }
        files.push(ExampleFile { name: name.to_owned(), text, page_line: fence.line + 1 });
        if script {
            expected.sort();
            found.push(Example {
                page_line: fence.line,
                files: std::mem::take(&mut files),
                expected: std::mem::take(&mut expected),
                fixed: None,
            });
        }
    }
    match files.first() {
        Some(file) => Err(fail(
            file.page_line - 1,
            "this file must be followed by the ```bash fence that it belongs to",
        )),
        None => Ok(found),
    }
}

/// The line without its mark, and the rule that the mark names (`Some(None)`: the page's own).
fn unmark(line: &str) -> Result<(&str, Option<Option<&str>>), &'static str> {
    let Some((kept, mark)) = line.rsplit_once("# expect") else {
        return Ok((line, None));
    };
    let mark = mark.trim_end();
    let rule = match mark.strip_prefix('[').and_then(|m| m.strip_suffix(']')) {
        Some(rule) if rule.contains('/') => Some(rule),
        Some(_) => return Err("a mark must be `# expect` or `# expect[family/name]`"),
        None if mark.is_empty() => None,
        // Words that happen to begin like that (`# expected soon`) are not a mark.
        None if mark.starts_with(|c: char| c.is_alphanumeric() || c == ' ') => {
            return Ok((line, None));
        }
        None => return Err("a mark must be `# expect` or `# expect[family/name]`"),
    };
    Ok((kept.trim_end(), Some(rule)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::embedded::RuleFile;

    fn of(example: &str) -> Result<Vec<Example>, String> {
        let text = format!(
            "---\ntitle: t\nseverity: info\nconfidence: low\nfix: safe\n---\n## What\n## Why\n## Example\n{example}## Instead\n"
        );
        let file = RuleFile { path: "a/b.md".to_owned(), shown: "a/b.md".to_owned(), text: text.into() };
        examples(&Page::parse(&file).unwrap()).map_err(|e| e.to_string())
    }

    #[test]
    fn marks_files_and_fixes_are_found() {
        let found = of("```yaml file=compose.yaml\nservices: {} # expect[c/d]\n```\n\
            ```bash\nmkdir /a   # expect\nls # expected\n```\n```bash fixed\nmkdir -p /a\n```\n\
            ```text\nshown\n```\n```bash\ntrue\n```\n")
        .unwrap();
        assert_eq!(found.len(), 2);
        let first = &found[0];
        assert_eq!(first.files[0].text, "services: {}\n");
        assert_eq!(first.files[1].text, "mkdir /a\nls # expected\n");
        let expected: Vec<_> = first.expected.iter().map(|e| (e.file.as_str(), e.line, &*e.rule)).collect();
        assert_eq!(expected, [("compose.yaml", 1, "c/d"), ("start.sh", 1, "a/b")]);
        assert_eq!(first.fixed.as_deref(), Some("mkdir -p /a\n"));
        assert_eq!((found[1].files.len(), found[1].expected.len()), (1, 0));
    }

    #[test]
    fn what_would_silently_test_nothing_is_an_error() {
        for (text, said) in [
            ("```bash fixed\n```\n", "a/b.md:10: a `fixed` fence"),
            ("```yaml file=x\n```\n", "a/b.md:10: this file must be followed by the ```bash fence"),
            ("```bash\nls # expect[b]\n```\n", "a/b.md:11: a mark must be"),
            ("```bash fxied\n```\n", "a/b.md:10: a fence can say"),
            ("```yaml file=../x\n```\n", "a/b.md:10: a file's name"),
        ] {
            assert!(of(text).unwrap_err().starts_with(said), "{text}");
        }
    }

    #[test]
    fn every_embedded_page_has_good_examples() {
        for page in crate::rules::pages::Pages::embedded().unwrap().iter() {
            let found = examples(page).unwrap();
            assert!(!found.is_empty(), "{} has no example", page.id);
        }
    }
}
