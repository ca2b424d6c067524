//! The two ways in which a review is laid out for people. The texts are already clean when they come here.

use super::status_name;
use crate::review::checklist::Status;
use std::io::{self, Write};

/// Something that a review is written to.
pub(super) trait Page {
    fn title(&mut self, text: &str) -> io::Result<()>;
    /// A part of it.
    fn heading(&mut self, text: &str) -> io::Result<()>;
    /// A line with a known fact.
    fn fact(&mut self, text: &str) -> io::Result<()>;
    /// A change, with its diff if there is one.
    fn change(&mut self, text: &str, diff: &str) -> io::Result<()>;
    /// An item of the list.
    fn item(&mut self, status: Status, title: &str) -> io::Result<()>;
    /// Why it has its status.
    fn evidence(&mut self, open: bool, text: &str) -> io::Result<()>;
    fn end(&mut self) -> io::Result<()>;
}

/// For a terminal.
pub(super) struct Text<'w>(pub(super) &'w mut dyn Write);

impl Page for Text<'_> {
    fn title(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.0, "{text}\n")
    }

    fn heading(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.0, "\n{text}")
    }

    fn fact(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.0, "  {text}")
    }

    fn change(&mut self, text: &str, diff: &str) -> io::Result<()> {
        writeln!(self.0, "  {text}")?;
        for line in diff.lines() {
            writeln!(self.0, "      {line}")?;
        }
        Ok(())
    }

    fn item(&mut self, status: Status, title: &str) -> io::Result<()> {
        let mark = match status {
            Status::NotApplicable => "[-]",
            Status::Done => "[x]",
            Status::Blocked => "[!]",
            Status::Open => "[ ]",
        };
        let known = match status {
            Status::Done | Status::Open => String::new(),
            other => format!(" ({})", status_name(other)),
        };
        writeln!(self.0, "  {mark} {title}{known}")
    }

    fn evidence(&mut self, open: bool, text: &str) -> io::Result<()> {
        writeln!(self.0, "      {} {text}", if open { "!" } else { "·" })
    }

    fn end(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// CommonMark with check boxes.
pub(super) struct Markdown<'w>(pub(super) &'w mut dyn Write);

impl Page for Markdown<'_> {
    fn title(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.0, "# {text}\n")
    }

    fn heading(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.0, "\n## {text}\n")
    }

    fn fact(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.0, "- {}", escaped(text))
    }

    fn change(&mut self, text: &str, diff: &str) -> io::Result<()> {
        // `+` at the start would begin another list.
        writeln!(self.0, "- \\{}", escaped(text))?;
        if diff.is_empty() {
            return Ok(());
        }
        let fence = "`".repeat(longest_run(diff, '`').max(2) + 1);
        writeln!(self.0, "\n  {fence}diff")?;
        for line in diff.lines() {
            writeln!(self.0, "  {line}")?;
        }
        writeln!(self.0, "  {fence}\n")
    }

    fn item(&mut self, status: Status, title: &str) -> io::Result<()> {
        let mark = if status == Status::Done { 'x' } else { ' ' };
        let known = match status {
            Status::Done | Status::Open => String::new(),
            other => format!(" *({})*", status_name(other)),
        };
        writeln!(self.0, "- [{mark}] **{title}**{known}")
    }

    fn evidence(&mut self, open: bool, text: &str) -> io::Result<()> {
        let mark = if open { "**open** " } else { "" };
        writeln!(self.0, "  - {mark}{}", escaped(text))
    }

    fn end(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Text from a file must not become HTML, a link or emphasis; text in back quotes is already code.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // An odd number of back quotes opens code that nothing closes.
    let code = text.matches('`').count().is_multiple_of(2);
    let mut inside = false;
    for c in text.chars() {
        match c {
            '`' if code => inside = !inside,
            '`' | '<' | '[' | ']' | '*' | '_' | '\\' if !inside => out.push('\\'),
            _ => {}
        }
        out.push(c);
    }
    out
}

fn longest_run(text: &str, of: char) -> usize {
    text.split(|c| c != of).map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_says_is_no_markdown() {
        assert_eq!(escaped("<b> [a](b) `x_y` *z*"), "\\<b> \\[a\\](b) `x_y` \\*z\\*");
        assert_eq!(escaped("one ` only"), "one \\` only");
    }

    #[test]
    fn a_fence_is_longer_than_any_in_the_diff() {
        let mut out = Vec::new();
        Markdown(&mut out).change("+ path a_b", "+````sh\n").unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "- \\+ path a\\_b\n\n  `````diff\n  +````sh\n  `````\n\n"
        );
    }
}
