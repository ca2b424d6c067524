//! Which environment variables the code of a repo reads, and where. Knows nothing of who sets them.
//!
//! Python: `os.environ`, `os.getenv` (<https://docs.python.org/3/library/os.html#os.environ>), django-environ, python-decouple,
//! Starlette's `Config`, pydantic's `BaseSettings` (<https://docs.pydantic.dev/latest/concepts/pydantic_settings/>).
//! JavaScript and TypeScript: `process.env`, `import.meta.env`, NestJS's `ConfigService`, schemas of zod, Joi and envalid.

mod javascript;
mod python;
#[cfg(test)]
mod tests;

use crate::finding::Gap;
use crate::project::files::Root;
use crate::project::inventory::Inventory;
use crate::project::names::is_deployed_code;
use crate::source::{SourceFile, Sources, Span};
use crate::syntax::code::Language;
use regex::bytes::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// A file that is larger was made by a program.
const MAX_BYTES: u64 = 512 * 1024;

/// What the code does when the variable is not set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// It fails.
    Required,
    /// It goes on with nothing, and nobody asks whether it is set.
    Unasked,
    /// It asks whether it is set, or takes an empty value instead.
    Optional,
    /// It takes this instead; as it is written in the code.
    Default(String),
}

/// A variable read at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The variable.
    pub name: String,
    /// Where its name stands; for a field of a settings class the field.
    pub span: Span,
    /// What happens without it.
    pub need: Need,
    /// Upper and lower case are the same to the reader (pydantic's default).
    pub any_case: bool,
}

/// A use in a text, before it has a file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    name: String,
    range: Range<usize>,
    need: Need,
    any_case: bool,
}

/// The language of a file of code, by its name.
pub fn language_of(name: &str) -> Option<Language> {
    Some(match name.rsplit_once('.')?.1 {
        "py" => Language::Python,
        "js" | "mjs" | "cjs" | "jsx" => Language::JavaScript,
        "ts" | "mts" | "cts" => Language::TypeScript,
        "tsx" => Language::Tsx,
        _ => return None,
    })
}

/// The uses in the code of the repo, by file and place. A file that uses only what is `known` need not be parsed, which
/// costs by far the most; files without a use are not kept in `sources`.
pub fn read(
    root: &Root,
    inventory: &Inventory,
    known: &dyn Fn(&str) -> bool,
    sources: &mut Sources,
) -> (Vec<Use>, Vec<Gap>) {
    let (mut uses, mut gaps) = (Vec::new(), Vec::new());
    for path in inventory.code.iter().filter(|path| is_deployed_code(path)) {
        let Some(language) = language_of(path) else { continue };
        let small = root.size(path).is_some_and(|size| size <= MAX_BYTES);
        // What is too large or cannot be read has nothing to do with the scripts that are judged.
        let Some(bytes) = small.then(|| root.bytes(path).ok()).flatten() else { continue };
        if !may_read(language, &bytes) || only_known(language, &bytes, known) {
            continue;
        }
        let Ok(source) = SourceFile::new(path.clone(), bytes) else { continue };
        let found = match language {
            Language::Python => python::uses(source.text()),
            other => javascript::uses(other, source.text()),
        };
        match found {
            Ok(found) if found.is_empty() => {}
            Ok(found) => {
                let file = sources.find(path).unwrap_or_else(|| sources.add(source));
                uses.extend(found.into_iter().map(|f| Use {
                    name: f.name,
                    span: Span { file, start: f.range.start as u32, end: f.range.end as u32 },
                    need: f.need,
                    any_case: f.any_case,
                }));
            }
            Err(reason) => gaps.push(Gap { file: path.clone(), place: None, reason }),
        }
    }
    (uses, gaps)
}

