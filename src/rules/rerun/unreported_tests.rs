//! The query files against everything that a second run can do, and against what was measured.

use super::*;
use crate::facts::world::{Given, Project};
use crate::facts::worlds::Worlds;
use crate::finding::Finding;
use crate::model::{FollowNothing, build};
use crate::rules::embedded;
use crate::rules::pages::Pages;
use crate::rules::queries::blamed;
use crate::rules::{Chosen, run};
use crate::shell::value::Value;
use crate::source::{SourceFile, Sources, Span};
use crate::support::root;
use crate::syntax::query::{Features, Judge, Question, SecondRun};
use crate::syntax::tree::Node;
use crate::tools::effect::PathKind;
use std::fs;

/// One resource of each kind. A kind that is missing here is missing below.
fn resources() -> Vec<Resource> {
    let v = || Value::literal("x");
    let mut all: Vec<Resource> = Thing::ALL.iter().map(|thing| Resource::Other(*thing, v())).collect();
    let kinds: [fn(Value) -> Resource; 15] = [
        Resource::Path,
        Resource::User,
        Resource::Group,
        Resource::Unit,
        Resource::Program,
        Resource::Package,
        Resource::Database,
        Resource::Role,
        Resource::Table,
        Resource::Crontab,
        Resource::Container,
        Resource::Network,
        Resource::Volume,
        Resource::Process,
        Resource::FirewallRule,
    ];
    all.extend(kinds.iter().map(|kind| kind(v())));
    all.push(Resource::Line { file: v(), text: v() });
    all.push(Resource::Remote { repo: v(), name: v() });
    all
}

/// The query files of the program.
fn queries() -> Queries {
    let queries = embedded::files().filter(|file| file.path.ends_with(".scm"));
    Queries::load_beside(queries.map(|file| (file.shown, file.text)), []).unwrap()
}

/// Judges a script with all rules that `wants` names.
fn judged<T>(
    text: &str,
    wants: &dyn Fn(&str) -> bool,
    look: impl FnOnce(&World<'_, '_>, &[Finding]) -> T,
) -> T {
    let mut sources = Sources::default();
    let file = sources.add(SourceFile::new("start.sh", text.as_bytes().to_vec()).unwrap());
    let arena = bumpalo::Bump::new();
    let scripts = [build(&arena, file, "start.sh", arena.alloc_str(text), &mut FollowNothing)];
    let (project, given) = (Project::default(), Given::default());
    let worlds = Worlds::from(World::new(&sources, &scripts, &project, &given));
    let (queries, pages) = (queries(), Pages::embedded().unwrap());
    let chosen = Chosen { queries: &queries, pages: &pages, wants };
    let mut found = Vec::new();
    assert!(run(&worlds, &chosen, &mut found).is_empty());
    look(worlds.whole(), &found)
}

/// A command of which nothing is known but that its second run goes wrong with a change.
struct Row(Features);

impl Judge for Row {
    fn ask(&self, question: &Question) -> bool {
        match question {
            Question::SecondRun(words) => self.0.has_any(words),
            Question::Role(words) => self.0.has_any(words),
            Question::OnFailure(words) => self.0.has_any(words),
            Question::Effect { change, resources } | Question::Blamed { change, resources } => {
                change.is_none_or(|change| self.0.has_any(&[change]))
                    && (resources.is_empty() || self.0.has_any(resources))
            }
            Question::LastingLine => true,
            _ => false,
        }
    }

    fn node(&self) -> Option<(Node<'_>, &str)> {
        None
    }
}

/// The rules of the family whose query files look for a change that the second run goes wrong with.
fn looked_for(
    queries: &Queries,
    outcome: SecondRun,
    change: &Change,
    resource: &Resource,
    aborts: bool,
) -> Vec<String> {
    let row = Row(blamed(outcome, change, resource, aborts));
    let found = queries.finding_in_any(row.0);
    let of_family = found
        .filter(|(file, pattern)| file.rule().starts_with("rerun/") && !pattern.matches(&row).is_empty());
    let mut rules: Vec<String> = of_family.map(|(file, _)| file.rule().to_string()).collect();
    rules.dedup();
    rules
}

