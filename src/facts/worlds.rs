//! The worlds that a repo is judged by. It knows which deploys there are, but not how they are told apart.

use crate::facts::deploys::Deploys;
use crate::facts::world::{Given, Project, Scope, UnitAt, World};
use crate::model::Deployment;
use crate::source::{FileId, Sources};
use std::collections::HashSet;

/// The worlds of a repo: one of all scripts, and one of each deploy.
pub(crate) struct Worlds<'r, 'a> {
    whole: World<'r, 'a>,
    parts: Vec<Part<'r, 'a>>,
}

/// Scripts that are judged by a world of their own.
pub(crate) struct Part<'r, 'a> {
    pub(crate) world: World<'r, 'a>,
    own: HashSet<FileId>,
    is_beside: bool,
}

impl Part<'_, '_> {
    /// True for a deploy, and false for the scripts beside all deploys.
    pub(crate) fn is_deploy(&self) -> bool {
        !self.is_beside
    }
}

/// The part that a finding belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// It is about a script of the part.
    Own,
    /// It is about a script of another part.
    Others,
    /// It is about a file of the repo that is no script.
    Shared,
}

impl<'r, 'a> From<World<'r, 'a>> for Worlds<'r, 'a> {
    /// All scripts are one deploy.
    fn from(whole: World<'r, 'a>) -> Self {
        Worlds { whole, parts: Vec::new() }
    }
}

impl<'r, 'a> Worlds<'r, 'a> {
    /// Makes the worlds. `apart` says whether anybody asks for single deploys.
    pub(crate) fn new(
        deploys: &Deploys,
        apart: bool,
        sources: &'r Sources,
        scripts: &'r [Deployment<'a>],
        project: &'r Project,
        given: &'r Given,
    ) -> Self {
        let file = |at: &usize| scripts[*at].file;
        let beside: Vec<usize> = (0..scripts.len()).filter(|at| deploys.beside(*at).is_some()).collect();
        let scope = Scope { beside: beside.iter().map(file).collect(), ..Scope::default() };
        let whole = World::within(scope, sources, scripts.iter().collect(), project, given);
        let mut worlds = Worlds { whole, parts: Vec::new() };
        if !apart || deploys.is_one() {
            return worlds;
        }
        let own = |group: &[usize]| -> HashSet<FileId> {
            let scripts = group.iter().map(|at| &scripts[*at]);
            scripts.flat_map(|script| script.sourced.iter().chain([&script.file])).copied().collect()
        };
        for group in deploys.groups() {
            let brought = |own: bool| {
                let units = worlds.whole.units.iter();
                let by = move |at: &UnitAt| {
                    at.origin.script().is_some_and(|script| group.contains(&script) == own)
                };
                units.filter(move |at| by(at)).map(|at| at.name.clone())
            };
            let mut others_units: HashSet<String> = brought(false).collect();
            brought(true).for_each(|name| {
                others_units.remove(&name);
            });
            let others: HashSet<FileId> =
                (0..scripts.len()).filter(|at| !group.contains(at)).map(|at| file(&at)).collect();
            let other_deploys =
                others.iter().copied().filter(|file| !worlds.whole.is_of_another(*file)).collect();
            let scope = Scope { beside: HashSet::new(), others, other_deploys, others_units };
            let taken = group.iter().map(|at| &scripts[*at]).collect();
            let world = World::within(scope, sources, taken, project, given);
            worlds.parts.push(Part { world, own: own(group), is_beside: false });
        }
        if !beside.is_empty() {
            let world = World::new(sources, scripts, project, given);
            worlds.parts.push(Part { world, own: own(&beside), is_beside: true });
        }
        worlds
    }

    /// The world of all scripts. Its deploy is what all deploys do together.
    pub(crate) fn whole(&self) -> &World<'r, 'a> {
        &self.whole
    }

    /// The parts that are judged by themselves. There are none if all scripts are one deploy.
    pub(crate) fn parts(&self) -> &[Part<'r, 'a>] {
        &self.parts
    }

    /// The part that a finding in the file belongs to, seen from another part.
    pub(crate) fn whose(&self, part: &Part<'r, 'a>, file: FileId) -> Whose {
        match part.own.contains(&file) {
            true => Whose::Own,
            // Scripts beside the deploys do not show what the repo's files lack.
            false if part.is_beside || self.parts.iter().any(|other| other.own.contains(&file)) => {
                Whose::Others
            }
            false => Whose::Shared,
        }
    }
}
