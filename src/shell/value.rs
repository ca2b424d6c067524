//! What is known of a word's value.
//!
//! A [`Value`] is one string. Unknown parts are written into it as *holes*. A hole names the variable and the
//! assignment that last set it, or the text of a command substitution. Two values with equal text and equal
//! holes are the same value. So paths are compared, joined and cut as plain strings: `${APP_DIR}/venv` is
//! below `${APP_DIR}`, and after `APP_DIR=other` it is not.

use crate::limit::tick;
use ecow::EcoString;
use std::borrow::Cow;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

/// How much is known, from most to least. A concatenation is known as well as its least known part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Knowledge {
    /// The text is the value.
    Literal,
    /// Some part is an unknown that is the same on every run (a variable from the environment, an argument).
    Symbolic,
    /// Nothing is known of some part, not even whether the next run gives the same.
    Unknown,
    /// Some part is new on every run: `$(date +%s)`, `$(mktemp)`, `$$`, `$RANDOM`.
    Fresh,
}

const OPEN: char = '\u{1}';
const CLOSE: char = '\u{2}';
/// Represents an unquoted glob character, so that a quoted `*` stays a star.
const GLOB: char = '\u{3}';

/// True if a character of the text marks a hole or a glob. Short texts are asked by the thousand, and to look at all bytes
/// is quicker than to stop at the first.
#[inline]
fn has_mark(text: &str) -> bool {
    text.bytes().fold(false, |found, byte| found | (1..=3).contains(&byte))
}

/// The longest value that is put together, in bytes. Sixty times `a=$a$a` would exceed any memory. A longer
/// value counts as unknown, but a single piece of the source may be longer.
const LONGEST: usize = 32 * 1024;

/// The value of a word, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Value {
    text: EcoString,
    knowledge: Knowledge,
}

impl Default for Value {
    fn default() -> Self {
        Value { text: EcoString::new(), knowledge: Knowledge::Literal }
    }
}

impl Value {
    /// A value that is fully known.
    pub(crate) fn literal(text: impl Into<EcoString>) -> Self {
        Value { text: text.into(), knowledge: Knowledge::Literal }
    }

    /// A value whose text comes from outside. Characters that would mark holes are left out.
    pub(crate) fn of_text(text: &str) -> Self {
        if !has_mark(text) {
            return Value::literal(text);
        }
        let mut value = Value::default();
        value.push_str(text);
        value
    }

    /// A value of which only a name is known. `name` is shown to people (`$APP_DIR`), and `version` tells the values of
    /// different assignments apart.
    pub(crate) fn hole(name: &str, version: u32, knowledge: Knowledge) -> Self {
        let mut text = EcoString::with_capacity(name.len() + 6);
        text.push(OPEN);
        match has_mark(name) {
            true => text.extend(name.chars().filter(|c| !matches!(*c, OPEN | CLOSE))),
            false => text.push_str(name),
        }
        if version > 0 {
            text.push('#');
            text.push_str(&version.to_string());
        }
        text.push(CLOSE);
        Value { text, knowledge }
    }

    /// The value of a text that no shell reads, such as a unit's command line. `$NAME`, `${NAME}` and the holes in it are
    /// unknown, and `$$` is a `$`.
    pub(crate) fn with_variables(text: &str) -> Self {
        let mut value = Value::default();
        let mut rest = text;
        while let Some(at) = rest.find(['$', OPEN]) {
            value.push_str(&rest[..at]);
            rest = &rest[at..];
            let hole = rest.strip_prefix(OPEN).and_then(|inner| inner.split_once(CLOSE));
            if let Some((name, after)) = hole {
                let name = name.rsplit_once('#').map_or(name, |(name, _)| name);
                value.push(&Value::hole(name, 0, Knowledge::Symbolic));
                rest = after;
                continue;
            }
            let after = &rest[1..];
            let braced = after.strip_prefix('{').and_then(|inner| inner.split_once('}'));
            let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
            let is_name = |name: &str| {
                name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                    && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            };
            (rest, _) = match braced {
                Some((name, after)) if is_name(name) => {
                    (after, value.push(&Value::hole(name, 0, Knowledge::Symbolic)))
                }
                _ if is_name(&after[..end]) => {
                    (&after[end..], value.push(&Value::hole(&after[..end], 0, Knowledge::Symbolic)))
                }
                _ => (after.strip_prefix('$').unwrap_or(after), value.push_str("$")),
            };
        }
        value.push_str(rest);
        value
    }

