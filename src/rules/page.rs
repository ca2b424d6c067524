//! A rule's page: its title, its severity and confidence, and the text that explains it.
//!
//! The page is the only place that holds a rule's id, title and severity. It does not know how the rule
//! judges.

use crate::finding::{About, RuleId};
use crate::rules::embedded::RuleFile;
use crate::rules::front;
use std::borrow::Cow;
use std::fmt;

/// The sections of a page in their order, and whether a page must have them.
const SECTIONS: [(&str, bool); 5] =
    [("What", true), ("Why", true), ("Example", true), ("Instead", true), ("Sources", false)];

/// What `queries/<family>/<name>.md` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The rule, with what the front matter says of it.
    pub id: RuleId,
    /// How errors name the file.
    pub file: String,
    text: Cow<'static, str>,
    body: usize,
}

/// What is wrong with a page or with a folder of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageError {
    /// The file or folder.
    pub file: String,
    /// The 1-based line, if it is about one.
    pub line: Option<u32>,
    /// What is wrong, and what to write instead.
    pub message: String,
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

impl std::error::Error for PageError {}

impl Page {
    /// Reads a page.
    ///
    /// # Errors
    /// An unknown key, a wrong value, a missing or unknown section, or a path that is not `<family>/<name>.md`.
    pub(crate) fn parse(file: &RuleFile) -> Result<Page, PageError> {
        let fail =
            |line: u32, message: String| PageError { file: file.shown.clone(), line: Some(line), message };
        let id = file.path.strip_suffix(".md").unwrap_or(&file.path);
        let word =
            |s: &str| !s.is_empty() && s.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if !id.split_once('/').is_some_and(|(family, name)| word(family) && word(name)) {
            let message = "a page must be named <family>/<name>.md, with lower-case letters, digits and `-`";
            return Err(fail(1, message.to_owned()));
        }
        if file.is_tested()
            && let Some(id) = super::id::named(id)
        {
            let end = file.text.match_indices("\n---\n").next().map_or(0, |(at, mark)| at + mark.len());
            return Ok(Page { id, file: file.shown.clone(), body: end, text: file.text.clone() });
        }
        let (about, end) = front::read(&file.text, id).map_err(|(line, message)| fail(line, message))?;
        let id = RuleId::of_user(about);
        let page = Page { id, file: file.shown.clone(), body: end, text: file.text.clone() };
        page.check_sections()?;
        Ok(page)
    }

    /// What the front matter says.
    pub fn about(&self) -> &About {
        self.id.about()
    }

    /// The part of the id before `/`.
    pub fn family(&self) -> &str {
        self.id.family()
    }

    /// The whole file.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The file after its front matter.
    pub fn body(&self) -> &str {
        self.text[self.body..].trim_start_matches('\n')
    }

    /// The file after its front matter, with the marks of the page's tests as a reader would write them:
    /// `# <- reported` for `# expect`.
    pub fn body_for_readers(&self) -> String {
        self.body().lines().map(|line| reported(line) + "\n").collect()
    }

    /// Checks that the sections are there, and in order.
    pub(super) fn check_sections(&self) -> Result<(), PageError> {
        let fail =
            |line: u32, message: String| PageError { file: self.file.clone(), line: Some(line), message };
        let mut next = 0;
        for block in blocks(&self.text) {
            let Block::Heading { line, title } = block else {
                if let Block::Fence(Fence { closed: false, line, .. }) = block {
                    return Err(fail(line, "this fence is never closed".to_owned()));
                }
                continue;
            };
            let Some(index) = SECTIONS.iter().position(|(name, _)| *name == title) else {
                let names = SECTIONS.map(|(name, _)| name).join(", ");
                return Err(fail(
                    line,
                    format!("a page cannot have a section `{title}`; the sections are {names}"),
                ));
            };
            if index < next {
                return Err(fail(line, format!("section `{title}` is there twice or too late")));
            }
            if let Some((missing, _)) = SECTIONS[next..index].iter().find(|(_, needed)| *needed) {
                return Err(fail(line, format!("section `## {missing}` is missing before `## {title}`")));
            }
            next = index + 1;
        }
        match SECTIONS[next..].iter().find(|(_, needed)| *needed) {
            Some((missing, _)) => Err(fail(
                self.text.lines().count().max(1) as u32,
                format!("section `## {missing}` is missing"),
            )),
            None => Ok(()),
        }
    }
}

/// A line with its mark, if it has one, put in plain words.
fn reported(line: &str) -> String {
    let Some((code, mark)) = line.rsplit_once("# expect") else { return line.to_owned() };
    let (by, words) = match mark.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((rule, words)) => (format!(" by {rule}"), words),
        None => (String::new(), mark),
    };
    match words.strip_prefix(' ') {
        _ if words.is_empty() => format!("{code}# <- reported{by}"),
        Some(quoted) if quoted.starts_with('"') => format!("{code}# <- reported{by}"),
        _ => line.to_owned(),
    }
}

