//! `rerun/file-replaced` and `rerun/new-secret`: an environment file that each run writes again.

use crate::facts::secrets::is_environment_file;
use crate::facts::secrets::is_secret_name;
use crate::facts::world::World;
use crate::finding::{Finding, Severity};
use crate::model::condition::Cond;
use crate::model::{Deployment, Presence, Step, StepId};
use crate::rules::id;
use crate::shell::value::Value;
use crate::source::Span;
use crate::tools::effect::{Again, Change, Effect, How, Resource};
use crate::tools::sed::edits;

/// Finds both.
pub(in crate::rules) fn file_replaced(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for (script, id, step) in context.steps() {
        if script.second_run(id).skipped_by().is_some() {
            continue;
        }
        for effect in &step.deed.effects {
            let (Change::Write | Change::Create(_), Resource::Path(path)) =
                (&effect.change, &effect.resource)
            else {
                continue;
            };
            let written = step.written.iter().find(|w| w.path == *path && !w.append);
            let mut secrets = written.map(|w| secrets_made_anew(&w.value)).unwrap_or_default();
            secrets.retain(|(_, source)| !is_handed_on(script, source));
            // The secret that something else keeps is the worst.
            secrets.sort_by_key(|(_, source)| keeper(script, source).is_none());
            if let Some((key, source)) = secrets.into_iter().next()
                && path.is_stable()
                && !gone_before(script, id, path)
                && !asked_about(script, id, path)
            {
                found.push(new_secret(context, script, id, path, &key, &source));
                continue;
            }
            if !is_environment_file(path)
                || !path.is_stable()
                || gone_before(script, id, path)
                || asked_about(script, id, path)
            {
                continue;
            }
            let from_sample = matches!(effect.again, Again::Overwrites(_));
            let filled_in = written.is_some_and(|w| {
                asks_to_be_filled_in(&w.content.text, &|key| fills_in_itself(script, id, key))
            });
            if !from_sample && !filled_in {
                continue;
            }
            let text = format!(
                "each run overwrites {path}{}, so what people filled in since the first deploy is lost",
                if from_sample { " from the sample" } else { " with placeholders" },
            );
            let confidence = context.confidence(script, id, Some(path));
            let help = format!("write it only if it is missing: `if [ ! -f {path} ]; then …; fi`");
            found.push(
                context
                    .finding(id::RERUN_FILE_REPLACED, step.span, text)
                    .at_most(confidence)
                    .help(help)
                    .done(),
            );
        }
    }
}

fn new_secret(
    context: &World<'_, '_>,
    script: &Deployment<'_>,
    id: StepId,
    path: &Value,
    key: &str,
    source: &str,
) -> Finding {
    let step = script.step(id);
    let mut text = format!("each run gives {key} in {path} a new value (`{source}`)");
    let keeper = keeper(script, source);
    match &keeper {
        Some((what, _)) => text.push_str(&format!(", but {what} keeps the one of the first run")),
        None => text.push_str(", so everything that uses the old one stops working"),
    }
    let confidence = context.confidence(script, id, Some(path));
    let help =
        format!("create the file once: `if [ ! -f {path} ]; then …; fi`, or read the old value back from it");
    let mut draft = context.finding(id::RERUN_NEW_SECRET, step.span, text).at_most(confidence).help(help);
    if keeper.is_none() {
        draft = draft.severity(Severity::Warning);
    }
    if let Some((_, span)) = keeper {
        draft = draft.related(span, "this takes the secret on the first run only");
    }
    draft.done()
}

/// What got the same secret in the first run and does not take a new one: a role that is created only once.
fn keeper(script: &Deployment<'_>, source: &str) -> Option<(&'static str, Span)> {
    script.iter().filter(|(_, step)| is_given(step, source)).find_map(|(_, step)| {
        step.deed.effects.iter().find_map(|e| match (&e.change, &e.resource) {
            (Change::Create(_), Resource::Role(_)) => Some(("the database role", step.span)),
            (Change::Create(_), Resource::Container(_)) => Some(("the container", step.span)),
            _ => None,
        })
    })
}

/// Each run gives the new secret to a database role that has another one: `ALTER ROLE … PASSWORD`.
fn is_handed_on(script: &Deployment<'_>, source: &str) -> bool {
    script.iter().any(|(id, step)| {
        let sets = |e: &Effect| matches!((&e.change, &e.resource), (Change::Write, Resource::Role(_)));
        step.deed.effects.iter().any(sets)
            && is_given(step, source)
            && script.second_run(id).skipped_by().is_none()
    })
}

