//! Uses of environment variables in JavaScript and TypeScript.

use crate::project::env::{Access, Found, Need, default, is_asked_later, is_name};
use crate::syntax::code::{CodeQuery, Language, Match};
use std::collections::HashSet;
use std::ops::Range;

const SOURCE: &str = include_str!("javascript.scm");
// Only TypeScript has casts.
const TYPED: &str = concat!(include_str!("javascript.scm"), include_str!("typescript.scm"));
static JAVASCRIPT: CodeQuery = CodeQuery::new(Language::JavaScript, SOURCE);
static TYPESCRIPT: CodeQuery = CodeQuery::new(Language::TypeScript, TYPED);
static TSX: CodeQuery = CodeQuery::new(Language::Tsx, TYPED);

pub(super) fn uses(language: Language, text: &str) -> Result<Vec<Found>, String> {
    let query = match language {
        Language::TypeScript => &TYPESCRIPT,
        Language::Tsx => &TSX,
        Language::JavaScript | Language::Python => &JAVASCRIPT,
    };
    let matches = query.matches(text)?;
    let file = File::of(text, &matches);
    let mut found: Vec<Found> = matches.iter().filter_map(|one| file.found(one)).collect();
    found.sort_by_key(|f| (f.range.start, f.range.end));
    found.dedup_by(|b, a| a.name == b.name && a.range == b.range);
    Ok(found)
}

/// What has to be known about a file before its matches are judged.
struct File<'t> {
    text: &'t str,
    /// A schema describes the environment if the environment is parsed with one.
    has_schema: bool,
    has_convict: bool,
    has_env_var: bool,
    /// Other names of `process.env`.
    aliases: HashSet<&'t str>,
}

impl<'t> File<'t> {
    fn of(text: &'t str, matches: &[Match]) -> Self {
        let has = |what: &str| text.contains(what);
        let mut file = File {
            text,
            has_schema: ["process.env", "import.meta.env", "validationSchema", "cleanEnv", "createEnv"]
                .iter()
                .any(|mark| has(mark)),
            has_convict: has("convict"),
            has_env_var: has("env-var"),
            aliases: HashSet::new(),
        };
        for one in matches {
            if let Some(alias) = one.get("alias") {
                file.aliases.insert(file.at(Some(alias)));
            } else if let (Some(name), Some(module)) = (one.get("imported"), one.get("module"))
                && file.at(Some(module)).contains("/dynamic/")
            {
                file.aliases.insert(file.at(Some(name)));
            }
        }
        file
    }