/// The things whose creation no known command repeats with an error.
const NEVER_FAILS: [&str; 16] = [
    "unit", "program", "package", "line", "crontab", "files", "commit", "data", "rows", "keys", "redis key",
    "wordpress post", "ufw", "password", "download", "volumes",
];

#[test]
fn each_outcome_is_looked_for_by_one_rule() {
    let queries = queries();
    let changes = [
        Change::Create(PathKind::Any),
        Change::Remove,
        Change::Write,
        Change::Append,
        Change::Edit,
        Change::Start,
        Change::Restart,
        Change::Stop,
        Change::Enable,
    ];
    let mut faults = Vec::new();
    for (change, resource) in
        changes.iter().flat_map(|change| resources().into_iter().map(move |r| (change, r)))
    {
        // Only the model itself uses these.
        if matches!(&resource, Resource::Other(Thing::FreedContainer | Thing::LinkTarget, _)) {
            continue;
        }
        let kind = resource.kind();
        for aborts in [true, false] {
            for outcome in [SecondRun::Fails, SecondRun::Duplicates, SecondRun::Overwrites] {
                let rules = looked_for(&queries, outcome, change, &resource, aborts);
                let is_due = match (outcome, change) {
                    (SecondRun::Fails, Change::Create(_)) => !NEVER_FAILS.contains(&kind),
                    (SecondRun::Fails, Change::Remove) => aborts || !rules.is_empty(),
                    (SecondRun::Overwrites, _) => true,
                    _ => !rules.is_empty(),
                };
                if rules.len() != usize::from(is_due) {
                    faults.push(format!("{outcome:?} {change:?} {kind} (aborts: {aborts}): {rules:?}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} times:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn what_was_measured_as_harmful_is_reported_or_the_reason_is_stated() {
    let queries = queries();
    let (mut faults, mut lines, mut silent) = (Vec::new(), 0, 0);
    for entry in fs::read_dir(root().join("tests/second_run")).unwrap() {
        let cases = fs::read_to_string(entry.unwrap().path()).unwrap();
        for case in cases.trim_end().split("\n---\n") {
            judged(case, &|rule| rule.starts_with("rerun/"), |world, found| {
                for (index, line) in case.lines().enumerate() {
                    let harmful = ["fails", "duplicates", "nests", "overwrites"];
                    let word = line.rsplit_once("  # ").map(|(_, word)| word);
                    if !word.is_some_and(|word| harmful.contains(&word)) {
                        continue;
                    }
                    lines += 1;
                    let fates = fates(world, &queries, found, index as u32 + 1);
                    silent += usize::from(fates.iter().all(Result::is_err));
                    if fates.is_empty() || fates.contains(&Err(NO_RULE)) {
                        faults.push(format!("{fates:?}: {line}, in\n{case}\n"));
                    }
                }
            });
        }
    }
    assert!(faults.is_empty(), "{} of {lines}:\n{}", faults.len(), faults.join("\n"));
    assert!(lines > 300 && silent < 60, "{silent} of {lines} are silent");
}

/// Which rule reports each step of a line that does harm, or why none does.
fn fates(
    world: &World<'_, '_>,
    queries: &Queries,
    found: &[Finding],
    line: u32,
) -> Vec<Result<RuleId, &'static str>> {
    let script = world.scripts()[0];
    let here = script.iter().filter(|(_, step)| world.sources.line(step.span) == line);
    let fates = here.filter_map(|(id, step)| {
        let mut by = found.iter().filter(|finding| covers(finding.span, step.span));
        match by.find(|finding| is_about_second_run(queries, &finding.rule)) {
            Some(finding) => Some(Ok(finding.rule.clone())),
            None => unreported(world, script, id).map(Err),
        }
    });
    fates.collect()
}

fn covers(a: Span, b: Span) -> bool {
    a.file == b.file && a.start <= b.end && b.start <= a.end
}
