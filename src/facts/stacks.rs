//! The Compose files that the steps of the deploy start. Nothing here judges.

pub(crate) mod missing;

use crate::facts::containers::judged;
use crate::facts::deploy::Deploy;
use crate::facts::ground::Ground;
use crate::facts::repo_paths::RepoPaths;
use crate::finding::Confidence;
use crate::model::{Deployment, Step, StepId, called_from};
use crate::project::compose::{Compose, Service};
use crate::repo::names::{base, directory};
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::source::FileId;
use crate::tools::containers::{brought_up, projects};
use crate::tools::effect::Role;
use std::collections::BTreeSet;

/// A Compose file that a step starts.
pub(crate) struct Stack<'r, 'a> {
    pub(crate) script: &'r Deployment<'a>,
    pub(crate) id: StepId,
    pub(crate) step: &'r Step,
    pub(crate) compose: &'r Compose,
    /// The services that start.
    pub(crate) services: Vec<&'r Service>,
    /// How sure it is that the step means this file.
    pub(crate) sure: Confidence,
}

impl Stack<'_, '_> {
    /// True if the step reads the file. With `-f`, Compose reads no override that is not named.
    pub(crate) fn reads(&self, world: &Ground<'_, '_>, file: FileId) -> bool {
        let path = world.sources.file(file).path();
        let is_named = |named: &Value| named.known_suffix().ends_with(base(path));
        file == self.compose.file
            || !base(path).contains("override")
            || projects::files(&self.step.argv)
                .is_none_or(|files| files.is_empty() || files.iter().any(is_named))
    }
}

/// The Compose files that the scripts of the deploy start, in the order of the steps.
pub(super) fn stacks<'w, 'r, 'a>(
    world: &Ground<'r, 'a>,
    deploy: &Deploy<'_, 'r, 'a>,
    paths: &dyn Fn() -> &'w RepoPaths<'r>,
) -> Vec<Stack<'r, 'a>> {
    let mut found = Vec::new();
    if world.project.composes.is_empty() {
        return found;
    }
    for (_, script) in deploy.deploying() {
        let ups = script.iter().filter(|(_, step)| {
            step.deed.roles.contains(&Role::ComposeUp) && !matches!(step.place, Place::Container(_))
        });
        for (id, step) in ups {
            let Some(names) = brought_up(&step.argv) else { continue };
            for (compose, sure) in started(world, paths(), step) {
                let services = services(compose, &names);
                found.push(Stack { script, id, step, compose, services, sure });
            }
        }
    }
    found
}

/// The files that a step starts. A later file of the same call may take back what an earlier one says, which the files
/// alone do not show.
fn started<'r>(world: &Ground<'r, '_>, paths: &RepoPaths<'_>, step: &Step) -> Vec<(&'r Compose, Confidence)> {
    let Some(files) = projects::files(&step.argv) else { return Vec::new() };
    let path = |compose: &Compose| world.sources.file(compose.file).path();
    let takes_back = |compose: &&Compose| {
        compose.files().any(|file| {
            let text = world.sources.file(file).text();
            text.contains("!reset") || text.contains("!override")
        })
    };
    // Where a file for production stands beside it, the plain file alone is a developer's.
    let is_developers = |compose: &&Compose| {
        let production = |other: &Compose| {
            let variant = other.variant.as_deref().unwrap_or_default();
            variant.starts_with("prod") && directory(path(other)) == directory(path(compose))
        };
        compose.variant.is_none() && world.project.composes.iter().any(production)
    };
    if files.is_empty() {
        let own = own_directory(paths, &step.argv.cwd);
        let plain: Vec<&Compose> = judged(world).filter(|compose| compose.variant.is_none()).collect();
        let mut found = plain.clone();
        found.retain(|compose| own.as_deref() == Some(directory(path(compose))));
        if found.is_empty() && own.is_none() && plain.len() == 1 {
            found = plain;
        }
        found.retain(|compose| !is_developers(compose));
        return found.into_iter().map(|compose| (compose, Confidence::High)).collect();
    }
    let mut named: Vec<(&Compose, Confidence)> = Vec::new();
    for file in &files {
        let written = file.to_string();
        let same = || judged(world).filter(|compose| base(path(compose)) == base(&written));
        let ends = |compose: &&Compose| {
            written.trim_start_matches("./") == path(compose)
                || written.ends_with(&format!("/{}", path(compose)))
        };
        match same().count() {
            0 => {}
            1 => named.extend(same().map(|compose| (compose, Confidence::High))),
            _ => named.extend(same().find(ends).map(|compose| (compose, Confidence::Medium))),
        }
    }
    match named.as_slice() {
        [(only, _)] if is_developers(only) => Vec::new(),
        [_, _, ..] if named.iter().any(|(compose, _)| takes_back(compose)) => Vec::new(),
        _ => named,
    }
}

/// The directory of the repo in which a step works; `None` if it is not known which one that is.
fn own_directory(paths: &RepoPaths<'_>, cwd: &Value) -> Option<String> {
    let shown = cwd.to_string();
    match shown.strip_prefix(&called_from().to_string()) {
        Some("") => None,
        Some(rest) => Some(rest.trim_matches('/').to_owned()),
        None => paths.below(&shown).map(|below| below.path.to_owned()),
    }
}

/// The services that start: those that are named, with all that they depend on, or all that need no profile.
fn services<'w>(compose: &'w Compose, names: &[Value]) -> Vec<&'w Service> {
    let literal: Option<Vec<&str>> = names.iter().map(Value::as_literal).collect();
    let Some(mut waiting) = literal.filter(|names| !names.is_empty()) else {
        return compose.services.iter().filter(|service| service.profiles.is_empty()).collect();
    };
    let mut names = BTreeSet::new();
    while let Some(name) = waiting.pop() {
        if names.insert(name) {
            let needs = compose.services.iter().filter(|service| service.name == name);
            waiting.extend(needs.flat_map(|service| &service.depends_on).map(|on| on.service.as_str()));
        }
    }
    compose.services.iter().filter(|service| names.contains(service.name.as_str())).collect()
}
