//! Environment files: names, values and places. It does not know who reads them.
//!
//! The dialects differ (`docker compose`, python-dotenv, the shell's `source`, systemd's `EnvironmentFile=`);
//! this is what they agree on. Facts:
//! <https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax>,
//! systemd.exec(5), `EnvironmentFile=`.

use crate::limit::tick;
use crate::project::Problem;
use crate::source::{FileId, MappedText, Sources, Span};
use std::ops::Range;

/// `NAME=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The name.
    pub(crate) name: String,
    /// The value without quotes; `${…}` stays as written.
    pub(crate) value: String,
    /// The quote around the value.
    pub(crate) quote: Option<char>,
    /// The place from the name to the end of the value.
    pub(crate) span: Span,
    /// The name.
    pub(crate) name_span: Span,
    /// The value, with its quotes.
    pub(crate) value_span: Span,
}

/// An environment file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dotenv {
    /// The file.
    pub(crate) file: FileId,
    /// Its variables, in order. A name that is set twice is here twice.
    pub(crate) entries: Vec<Entry>,
    /// Entries in a comment (`# SENTRY_DSN=`): this is how a sample shows an optional variable.
    pub(crate) commented: Vec<Entry>,
    /// Lines that could not be read.
    pub(crate) problems: Vec<Problem>,
}

impl Dotenv {
    /// Reads a file; never fails.
    pub(crate) fn parse(sources: &Sources, file: FileId) -> Dotenv {
        let place = |range: Range<usize>| Span { file, start: range.start as u32, end: range.end as u32 };
        Self::read(sources.file(file).text(), file, &place)
    }

    /// Reads a text that a script writes; never fails. The places are in the script.
    pub(crate) fn of_text(text: &MappedText) -> Dotenv {
        Self::read(&text.text, text.file, &|range| text.span(range))
    }

    fn read(text: &str, file: FileId, place: &dyn Fn(Range<usize>) -> Span) -> Dotenv {
        let mut dotenv = Dotenv { file, entries: Vec::new(), commented: Vec::new(), problems: Vec::new() };
        let reader = Reader { text, place };
        let mut at = 0;
        while at < reader.text.len() {
            tick();
            at = reader.line(at, &mut dotenv);
        }
        dotenv
    }

    /// The entry that counts: the last one of its name.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().rfind(|entry| entry.name == name)
    }

    /// True if the name is set, or shown in a comment.
    pub(crate) fn mentions(&self, name: &str) -> bool {
        self.entries.iter().chain(&self.commented).any(|entry| entry.name == name)
    }
}

struct Reader<'a> {
    text: &'a str,
    place: &'a dyn Fn(Range<usize>) -> Span,
}

impl Reader<'_> {
    fn span(&self, start: usize, end: usize) -> Span {
        (self.place)(start..end)
    }

    /// Reads the line at `start`, with the lines below that belong to a quoted value. Returns where the next
    /// line begins.
    fn line(&self, start: usize, into: &mut Dotenv) -> usize {
        let end = self.text[start..].find('\n').map_or(self.text.len(), |length| start + length);
        let line = &self.text[start..end];
        let body = line.trim_start();
        let begin = start + (line.len() - body.len());
        if body.trim_end().is_empty() {
            return end + 1;
        }
        if let Some(comment) = body.strip_prefix('#') {
            let inside = comment.trim_start_matches([' ', '\t', '#']);
            let begin = begin + (body.len() - inside.len());
            // Prose may contain an `=`, but a variable is in capitals and without blanks around it. A comment
            // ends with its line, even if a quote is open in it.
            let comment = Reader { text: &self.text[..end], place: self.place };
            if let Ok((entry, _)) = comment.entry(begin, end, false)
                && entry.name.chars().all(|c| !c.is_ascii_lowercase())
                && inside[entry.name.len()..].starts_with('=')
            {
                into.commented.push(entry);
            }
            return end + 1;
        }
        match self.entry(begin, end, true) {
            Ok((entry, next)) => {
                into.entries.push(entry);
                next
            }
            Err(reason) => {
                into.problems.push(Problem {
                    span: self.span(begin, begin + body.trim_end().len()),
                    reason: reason.to_owned(),
                });
                end + 1
            }
        }
    }

    /// With `closes`, an opening quote must also close; otherwise it is part of the value.
    fn entry(&self, begin: usize, end: usize, closes: bool) -> Result<(Entry, usize), &'static str> {
        let line = &self.text[begin..end];
        let body = match line.strip_prefix("export") {
            Some(rest) if rest.starts_with([' ', '\t']) => rest.trim_start(),
            _ => line,
        };
        let name_start = end - body.len();
        let Some(equals) = body.find('=') else {
            return Err("this is not a variable, because it has no `=`");
        };
        let name = body[..equals].trim_end();
        if !is_name(name) {
            return Err("the text before the `=` is not a variable's name");
        }
        let after = name_start + equals + 1;
        let raw = &self.text[after..end];
        let value_start = after + (raw.len() - raw.trim_start().len());
        let name_span = self.span(name_start, name_start + name.len());
        let quote = self.text[value_start..]
            .chars()
            .next()
            .filter(|c| matches!(c, '"' | '\'' | '`') && value_start < end);
        let quoted = quote.and_then(|quote| self.quoted(value_start, quote));
        let quote = quote.filter(|_| closes || quoted.is_some());
        let (value, value_end, next) = match quote {
            Some(_) => quoted.ok_or("the quote is not closed")?,
            None => {
                let value = unquoted(&self.text[value_start..end]);
                (value.to_owned(), value_start + value.len(), end + 1)
            }
        };
        let entry = Entry {
            name: name.to_owned(),
            value,
            quote,
            span: name_span.to(self.span(value_start, value_end)),
            name_span,
            value_span: self.span(value_start, value_end),
        };
        Ok((entry, next))
    }

    /// The value of a quote that opens at `start`, its end, and where the next line begins. Quoted values may
    /// extend over lines. In double quotes a backslash takes the next character.
    fn quoted(&self, start: usize, quote: char) -> Option<(String, usize, usize)> {
        let mut value = String::new();
        let mut characters = self.text[start + 1..].char_indices();
        while let Some((at, c)) = characters.next() {
            if c == quote {
                let close = start + 1 + at + 1;
                let line_end =
                    self.text[close..].find('\n').map_or(self.text.len(), |length| close + length + 1);
                return Some((value, close, line_end));
            }
            if c != '\\' || quote != '"' {
                value.push(c);
                continue;
            }
            match characters.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 't')) => value.push('\t'),
                Some((_, 'r')) => value.push('\r'),
                Some((_, next @ ('"' | '\\' | '$' | '`'))) => value.push(next),
                Some((_, next)) => value.extend(['\\', next]),
                None => value.push('\\'),
            }
        }
        None
    }
}

