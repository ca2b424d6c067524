//! Which environment variables the code of a repo reads, and where, and which names occur nowhere in it. It
//! does not know who sets them.
//!
//! Python: `os.environ`, `os.getenv` (<https://docs.python.org/3/library/os.html#os.environ>),
//! django-environ, python-decouple, Starlette's `Config`, pydantic's `BaseSettings`
//! (<https://docs.pydantic.dev/latest/concepts/pydantic_settings/>). JavaScript and TypeScript:
//! `process.env`, `import.meta.env`, `Deno.env`, `Bun.env`, SvelteKit's `$env` modules, NestJS's
//! `ConfigService`, env-var, convict, and schemas of zod, Joi and envalid. In all of them also a project's
//! own functions, if their names say what they do: `require_env("X")`.

mod around;
mod javascript;
mod python;
#[cfg(test)]
mod tests;
pub(crate) mod unread;

use crate::finding::Gap;
use crate::limit::ticks;
use crate::repo::files::Root;
use crate::repo::inventory::Inventory;
use crate::repo::names::is_deployed_code;
use crate::source::{SourceFile, Sources, Span};
use crate::syntax::code::Language;
use regex::bytes::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// The largest file that is read, in bytes, because programs generate larger ones. Bundlers make such files of other
/// people's code, so the limit for JavaScript is lower.
fn max_bytes(language: Language) -> u64 {
    if language == Language::Python { 4 << 20 } else { 512 << 10 }
}

/// What the code does if the variable is not set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// It fails.
    Required,
    /// It goes on with nothing, and nothing checks whether it is set.
    Unasked,
    /// It checks whether it is set, or uses an empty value instead.
    Optional,
    /// It uses this instead; as written in the code.
    Default(String),
}

/// A variable read at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Use {
    /// The variable.
    pub(crate) name: String,
    /// Where its name is; for a field of a settings class, the field.
    pub(crate) span: Span,
    /// What happens without it.
    pub(crate) need: Need,
    /// True if upper and lower case are the same to the reader (pydantic's default).
    pub(crate) any_case: bool,
}

/// What the code of a repo does with the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct InCode {
    /// Where it reads variables, by file and place.
    pub(crate) uses: Vec<Use>,
    /// Where it sets some itself: `os.environ["X"] = …`.
    pub(crate) sets: Vec<(String, Span)>,
}

/// What happens to a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Access {
    Read(Need),
    Set,
}

/// A use in a text, before it has a file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    name: String,
    range: Range<usize>,
    access: Access,
    any_case: bool,
}

/// The language of a code file, judged by its name.
pub(crate) fn language_of(name: &str) -> Option<Language> {
    Some(match name.rsplit_once('.')?.1 {
        "py" => Language::Python,
        "js" | "mjs" | "cjs" | "jsx" => Language::JavaScript,
        "ts" | "mts" | "cts" => Language::TypeScript,
        "tsx" => Language::Tsx,
        _ => return None,
    })
}

/// The uses in the code of the repo. `look` gets the bytes of every file, including tests. Files without a
/// use are not kept in `sources`.
pub(crate) fn read(
    root: &Root,
    inventory: &Inventory,
    look: &mut dyn FnMut(&[u8]),
    sources: &mut Sources,
    gaps: &mut Vec<Gap>,
) -> InCode {
    let mut code = InCode::default();
    let installed = installed(inventory);
    for path in &inventory.code {
        let Some(language) = language_of(path) else { continue };
        // A file that is too large or cannot be read has nothing to do with the scripts that are checked.
        let Some(bytes) = root.peek(path, max_bytes(language)) else { continue };
        ticks(bytes.len() / 1024);
        look(&bytes);
        let foreign =
            || installed.iter().any(|dir| path.strip_prefix(dir).is_some_and(|p| p.starts_with('/')));
        if !is_deployed_code(path) || !may_read(language, &bytes) || foreign() {
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
                for one in found {
                    let span = Span { file, start: one.range.start as u32, end: one.range.end as u32 };
                    match one.access {
                        Access::Read(need) => {
                            code.uses.push(Use { name: one.name, span, need, any_case: one.any_case });
                        }
                        Access::Set => code.sets.push((one.name, span)),
                    }
                }
            }
            Err(reason) => gaps.push(Gap { file: path.clone(), place: None, reason }),
        }
    }
    code
}

/// Packages that `pip install --target` put into the repo: beside `httpx` there is `httpx-0.27.0.dist-info`
/// (<https://packaging.python.org/en/latest/specifications/recording-installed-packages/>).
fn installed(inventory: &Inventory) -> Vec<String> {
    let mut packages: Vec<String> = inventory
        .others
        .iter()
        .filter_map(|path| {
            let (directory, _) = path.split_once(".dist-info/")?;
            let (above, name) = directory.rsplit_once('/').map_or(("", directory), |(a, n)| (a, n));
            let package = name.split('-').next()?;
            Some(if above.is_empty() { package.to_owned() } else { format!("{above}/{package}") })
        })
        .collect();
    packages.dedup();
    packages
}

/// True if the code may read a variable. This looks only at the bytes, so that most files need not be parsed.
fn may_read(language: Language, bytes: &[u8]) -> bool {
    static PYTHON: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"environ|getenv|BaseSettings|decouple|starlette\.config|\bEnv\(|envvar|[eE]nv\w*\(\s*["'][A-Z]"#).ok()
    });
    static JAVASCRIPT: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r#"process\.env|import\.meta\.env|(Deno|Bun)\.env|\$env/|env-var|convict|createEnv|cleanEnv|[cC]onfigService|[cC]onfig\.get|[eE]nv\w*\(\s*["'][A-Z]|[vV]alidationSchema"#,
        )
        .ok()
    });
    let marks = if language == Language::Python { &*PYTHON } else { &*JAVASCRIPT };
    marks.as_ref().is_none_or(|marks| marks.is_match(bytes))
}

/// True for a name that people give to an environment variable.
fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// How far after the read a check of the value is searched. Further on, the name may mean something else.
const NEAR: usize = 1500;

/// True if the value gets a name, and the code then can do without it: `base = os.environ.get("X")` and
/// `if base:`, `const base = process.env.X` and `base || "/"`. `if (!base) throw` is not such a check.
fn is_asked_later(text: &str, read: &Range<usize>) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let line = text.get(..read.start).unwrap_or_default().rsplit('\n').next().unwrap_or_default();
    let Some(assigned) = line.trim_end().strip_suffix('=') else { return false };
    let name = assigned.trim_end().rsplit(|c| !is_word(c)).next().unwrap_or_default();
    if name.is_empty() {
        return false;
    }
    is_tested_in(text, name, read.end)
}

/// True if the code soon after `from` can do without the value of `name`.
fn is_tested_in(text: &str, name: &str, from: usize) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let end = text.len().min(from + NEAR);
    let end = (from..=end).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(from);
    let rest = text.get(from..end).unwrap_or_default();
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

/// What a default means: nothing and emptiness are not defaults.
fn default(text: &str) -> Need {
    match text.trim() {
        "" | "\"\"" | "''" | "``" | "None" | "null" | "undefined" | "[]" | "{}" | "()" | "\"\"\"\"\"\"" => {
            Need::Optional
        }
        other => Need::Default(other.to_owned()),
    }
}