    /// Appends another value.
    pub(crate) fn push(&mut self, other: &Value) {
        if self.text.len() + other.text.len() > LONGEST && !self.text.is_empty() {
            return self.forget(&other.text);
        }
        self.text.push_str(&other.text);
        self.knowledge = self.knowledge.max(other.knowledge);
    }

    /// It is too long to be known, but equal values stay equal.
    fn forget(&mut self, more: &str) {
        let mut hasher = DefaultHasher::new();
        (&self.text, more).hash(&mut hasher);
        let knowledge = self.knowledge.max(Knowledge::Unknown);
        *self = Value::hole("$(…)", hasher.finish() as u32 | 1, knowledge);
    }

    /// Appends known text.
    pub(crate) fn push_str(&mut self, text: &str) {
        if self.text.len() + text.len() > LONGEST && !self.text.is_empty() {
            return self.forget(text);
        }
        if has_mark(text) {
            self.text.extend(text.chars().filter(|c| !matches!(*c, OPEN | CLOSE | GLOB)));
        } else {
            self.text.push_str(text);
        }
    }

    /// Appends an unquoted glob character (`*`, `?`, `[`), which makes the value a pattern.
    pub(crate) fn push_glob(&mut self, character: char) {
        self.text.push(GLOB);
        self.text.push(character);
        self.knowledge = self.knowledge.max(Knowledge::Symbolic);
    }

    /// How much is known.
    pub(crate) fn knowledge(&self) -> Knowledge {
        self.knowledge
    }

    /// The value itself, if all of it is known.
    pub(crate) fn as_literal(&self) -> Option<&str> {
        (self.knowledge == Knowledge::Literal).then_some(self.text.as_str())
    }

    /// True if the next run sees the same value.
    pub(crate) fn is_stable(&self) -> bool {
        self.knowledge <= Knowledge::Symbolic
    }

    /// True if it contains an unquoted glob character.
    pub(crate) fn is_glob(&self) -> bool {
        self.text.contains(GLOB)
    }

    /// `/opt/app` for `/opt/app/*`, which means everything in the directory but not the directory itself.
    pub(crate) fn emptied_directory(&self) -> Option<&str> {
        self.text.strip_suffix('*')?.strip_suffix(GLOB)?.strip_suffix('/')
    }

    /// True for the empty string.
    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The comparable text, with holes. It is only for comparing, joining and cutting, never for people.
    pub(crate) fn key(&self) -> &str {
        &self.text
    }

    /// A value from a key that was cut out of another value. If holes are left, it is known as well as that
    /// value.
    pub(crate) fn from_key(key: &str, of: &Value) -> Self {
        let has_unknown =
            of.knowledge > Knowledge::Literal && key.bytes().any(|b| b == OPEN as u8 || b == GLOB as u8);
        let knowledge = if has_unknown { of.knowledge } else { Knowledge::Literal };
        Value { text: key.into(), knowledge }
    }

    /// The known text before the first hole: for `-o$X` it is `-o`.
    pub(crate) fn known_prefix(&self) -> &str {
        let end = self.text.bytes().position(|b| b == OPEN as u8 || b == GLOB as u8);
        end.map_or(self.text.as_str(), |end| &self.text[..end])
    }

    /// The known text after the last hole: for `$APP/venv/bin/pip` it is `/venv/bin/pip`.
    pub(crate) fn known_suffix(&self) -> &str {
        self.text.rsplit([CLOSE, GLOB]).next().unwrap_or_default()
    }

    /// The known texts between the holes.
    pub(crate) fn written_parts(&self) -> impl Iterator<Item = &str> {
        pieces(&self.text).filter_map(|piece| match piece {
            Piece::Text(text) => Some(text),
            Piece::Hole(_) => None,
        })
    }

    /// The two parts around the first `separator` outside the holes.
    pub(crate) fn split_once(&self, separator: char) -> Option<(Value, Value)> {
        let mut inside = false;
        let at = self.text.find(|c| {
            inside = c == OPEN || inside && c != CLOSE;
            c == separator && !inside
        })?;
        let (before, after) = (&self.text[..at], &self.text[at + separator.len_utf8()..]);
        Some((Value::from_key(before, self), Value::from_key(after, self)))
    }

