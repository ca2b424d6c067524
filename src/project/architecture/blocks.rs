//! A Markdown document as a flat list of headings, items, tables, fences and paragraphs, each under its
//! headings. GitHub Flavored Markdown, <https://github.github.com/gfm/>. It does not know what the blocks
//! mean.

use crate::limit::tick;
use crate::project::architecture::words::is_aside;
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use std::ops::Range;

/// A line of text without its marks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// The text, without struck-through parts.
    pub(super) text: String,
    /// The pieces set as code.
    pub(super) codes: Vec<String>,
    /// The first piece, if it is strong or code.
    pub(super) lead: Option<String>,
    /// Its place, in bytes.
    pub(super) span: Range<usize>,
}

/// A heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    /// Its text.
    pub(super) title: String,
    level: HeadingLevel,
    parent: Option<usize>,
    /// True if it, or a heading above it, is about something that does not run in production.
    pub(super) aside: bool,
}

/// A piece of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A heading.
    Heading(Line),
    /// The text of a list item itself, without the lists in it.
    Item(Line),
    /// A paragraph.
    Paragraph(Line),
    /// A table.
    Table {
        /// The titles of its columns.
        header: Vec<Line>,
        /// Its rows.
        rows: Vec<Vec<Line>>,
    },
    /// A fenced block.
    Fence {
        /// The first word after the backticks, in lower case.
        language: String,
        /// Its contents, in bytes of the document.
        inside: Range<usize>,
    },
}

/// A piece, and the heading above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) kind: Kind,
    /// Index in the document's sections.
    pub(super) section: Option<usize>,
}

/// The parts of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Document {
    /// Where reading stopped before the end.
    pub(super) cut: Option<usize>,
    pub(super) sections: Vec<Section>,
    pub(super) blocks: Vec<Block>,
}

impl Document {
    /// True if a piece is under a heading about another time or place.
    pub(super) fn is_aside(&self, block: &Block) -> bool {
        block.section.is_some_and(|at| self.sections[at].aside)
    }

    /// The heading right above a piece.
    pub(super) fn title(&self, block: &Block) -> &str {
        block.section.map_or("", |at| &self.sections[at].title)
    }
}

/// Longer items and cells say nothing more about a service.
const MAX_LINE: usize = 2_000;

#[derive(Default)]
struct Reader {
    document: Document,
    section: Option<usize>,
    heading: Option<(HeadingLevel, Line)>,
    paragraph: Option<Line>,
    /// The open items, each until a list in it begins.
    items: Vec<Option<Line>>,
    table: Option<(Vec<Line>, Vec<Vec<Line>>)>,
    cell: Option<Line>,
    row: Vec<Line>,
    fence: Option<(String, Option<Range<usize>>)>,
    struck: usize,
    /// The text inside strong text at the start of the line.
    strong: Option<String>,
}

/// How much of one document is read. A table of a thousand rows has fifteen thousand.
const MAX_EVENTS: usize = 2_000_000;

/// Reads a document, in one pass.
pub(super) fn read(text: &str) -> Document {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    let mut reader = Reader::default();
    let mut events = 0;
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        tick();
        events += 1;
        if events > MAX_EVENTS {
            reader.document.cut = Some(range.start);
            break;
        }
        reader.event(event, range);
    }
    reader.document
}

impl Reader {
    /// The line that receives text.
    fn line(&mut self) -> Option<&mut Line> {
        if self.cell.is_some() {
            return self.cell.as_mut();
        }
        if let Some((_, line)) = &mut self.heading {
            return Some(line);
        }
        match self.items.last_mut() {
            Some(item) => item.as_mut(),
            None => self.paragraph.as_mut(),
        }
    }

