//! The examples of a page are its tests, and this finds them. It is pure: it takes the page's text and
//! returns examples.
//!
//! - A ```` ```bash ```` fence is a script named `start.sh`. A line that ends in `# expect` or `# expect[family/name]` must
//!   get a finding there, and no other line may get one. With `"words"` behind the mark, the message or the help of the
//!   finding must hold these words. The marks are removed.
//! - A fence whose info string has `file=NAME` adds a file to the next such script.
//! - A ```` ```bash fixed ```` fence after a script is that script with its fixes applied.
//! - Any other fence is only text.

use crate::rules::page::{Block, Page, PageError, blocks};
use std::sync::Arc;

/// The name of the script in each example.
pub(crate) const SCRIPT: &str = "start.sh";

/// A file of an example, without its marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExampleFile {
    /// Path inside the example's project.
    pub(crate) name: String,
    /// Its contents.
    pub(crate) text: String,
    /// The line of the page with its first line.
    pub(crate) page_line: u32,
}

/// A finding that an example expects.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Expected {
    /// The file that gets it.
    pub(crate) file: String,
    /// 1-based line in that file.
    pub(crate) line: u32,
    pub(crate) rule: Arc<str>,
    /// What its message or its help holds, if the example says so.
    pub(crate) words: Option<String>,
}

/// A script of a page, the files around it, and the expected findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Example {
    /// Line of the page where the script's fence opens.
    pub(crate) page_line: u32,
    /// The script comes last, after the files around it.
    pub(crate) files: Vec<ExampleFile>,
    /// Sorted; none for a valid example.
    pub(crate) expected: Vec<Expected>,
    /// The script after the fixes of its findings.
    pub(crate) fixed: Option<String>,
}

/// The examples of a page, in order.
///
/// # Errors
/// A `fixed` fence without a script before it, a file without a script after it, or a malformed mark.
pub(crate) fn examples(page: &Page) -> Result<Vec<Example>, PageError> {
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
            if let Some(Mark { rule, words }) = mark {
                expected.push(Expected {
                    file: name.to_owned(),
                    line,
                    rule: Arc::from(rule.unwrap_or(&page.id)),
                    words: words.map(str::to_owned),
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

/// What a mark says.
#[derive(Clone, Copy)]
struct Mark<'l> {
    /// The rule that it names; none for the page's own.
    rule: Option<&'l str>,
    /// What the finding says.
    words: Option<&'l str>,
}

/// The line without its mark, and the mark.
fn unmark(line: &str) -> Result<(&str, Option<Mark<'_>>), &'static str> {
    const FORM: &str =
        "a mark must be `# expect` or `# expect[family/name]`, perhaps with ` \"words\"` behind it";
    let Some((kept, mark)) = line.rsplit_once("# expect") else {
        return Ok((line, None));
    };
    let mark = mark.trim_end();
    let (rule, rest) = match mark.strip_prefix('[') {
        Some(named) => match named.split_once(']') {
            Some((rule, rest)) if rule.contains('/') => (Some(rule), rest),
            _ => return Err(FORM),
        },
        None => (None, mark),
    };
    let words = match rest.strip_prefix(" \"") {
        Some(words) => match words.strip_suffix('"') {
            Some(words) if !words.trim().is_empty() => Some(words),
            _ => return Err(FORM),
        },
        None if rest.is_empty() => None,
        // Words that happen to begin like that (`# expected soon`) are not a mark.
        None if rule.is_none() && rest.starts_with(|c: char| c.is_alphanumeric() || c == ' ') => {
            return Ok((line, None));
        }
        None => return Err(FORM),
    };
    Ok((kept.trim_end(), Some(Mark { rule, words })))
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
            ```bash\nmkdir /a   # expect\nls # expected\ncp a b # expect \"to `b`, \"again\"\"\n\
            rm b # expect[c/d] \"is gone\"\n```\n```bash fixed\nmkdir -p /a\n```\n\
            ```text\nshown\n```\n```bash\ntrue\n```\n")
        .unwrap();
        assert_eq!(found.len(), 2);
        let first = &found[0];
        assert_eq!(first.files[0].text, "services: {}\n");
        assert_eq!(first.files[1].text, "mkdir /a\nls # expected\ncp a b\nrm b\n");
        let expected: Vec<_> = first
            .expected
            .iter()
            .map(|e| (e.file.as_str(), e.line, &*e.rule, e.words.as_deref().unwrap_or("-")))
            .collect();
        assert_eq!(
            expected,
            [
                ("compose.yaml", 1, "c/d", "-"),
                ("start.sh", 1, "a/b", "-"),
                ("start.sh", 3, "a/b", "to `b`, \"again\""),
                ("start.sh", 4, "c/d", "is gone"),
            ]
        );
        assert_eq!(first.fixed.as_deref(), Some("mkdir -p /a\n"));
        assert_eq!((found[1].files.len(), found[1].expected.len()), (1, 0));
    }

    #[test]
    fn what_would_silently_test_nothing_is_an_error() {
        for (text, said) in [
            ("```bash fixed\n```\n", "a/b.md:10: a `fixed` fence"),
            ("```yaml file=x\n```\n", "a/b.md:10: this file must be followed by the ```bash fence"),
            ("```bash\nls # expect[b]\n```\n", "a/b.md:11: a mark must be"),
            ("```bash\nls # expect \"open\n```\n", "a/b.md:11: a mark must be"),
            ("```bash\nls # expect \" \"\n```\n", "a/b.md:11: a mark must be"),
            ("```bash\nls # expect[b/c] words\n```\n", "a/b.md:11: a mark must be"),
            ("```bash\nls # expect[b/c]\"words\"\n```\n", "a/b.md:11: a mark must be"),
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
