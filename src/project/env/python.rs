//! Uses of environment variables in Python.

use crate::project::env::{Access, Found, Need, around, default, is_asked_later, is_name};
use crate::syntax::code::{CodeQuery, Language, Match};
use regex::Regex;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::LazyLock;

static QUERY: CodeQuery = CodeQuery::new(Language::Python, include_str!("python.scm"));

/// The methods of django-environ's `Env` and of environs' that read a variable.
const READERS: [&str; 24] = [
    "str", "bool", "int", "float", "json", "list", "tuple", "dict", "url", "db", "db_url", "cache",
    "cache_url", "email", "email_url", "search_url", "path", "bytes", "decimal", "date", "datetime", "uuid",
    "log_level", "get_value",
];

/// Names of functions that projects write for themselves around `os.environ`: `get_int_from_env`, `env_bool`, `envlist`.
static HELPER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(^|_)env(iron(ment)?)?(_|$)|^_?env(var|str|int|bool|flag|float|list|path|secret|csv|url)",
    )
    .ok()
});

/// A shorter text is parsed as a whole.
const WORTH_PARTS: usize = 4096;

/// The libraries that read variables and that a file imports.
struct Imports {
    decouple: bool,
    /// True for a function `config` that reads variables: decouple's or Starlette's.
    config: bool,
    django: bool,
    /// True for an object `env`: django-environ's or environs'.
    env: bool,
}

impl Imports {
    fn of(text: &str) -> Self {
        // Only the import tells decouple's and Starlette's `config` from any other function of that name.
        let decouple = ["from decouple", "import decouple"].iter().any(|i| text.contains(i));
        let django = ["import environ", "environ.Env("].iter().any(|i| text.contains(i));
        Imports {
            decouple,
            config: decouple || text.contains("starlette.config"),
            django,
            env: django || ["from environs", "import environs", "Env("].iter().any(|i| text.contains(i)),
        }
    }

    /// How a call reads a variable, and whether a default may be the second argument without its name. `environ` says
    /// that the object is the environment.
    fn reads(&self, object: &str, function: &str, variable: &str, environ: bool) -> Option<(Reads, bool)> {
        Some(match (object, function) {
            ("" | "os", "getenv") => (Reads::OrNone, true),
            (_, "get" | "pop") if environ => (Reads::OrNone, true),
            // The second argument of django-environ's `env(…)` is a type.
            ("", "env" | "Env") if self.env => (Reads::OrFail, !self.django),
            ("env", method) if self.env && READERS.contains(&method) => (Reads::OrFail, true),
            ("", "config") if self.config => (Reads::OrFail, self.decouple),
            ("", helper) if is_helper(helper) && is_constant(variable) => {
                let required = ["require", "must", "need"].iter().any(|w| helper.contains(w));
                (if required { Reads::OrFail } else { Reads::OrNone }, !required)
            }
            _ => return None,
        })
    }
}

