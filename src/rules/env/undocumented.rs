//! `env/undocumented`: the code reads a variable that no sample shows and nothing in the deployment sets.

use crate::facts::environment::names::{is_credential, is_given, is_given_in, is_plain, nearest};
use crate::facts::environment::settled::{is_handed_over, is_set_for_the_app};
use crate::facts::environment::table::Writer;
use crate::facts::world::World;
use crate::finding::RuleId;
use crate::finding::{Confidence, Finding, Severity};
use crate::project::env::{Need, Use};
use crate::rules::env::samples;
use crate::rules::id;
use std::collections::BTreeMap;

const RULE: RuleId = id::ENV_UNDOCUMENTED;

pub(super) fn undocumented(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let samples = samples(context);
    if samples.is_empty() || context.project.env.uses.is_empty() {
        return;
    }
    let table = context.environment();
    let (set, written) = (&table.words, &table.words_of_scripts);
    // By sample and name, so that there is one finding however often it is read.
    let mut by_name: BTreeMap<(&str, String), Vec<&Use>> = BTreeMap::new();
    for one in &context.project.env.uses {
        let path = context.sources.file(one.span.file).path();
        let Some(near) = nearest(&samples, path) else { continue };
        // What the code can't do without has to be set; that a text names it is not enough.
        let known = |name: &str| match one.need {
            Need::Required => table.shown.contains(name) || is_set_for_the_app(context, name),
            _ => table.shown.contains(name) || set.contains(name),
        };
        let lower = one.name.to_ascii_lowercase();
        let set_by_code =
            || table.get(&one.name).is_some_and(|v| v.writes.iter().any(|w| w.by == Writer::Code));
        if is_given(&one.name)
            || is_given_in(path, &one.name)
            || one.name.starts_with("TEST_")
            || set_by_code()
            || known(&one.name)
            || one.any_case && known(&lower)
            || is_second_name(context, one, &known)
        {
            continue;
        }
        by_name.entry((near, one.name.clone())).or_default().push(one);
    }
    for ((sample, name), uses) in by_name {
        // The place that needs it most is reported.
        let Some(first) = uses.iter().min_by_key(|u| (need_rank(&u.need), u.span)) else { continue };
        let credential = is_credential(&name);
        let (reads, default, severity, confidence) = match &first.need {
            Need::Required => ("fails without", "", Severity::Warning, Confidence::High),
            Need::Unasked if credential => {
                ("reads", " without a default", Severity::Warning, Confidence::Medium)
            }
            // The code often checks it later, in a way that is not followed.
            Need::Unasked => ("reads", " without a default", Severity::Info, Confidence::Low),
            Need::Optional if credential => ("reads", " if it is set", Severity::Warning, Confidence::Medium),
            Need::Default(value) if credential && !is_plain(value) => {
                ("reads", " with a default", Severity::Warning, Confidence::Medium)
            }
            Need::Optional => ("reads", " if it is set", Severity::Info, Confidence::Low),
            Need::Default(_) => ("reads", " with a default", Severity::Info, Confidence::Low),
        };
        let by_script = match first.need {
            Need::Required => is_handed_over(context, &name),
            _ => written.contains(name.as_str()),
        };
        if by_script && !credential {
            continue;
        }
        let message = format!("the code {reads} `{name}`{default}, but {sample} does not show it");
        let mut draft = context
            .finding(RULE, first.span, message)
            .severity(if by_script { Severity::Info } else { severity })
            .at_most(confidence)
            .help(format!("add `{name}=` to {sample}, with a value that explains it, or without one"));
        for other in uses.iter().filter(|u| u.span != first.span).take(3) {
            draft = draft.related(other.span, "the code reads it here too");
        }
        found.push(draft.done());
    }
}

/// True if the code reads it only where it lacks a variable that is known: `os.getenv("TOKEN") or os.getenv("OLD_TOKEN")`.
fn is_second_name(context: &World<'_, '_>, one: &Use, known: &impl Fn(&str) -> bool) -> bool {
    let text = context.sources.file(one.span.file).text();
    let before = text.get(..one.span.start as usize).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    let end = [" or ", "||", "??"].iter().filter_map(|or| line.rfind(or)).max();
    let Some(first) = end.and_then(|end| line.get(..end)) else { return false };
    let last = first.trim_end().trim_end_matches([')', ']', '"', '\'']);
    let name = last.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
    let is_constant =
        name.bytes().any(|b| b.is_ascii_uppercase()) && !name.bytes().any(|b| b.is_ascii_lowercase());
    is_constant && (known(name) || is_given(name))
}

fn need_rank(need: &Need) -> u8 {
    match need {
        Need::Required => 0,
        Need::Unasked => 1,
        Need::Optional => 2,
        Need::Default(_) => 3,
    }
}