/// A fenced block of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fence<'a> {
    /// The text after the backticks.
    pub(super) info: &'a str,
    /// 1-based line of the opening backticks.
    pub(super) line: u32,
    /// The text between, with its last line end.
    pub(super) body: &'a str,
    pub(super) closed: bool,
}

/// The parts of a page's Markdown that have a meaning here.
pub(super) enum Block<'a> {
    Heading { line: u32, title: &'a str },
    Fence(Fence<'a>),
}

/// The `##` headings and fences of a page. A heading inside a fence is text.
pub(super) fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let mut open: Option<(usize, Fence<'_>, usize)> = None;
    let mut at = 0;
    for (index, raw) in text.split_inclusive('\n').enumerate() {
        let line = raw.trim_end();
        let after = at + raw.len();
        let ticks = line.len() - line.trim_start_matches('`').len();
        match &mut open {
            Some((needed, fence, start)) if ticks >= *needed && line.len() == ticks => {
                fence.body = &text[*start..at];
                fence.closed = true;
                found.push(Block::Fence(*fence));
                open = None;
            }
            Some(_) => {}
            None if ticks >= 3 => {
                let fence =
                    Fence { info: line[ticks..].trim(), line: index as u32 + 1, body: "", closed: false };
                open = Some((ticks, fence, after));
            }
            None => {
                if let Some(title) = line.strip_prefix("## ") {
                    found.push(Block::Heading { line: index as u32 + 1, title: title.trim() });
                }
            }
        }
        at = after;
    }
    if let Some((_, fence, _)) = open {
        found.push(Block::Fence(fence));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;

    const GOOD: &str = "---\ntitle: \"A title: with a colon\"\nseverity: error\nconfidence: high\nfix: none\n---\n\n\
        ## What\n\n```bash\n## not a heading\n```\n\n## Why\n\n## Example\n\n## Instead\n";

    fn parse(path: &str, text: &str) -> Result<Page, String> {
        let file = RuleFile { path: path.to_owned(), shown: path.to_owned(), text: text.to_owned().into() };
        Page::parse(&file).map_err(|e| e.to_string())
    }

    #[test]
    fn a_page_is_read() {
        let page = parse("rerun/x.md", GOOD).unwrap();
        assert_eq!((&*page.id, page.family()), ("rerun/x", "rerun"));
        assert_eq!(page.about().title, "A title: with a colon");
        assert_eq!((page.about().severity, page.about().fix), (Severity::Error, None));
        assert!(page.body().starts_with("## What"));
    }

    #[test]
    fn readers_see_no_marks() {
        for (line, shown) in [
            ("mkdir /a # expect", "mkdir /a # <- reported"),
            ("mkdir /a # expect[b/c]", "mkdir /a # <- reported by b/c"),
            ("mkdir /a # expect \"is \"there\"\"", "mkdir /a # <- reported"),
            ("mkdir /a # expect[b/c] \"there\"", "mkdir /a # <- reported by b/c"),
            ("ls # expected soon", "ls # expected soon"),
            ("ls # expect nothing", "ls # expect nothing"),
        ] {
            assert_eq!(reported(line), shown);
        }
    }

    #[test]
    fn errors_name_file_and_line() {
        for (from, to, said) in [
            ("fix: none", "fixes: none", "a/b.md:5: unknown key `fixes`"),
            ("severity: error", "severity: bad", "a/b.md:3: `severity` cannot be `bad`"),
            ("fix: none\n", "", "a/b.md:5: the front matter lacks `fix`"),
            ("## Why\n\n", "", "a/b.md:14: section `## Why` is missing before"),
            ("## Instead\n", "", "section `## Instead` is missing"),
            ("## Why", "## Whether", "a/b.md:14: a page cannot have a section `Whether`"),
            ("```bash", "````bash", "a/b.md:10: this fence is never closed"),
            ("---\ntitle", "title", "a/b.md:1: a page must begin with"),
            ("fix: none\n---\n", "fix: none\n", "a/b.md:1: the front matter is never closed"),
            ("fix: none\n", "fix: none\nfix: safe\n", "a/b.md:6: `fix` stands twice"),
            ("fix: none\n", "fix none\n", "a/b.md:5: the front matter must be lines with `key: value`"),
        ] {
            let said_really = parse("a/b.md", &GOOD.replacen(from, to, 1)).unwrap_err();
            assert!(said_really.starts_with(said) || said_really.contains(said), "{said_really}");
        }
        assert!(parse("a/B.md", GOOD).unwrap_err().contains("must be named"));
    }
}
