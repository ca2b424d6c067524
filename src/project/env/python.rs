//! Uses of environment variables in Python.

use super::{Found, Need, default, is_asked_later, is_name};
use crate::syntax::code::{CodeQuery, Language, Match};
use std::collections::HashMap;
use std::ops::Range;

static QUERY: CodeQuery = CodeQuery::new(Language::Python, include_str!("python.scm"));

/// The methods of django-environ's `Env` and of environs' that read a variable.
const READERS: [&str; 24] = [
    "str",
    "bool",
    "int",
    "float",
    "json",
    "list",
    "tuple",
    "dict",
    "url",
    "db",
    "db_url",
    "cache",
    "cache_url",
    "email",
    "email_url",
    "search_url",
    "path",
    "bytes",
    "decimal",
    "date",
    "datetime",
    "uuid",
    "log_level",
    "get_value",
];

pub(super) fn uses(text: &str) -> Result<Vec<Found>, String> {
    let matches = QUERY.matches(text)?;
    let at = |range: Option<Range<usize>>| range.and_then(|r| text.get(r)).unwrap_or_default();
    // decouple's and Starlette's `config` is told from anybody's function of that name by the import.
    let config = ["from decouple", "import decouple", "starlette.config"].iter().any(|i| text.contains(i));
    let environ = ["environ.Env(", "import environ", "from environs", "import environs", "Env("];
    let env = environ.iter().any(|i| text.contains(i));
    let mut found = Vec::new();
    for one in &matches {
        let Some(name) = one.get("name") else { continue };
        let variable = at(Some(name.clone()));
        if !is_name(variable) {
            continue;
        }
        let need = if let Some(item) = one.get("item") {
            if is_written(text, &item) {
                continue;
            }
            if is_tested(text, &item) { Need::Optional } else { Need::Required }
        } else {
            let (object, function) = (at(one.get("object")), at(one.get("function")));
            let reads = match (object, function) {
                ("", "getenv") | ("os", "getenv") | ("environ", "get" | "pop") => Reads::OrNone,
                ("", "env" | "Env") if env => Reads::OrFail,
                ("env", method) if env && READERS.contains(&method) => Reads::OrFail,
                ("", "config") if config => Reads::OrFail,
                _ => continue,
            };
            let fallback = at(one.get("second"));
            match (keyword(at(one.get("arguments")), "default"), fallback) {
                (Some(value), _) => default(value),
                (None, second) if !second.is_empty() && !is_keyword(second) && reads == Reads::OrNone => {
                    default(second)
                }
                // `getenv("X") or d` comes to the same as a default.
                _ => match reads {
                    Reads::OrFail => Need::Required,
                    Reads::OrNone => after(text, &one.get("call").unwrap_or(name.clone())),
                },
            }
        };
        found.push(Found { name: variable.to_owned(), range: name, need, any_case: false });
    }
    found.extend(settings(text, &matches));
    found.sort_by_key(|f| (f.range.start, f.range.end));
    found.dedup_by(|b, a| a.name == b.name && a.range == b.range);
    Ok(found)
}

/// What a reader does without a default.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reads {
    OrNone,
    OrFail,
}

/// `os.environ["X"] = …`, `del os.environ["X"]`: no use.
fn is_written(text: &str, item: &Range<usize>) -> bool {
    let after = text.get(item.end..).unwrap_or_default().trim_start_matches([' ', '\t']);
    let before = text.get(..item.start).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default().trim_start();
    let assigned = after.starts_with('=') && !after.starts_with("==");
    assigned || line.starts_with("del ")
}

/// `if os.environ["X"] …` says nothing; but `"X" in os.environ and os.environ["X"]` does.
fn is_tested(text: &str, item: &Range<usize>) -> bool {
    let line_start = text.get(..item.start).unwrap_or_default().rfind('\n').map_or(0, |at| at + 1);
    let line_end = text.get(item.end..).and_then(|t| t.find('\n')).map_or(text.len(), |at| item.end + at);
    text.get(line_start..line_end).unwrap_or_default().contains(" in os.environ")
}

/// Without a default: `or d` behind it is one; a comparison or a test of it means that it may be missing.
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
    // `number(os.getenv("X"), 5)`: the helper has the default.
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

/// Cuts at the commas that stand in no bracket and no string.
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

/// The fields of pydantic's settings classes: each is a variable, with the class's prefix, in any case.
fn settings(text: &str, matches: &[Match]) -> Vec<Found> {
    let at = |range: Range<usize>| text.get(range).unwrap_or_default();
    let prefixes: Vec<(usize, &str)> =
        matches.iter().filter_map(|one| one.get("prefix")).map(|range| (range.start, at(range))).collect();
    // The settings classes by name, with body and prefix: by BaseSettings, or by another of the same file.
    let mut classes: HashMap<&str, (Range<usize>, &str)> = HashMap::new();
    for one in matches {
        let (Some(class), Some(bases), Some(body)) = (one.get("class"), one.get("bases"), one.get("body"))
        else {
            continue;
        };
        let inherited = at(bases).trim_matches(['(', ')']).split(',').find_map(|base| {
            let base = base.trim().rsplit('.').next().unwrap_or_default();
            if base == "BaseSettings" { Some("") } else { classes.get(base).map(|(_, prefix)| *prefix) }
        });
        if let Some(inherited) = inherited {
            let own = prefixes.iter().find(|(at, _)| body.contains(at)).map(|(_, prefix)| *prefix);
            classes.insert(at(class), (body, own.unwrap_or(inherited)));
        }
    }
    let mut found = Vec::new();
    for one in matches {
        let (Some(owner), Some(field), Some(kind)) = (one.get("owner"), one.get("field"), one.get("type"))
        else {
            continue;
        };
        let Some((body, prefix)) = classes.get(at(owner)) else { continue };
        let name = at(field.clone());
        if !body.contains(&field.start)
            || name.starts_with('_')
            || name == "model_config"
            || at(kind.clone()).contains("ClassVar")
        {
            continue;
        }
        let value = one.get("default").map(at).unwrap_or_default();
        let of_field = value.strip_prefix("Field").map(str::trim_start);
        let arguments = of_field.unwrap_or_default();
        let text_of = |key| {
            let value = keyword(arguments, key)?.trim().trim_matches(['"', '\'']);
            is_name(value).then(|| value.to_owned())
        };
        let alias = text_of("env").or_else(|| text_of("validation_alias")).or_else(|| text_of("alias"));
        // AliasChoices and the like name several, and none is the one.
        if alias.is_none() && ["AliasChoices(", "AliasPath("].iter().any(|a| arguments.contains(a)) {
            continue;
        }
        let need = match of_field {
            Some(_) => {
                match keyword(arguments, "default").or_else(|| keyword(arguments, "default_factory")) {
                    Some(value) => default(value),
                    None => {
                        match split(arguments.trim_start_matches('(').trim_end_matches(')'))
                            .first()
                            .map(|first| first.trim())
                        {
                            Some(first) if !first.is_empty() && !is_keyword(first) && first != "..." => {
                                default(first)
                            }
                            _ => Need::Required,
                        }
                    }
                }
            }
            None if value.is_empty() || value == "..." => Need::Required,
            None => default(value),
        };
        let name = alias.unwrap_or_else(|| format!("{prefix}{name}").to_ascii_uppercase());
        found.push(Found { name, range: field, need, any_case: true });
    }
    found
}