    /// The part after the last `/`. For `$X` it is `$X`.
    pub(crate) fn basename(&self) -> Value {
        let cut = self.text.trim_end_matches('/');
        let name = last_slash(cut).map_or(cut, |i| &cut[i + 1..]);
        Value::from_key(name, self)
    }

    /// The directory part of a path, as `dirname` gives it: `.` if there is no `/`.
    pub(crate) fn dirname(&self) -> Value {
        let cut = self.text.trim_end_matches('/');
        match last_slash(cut) {
            Some(0) => Value::literal("/"),
            Some(i) => Value::from_key(cut[..i].trim_end_matches('/'), self),
            None if cut.is_empty() && !self.text.is_empty() => Value::literal("/"),
            // The parent of a wholly unknown path is a path of its own.
            None if cut.starts_with(OPEN) => {
                let mut up = self.clone();
                up.text.push_str("/..");
                up
            }
            None => Value::literal("."),
        }
    }

    /// The directories above a path, the nearest first, as far as they are written: the last one is `/`, `.` or a hole.
    pub(crate) fn ancestors(&self) -> impl Iterator<Item = Value> {
        let shorter = |path: &Value| Some(path.dirname()).filter(|above| above.text.len() < path.text.len());
        std::iter::successors(shorter(self), shorter)
    }

    /// True if it starts with `/`, or with a hole (a variable that holds a path is nearly always absolute).
    pub(crate) fn is_absolute(&self) -> bool {
        self.text.starts_with('/') || self.text.starts_with(OPEN)
    }

    /// `self` as a path seen from the directory `cwd`: joined if relative, with `.`, `..` and doubled `/`
    /// resolved.
    pub(crate) fn resolve(&self, cwd: &Value) -> Value {
        if self.is_absolute() {
            return self.normalized();
        }
        let mut joined = cwd.clone();
        joined.text.push('/');
        joined.push(self);
        joined.normalized()
    }

    /// The path without `.`, `name/..`, doubled and trailing `/`. `..` directly after a hole stays.
    pub(crate) fn normalized(&self) -> Value {
        let text = &self.text;
        let doubled = text.as_bytes().windows(2).any(|pair| matches!(pair, b"//" | b"/."));
        let plain = !doubled && !text.starts_with("./") && (text.len() < 2 || !text.ends_with('/'));
        if plain && text != "." {
            return self.clone();
        }
        let absolute = text.starts_with('/');
        let mut parts: Vec<&str> = Vec::new();
        for part in text.split('/') {
            match part {
                "" | "." => {}
                ".." => match parts.last() {
                    Some(last) if *last != ".." && !last.contains(CLOSE) => {
                        parts.pop();
                    }
                    None if absolute => {}
                    _ => parts.push(".."),
                },
                _ => parts.push(part),
            }
        }
        let joined = parts.join("/");
        let text = match (absolute, joined.is_empty()) {
            (true, _) => format!("/{joined}"),
            (false, true) => ".".to_owned(),
            (false, false) => joined,
        };
        Value { text: text.into(), knowledge: self.knowledge }
    }

    /// True if `self` is `ancestor` or below it. Both should be resolved paths.
    pub(crate) fn is_under(&self, ancestor: &Value) -> bool {
        tick();
        let (path, above) = (self.key(), ancestor.key().trim_end_matches('/'));
        path == above
            || above.is_empty() && ancestor.key() == "/"
            || path.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'))
    }
}

/// For people: holes are shown as they were written (`$APP_DIR`), and globs as themselves.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}

/// A part of a key ([`Value::key`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'k> {
    /// Text that is known.
    Text(&'k str),
    /// A hole for something unknown, with its marks.
    Hole(&'k str),
}

/// The parts of a key, in order. Text is never empty; a hole that is not closed reaches to the end.
pub(crate) fn pieces(key: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = key;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if rest.starts_with(OPEN) {
            let end = rest.find(CLOSE).map_or(rest.len(), |close| close + CLOSE.len_utf8());
            let (hole, after) = rest.split_at(end);
            rest = after;
            return Some(Piece::Hole(hole));
        }
        let (text, after) = rest.split_at(rest.find(OPEN).unwrap_or(rest.len()));
        rest = after;
        Some(Piece::Text(text))
    })
}