pub(super) fn uses(text: &str) -> Result<Vec<Found>, String> {
    let matches = QUERY.matches_in(text, &parts(text))?;
    let at = |range: Option<Range<usize>>| range.and_then(|r| text.get(r)).unwrap_or_default();
    let imports = Imports::of(text);
    // Other names of `os.environ`, and the defaults that django-environ's `Env(X=(bool, False))` gives.
    let aliases: HashSet<&str> =
        matches.iter().filter_map(|one| one.get("alias")).map(|r| at(Some(r))).collect();
    let is_environ = |name: &str| name == "environ" || aliases.contains(name);
    let scheme: HashMap<&str, &str> = matches
        .iter()
        .filter_map(|one| Some((at(Some(one.get("scheme")?)), at(one.get("default")))))
        .collect();
    let mut found = Vec::new();
    for one in &matches {
        let mut add = |range: Range<usize>, access: Access| {
            let name = at(Some(range.clone()));
            if is_name(name) {
                found.push(Found { name: name.to_owned(), range, access, any_case: false });
            }
        };
        if let Some(variable) = one.get("envvar") {
            add(variable, Access::Read(Need::Optional));
            continue;
        }
        let Some(name) = one.get("name") else { continue };
        let variable = at(Some(name.clone()));
        if let Some(item) = one.get("item") {
            if !is_environ(at(one.get("mapping"))) {
                continue;
            }
            match written(text, &item) {
                Some(Written::Set) => add(name, Access::Set),
                Some(Written::Deleted) => {}
                None if is_tested(text, &item) => add(name, Access::Read(Need::Optional)),
                None => add(name, Access::Read(Need::Required)),
            }
            continue;
        }
        if one.get("asked").is_some() {
            if is_environ(at(one.get("mapping"))) {
                add(name, Access::Read(Need::Optional));
            }
            continue;
        }
        let (object, function) = (at(one.get("object")), at(one.get("function")));
        if function == "setdefault" && is_environ(object) {
            add(name, Access::Set);
            continue;
        }
        let Some((reads, second)) = imports.reads(object, function, variable, is_environ(object)) else {
            continue;
        };
        let fallback = at(one.get("second"));
        let need = match (keyword(at(one.get("arguments")), "default"), fallback) {
            (Some(value), _) => default(value),
            (None, fallback) if second && !fallback.is_empty() && !is_keyword(fallback) => default(fallback),
            // `getenv("X") or d` has a default too.
            _ => match (reads, scheme.get(variable)) {
                (_, Some(value)) => default(value),
                (Reads::OrFail, None) => Need::Required,
                (Reads::OrNone, None) => after(text, &one.get("call").unwrap_or(name.clone())),
            },
        };
        add(name, Access::Read(need));
    }
    if text.contains(".prefixed(") {
        for read in &mut found {
            read.name.insert_str(0, &around::prefix(text, read.range.start));
        }
    }
    found.extend(settings(text, &matches));
    found.sort_by_key(|f| (f.range.start, f.range.end));
    found.dedup_by(|b, a| a.name == b.name && a.range == b.range);
    asked_before(&mut found);
    for read in found.iter_mut().filter(|f| matches!(f.access, Access::Read(Need::Required))) {
        if around::may_be_missing(text, read.range.start) {
            read.access = Access::Read(Need::Optional);
        }
    }
    Ok(found)
}

/// Marks `os.environ["X"]` below `if "X" in os.environ:` as optional, because it is only read if it is there.
fn asked_before(found: &mut [Found]) {
    let mut asked: HashMap<String, usize> = HashMap::new();
    for one in found {
        match &one.access {
            Access::Read(Need::Optional) => {
                asked.insert(one.name.clone(), one.range.end);
            }
            Access::Read(Need::Required)
                if !one.any_case
                    && asked
                        .get(&one.name)
                        .is_some_and(|at| one.range.start < at + crate::project::env::NEAR) =>
            {
                one.access = Access::Read(Need::Optional);
            }
            _ => {}
        }
    }
}

/// The statements of a module that may read a variable. Parsing a long file as a whole for one line takes far
/// longer than everything else. `None` if all of it is needed, because what is read depends on other parts of
/// it.
fn parts(text: &str) -> Vec<Range<usize>> {
    static MARKS: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"environ|(?i:env)\w*\s*[(\[.]|config\s*\(|envvar"#).ok());
    static WHOLE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"BaseSettings|=\s*(os\.)?environ\s*($|#|\n)|environ\s+as\s|\bEnv\(").ok()
    });
    let (Some(marks), Some(whole)) = (MARKS.as_ref(), WHOLE.as_ref()) else { return Vec::new() };
    if text.len() < WORTH_PARTS || whole.is_match(text) {
        return Vec::new();
    }
    let mut parts: Vec<Range<usize>> = Vec::new();
    let (mut start, mut at, mut in_string) = (0, 0, false);
    let mut end_of = |start: usize, end: usize| {
        if text.get(start..end).is_some_and(|part| marks.is_match(part)) {
            parts.push(start..end);
        }
    };
    for line in text.split_inclusive('\n') {
        // A statement begins where a word is at the start of a line; `else:` continues the one before.
        let opens = line.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '@');
        let goes_on = ["else", "elif", "except", "finally"].iter().any(|word| line.starts_with(word));
        if opens && !goes_on && !in_string {
            end_of(start, at);
            start = at;
        }
        let quotes = line.matches("\"\"\"").count() + line.matches("'''").count();
        in_string ^= quotes % 2 == 1;
        at += line.len();
    }
    end_of(start, at);
    parts
}

fn is_helper(name: &str) -> bool {
    // These set, remove or pass on a variable.
    let other = ["set", "del", "patch", "update", "write", "put", "save", "with", "has", "mock", "unset"];
    let mut words = name.split('_');
    !words.any(|word| other.contains(&word)) && HELPER.as_ref().is_some_and(|helper| helper.is_match(name))
}

/// True for a name like `MAIL_HOST`. The argument of an unknown helper is a variable only if it looks like one.
fn is_constant(name: &str) -> bool {
    name.len() > 2
        && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        && name.contains('_')
}

