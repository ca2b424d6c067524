//! Uses of environment variables in JavaScript and TypeScript.

use super::{Found, Need, default, is_asked_later, is_name};
use crate::syntax::code::{CodeQuery, Language};
use std::ops::Range;

const SOURCE: &str = include_str!("javascript.scm");
static JAVASCRIPT: CodeQuery = CodeQuery::new(Language::JavaScript, SOURCE);
static TYPESCRIPT: CodeQuery = CodeQuery::new(Language::TypeScript, SOURCE);
static TSX: CodeQuery = CodeQuery::new(Language::Tsx, SOURCE);

pub(super) fn uses(language: Language, text: &str) -> Result<Vec<Found>, String> {
    let query = match language {
        Language::TypeScript => &TYPESCRIPT,
        Language::Tsx => &TSX,
        Language::JavaScript | Language::Python => &JAVASCRIPT,
    };
    let at = |range: Range<usize>| text.get(range).unwrap_or_default();
    // A schema is one of the environment where the environment is parsed with one.
    let has_schema =
        text.contains("process.env") || text.contains("import.meta.env") || text.contains("validationSchema");
    let mut found = Vec::new();
    for one in query.matches(text)? {
        let (range, need) = if let Some(schema) = one.get("schema") {
            let Some(key) = one.get("key").filter(|_| has_schema) else { continue };
            (key, of_schema(at(schema)))
        } else {
            let Some(name) = one.get("name") else { continue };
            let need = if let Some(read) = one.get("read") {
                match around(text, &read) {
                    Some(need) => need,
                    None => continue,
                }
            } else if one.get("method").is_some() {
                match one.get("second").map(at) {
                    Some(second) => default(second),
                    None if at(one.get("method").unwrap_or_default()) == "getOrThrow" => Need::Required,
                    None => Need::Unasked,
                }
            } else {
                one.get("default").map(at).map_or(Need::Unasked, default)
            };
            (name, need)
        };
        let name = at(range.clone());
        if is_name(name) && name.bytes().any(|b| b.is_ascii_uppercase()) {
            found.push(Found { name: name.to_owned(), range, need, any_case: false });
        }
    }
    found.sort_by_key(|f| (f.range.start, f.range.end));
    found.dedup_by(|b, a| a.name == b.name && a.range == b.range);
    Ok(found)
}

/// What stands around `process.env.X`; `None` where it is set, not read.
fn around(text: &str, read: &Range<usize>) -> Option<Need> {
    let rest = text.get(read.end..).unwrap_or_default();
    // `process.env.X!` and `process.env.X as string` are assurances to the compiler only.
    let rest = rest.strip_prefix('!').filter(|r| !r.starts_with('=')).unwrap_or(rest).trim_start();
    let rest = rest.strip_prefix("as string").unwrap_or(rest).trim_start_matches(')').trim_start();
    if rest.starts_with('=') && !rest.starts_with("==") {
        return None;
    }
    if let Some(value) = rest.strip_prefix("??").or_else(|| rest.strip_prefix("||")) {
        // `??=` sets it where it is missing.
        let value = value.trim_start_matches('=').trim_start();
        return Some(default(value.split(['\n', ',', ';', ')']).next().unwrap_or_default()));
    }
    let asked = ["?", "===", "!==", "==", "!=", "&&", ">", "<"].iter().any(|op| rest.starts_with(op));
    let before = text.get(..read.start).unwrap_or_default().trim_end();
    let tested =
        before.ends_with('!') || before.ends_with("if (") || before.ends_with("&&") || before.ends_with("||");
    // `number(process.env.X, 5)`: the helper has the default.
    let handed_on = before.ends_with('(') && rest.starts_with(',');
    Some(if asked || tested || handed_on || is_asked_later(text, read) {
        Need::Optional
    } else {
        Need::Unasked
    })
}

/// `z.string().optional()`, `str({ default: "x" })`, `Joi.number().required()`.
fn of_schema(schema: &str) -> Need {
    let argument = |of: &str| {
        let (_, rest) = schema.split_once(of)?;
        Some(rest.split([')', ',', '}', '\n']).next().unwrap_or_default().trim())
    };
    if let Some(value) =
        argument(".default(").or_else(|| argument("default:")).or_else(|| argument(".catch("))
    {
        return default(value);
    }
    let joi = schema.starts_with("Joi") || schema.starts_with("joi") || schema.starts_with("yup");
    let optional = schema.contains(".optional(")
        || schema.contains(".nullish(")
        || joi && !schema.contains(".required(");
    if optional { Need::Optional } else { Need::Required }
}