/// A cheap look at the bytes: most files read no variable, and need not be parsed.
fn may_read(language: Language, bytes: &[u8]) -> bool {
    static PYTHON: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"environ|getenv|BaseSettings|decouple|starlette\.config|\bEnv\(").ok());
    static JAVASCRIPT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"process\.env|import\.meta\.env|[cC]onfigService|[cC]onfig\.get").ok());
    let marks = if language == Language::Python { &*PYTHON } else { &*JAVASCRIPT };
    marks.as_ref().is_none_or(|marks| marks.is_match(bytes))
}

/// True where every name that stands where a variable is read is known. What declares variables in another way (a class
/// of settings, a schema, a pattern that takes `process.env` apart) is left to the parser.
fn only_known(language: Language, bytes: &[u8], known: &dyn Fn(&str) -> bool) -> bool {
    static OTHERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"BaseSettings|\}\s*=\s*(process|import\.meta)\.env|\b(z|zod|Joi|joi|yup)\.|cleanEnv|[cC]onfig(Service)?\.get"#).ok()
    });
    static PYTHON: LazyLock<Option<Regex>> = LazyLock::new(|| {
        // Behind `environ[`, `environ.get(`, `getenv(`, `env(`, `env.int(`, `config(`: a string, or what is no name.
        Regex::new(r#"\b(?:environ|getenv|[eE]nv|config)(?:\.\w+)*\s*[\[(]\s*(?:["'](\w+)["'])?"#).ok()
    });
    static JAVASCRIPT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"\b(?:process|import\.meta)\.env(?:\?\.|\.|\[\s*["'])?(\w+)?"#).ok());
    let names = if language == Language::Python { &*PYTHON } else { &*JAVASCRIPT };
    let (Some(others), Some(names)) = (OTHERS.as_ref(), names) else { return false };
    if others.is_match(bytes) {
        return false;
    }
    names
        .captures_iter(bytes)
        .filter_map(|found| found.get(1))
        .all(|name| std::str::from_utf8(name.as_bytes()).is_ok_and(known))
}

/// A name that people give to an environment variable.
fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// How far behind the reading a test of what was read is looked for: further on the name may mean something else.
const NEAR: usize = 1500;

/// True where what is read gets a name, and the code then goes on without it: `base = os.environ.get("X")` and
/// `if base:`, `const base = process.env.X` and `base || "/"`. `if (!base) throw` is no such test.
fn is_asked_later(text: &str, read: &Range<usize>) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let line = text.get(..read.start).unwrap_or_default().rsplit('\n').next().unwrap_or_default();
    let Some(assigned) = line.trim_end().strip_suffix('=') else { return false };
    let name = assigned.trim_end().rsplit(|c| !is_word(c)).next().unwrap_or_default();
    if name.is_empty() {
        return false;
    }
    let end = text.len().min(read.end + NEAR);
    let end = (read.end..=end).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(read.end);
    let rest = text.get(read.end..end).unwrap_or_default();
    rest.match_indices(name).any(|(at, _)| {
        let (before, after) = (&rest[..at], &rest[at + name.len()..]);
        if before.ends_with(|c| is_word(c) || c == '.') || after.starts_with(is_word) {
            return false;
        }
        let after = after.trim_start_matches([' ', ')']);
        let before = before.trim_end();
        if before.ends_with('!') || before.ends_with("not") {
            return false;
        }
        let goes_on = ["||", "??", "&&", "? ", "and ", "or "].iter().any(|op| after.starts_with(op));
        let tested = before.ends_with("if (") && after.starts_with(['{', '\n'])
            || (before.ends_with(" if") || before.ends_with("\nif")) && after.starts_with(':');
        goes_on || tested
    })
}

/// What a default says: nothing and emptiness are none.
fn default(text: &str) -> Need {
    match text.trim() {
        "" | "\"\"" | "''" | "``" | "None" | "null" | "undefined" | "[]" | "{}" | "()" | "\"\"\"\"\"\"" => {
            Need::Optional
        }
        other => Need::Default(other.to_owned()),
    }
}
