//! `rerun/new-secret`: each run gives a secret in a file a new value.

use crate::facts::owners::{before, lies_under};
use crate::facts::secrets::{is_env_file, is_secret_name};
use crate::facts::world::World;
use crate::finding::{Finding, Severity};
use crate::model::condition::Cond;
use crate::model::{Deployment, Step, StepId};
use crate::rules::id;
use crate::shell::builtins::Builtin;
use crate::shell::value::Value;
use crate::source::Span;
use crate::tools::effect::{Change, Effect, How, Prints, Resource};
use crate::tools::prints::{is_random, makes_only_what_is_missing};
use crate::tools::sed::replaced_lines;

/// Finds secrets that each run makes anew.
pub(in crate::rules) fn new_secret(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for (script, id, step) in context.steps() {
        for (_, path) in written(step) {
            if let Some((key, source)) = remade_secret(context, script, id, path) {
                found.push(told(context, script, id, path, (&key, &source)));
            }
        }
        for (path, (key, source)) in put_in(script, id, step) {
            found.push(told(context, script, id, path, (&key, &source)));
        }
    }
}

/// The files that a step writes whole.
pub(super) fn written(step: &Step) -> impl Iterator<Item = (&Effect, &Value)> {
    step.deed.effects.iter().filter_map(|effect| match (&effect.change, &effect.resource) {
        (Change::Write | Change::Create(_), Resource::Path(path)) => Some((effect, path)),
        _ => None,
    })
}

/// The files in which sed(1) puts a random value into a line on each run, with the key and the source of the value.
fn put_in<'s>(
    script: &'s Deployment<'_>,
    id: StepId,
    step: &'s Step,
) -> impl Iterator<Item = (&'s Value, (String, String))> {
    let secrets: Vec<_> = replaced_lines(&step.argv).iter().flat_map(secrets_made_anew).collect();
    let edited = step.deed.effects.iter().filter_map(|effect| match (&effect.change, &effect.resource) {
        (Change::Edit, Resource::Path(path)) => Some(path),
        _ => None,
    });
    // A question about the file or one of its lines may find the value of the first run.
    let is_asked = move |path: &Value| {
        let about = |resource: &Resource| match resource {
            Resource::Path(own) | Resource::Line { file: own, .. } => own == path,
            _ => false,
        };
        script.guards_of(id).any(|(_, guard)| {
            guard.cond.has_opaque() || guard.cond.facts().iter().any(|fact| about(&fact.resource))
        })
    };
    edited.filter_map(move |path| {
        let mut secrets = secrets.iter().filter(|(key, source)| {
            key.starts_with('`') && is_secret_name(key.trim_matches('`')) && !is_handed_on(script, source)
        });
        let secret = secrets.next()?.clone();
        let is_lasting = is_env_file(&path.basename().to_string()) && is_written_again(script, id, path);
        (is_lasting && !is_asked(path)).then_some((path, secret))
    })
}

/// True if a value numbers a build or a run, so that a new one is meant: `build-id`, `run=$(uuidgen)`.
fn numbers_a_run(key: &str, path: &Value) -> bool {
    const RUNS: [&str; 8] =
        ["build", "release", "version", "revision", "run", "deploy", "deployment", "cache"];
    const NUMBERS: [&str; 9] = ["id", "uuid", "number", "no", "last", "current", "tag", "stamp", "bust"];
    let is_it = |name: &str| {
        let lower = name.to_ascii_lowercase();
        let mut words = lower.split(['-', '_', '.']).filter(|word| !word.is_empty());
        words.clone().any(|word| RUNS.contains(&word))
            && words.all(|word| RUNS.contains(&word) || NUMBERS.contains(&word))
    };
    if key == "a secret" { is_it(&path.basename().to_string()) } else { is_it(key) }
}

/// The key and the source of a secret that gets a new value whenever the step writes the file.
pub(super) fn remade_secret(
    context: &World<'_, '_>,
    script: &Deployment<'_>,
    id: StepId,
    path: &Value,
) -> Option<(String, String)> {
    let own = script.step(id).written.iter().find(|w| w.path == *path && !w.append);
    let texts = own.map_or_else(|| drafts(script, id, path), |own| vec![&own.value]);
    if texts.is_empty() {
        return None;
    }
    // What lies there is not kept for the app.
    let is_temporary =
        ["/tmp", "/var/tmp", "/run", "/dev"].iter().any(|dir| lies_under(path.known_prefix(), dir));
    if is_temporary || !is_written_again(script, id, path) || is_draft(script, path) {
        return None;
    }
    let mut secrets: Vec<_> = texts.into_iter().flat_map(secrets_made_anew).collect();
    secrets.retain(|(key, _)| !numbers_a_run(key.trim_matches('`'), path));
    if !secrets.is_empty() && is_sourced(script, id, path) {
        let whole = context.sources.file(script.file).text();
        secrets.retain(|(_, source)| !is_default(whole, source));
    }
    secrets.retain(|(_, source)| !is_handed_on(script, source));
    // Whoever removes the file wants a new one, but what lies elsewhere keeps the old secret all the same.
    if !secrets.is_empty() && gone_before(script, id, path) {
        secrets.retain(|(_, source)| keeper(script, source).is_some());
    }
    // It is worst if something else keeps the old secret.
    secrets.sort_by_key(|(_, source)| keeper(script, source).is_none());
    secrets.into_iter().next()
}

