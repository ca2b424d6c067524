//! `env/secret-in-git`: a file of the repo contains a real secret. Names are shown, but values never.

use crate::facts::environment::values::{
    Kind, assignments, lines_of_interest, may_hold_token, secret, token_in,
};
use crate::facts::world::World;
use crate::finding::RuleId;
use crate::finding::{Confidence, Finding};
use crate::repo::names::{base, is_sample_dotenv};
use crate::rules::id;
use crate::source::{FileId, Span};
use std::collections::BTreeMap;

const RULE: RuleId = id::ENV_SECRET_IN_GIT;

/// How many further places are named with a finding.
const RELATED: usize = 5;

/// A secret: its name, its place, and how sure it is that it is one.
struct Leak {
    name: String,
    span: Span,
    kind: Kind,
    confidence: Confidence,
}

pub(super) fn secret_in_git(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let mut files: BTreeMap<FileId, Vec<Leak>> = BTreeMap::new();
    let ignored = &context.project.inventory.ignored_dotenv;
    for (path, dotenv) in context.project.dotenvs.iter().filter(|(path, _)| !ignored.contains(path)) {
        let development = is_development(path) && !is_sample_dotenv(path);
        for entry in &dotenv.entries {
            if let Some(kind) = secret(&entry.name, &entry.value) {
                let confidence = sure(kind, development);
                let leak = Leak { name: entry.name.clone(), span: entry.name_span, kind, confidence };
                files.entry(dotenv.file).or_default().push(leak);
            }
        }
    }
    let development: Vec<FileId> =
        context.project.composes.iter().filter(|c| c.is_development()).map(|c| c.file).collect();
    for file in texts(context) {
        let path = context.sources.file(file).path();
        let development = development.contains(&file) || is_development(path);
        of_text(context.sources.file(file).text(), file, development, files.entry(file).or_default());
    }
    for (file, leaks) in files {
        tell(context, file, leaks, found);
    }
}

/// What has the form of a token is a token in any file. A random value in a developer's file may be anything.
fn sure(kind: Kind, development: bool) -> Confidence {
    match (kind, development) {
        (Kind::Token(_), _) => Confidence::High,
        (Kind::Random | Kind::Login, false) => Confidence::Medium,
        (Kind::Random | Kind::Login, true) => Confidence::Low,
    }
}

fn is_development(path: &str) -> bool {
    let words = path.split(['/', '.', '-', '_']);
    words.into_iter().any(|word| {
        matches!(
            word,
            "dev" | "develop" | "development" | "local" | "test" | "tests" | "testing" | "ci" | "e2e"
        )
    })
}

/// Compose files, units and scripts.
fn texts(context: &World<'_, '_>) -> Vec<FileId> {
    let project = context.project;
    let inventory = &project.inventory;
    let named = inventory.compose.iter().chain(&inventory.units).chain(&inventory.scripts);
    let mut files: Vec<FileId> = named.filter_map(|path| context.sources.find(path)).collect();
    files.extend(context.scripts().iter().map(|script| script.file));
    files.sort();
    files.dedup();
    files
}

fn of_text(text: &str, file: FileId, development: bool, leaks: &mut Vec<Leak>) {
    for range in lines_of_interest(text) {
        let (start, line) = (range.start, &text[range]);
        // A person does not write a longer line.
        if line.len() > 2000 || line.trim_start().starts_with('#') {
            continue;
        }
        let may_hold_token = may_hold_token(line);
        let mut covered = false;
        for (name, range) in assignments(line) {
            let value = &line[range.clone()];
            covered |= may_hold_token && token_in(value).is_some();
            let Some(kind) = secret(name, value) else { continue };
            // The place ends before the value, which nobody needs to see.
            let begin = line[..range.start].rfind(name).unwrap_or(range.start);
            let span = Span { file, start: (start + begin) as u32, end: (start + begin + name.len()) as u32 };
            leaks.push(Leak { name: name.to_owned(), span, kind, confidence: sure(kind, development) });
        }
        // A token without a name: `curl -H "Authorization: Bearer …"`.
        if may_hold_token
            && let Some((what, range)) =
                token_in(line).filter(|(what, _)| !covered && !what.contains("Google API"))
        {
            let begin = line.len() - line.trim_start().len();
            let span = Span {
                file,
                start: (start + begin.min(range.start)) as u32,
                end: (start + range.start) as u32,
            };
            let kind = Kind::Token(what);
            leaks.push(Leak { name: String::new(), span, kind, confidence: sure(kind, development) });
        }
    }
}

/// One finding for each file and confidence: whoever finds one secret looks through the whole file.
fn tell(context: &World<'_, '_>, file: FileId, mut leaks: Vec<Leak>, found: &mut Vec<Finding>) {
    leaks.sort_by_key(|leak| (std::cmp::Reverse(leak.confidence), leak.span));
    let Some(first) = leaks.first() else { return };
    let name = base(context.sources.file(file).path());
    let what = match first.kind {
        Kind::Token(what) if first.name.is_empty() => format!("holds {what}"),
        Kind::Token(what) => format!("holds {what} in `{}`", first.name),
        Kind::Random => format!("gives `{}` a value that looks like a real secret", first.name),
        Kind::Login => format!("holds the login of a real host in `{}`", first.name),
    };
    let others: Vec<&Leak> =
        leaks.iter().skip(1).filter(|l| l.name != first.name || l.name.is_empty()).collect();
    let more = match others.len() {
        0 => String::new(),
        1 => ", and holds one more secret".to_owned(),
        n => format!(", and holds {n} more secrets"),
    };
    let message = format!("{name} is kept in git and {what}{more}");
    let mut draft = context
        .finding(RULE, first.span, message)
        .at_most(first.confidence)
        .help("have a new secret issued and keep it out of the repo, because the history keeps the old one");
    for other in others.iter().take(RELATED) {
        draft = draft.related(other.span, "another secret is here");
    }
    found.push(draft.done());
}
