//! `env/unset`: something that deploys reads a variable without a default, and nothing in the repo sets or
//! mentions it.

use crate::facts::environment::names::{is_given, is_of_library};
use crate::facts::environment::table::{Reader, Table, Variable, Writer};
use crate::facts::world::World;
use crate::finding::RuleId;
use crate::finding::{Confidence, Finding};
use crate::project::env::Need;
use crate::repo::names::{base, is_sample_dotenv};
use crate::rules::env::passing::not_passed;
use crate::rules::id;
use crate::source::FileId;
use crate::tools::images::is_of_a_platform;

const RULE: RuleId = id::ENV_UNSET;

pub(super) fn unset(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    // Only these are asked about.
    let project = context.project;
    if project.composes.is_empty() && project.inventory.templates.is_empty() && project.env.uses.is_empty() {
        return;
    }
    not_passed(context, found);
    let table = context.environment();
    let writes_environment = writes_environment(table);
    for (name, variable) in table.iter() {
        if is_given(name) || name.len() < 3 || is_set(context, table, name, variable) {
            continue;
        }
        if let Some(read) = of(variable, Reader::Template) {
            let message =
                format!("nothing sets `{name}`, so nginx gets the letters `${{{name}}}` and does not start");
            let most =
                if is_filled_in(context, read.span.file) { Confidence::Medium } else { Confidence::Low };
            let draft = context.finding(RULE, read.span, message).at_most(most);
            found.push(
                draft
                    .help(format!("set `{name}` in the `environment` of the container, or write the value"))
                    .done(),
            );
        } else if variable.reads.iter().any(|r| r.by == Reader::Compose) {
            compose(context, name, variable, found);
        } else if let Some(read) = of(variable, Reader::Code)
            && read.need == Need::Required
            && !context.project.dotenvs.iter().any(|(path, _)| is_sample_dotenv(path))
        {
            // If nothing writes the environment, the operator does, and nothing is known about that.
            let confidence = if writes_environment { Confidence::Medium } else { Confidence::Low };
            let message =
                format!("the code fails here without `{name}`, and nothing in the repo sets or mentions it");
            let help =
                format!("set `{name}` where the deployment writes the other variables, or give it a default");
            found.push(context.finding(RULE, read.span, message).at_most(confidence).help(help).done());
        }
    }
}

fn compose(context: &World<'_, '_>, name: &str, variable: &Variable, found: &mut Vec<Finding>) {
    let reads = || variable.reads.iter().filter(|r| r.by == Reader::Compose);
    // Whoever gives a default somewhere knows that it may be missing.
    if name.starts_with("COMPOSE_") || reads().any(|r| matches!(r.need, Need::Default(_) | Need::Optional)) {
        return;
    }
    let Some(read) = reads().min_by_key(|r| (r.need != Need::Required, r.span)) else { return };
    let source = context.sources.file(read.span.file);
    if is_of_a_platform(source.path(), source.text()) {
        return;
    }
    let file = base(source.path());
    let (says, confidence) = match read.need {
        // The message of `:?` is a kind of documentation.
        Need::Required => ("stops without it", Confidence::Low),
        _ => ("inserts an empty value", Confidence::Medium),
    };
    // Without a sample the variables are documented in some other way, which is not known.
    let directory = |path: &str| path.rsplit_once('/').map_or("", |(d, _)| d).to_owned();
    let own = directory(context.sources.file(read.span.file).path());
    let near = |path: &str| matches!(directory(path), dir if dir.is_empty() || dir == own);
    let sample = context.project.dotenvs.iter().find(|(path, _)| is_sample_dotenv(path) && near(path));
    let (shown, confidence) = match sample {
        // Whoever starts a well-known image sets its variables in his own way.
        Some((path, _)) if is_of_library(name) => (format!(" and {path} does not show it"), Confidence::Low),
        Some((path, _)) => (format!(" and {path} does not show it"), confidence.max(Confidence::Medium)),
        None => (String::new(), Confidence::Low),
    };
    let message = format!("nothing sets `{name}`{shown}, so {file} {says}");
    let help = format!("show `{name}` in the sample, or give a default: `${{{name}:-…}}`");
    found.push(context.finding(RULE, read.span, message).at_most(confidence).help(help).done());
}

/// True if something calls envsubst, or nginx's image does: it fills in the files in `/etc/nginx/templates`.
fn is_filled_in(context: &World<'_, '_>, template: FileId) -> bool {
    let path = context.sources.file(template).path();
    let name = base(path);
    let directory = path.rsplit('/').nth(1).unwrap_or(name);
    let project = context.project;
    let composes = project.inventory.compose.iter().filter_map(|path| context.sources.find(path));
    let others = project.texts.iter().map(|(_, file)| *file).chain(composes).filter(|file| *file != template);
    others.into_iter().any(|file| {
        let text = context.sources.file(file).text();
        // `./nginx/templates:/etc/nginx/templates`, `COPY nginx/templates /etc/nginx/templates`.
        let mut mounts = text.lines().filter_map(|line| line.split_once("/etc/nginx/templates"));
        mounts.any(|(from, _)| from.contains(directory) || from.contains(name))
            || text.contains("envsubst") && text.contains(name)
    })
}

fn of(variable: &Variable, reader: Reader) -> Option<&crate::facts::environment::table::Read> {
    variable.reads.iter().filter(|r| r.by == reader).min_by_key(|r| (r.need != Need::Required, r.span))
}

/// True if the repo sets the variable, or names it where somebody may set it: in a script, a workflow, a
/// sample's comment, in settings or in prose.
fn is_set(context: &World<'_, '_>, table: &Table<'_>, name: &str, variable: &Variable) -> bool {
    let lower = name.to_ascii_lowercase();
    // What Compose passes into a container is not what it reads itself.
    let only_compose = variable.reads.iter().all(|r| r.by == Reader::Compose);
    let set = variable.writes.iter().any(|w| match w.by {
        Writer::Compose => !only_compose && w.value.is_some(),
        _ => true,
    });
    let shown = table.in_files.contains(name) || table.in_files.contains(lower.as_str());
    let named = !context.project.untold.contains(name);
    // Where a sample shows what Compose reads, the prose of another file is no reason to leave one out.
    let told = named && !(only_compose && has_sample(context));
    set || shown || told || table.words_of_scripts.contains(name)
}

fn has_sample(context: &World<'_, '_>) -> bool {
    context.project.dotenvs.iter().any(|(path, _)| is_sample_dotenv(path))
}

/// True if the deployment itself writes variables that the code reads, so that it is known which ones exist.
fn writes_environment(table: &Table<'_>) -> bool {
    let written = table.iter().filter(|(name, variable)| {
        table.is_read_by_code(name)
            && variable.writes.iter().any(|w| matches!(w.by, Writer::Written | Writer::Unit))
    });
    written.count() > 1
}