/// The parameter for which a hole with its marks stands, if no assignment of the script sets it: a number, or the name of a
/// variable.
pub(crate) fn parameter_of(hole: &str) -> Option<&str> {
    let name = hole.strip_prefix(OPEN)?.strip_suffix(CLOSE)?;
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_name.then_some(name)
}

/// The last `/` outside the holes.
fn last_slash(key: &str) -> Option<usize> {
    let bytes = key.as_bytes();
    let mut before = bytes.len();
    loop {
        let slash = bytes[..before].iter().rposition(|byte| *byte == b'/')?;
        let mark = bytes[slash..].iter().find(|byte| matches!(**byte, b'\x01' | b'\x02'));
        match mark == Some(&(CLOSE as u8)) {
            true => before = key[..slash].rfind(OPEN)?,
            false => return Some(slash),
        }
    }
}

/// True if a part of a key is unknown.
pub(crate) fn has_hole(key: &str) -> bool {
    key.contains(OPEN)
}

/// The hole with which a key begins, with its marks.
pub(crate) fn leading_hole(key: &str) -> Option<&str> {
    if !key.starts_with(OPEN) {
        return None;
    }
    match pieces(key).next() {
        Some(Piece::Hole(hole)) => Some(hole),
        _ => None,
    }
}

/// What is known of a key: `-worker.service` for `$APP-worker.service`.
pub(crate) fn without_holes(key: &str) -> String {
    let known = pieces(key).filter_map(|piece| match piece {
        Piece::Text(text) => Some(text),
        Piece::Hole(_) => None,
    });
    known.collect()
}

/// The rest of a text with which a value is compared as it is written.
struct Left<'s>(&'s str);

impl fmt::Write for Left<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(text).ok_or(fmt::Error)?;
        Ok(())
    }
}

impl Value {
    /// Appends what [`fmt::Display`] gives.
    pub(crate) fn show(&self, to: &mut String) {
        // Writing to a string never fails.
        let _ = self.write(to);
    }

    /// What [`fmt::Display`] gives. A value that is known is not copied.
    pub(crate) fn shown(&self) -> Cow<'_, str> {
        if self.is_plain() {
            return Cow::Borrowed(&self.text);
        }
        let mut shown = String::with_capacity(self.text.len());
        self.show(&mut shown);
        Cow::Owned(shown)
    }

    /// True if it is shown as its key is.
    fn is_plain(&self) -> bool {
        self.knowledge == Knowledge::Literal && !self.is_glob()
    }

    /// True if [`fmt::Display`] gives this text.
    pub(crate) fn is_shown_as(&self, shown: &str) -> bool {
        let mut left = Left(shown);
        self.write(&mut left).is_ok() && left.0.is_empty()
    }

    /// True if both are shown in the same way.
    pub(crate) fn looks_like(&self, other: &Value) -> bool {
        match self.known_prefix().len() == self.text.len() {
            true => other.is_shown_as(&self.text),
            false => self.text == other.text || self.is_shown_as(&other.shown()),
        }
    }

    fn write(&self, f: &mut impl fmt::Write) -> fmt::Result {
        // Most values are plain text, and each is shown more than once.
        if self.is_plain() {
            return f.write_str(&self.text);
        }
        let mut rest = self.text.as_str();
        let mark = |text: &str| text.bytes().position(|b| b == OPEN as u8 || b == GLOB as u8);
        while let Some(open) = mark(rest) {
            if open > 0 {
                f.write_str(&rest[..open])?;
            }
            if rest[open..].starts_with(GLOB) {
                rest = &rest[open + 1..];
                continue;
            }
            let Some(close) = rest[open..].find(CLOSE) else {
                break;
            };
            let hole = &rest[open + 1..open + close];
            let name = match hole.rsplit_once('#') {
                Some((name, version)) if version.bytes().all(|b| b.is_ascii_digit()) => name,
                _ => hole,
            };
            if name.starts_with("$(") || name.starts_with('`') {
                f.write_str(name)?;
            } else {
                f.write_char('$')?;
                f.write_str(name)?;
            }
            rest = &rest[open + close + 1..];
        }
        match rest {
            "" => Ok(()),
            rest => f.write_str(rest),
        }
    }
}

#[cfg(test)]
mod tests;