    fn at(&self, range: Option<Range<usize>>) -> &'t str {
        range.and_then(|range| self.text.get(range)).unwrap_or_default()
    }

    fn found(&self, one: &Match) -> Option<Found> {
        let of = |capture: &str| self.at(one.get(capture));
        let (range, access) = if let Some(schema) = one.get("schema") {
            (one.get("key").filter(|_| self.has_schema)?, Access::Read(of_schema(self.at(Some(schema)))))
        } else if let Some(name) = one.get("convict") {
            // Its schema always has a default.
            (Some(name).filter(|_| self.has_convict)?, Access::Read(Need::Optional))
        } else if let Some(name) = one.get("imported") {
            (Some(name).filter(|_| of("module").contains("/static/"))?, Access::Read(Need::Required))
        } else {
            let name = one.get("name")?;
            if one.get("mapping").is_some() && !self.aliases.contains(of("mapping")) {
                return None;
            }
            let access = if let Some(read) = one.get("read") {
                around(self.text, &read)
            } else if one.get("pattern").is_some() {
                if one.get("root").is_some()
                    && !(matches!(of("root"), "process" | "import.meta" | "Bun") && of("env") == "env")
                {
                    return None;
                }
                Access::Read(match one.get("default") {
                    Some(value) => default(self.at(Some(value))),
                    None => self.of_name(&name),
                })
            } else {
                Access::Read(self.of_call(one)?)
            };
            (name, access)
        };
        let name = self.at(Some(range.clone()));
        let upper = name.bytes().any(|b| b.is_ascii_uppercase());
        (is_name(name) && upper).then(|| Found { name: name.to_owned(), range, access, any_case: false })
    }

    /// What happens without a variable that `const { X } = process.env` names. `X` may be checked later.
    fn of_name(&self, name: &Range<usize>) -> Need {
        let word = self.at(Some(name.clone()));
        if crate::project::env::is_tested_in(self.text, word, name.end) {
            Need::Optional
        } else {
            Need::Unasked
        }
    }

    fn of_call(&self, one: &Match) -> Option<Need> {
        let of = |capture: &str| self.at(one.get(capture));
        let second = one.get("second").map(|second| self.at(Some(second)));
        let call = one.get("call")?;
        if one.get("helper").is_some() {
            let helper = of("helper").to_ascii_lowercase();
            // These set, delete or show a variable, or take it for another reason.
            if ["set", "delete", "del", "stub", "mock", "unstub", "envelope", "inv"]
                .iter()
                .any(|w| helper.contains(w))
            {
                return None;
            }
            let required =
                ["require", "must", "need", "throw", "assert", "ensure"].iter().any(|w| helper.contains(w));
            return Some(match second {
                _ if required => Need::Required,
                Some(second) => default(second),
                None => self.of_value(&call),
            });
        }
        if of("service") == "env" {
            if !self.has_env_var {
                return None;
            }
            let rest: String = self.text.get(call.end..)?.chars().take(120).collect();
            let chain = rest.split([';', '\n']).next().unwrap_or_default();
            return Some(match chain.split_once(".default(") {
                Some((_, value)) => default(value.split(')').next().unwrap_or_default()),
                None if chain.contains(".required(") => Need::Required,
                None => Need::Optional,
            });
        }
        Some(match second {
            Some(second) => default(second),
            None if of("method") == "getOrThrow" => Need::Required,
            None => self.of_value(&call),
        })
    }

    /// What happens without the variable, by the expression around a call.
    fn of_value(&self, call: &Range<usize>) -> Need {
        match around(self.text, call) {
            Access::Read(need) => need,
            Access::Set => Need::Unasked,
        }
    }
}

/// How the expression around `process.env.X` uses it.
fn around(text: &str, read: &Range<usize>) -> Access {
    let rest = text.get(read.end..).unwrap_or_default();
    // `process.env.X!` and `process.env.X as string` only reassure the compiler.
    let rest = rest.strip_prefix('!').filter(|r| !r.starts_with('=')).unwrap_or(rest).trim_start();
    let rest = rest.strip_prefix("as string").unwrap_or(rest).trim_start_matches(')').trim_start();
    if rest.starts_with('=') && !rest.starts_with("==") && !rest.starts_with("=>") {
        return Access::Set;
    }
    if let Some(value) = rest.strip_prefix("??").or_else(|| rest.strip_prefix("||")) {
        // `??=` sets it if it is missing.
        let value = value.trim_start_matches('=').trim_start();
        return Access::Read(default(expression(value)));
    }
    let asked = ["?", "===", "!==", "==", "!=", "&&", ">", "<"].iter().any(|op| rest.starts_with(op));
    let before = text.get(..read.start).unwrap_or_default().trim_end();
    let tested =
        before.ends_with('!') || before.ends_with("if (") || before.ends_with("&&") || before.ends_with("||");
    // In `number(process.env.X, 5)` the helper has the default.
    let handed_on = before.ends_with('(') && rest.starts_with(',');
    Access::Read(if asked || tested || handed_on || is_asked_later(text, read) {
        Need::Optional
    } else {
        Need::Unasked
    })
}

/// The expression at the start of a text: up to a closing bracket that it did not open, or up to what
/// separates it from the next.
fn expression(text: &str) -> &str {
    let (mut depth, mut quote, mut escaped) = (0u32, None, false);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'' | '`') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}' | ',' | ';' | '\n' | ':') if depth == 0 => return text[..at].trim_end(),
            (None, ')' | ']' | '}') => depth -= 1,
            (None, _) => {}
        }
    }
    text
}

/// What a schema says of a missing variable: `z.string().optional()`, `str({ default: "x" })`,
/// `Joi.number().required()`.
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