/// What a reader without a default means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reads {
    OrNone,
    OrFail,
}

/// How an item is written.
enum Written {
    Set,
    Deleted,
}

/// Whether an item is written: `os.environ["X"] = …` and `del os.environ["X"]` do not read it.
fn written(text: &str, item: &Range<usize>) -> Option<Written> {
    let after = text.get(item.end..).unwrap_or_default().trim_start_matches([' ', '\t']);
    let before = text.get(..item.start).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default().trim_start();
    if line.starts_with("del ") {
        return Some(Written::Deleted);
    }
    (after.starts_with('=') && !after.starts_with("==")).then_some(Written::Set)
}

/// True for `"X" in os.environ and os.environ["X"]`, while `if os.environ["X"] …` is no test.
fn is_tested(text: &str, item: &Range<usize>) -> bool {
    let line_start = text.get(..item.start).unwrap_or_default().rfind('\n').map_or(0, |at| at + 1);
    let line_end = text.get(item.end..).and_then(|t| t.find('\n')).map_or(text.len(), |at| item.end + at);
    text.get(line_start..line_end).unwrap_or_default().contains(" in os.environ")
}

/// What happens without the variable if a call has no default. A following `or d` is a default, and a comparison or a
/// test means that the variable may be missing.
fn after(text: &str, call: &Range<usize>) -> Need {
    let rest = text.get(call.end..).unwrap_or_default();
    let rest = rest.lines().next().unwrap_or_default().trim_start();
    if let Some(value) = rest.strip_prefix("or ") {
        return default(value.trim_end_matches([',', ')', ']', ' ']));
    }
    let before = text.get(..call.start).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    let asked = ["if ", "elif ", "while ", "not ", "assert "].iter().any(|word| {
        let start = line.trim_start();
        start.starts_with(word) || line.contains(&format!(" {word}"))
    });
    // In `number(os.getenv("X"), 5)` the helper has the default.
    let handed_on = before.trim_end().ends_with('(') && rest.starts_with(',');
    let compared =
        handed_on || ["==", "!=", "in ", "is ", "and ", "if "].iter().any(|op| rest.starts_with(op));
    if asked || compared || is_asked_later(text, call) { Need::Optional } else { Need::Unasked }
}

/// The value of a keyword argument, as it is written.
fn keyword<'t>(arguments: &'t str, name: &str) -> Option<&'t str> {
    let inner = arguments.strip_prefix('(')?.strip_suffix(')')?;
    split(inner).into_iter().find_map(|part| {
        let (key, value) = part.split_once('=')?;
        (key.trim() == name && !value.starts_with('=')).then(|| value.trim())
    })
}

fn is_keyword(argument: &str) -> bool {
    argument.split_once('=').is_some_and(|(key, value)| is_name(key.trim()) && !value.starts_with('='))
}

/// Cuts at the commas that are neither in brackets nor in strings.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut from, mut quote) = (Vec::new(), 0i32, 0, None);
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            (None, ',') if depth == 0 => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            (None, _) => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

/// The settings classes by name, with body and prefix: by BaseSettings, or by another of the same file. The prefix is
/// `None` where it is not written out.
fn settings_classes<'t>(
    text: &'t str,
    matches: &[Match],
) -> HashMap<&'t str, (Range<usize>, Option<&'t str>)> {
    let at = |range: Range<usize>| text.get(range).unwrap_or_default();
    let prefixes: Vec<(usize, Option<&str>)> = matches
        .iter()
        .filter_map(|one| one.get("prefix"))
        .map(|range| (range.start, text_of_string(at(range))))
        .collect();
    let mut classes: HashMap<&str, (Range<usize>, Option<&str>)> = HashMap::new();
    for one in matches {
        let (Some(class), Some(bases), Some(body)) = (one.get("class"), one.get("bases"), one.get("body"))
        else {
            continue;
        };
        let inherited = at(bases.clone()).trim_matches(['(', ')']).split(',').find_map(|base| {
            let base = base.trim().rsplit('.').next().unwrap_or_default();
            match classes.get(base) {
                Some((_, prefix)) => Some(*prefix),
                None => base.ends_with("BaseSettings").then_some(Some("")),
            }
        });
        if let Some(inherited) = inherited {
            // `class Settings(BaseSettings, env_prefix="X_")` has the prefix among its bases.
            let inside = |start: &usize| body.contains(start) || bases.contains(start);
            let own = prefixes.iter().find(|(start, _)| inside(start)).map(|(_, prefix)| *prefix);
            classes.insert(at(class), (body, own.unwrap_or(inherited)));
        }
    }
    classes
}

