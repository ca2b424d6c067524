//! `env/sample-differs`: a script writes an environment file that differs from the sample.

use crate::facts::environment::names::is_given;
use crate::facts::environment::table::{Reader, Table, Writer, WrittenFile};
use crate::facts::world::World;
use crate::finding::RuleId;
use crate::finding::{Confidence, Finding, Severity};
use crate::project::dotenv::Dotenv;
use crate::project::env::Need;
use crate::repo::names::base;
use crate::rules::env::samples;
use crate::rules::id;
use crate::source::Span;
use std::collections::HashSet;

const RULE: RuleId = id::ENV_SAMPLE_DIFFERS;

/// How many names a message lists.
const NAMED: usize = 3;

pub(super) fn sample_differs(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let samples = samples(context);
    if samples.is_empty() {
        return;
    }
    let table = context.environment();
    for file in table.written.iter().filter(|file| !file.append) {
        let Some((path, sample)) = sample_of(file, &samples) else { continue };
        lacks(context, table, file, path, sample, found);
        adds(context, table, file, path, found);
    }
}

/// The sample that contains most of the file's names.
fn sample_of<'s>(file: &WrittenFile, samples: &[(&'s str, &'s Dotenv)]) -> Option<(&'s str, &'s Dotenv)> {
    let entries = &file.dotenv.entries;
    let shared = |sample: &Dotenv| {
        let names = sample.entries.iter().chain(&sample.commented).map(|e| e.name.as_str());
        let names: HashSet<&str> = names.collect();
        entries.iter().filter(|e| names.contains(e.name.as_str())).count()
    };
    let (path, sample) = samples.iter().copied().rev().max_by_key(|(_, sample)| shared(sample))?;
    (shared(sample) > 1 && shared(sample) * 2 >= entries.len()).then_some((path, sample))
}

/// A variable that the sample shows, that the code needs, and that nothing in the deployment names.
fn lacks(
    context: &World<'_, '_>,
    table: &Table<'_>,
    file: &WrittenFile,
    path: &str,
    sample: &Dotenv,
    found: &mut Vec<Finding>,
) {
    let missing: Vec<(&str, Span, Span)> = sample
        .entries
        .iter()
        .filter(|e| !table.words_of_scripts.contains(e.name.as_str()) && !is_set_otherwise(table, &e.name))
        .filter(|e| !is_set_beside(context, file, &e.name))
        .filter_map(|e| Some((e.name.as_str(), e.name_span, required(table, &e.name)?)))
        .collect();
    let Some((_, shown, read)) = missing.first() else { return };
    let names: Vec<String> = missing.iter().take(NAMED).map(|(name, ..)| format!("`{name}`")).collect();
    let more = match missing.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!(
        "{} is written without {}{more}, which {} shows and the code needs",
        file.path,
        names.join(", "),
        base(path),
    );
    let script = context.scripts()[file.by.0];
    // It may start from a copy of the sample.
    let copies = context.sources.file(script.file).text().contains(base(path));
    let confidence = if copies { Confidence::Low } else { Confidence::Medium };
    found.push(
        context
            .finding(RULE, file.span, message)
            .at_most(confidence.min(context.confidence(script, file.by.1, None)))
            .help("write every variable that the code needs, or start from a copy of the sample")
            .related(*read, "the code fails here without it")
            .related(*shown, "the sample shows it here")
            .done(),
    );
}

/// Where the code fails without the variable.
fn required(table: &Table<'_>, name: &str) -> Option<Span> {
    let upper = name.to_ascii_uppercase();
    let reads = |name: &str| table.get(name).into_iter().flat_map(|v| &v.reads);
    let required =
        |r: &&crate::facts::environment::table::Read| r.by == Reader::Code && r.need == Need::Required;
    let exact = reads(name).find(required);
    exact.or_else(|| reads(&upper).find(|r| required(r) && r.any_case)).map(|r| r.span)
}

/// True if a unit or a program sets it.
fn is_set_otherwise(table: &Table<'_>, name: &str) -> bool {
    let writes = table.get(name).into_iter().flat_map(|v| &v.writes);
    writes.into_iter().any(|w| matches!(w.by, Writer::Unit | Writer::Code))
}

/// True if a service of Compose that reads the file sets the variable itself.
fn is_set_beside(context: &World<'_, '_>, file: &WrittenFile, name: &str) -> bool {
    context.project.composes.iter().flat_map(|compose| &compose.services).any(|service| {
        service.env_file.iter().any(|read| base(&read.path.text) == base(&file.path))
            && service.environment.iter().any(|variable| variable.name == name && variable.value.is_some())
    })
}

/// A variable that the script writes and the code reads, but that no sample shows.
fn adds(
    context: &World<'_, '_>,
    table: &Table<'_>,
    file: &WrittenFile,
    path: &str,
    found: &mut Vec<Finding>,
) {
    for entry in &file.dotenv.entries {
        if is_given(&entry.name) || table.shown.contains(entry.name.as_str()) {
            continue;
        }
        let read = table.is_read_by_code(&entry.name);
        let confidence = if read { Confidence::Medium } else { Confidence::Low };
        let rest = if read { ", although the code reads it" } else { "" };
        let message = format!(
            "the script writes {} with `{}`, which {} does not show{rest}",
            file.path,
            entry.name,
            base(path)
        );
        let script = context.scripts()[file.by.0];
        found.push(
            context
                .finding(RULE, entry.name_span, message)
                .severity(Severity::Info)
                .at_most(confidence.min(context.confidence(script, file.by.1, None)))
                .help(format!("add `{}=` to {path}", entry.name))
                .done(),
        );
    }
}