/// The value up to a comment, which needs a blank before its `#`.
fn unquoted(rest: &str) -> &str {
    if rest.starts_with('#') {
        return "";
    }
    let comment = rest.match_indices('#').find(|(at, _)| rest[..*at].ends_with([' ', '\t']));
    comment.map_or(rest, |(at, _)| &rest[..at]).trim_end()
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceFile;

    fn read(text: &str) -> (Sources, Dotenv) {
        let mut sources = Sources::default();
        let id = sources.add(SourceFile::new(".env", text.as_bytes().to_vec()).unwrap());
        let dotenv = Dotenv::parse(&sources, id);
        (sources, dotenv)
    }

    fn slice(sources: &Sources, span: Span) -> &str {
        &sources.file(span.file).text()[span.start as usize..span.end as usize]
    }

    #[test]
    fn values_are_read_with_places() {
        let (sources, env) = read(
            "# Settings\nA=1\nexport B = two words # comment\nC='it # is'\nD=\"line\\none \\\"x\\\"\"\nE=\nF=a#b\nG=\"-----BEGIN\nkey\n-----END\" # multi\nH=${A:-x}\n  I=é\n",
        );
        assert_eq!(env.problems, []);
        let values: Vec<(&str, &str)> =
            env.entries.iter().map(|e| (e.name.as_str(), e.value.as_str())).collect();
        assert_eq!(
            values,
            [
                ("A", "1"),
                ("B", "two words"),
                ("C", "it # is"),
                ("D", "line\none \"x\""),
                ("E", ""),
                ("F", "a#b"),
                ("G", "-----BEGIN\nkey\n-----END"),
                ("H", "${A:-x}"),
                ("I", "é"),
            ]
        );
        assert_eq!(slice(&sources, env.entries[1].span), "B = two words");
        assert_eq!(slice(&sources, env.entries[2].value_span), "'it # is'");
        assert_eq!(slice(&sources, env.entries[4].span), "E=");
        assert_eq!(env.entries[6].quote, Some('"'));
    }

    #[test]
    fn a_comment_may_show_a_variable() {
        let (_, env) = read("# SENTRY_DSN=\n#DEBUG=1\n# set a=b to win\n# NOTE: X = 1\nA=1\n");
        let names: Vec<&str> = env.commented.iter().map(|e| e.name.as_str()).collect();
        assert_eq!(names, ["SENTRY_DSN", "DEBUG"]);
        assert!(env.mentions("DEBUG") && env.mentions("A") && !env.mentions("X"));
        assert!(env.get("DEBUG").is_none());
    }

    #[test]
    fn a_quote_in_a_comment_ends_with_the_comment() {
        let (sources, env) = read("# KEY=\"-----BEGIN\n# abc\n# -----END\"\nA=1 # B=\"\n# C='x'\n# D='y\n");
        let shown: Vec<&str> = env.commented.iter().map(|e| slice(&sources, e.span)).collect();
        assert_eq!(shown, ["KEY=\"-----BEGIN", "C='x'", "D='y"]);
        assert_eq!((env.commented[0].quote, env.commented[1].quote), (None, Some('\'')));
        assert_eq!(env.get("A").unwrap().value, "1");
    }

    #[test]
    fn bad_lines_are_problems_and_the_rest_is_read() {
        let (sources, env) = read("no equals\n1X=2\n=3\nA='open\nB=2\nA=1\nB=3\n");
        let lines: Vec<&str> = env.problems.iter().map(|p| slice(&sources, p.span)).collect();
        assert_eq!(lines, ["no equals", "1X=2", "=3", "A='open"]);
        assert_eq!(env.get("B").unwrap().value, "3");
        assert_eq!(env.entries.len(), 3);
    }

    #[test]
    fn odd_texts_do_no_harm() {
        for text in ["", "\n", "A", "A=", "=", "#", "#=", "export", "export ", "A=\"", "A=\"\\", "A=é'"] {
            read(text);
        }
        let (sources, env) = read("\u{feff}A=1\r\nB='x'\r\n");
        assert_eq!(env.get("B").unwrap().value, "x");
        assert_eq!(slice(&sources, env.get("A").unwrap().span), "A=1");
        // An open quote ends at the next one, as for every reader of such files.
        assert_eq!(read(&"A=\"\n".repeat(3)).1.entries.len(), 1);
    }
}