/// The secret is among the words or the input of a command.
fn is_given(step: &Step, source: &str) -> bool {
    let uses = |value: &Value| value.to_string().contains(source);
    step.argv.args.iter().any(|a| uses(&a.value))
        || matches!(&step.argv.stdin, crate::shell::argv::Stdin::Text(text) if uses(text))
}

/// Each run removes the old file first, or moves it aside.
fn gone_before(script: &Deployment<'_>, id: StepId, path: &Value) -> bool {
    script.presence(id, &Resource::Path(path.clone())) == Presence::Gone
}

/// If the file is missing, the step runs; if it exists, something else decides:
/// `[ -f .env ] && [ "$1" != --force ] && exit`, or a question.
fn asked_about(script: &Deployment<'_>, id: StepId, path: &Value) -> bool {
    script.guards_of(id).any(|(_, guard)| {
        let with = |there: bool| {
            guard.cond.evaluate(&mut |leaf| match leaf {
                Cond::Fact(fact) if matches!(&fact.resource, Resource::Path(p) if p == path) => Some(there),
                _ => None,
            })
        };
        with(false) == Some(guard.holds) && with(true) != Some(guard.holds)
    })
}

/// The keys and sources of the random values in an environment file's text.
fn secrets_made_anew(value: &Value) -> Vec<(String, String)> {
    let mut secrets = Vec::new();
    let shown = value.to_string();
    let mut rest = shown.as_str();
    let mut before = String::new();
    while let Some(at) = rest.find(['$', '`']) {
        before.push_str(&rest[..at]);
        let hole = &rest[at..];
        let end = hole_end(hole);
        let source = &hole[..end];
        if crate::tools::prints::is_random(source) {
            let line = before.lines().last().unwrap_or_default();
            let line = if before.ends_with('\n') { "" } else { line };
            let key = line
                .split(['=', ':'])
                .next()
                .unwrap_or_default()
                .trim()
                .trim_start_matches("export ")
                .trim_matches('"');
            let named =
                !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
            let key = if named { format!("`{key}`") } else { "a secret".to_owned() };
            secrets.push((key, source.to_owned()));
        }
        before.push_str(source);
        rest = &hole[end.max(1)..];
    }
    secrets
}

/// The end of a `$(…)`, `` `…` `` or `$NAME` at the start of `text`.
fn hole_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    match bytes {
        [b'$', b'(', ..] => {
            let mut depth = 0usize;
            for (i, b) in bytes.iter().enumerate() {
                match b {
                    b'(' => depth += 1,
                    b')' => {
                        depth -= 1;
                        if depth == 0 {
                            return i + 1;
                        }
                    }
                    _ => {}
                }
            }
            text.len()
        }
        [b'`', rest @ ..] => rest.iter().position(|b| *b == b'`').map_or(text.len(), |i| i + 2),
        _ => 1,
    }
}

/// A later command of the script inserts the value: `php artisan key:generate` sets `APP_KEY`
/// (<https://laravel.com/docs/encryption#gathering-your-keys>), `sed -i "s/^TOKEN=.*/…/" .env` names the key.
fn fills_in_itself(script: &Deployment<'_>, id: StepId, key: &str) -> bool {
    script.iter().filter(|(later, _)| *later > id).any(|(_, step)| {
        let mut words = step.argv.args.iter().map(|arg| arg.value.to_string());
        let makes = || step.deed.puts().any(|(_, content)| content.how == How::Secret);
        edits(&step.argv) && words.any(|word| word.contains(&format!("{key}=")))
            || key == "APP_KEY" && makes()
    })
}

/// True if a text has values that a person has to fill in, because the script does not.
fn asks_to_be_filled_in(text: &str, is_filled_in: &dyn Fn(&str) -> bool) -> bool {
    text.lines().any(|line| {
        let Some((key, value)) = line.trim().split_once('=') else { return false };
        if key.starts_with('#') {
            return false;
        }
        let value = value.trim().trim_matches(['"', '\'']).to_ascii_lowercase();
        let key = key.trim_start_matches("export ").trim();
        let secret = is_secret_name(key) || key.ends_with("_KEY");
        let placeholder =
            ["your", "change", "replace", "xxx", "<", "todo", "placeholder", "fill", "example.com", "dummy"];
        let asks = placeholder.iter().any(|p| value.contains(p))
            && (secret || value.contains("your") || value.contains("change"))
            || secret && (value.is_empty() || value == "password" || value == "secret");
        asks && !is_filled_in(key)
    })
}