/// What an earlier step has put into the draft that a step moves or copies to the path: its text, or the words of the
/// program that fills in a sample.
fn drafts<'s>(script: &'s Deployment<'_>, id: StepId, path: &Value) -> Vec<&'s Value> {
    let puts = script.step(id).deed.puts();
    let mut from = puts.filter_map(|(effect, content)| {
        let is_it = matches!(&effect.resource, Resource::Path(own) if own == path);
        content.from.as_ref().filter(|_| is_it && matches!(content.how, How::Copied | How::Kept | How::Moved))
    });
    let Some(draft) = from.next() else { return Vec::new() };
    let earlier = before(script, id).rev().find_map(|step| {
        if let Some(written) = step.written.iter().find(|written| written.path == *draft && !written.append) {
            return Some(vec![&written.value]);
        }
        let fills = step.deed.prints == Prints::Filled
            && step.argv.stdout.as_ref().is_some_and(|(to, _)| to == draft);
        fills.then(|| step.argv.args.iter().map(|arg| &arg.value).collect())
    });
    earlier.unwrap_or_default()
}

/// True if the file is there in the second run, and a step writes it again unasked.
pub(super) fn is_replaced(script: &Deployment<'_>, id: StepId, path: &Value) -> bool {
    is_written_again(script, id, path) && !gone_before(script, id, path)
}

/// True if a step writes the file again unasked.
fn is_written_again(script: &Deployment<'_>, id: StepId, path: &Value) -> bool {
    script.second_run(id).skipped_by().is_none() && path.is_stable() && !asked_about(script, id, path)
}

/// True if the file is only a draft, and the second run does not move it into place because the file of the first run is
/// there: `[ -f KEY ] || mv KEY.new KEY`.
fn is_draft(script: &Deployment<'_>, path: &Value) -> bool {
    let mut moves = script.iter().filter(|(_, step)| {
        step.deed.puts().any(|(_, content)| content.how == How::Moved && content.from.as_ref() == Some(path))
    });
    let is_skipped = |id| script.second_run(id).skipped_by().is_some();
    moves.next().is_some_and(|(id, _)| is_skipped(id)) && moves.all(|(id, _)| is_skipped(id))
}

/// True if an earlier step reads the variables of the file: `. /opt/shop/.env`.
fn is_sourced(script: &Deployment<'_>, id: StepId, path: &Value) -> bool {
    before(script, id).any(|step| {
        Builtin::named(&step.argv.name) == Some(Builtin::Source)
            && step.argv.args.first().is_some_and(|file| step.argv.path(file) == *path)
    })
}

/// True if a script makes the secret only where a variable has no value: `${KEY:-$(openssl rand -hex 32)}`.
fn is_default(script: &str, source: &str) -> bool {
    let mut places = script.match_indices(source).peekable();
    let defaults = |(at, _): (usize, &str)| {
        let before = script[..at].trim_end_matches('"');
        before.ends_with(":-") || before.ends_with(":=")
    };
    places.peek().is_some() && places.all(defaults)
}

fn told(
    context: &World<'_, '_>,
    script: &Deployment<'_>,
    id: StepId,
    path: &Value,
    (key, source): (&str, &str),
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
    if let Some(place) = made_at(context, script, id, path, (key, source)) {
        draft = draft.related(place, "this makes the new value");
    }
    if let Some((_, span)) = keeper {
        draft = draft.related(span, "this takes the secret on the first run only");
    }
    draft.done()
}

/// Where the new value is made: in a line of the text that is written, or by an earlier command whose output it holds.
fn made_at(
    context: &World<'_, '_>,
    script: &Deployment<'_>,
    id: StepId,
    path: &Value,
    (key, source): (&str, &str),
) -> Option<Span> {
    let step = script.step(id);
    let written = step.written.iter().find(|w| w.path == *path && !w.append)?;
    let key = key.trim_matches('`');
    let mut from = 0;
    let line = written.content.text.split_inclusive('\n').find_map(|line| {
        let range = from..from + line.trim_end().len();
        from += line.len();
        (line.contains(source) && line.contains(key)).then_some(range)
    });
    let in_text = line.map(|range| written.content.span(range)).filter(|span| !span.covers(step.span));
    let makes =
        |step: &&Step| is_random(&step.argv.to_string()) && source.contains(context.sources.text(step.span));
    in_text.or_else(|| before(script, id).filter(makes).last().map(|step| step.span))
}

/// What keeps the secret of the first run: a role that is created only once.
fn keeper(script: &Deployment<'_>, source: &str) -> Option<(&'static str, Span)> {
    script.iter().find_map(|(_, step)| {
        let keeper = step.deed.effects.iter().find_map(|e| match (&e.change, &e.resource) {
            (Change::Create(_), Resource::Role(_)) => Some(("the database role", step.span)),
            (Change::Create(_), Resource::Container(_)) => Some(("the container", step.span)),
            _ => None,
        });
        keeper.filter(|_| is_given(step, source))
    })
}

/// True if each run gives the new secret to a database role that has another one: `ALTER ROLE … PASSWORD`.
fn is_handed_on(script: &Deployment<'_>, source: &str) -> bool {
    script.iter().any(|(id, step)| {
        let sets = |e: &Effect| matches!((&e.change, &e.resource), (Change::Write, Resource::Role(_)));
        step.deed.effects.iter().any(sets)
            && is_given(step, source)
            && script.second_run(id).skipped_by().is_none()
    })
}

/// True if the secret is among the words or the input of a command.
fn is_given(step: &Step, source: &str) -> bool {
    let uses = |value: &Value| value.to_string().contains(source);
    step.argv.args.iter().any(|a| uses(&a.value))
        || matches!(&step.argv.stdin, crate::shell::argv::Stdin::Text(text) if uses(text))
}

/// True if each run removes the old file first, or moves it aside.
fn gone_before(script: &Deployment<'_>, id: StepId, path: &Value) -> bool {
    script.is_gone_again(id, &Resource::Path(path.clone()))
}

/// True if the step runs when the file is missing, and something else decides when it exists:
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
        if is_random(source) && !makes_only_what_is_missing(source) {
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
