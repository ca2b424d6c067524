//! `env/duplicate-key`: one file sets a variable twice, and only the last value counts.
//!
//! python-dotenv, dotenv and the shell take the last value; so do systemd.exec(5) (`Environment=`: "the later setting will
//! override the earlier setting") and Compose for a list.

use crate::facts::environment::table::written_files;
use crate::facts::world::{Origin, World};
use crate::finding::RuleId;
use crate::finding::{Confidence, Finding, Severity};
use crate::project::dotenv::Dotenv;
use crate::repo::names::base;
use crate::rules::id;
use crate::source::Span;
use std::collections::HashMap;

const RULE: RuleId = id::ENV_DUPLICATE_KEY;

pub(super) fn duplicate_key(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let ignored = &context.project.inventory.ignored_dotenv;
    for (path, dotenv) in context.project.dotenvs.iter().filter(|(path, _)| !ignored.contains(path)) {
        let name = base(path);
        of_file(context, name, dotenv, found);
    }
    for written in &written_files(context) {
        of_file(context, &written.path, &written.dotenv, found);
    }
    for at in &context.units {
        let variables = at.unit.environment();
        let confidence = match at.origin {
            Origin::InRepo => Confidence::Medium,
            Origin::Written(..) | Origin::Installed(..) => Confidence::High,
        };
        let set: Vec<(&str, &str, Span)> =
            variables.iter().map(|(n, v, span)| (n.as_str(), v.as_str(), *span)).collect();
        judge(context, &at.name, &set, confidence, found);
    }
    for service in context.project.composes.iter().flat_map(|c| &c.services) {
        let set =
            service.environment.iter().filter_map(|v| Some((v.name.as_str(), v.value.as_deref()?, v.span)));
        let what = format!("the service {}", service.name);
        judge(context, &what, &set.collect::<Vec<_>>(), Confidence::High, found);
    }
}

fn of_file(context: &World<'_, '_>, what: &str, dotenv: &Dotenv, found: &mut Vec<Finding>) {
    let set: Vec<(&str, &str, Span)> =
        dotenv.entries.iter().map(|e| (e.name.as_str(), e.value.as_str(), e.name_span)).collect();
    judge(context, what, &set, Confidence::High, found);
}

fn judge(
    context: &World<'_, '_>,
    what: &str,
    set: &[(&str, &str, Span)],
    confidence: Confidence,
    found: &mut Vec<Finding>,
) {
    let mut last: HashMap<&str, (&str, Span)> = HashMap::new();
    for (name, value, span) in set {
        let Some((old, first)) = last.insert(name, (value, *span)) else { continue };
        // `PATH=$PATH:/x` extends the first value. Two files have no known order.
        if first.file != span.file || first == *span || builds_on(value, name) {
            continue;
        }
        let same = old == *value;
        let (severity, confidence) = if same {
            (Severity::Info, Confidence::Low)
        } else if old.is_empty() || value.is_empty() {
            // An empty value is more often the heading of a section than a value.
            (Severity::Warning, confidence.min(Confidence::Medium))
        } else {
            (Severity::Warning, confidence)
        };
        // One file may show what belongs in several.
        let between = Span { start: first.end, end: span.start.max(first.end), ..first };
        let text = context.sources.text(between);
        // `[context.preview]`: this is not an environment file, whatever its name.
        if text.lines().any(|line| line.starts_with('[')) {
            continue;
        }
        let confidence = if names_other_files(text) { Confidence::Low } else { confidence };
        let at = context.line(first);
        let (message, help, label) = match same {
            true => (
                format!("{what} sets `{name}` twice to the same value, here and on {at}"),
                format!("remove one `{name}`: whoever edits only the first one changes nothing"),
                "it is set here too",
            ),
            false => (
                format!("{what} sets `{name}` twice, so the value on {at} is ignored"),
                format!("keep one `{name}`, and show the other choice in a comment"),
                "it is set here first, without effect",
            ),
        };
        let draft = context.finding(RULE, *span, message).severity(severity).at_most(confidence);
        found.push(draft.related(first, label).help(help).done());
    }
}

fn builds_on(value: &str, name: &str) -> bool {
    [format!("${name}"), format!("${{{name}")].iter().any(|own| value.contains(own))
}

/// True if a heading between two variables names another file: `# frontend/.env`.
fn names_other_files(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim();
        line.starts_with('#')
            && (line.contains(".env") || line.contains("=====") && line.to_ascii_lowercase().contains("env"))
    })
}
