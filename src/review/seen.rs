//! What a review takes from the repo as it is now.

use super::checklist::{Evidence, FileKind, Task, Witness};
use super::state::State;
use crate::facts::services::matrix::matrix;
use crate::facts::services::rows::Kind as RunBy;
use crate::facts::world::World;
use crate::model;
use crate::repo::inventory::Inventory;
use crate::repo::names;
use crate::repo::names::base;
use crate::shell::wrappers::Place;
use crate::source::{FileId, Sources, Span};
use crate::tools::effect::Role;
use std::collections::BTreeMap;
use std::panic::catch_unwind;

/// What a review takes from the repo as it is now.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) state: State,
    pub(super) inventory: Inventory,
    pub(super) witnesses: Vec<Witness>,
    scripts: Vec<FileId>,
    /// The lines where services begin, by file.
    services: BTreeMap<FileId, Vec<Span>>,
    /// What does a service's work on the server.
    pub(super) runs: Vec<(String, Evidence)>,
}

impl Seen {
    pub(super) fn of(context: &World<'_, '_>) -> Seen {
        let mut seen = Seen {
            state: State::of(context),
            inventory: context.project.inventory.clone(),
            scripts: context.scripts().iter().map(|script| script.file).collect(),
            ..Seen::default()
        };
        for service in context.project.composes.iter().flat_map(|compose| &compose.services) {
            seen.services.entry(service.name_span.file).or_default().push(service.name_span);
        }
        for row in matrix(context).rows {
            let (Some(service), Some((kind, side))) = (&row.service, &row.runs) else { continue };
            let what = match kind {
                RunBy::Unit => format!("{1} runs `{0}`", service.name, side.name),
                RunBy::Process(manager) => {
                    format!("{} runs `{}` as `{}`", manager.name(), service.name, side.name)
                }
                RunBy::Package => format!("{1} of a package runs `{0}`", service.name, side.name),
                RunBy::Container => format!("`{}` runs as a container", service.name),
            };
            let place = side.span.map(|span| {
                (context.sources.file(span.file).path().to_owned(), Some(context.sources.line(span)))
            });
            seen.runs.push((service.name.clone(), Evidence { text: what, place, open: false }));
        }
        for (_, _, step) in context.steps().filter(|(.., step)| !matches!(step.place, Place::Container(_))) {
            let task = step.deed.roles.iter().find_map(|role| match role {
                Role::Dependencies(_) => Some(Task::Dependencies),
                Role::Build(_) => Some(Task::Build),
                Role::Migrate => Some(Task::Migrations),
                _ => None,
            });
            if let Some(task) = task {
                let witness = Witness {
                    task,
                    words: context.words(step.span),
                    file: context.sources.file(step.span.file).path().to_owned(),
                    line: context.sources.line(step.span),
                };
                if !seen.witnesses.iter().any(|w| w.file == witness.file && w.line == witness.line) {
                    seen.witnesses.push(witness);
                }
            }
        }
        seen
    }
}

/// The kind of file, judged by its name.
pub(super) fn kind_of(path: &str, inventory: &Inventory) -> FileKind {
    let name = base(path);
    let in_list = |list: &[String]| list.iter().any(|p| p == path);
    if in_list(&inventory.scripts) || name.ends_with(".sh") {
        FileKind::Script
    } else if names::is_compose(name) {
        FileKind::Compose
    } else if names::is_unit(name) || in_list(&inventory.ecosystem) {
        FileKind::Unit
    } else if names::is_architecture(name) {
        FileKind::Architecture
    } else if names::is_dotenv(name) {
        FileKind::Environment
    } else if names::is_manifest(name, path) {
        FileKind::Manifest
    } else if names::is_code(name) {
        FileKind::Code
    } else {
        FileKind::Other
    }
}

/// The statements of a script, the services of a compose file.
pub(super) fn sections(path: &str, seen: &Seen, sources: &Sources) -> Vec<(u32, u32)> {
    let Some(file) = sources.find(path) else { return Vec::new() };
    if seen.scripts.contains(&file) {
        let text = sources.file(file).text();
        let pieces = catch_unwind(|| model::pieces(file, text)).unwrap_or_default();
        return pieces.iter().map(|piece| sources.lines(piece.span)).collect();
    }
    let Some(starts) = seen.services.get(&file) else { return Vec::new() };
    let mut lines: Vec<u32> = starts.iter().map(|span| sources.line(*span)).collect();
    lines.sort_unstable();
    lines.dedup();
    let end = sources.file(file).text().lines().count() as u32;
    let nexts = lines.iter().skip(1).map(|line| line - 1).chain([end]);
    lines.iter().copied().zip(nexts).collect()
}
