//! setup.cfg and setup.py, <https://setuptools.pypa.io/en/latest/userguide/declarative_config.html>. setup.py
//! is code: plain lists in it are read, and anything else makes the manifest incomplete.

use crate::project::manifest::Include;
use crate::project::manifest::declared::{PythonManifest, Requirement, declare};
use crate::source::Span;
use std::ops::Range;

/// Reads setup.cfg, which is INI as in configparser.
pub(super) fn cfg(text: &str, manifest: &mut PythonManifest) {
    let mut section = "";
    let mut key = "";
    let mut at = 0;
    for raw in text.split_inclusive('\n') {
        let start = at;
        at += raw.len();
        let line = raw.trim_end();
        let body = line.trim_start();
        if body.is_empty() || body.starts_with(['#', ';']) {
            continue;
        }
        let indented = body.len() < line.len();
        let mut value = body;
        if !indented {
            if let Some(name) = body.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                (section, key) = (name.trim(), "");
                continue;
            }
            let Some((name, rest)) = body.split_once(['=', ':']) else { continue };
            (key, value) = (name.trim(), rest.trim());
        }
        let group = match (section, key) {
            ("options", "install_requires") => None,
            ("options.extras_require", group) if !group.is_empty() => Some(group),
            _ => continue,
        };
        if value.is_empty() {
            continue;
        }
        let offset = start + (line.len() - value.len());
        if let Some(files) = value.strip_prefix("file:") {
            for path in files.split(',').map(str::trim).filter(|path| !path.is_empty()) {
                let start = start + (path.as_ptr() as usize - raw.as_ptr() as usize);
                let span =
                    Span { file: manifest.file, start: start as u32, end: (start + path.len()) as u32 };
                manifest.includes.push(Include {
                    path: path.to_owned(),
                    span,
                    constraint: false,
                    file: None,
                });
            }
            continue;
        }
        let requirement = Requirement::parse(value);
        manifest.complete &= !requirement.is_direct();
        declare(text, &requirement, offset..start + line.len(), group, manifest);
    }
}

/// Reads setup.py: `install_requires` and `extras_require` if they are lists of strings.
pub(super) fn py(text: &str, manifest: &mut PythonManifest) {
    // Keyword arguments may come from anywhere.
    manifest.complete &= !text.contains("**");
    if let Some(at) = argument(text, "install_requires") {
        let list = text[at..].starts_with('[').then_some(at).or_else(|| assigned(text, at));
        match list {
            Some(at) => manifest.complete &= strings(text, at, None, manifest).is_some(),
            None => manifest.complete = false,
        }
    }
    if let Some(at) = argument(text, "extras_require") {
        let whole = text[at..].starts_with('{') && extras(text, at + 1, manifest).is_some();
        manifest.complete &= whole;
    }
}

/// Where the value of a keyword argument, or of a key of a dict, starts.
fn argument(text: &str, name: &str) -> Option<usize> {
    text.match_indices(name).find_map(|(at, _)| {
        let line = text[..at].rsplit('\n').next().unwrap_or_default();
        if line.contains('#') {
            return None;
        }
        let rest = text[at + name.len()..].trim_start_matches(['"', '\'']).trim_start();
        let value = rest.strip_prefix(['=', ':'])?;
        (!value.starts_with('=')).then(|| text.len() - value.trim_start().len())
    })
}

/// Where the list starts that was assigned, at the top of the file, to the name at `at`.
fn assigned(text: &str, at: usize) -> Option<usize> {
    let name = text[at..].split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
    if name.is_empty() {
        return None;
    }
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some(rest) = line.strip_prefix(name)
            && let Some(value) = rest.trim_start().strip_prefix('=')
            && value.trim_start().starts_with('[')
        {
            return Some(start + (line.len() - value.trim_start().len()));
        }
        start += line.len();
    }
    None
}

/// Declares the strings of the list that opens at `at`. Returns where it ends, or `None` if it contains
/// anything else.
fn strings(text: &str, at: usize, group: Option<&str>, manifest: &mut PythonManifest) -> Option<usize> {
    let mut at = at + 1;
    loop {
        at = skip(text, at);
        match text.as_bytes().get(at)? {
            // Elements that are added to the list later are missing here.
            b']' => {
                let after = text.as_bytes().get(skip(text, at + 1));
                return (!matches!(after, Some(b'+' | b'*' | b'.' | b'['))).then_some(at + 1);
            }
            b',' => at += 1,
            _ => {
                let inside = string(text, at)?;
                at = inside.end + 1;
                let requirement = Requirement::parse(&text[inside.clone()]);
                manifest.complete &= !requirement.is_direct();
                declare(text, &requirement, inside, group, manifest);
                // Adjacent strings are one string.
                if !matches!(text.as_bytes().get(skip(text, at)), Some(b',' | b']')) {
                    return None;
                }
            }
        }
    }
}

/// The entries of a dict of lists.
fn extras(text: &str, mut at: usize, manifest: &mut PythonManifest) -> Option<usize> {
    loop {
        at = skip(text, at);
        match text.as_bytes().get(at)? {
            b'}' => return Some(at + 1),
            b',' => at += 1,
            _ => {
                let key = string(text, at)?;
                at = skip(text, key.end + 1);
                if text.as_bytes().get(at) != Some(&b':') {
                    return None;
                }
                at = skip(text, at + 1);
                if text.as_bytes().get(at) != Some(&b'[') {
                    return None;
                }
                at = strings(text, at, Some(&text[key]), manifest)?;
            }
        }
    }
}

/// Skips blanks and comments.
fn skip(text: &str, mut at: usize) -> usize {
    let bytes = text.as_bytes();
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'#' => at = text[at..].find('\n').map_or(text.len(), |end| at + end),
            byte if byte.is_ascii_whitespace() => at += 1,
            _ => break,
        }
    }
    at
}

/// The inside of a plain string that starts at `at`.
fn string(text: &str, at: usize) -> Option<Range<usize>> {
    let quote = *text.as_bytes().get(at).filter(|byte| matches!(byte, b'"' | b'\''))?;
    let rest = text.get(at + 1..)?;
    let length = rest.find([char::from(quote), '\\', '\n'])?;
    (rest.as_bytes()[length] == quote && length > 0).then_some(at + 1..at + 1 + length)
}