    fn push(&mut self, text: &str, code: bool) {
        if self.struck > 0 {
            return;
        }
        if let Some(strong) = &mut self.strong {
            strong.push_str(text);
        }
        let in_strong = self.strong.is_some();
        let Some(line) = self.line() else { return };
        if line.text.len() > MAX_LINE {
            return;
        }
        if code {
            if !in_strong && opens(&line.text) && line.lead.is_none() {
                line.lead = Some(text.trim().to_owned());
            }
            line.codes.push(text.trim().to_owned());
        }
        line.text.push_str(text);
    }

    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match &mut self.fence {
                Some((_, inside)) => {
                    let start = inside.as_ref().map_or(range.start, |i| i.start);
                    *inside = Some(start..range.end);
                }
                None => self.push(&text, false),
            },
            Event::Code(text) => self.push(&text, true),
            Event::SoftBreak | Event::HardBreak | Event::InlineHtml(_) => self.push(" ", false),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: Range<usize>) {
        let line = Line { span: range, ..Line::default() };
        match tag {
            Tag::Heading { level, .. } => self.heading = Some((level, line)),
            Tag::Paragraph if self.items.is_empty() => self.paragraph = Some(line),
            Tag::List(_) => self.close_item(),
            Tag::Item => self.items.push(Some(line)),
            // A quote, a table or a fence inside an item is not the item's own text.
            Tag::BlockQuote(_) => self.close_item(),
            Tag::Table(_) => {
                self.close_item();
                self.table = Some((Vec::new(), Vec::new()));
            }
            Tag::TableRow => self.row = Vec::new(),
            Tag::TableCell => self.cell = Some(line),
            Tag::CodeBlock(kind) => {
                self.close_item();
                let info = match &kind {
                    CodeBlockKind::Fenced(info) => {
                        info.split([' ', ',', '{', ':']).next().unwrap_or_default()
                    }
                    CodeBlockKind::Indented => "",
                };
                self.fence = Some((info.to_ascii_lowercase(), None));
            }
            Tag::Strikethrough => self.struck += 1,
            Tag::Strong if self.line().is_some_and(|line| line.lead.is_none() && opens(&line.text)) => {
                self.strong = Some(String::new());
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => {
                if let Some((level, line)) = self.heading.take() {
                    self.open_section(level, &line.text);
                    self.add(Kind::Heading(line));
                }
            }
            TagEnd::Paragraph => match self.paragraph.take() {
                Some(line) => self.add(Kind::Paragraph(line)),
                // The first paragraph of an item says what it is.
                None => self.close_item(),
            },
            TagEnd::Item => {
                self.close_item();
                self.items.pop();
            }
            TagEnd::TableCell => self.row.extend(self.cell.take()),
            TagEnd::TableHead => {
                if let Some((header, _)) = &mut self.table {
                    *header = std::mem::take(&mut self.row);
                }
            }
            TagEnd::TableRow => {
                if let Some((_, rows)) = &mut self.table {
                    rows.push(std::mem::take(&mut self.row));
                }
            }
            TagEnd::Table => {
                if let Some((header, rows)) = self.table.take() {
                    self.add(Kind::Table { header, rows });
                }
            }
            TagEnd::CodeBlock => {
                if let Some((language, Some(inside))) = self.fence.take() {
                    self.add(Kind::Fence { language, inside });
                }
            }
            TagEnd::Strikethrough => self.struck = self.struck.saturating_sub(1),
            TagEnd::Strong => {
                if let Some(strong) = self.strong.take()
                    && let Some(line) = self.line()
                {
                    line.lead = Some(strong.trim().trim_end_matches(':').to_owned());
                }
            }
            _ => {}
        }
    }

    fn close_item(&mut self) {
        if let Some(line) = self.items.last_mut().and_then(Option::take)
            && !line.text.trim().is_empty()
        {
            self.add(Kind::Item(line));
        }
    }

    fn open_section(&mut self, level: HeadingLevel, title: &str) {
        let mut parent = self.section;
        while let Some(at) = parent {
            if self.document.sections[at].level < level {
                break;
            }
            parent = self.document.sections[at].parent;
        }
        let aside = is_aside(title) || parent.is_some_and(|at| self.document.sections[at].aside);
        self.document.sections.push(Section { title: title.trim().to_owned(), level, parent, aside });
        self.section = Some(self.document.sections.len() - 1);
    }

    fn add(&mut self, kind: Kind) {
        self.document.blocks.push(Block { kind, section: self.section });
    }
}

/// True before any text came: `1. ` and emoji do not count.
fn opens(text: &str) -> bool {
    !text.chars().any(char::is_alphabetic)
}