/// Whether a field of a settings class must be given: by what stands behind its `=`, and by its type.
fn need_of_field(value: &str, kind: &str) -> Need {
    let Some(arguments) = value.strip_prefix("Field").map(str::trim_start) else {
        return match value {
            // A model in settings takes its own variables, or JSON.
            "" if is_model(kind) => Need::Optional,
            "" | "..." => Need::Required,
            value => default(value),
        };
    };
    if let Some(value) = keyword(arguments, "default").or_else(|| keyword(arguments, "default_factory")) {
        return default(value);
    }
    let first = split(arguments.trim_start_matches('(').trim_end_matches(')'));
    match first.first().map(|first| first.trim()) {
        Some(first) if !first.is_empty() && !is_keyword(first) && first != "..." => default(first),
        _ => Need::Required,
    }
}

/// The fields of pydantic's settings classes: each is a variable, with the class's prefix, in any case.
fn settings(text: &str, matches: &[Match]) -> Vec<Found> {
    let at = |range: Range<usize>| text.get(range).unwrap_or_default();
    let classes = settings_classes(text, matches);
    let has_secrets = text.contains("secrets_dir");
    let models: HashSet<&str> = match text.contains("env_nested_delimiter") {
        true => {
            text.lines().filter_map(|line| Some(line.strip_prefix("class ")?.split_once('(')?.0)).collect()
        }
        false => HashSet::new(),
    };
    let mut found = Vec::new();
    for one in matches {
        let (Some(owner), Some(field), Some(kind)) = (one.get("owner"), one.get("field"), one.get("type"))
        else {
            continue;
        };
        let Some((body, Some(prefix))) = classes.get(at(owner)) else { continue };
        let name = at(field.clone());
        if !body.contains(&field.start)
            || name.starts_with('_')
            || name == "model_config"
            || at(kind.clone()).contains("ClassVar")
        {
            continue;
        }
        let value = one.get("default").map(at).unwrap_or_default();
        let arguments = value.strip_prefix("Field").map(str::trim_start).unwrap_or_default();
        let text_of = |key| {
            let value = keyword(arguments, key)?.trim().trim_matches(['"', '\'']);
            is_name(value).then(|| value.to_owned())
        };
        let alias = text_of("env").or_else(|| text_of("validation_alias")).or_else(|| text_of("alias"));
        // If there are several names, any of them may be set.
        if alias.is_none() && ["AliasChoices(", "AliasPath("].iter().any(|a| arguments.contains(a)) {
            let inside = field.end..one.get("declaration").map_or(field.end, |d| d.end);
            found.extend(choices(text, inside));
            continue;
        }
        // With a delimiter a model's fields have names of their own, and a directory of secrets may have any of them.
        let elsewhere = has_secrets || models.contains(at(kind.clone()));
        let need = match need_of_field(value, at(kind.clone())) {
            Need::Required if elsewhere => Need::Optional,
            need => need,
        };
        let name = alias.unwrap_or_else(|| format!("{prefix}{name}").to_ascii_uppercase());
        found.push(Found { name, range: field, access: Access::Read(need), any_case: true });
    }
    found
}

/// A plain string without its quotes; `None` if it is anything else.
fn text_of_string(literal: &str) -> Option<&str> {
    let quote = literal.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let inner = literal.strip_prefix(quote)?.strip_suffix(quote)?;
    inner.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_').then_some(inner)
}

/// The names of `AliasChoices("A", "B")` in a field's declaration.
fn choices(text: &str, range: Range<usize>) -> Vec<Found> {
    let inner = text.get(range.clone()).unwrap_or_default();
    let Some(open) = inner.find("AliasChoices(") else { return Vec::new() };
    let close = inner[open..].find(')').map_or(inner.len(), |at| open + at);
    let mut found = Vec::new();
    let mut from = open;
    for part in inner[open..close].split(['"', '\'']) {
        if is_name(part) && from > open {
            let range = range.start + from..range.start + from + part.len();
            found.push(Found {
                name: part.to_owned(),
                range,
                access: Access::Read(Need::Optional),
                any_case: true,
            });
        }
        from += part.len() + 1;
    }
    found
}

/// True for the name of a type that is another class of settings.
fn is_model(kind: &str) -> bool {
    ["Settings", "Config", "Model", "Options"].iter().any(|end| kind.ends_with(end))
}
