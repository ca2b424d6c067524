//! What stands around a read of a variable in Python: blocks that run only for some deployments, that catch the error if the
//! variable is not there, or that put a prefix before its name.

use crate::project::env::is_name;

/// How many lines before a read are searched for the blocks around it, and how many after it for their ends.
const LINES: usize = 200;
/// How many bytes of a line before a read are searched.
const LONGEST: usize = 1000;

/// The errors of a variable that is not there: `os.environ`, django-environ, environs, decouple.
const MISSING: [&str; 5] =
    ["KeyError", "LookupError", "ImproperlyConfigured", "EnvError", "UndefinedValueError"];

/// The first line of a block.
struct Opening<'t> {
    words: &'t str,
    depth: usize,
}

fn depth(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The blocks around a place, the innermost first.
fn openings(text: &str, at: usize) -> Vec<Opening<'_>> {
    // A line of a megabyte has no block around it.
    let from = at.saturating_sub(LONGEST);
    let start = match text.as_bytes()[from..at].iter().rposition(|byte| *byte == b'\n') {
        Some(end) => from + end + 1,
        None if from == 0 => 0,
        None => return Vec::new(),
    };
    let mut inner = depth(&text[start..at]);
    let mut found = Vec::new();
    for line in text[..start].lines().rev().take(LINES) {
        if inner == 0 {
            break;
        }
        if line.trim().is_empty() || depth(line) >= inner {
            continue;
        }
        inner = depth(line);
        found.push(Opening { words: line.trim(), depth: inner });
    }
    found
}

/// True if the code goes on without the variable that it reads at this place: below `if USE_S3:` or `if BACKEND == "s3":`,
/// and where the error is caught.
pub(super) fn may_be_missing(text: &str, at: usize) -> bool {
    openings(text, at).iter().any(|opening| {
        is_switch(opening.words)
            || is_choice(opening.words)
            || opening.words.starts_with("with ") && opening.words.contains("suppress(")
            || opening.words.starts_with("try:") && is_caught(text, at, opening.depth)
    })
}

/// The prefix that environs puts before the names that are read at this place: `with env.prefixed("DB_"):`.
pub(super) fn prefix(text: &str, at: usize) -> String {
    let given = |opening: &Opening<'_>| {
        let (_, rest) = opening.words.strip_prefix("with ")?.split_once(".prefixed(")?;
        let prefix = rest.split(')').next()?.trim().trim_matches(['"', '\'']);
        is_name(prefix).then(|| prefix.to_owned())
    };
    openings(text, at).iter().rev().filter_map(given).collect()
}

/// True for the switch of a feature. Only users of the feature need its variables.
fn is_switch(words: &str) -> bool {
    let Some(condition) = words.strip_prefix("if ").and_then(|rest| rest.split(':').next()) else {
        return false;
    };
    let name = condition.trim().rsplit('.').next().unwrap_or_default().to_ascii_uppercase();
    let starts = ["USE_", "ENABLE_", "WITH_", "HAS_"].iter().any(|start| name.starts_with(start));
    is_name(&name) && (starts || name.ends_with("_ENABLED"))
}

/// True for a choice between backends by a setting: `if BACKEND == "s3":`. What production needs is needed here.
fn is_choice(words: &str) -> bool {
    let condition = words.strip_prefix("if ").or_else(|| words.strip_prefix("elif "));
    let Some((setting, value)) = condition.and_then(|condition| condition.split_once("==")) else {
        return false;
    };
    let setting = setting.trim();
    let last = setting.rsplit('.').next().unwrap_or_default();
    let is_constant = is_name(last) && last.bytes().all(|b| !b.is_ascii_lowercase());
    let is_read = ["environ", "getenv(", "env("].iter().any(|read| setting.contains(read));
    value.trim_start().starts_with(['"', '\''])
        && !value.to_ascii_lowercase().contains("prod")
        && (is_constant || is_read)
        && !setting.contains(" or ")
}

/// True if the `try` at this depth goes on with something else if the variable is not there. A handler of every error counts
/// only for a short block, because it is about something else than the variable in a long one.
fn is_caught(text: &str, at: usize, outer: usize) -> bool {
    let mut lines = text[at..].lines().skip(1).take(LINES).filter(|line| !line.trim().is_empty());
    let mut length = 1;
    let handler = loop {
        match lines.next() {
            Some(line) if depth(line) > outer => length += 1,
            Some(line) => break line.trim(),
            None => return false,
        }
    };
    let Some(errors) = handler.strip_prefix("except") else { return false };
    let errors = errors.trim_end_matches(':').trim();
    let is_about_it = MISSING.iter().any(|error| errors.contains(error));
    let is_any = errors.is_empty() || errors.starts_with("Exception");
    let is_short = is_any && length <= 4;
    if !is_about_it && !is_short {
        return false;
    }
    let mut body = lines.take_while(|line| depth(line) > outer).map(str::trim).peekable();
    let first = body.peek().copied().unwrap_or_default();
    let assigns = first.split_once('=').is_some_and(|(name, _)| name.trim().split('.').all(is_name));
    let goes_on = first == "pass" || assigns || is_about_it;
    goes_on && !body.any(|line| ["raise", "exit(", "abort(", "return"].iter().any(|word| line.contains(word)))
}

#[test]
fn what_is_around_a_read() {
    const READ: &str = "os.environ[\"X\"]";
    for (text, expected) in [
        ("try:\n    x = os.environ[\"X\"]\nexcept KeyError:\n    x = None\n", true),
        ("try:\n    x = int(os.environ[\"X\"])\nexcept (KeyError, ValueError):\n    x = 3\n", true),
        ("try:\n    x = os.environ[\"X\"]\nexcept KeyError:\n    raise SystemExit(\"set X\")\n", false),
        ("try:\n    x = os.environ[\"X\"]\nexcept Exception:\n    x = \"\"\n", true),
        (
            "try:\n    x = os.environ[\"X\"]\n    a()\n    b()\n    c()\n    d()\nexcept Exception:\n    x = 1\n",
            false,
        ),
        ("try:\n    x = os.environ[\"X\"]\nexcept Exception as e:\n    log(e)\n", false),
        ("with suppress(KeyError):\n    x = os.environ[\"X\"]\n", true),
        ("if os.getenv(\"BACKEND\") == \"s3\":\n    x = os.environ[\"X\"]\n", true),
        ("if ENV == \"production\":\n    x = os.environ[\"X\"]\n", false),
        ("if __name__ == \"__main__\":\n    x = os.environ[\"X\"]\n", false),
        ("if request.method == \"POST\":\n    x = os.environ[\"X\"]\n", false),
        ("if settings.USE_S3:\n    x = os.environ[\"X\"]\n", true),
        ("x = os.environ[\"X\"]\n", false),
    ] {
        assert_eq!(may_be_missing(text, text.find(READ).unwrap() + READ.len()), expected, "{text}");
    }
    let text = "with env.prefixed(\"DB_\"):\n    host = env(\"HOST\")\n";
    assert_eq!(prefix(text, text.find("HOST").unwrap()), "DB_");
}
