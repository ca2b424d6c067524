//! The work that a project needs from its deploy, as its manifests, its code and its files show it. Whether a step does
//! the work is asked elsewhere.

mod build;
mod dependencies;
mod environment;
mod migrations;
mod python;
mod static_files;

pub(crate) use build::{Build, Program};
pub(crate) use dependencies::{Dependencies, Of};
pub(crate) use environment::Environment;
pub(crate) use migrations::{By, Migrations};
pub(crate) use static_files::StaticFiles;

use crate::facts::deploy::Deploy;
use crate::facts::ground::Ground;
use crate::facts::world::World;
use crate::model::Step;
use crate::project::manifest;
use crate::source::Span;
use crate::tools::effect::{Ecosystem, Role};

/// A kind of work that a project can need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demand {
    Migrations,
    Environment,
    /// Installing what a manifest of this ecosystem declares.
    Dependencies(Ecosystem),
    /// Building a package.
    Build,
    /// Building a program.
    Program,
    StaticFiles,
}

/// Work that is needed.
#[derive(Clone, Debug)]
pub(crate) enum Needed<'r> {
    Migrations(Migrations<'r>),
    Environment(Environment<'r>),
    Dependencies(Dependencies<'r>),
    Build(Build<'r>),
    Program(Program),
    StaticFiles(StaticFiles<'r>),
}

impl Needed<'_> {
    /// Where a step for it would stand.
    pub(crate) fn place(&self) -> Span {
        match self {
            Needed::Migrations(migrations) => migrations.place,
            Needed::Environment(environment) => environment.at.span,
            Needed::Dependencies(dependencies) => dependencies.place,
            Needed::Build(build) => build.place,
            Needed::Program(program) => program.place,
            Needed::StaticFiles(files) => files.place,
        }
    }

    /// True if the step works for this need: where the package is, or on the environment. Any step does work that is
    /// needed once.
    pub(crate) fn is_for(&self, step: &Step) -> bool {
        match self {
            Needed::Migrations(_) | Needed::StaticFiles(_) => true,
            Needed::Environment(environment) => environment.is_made_by(step),
            Needed::Dependencies(dependencies) => dependencies.are_installed_by(step),
            Needed::Build(build) => build.is_done_by(step),
            Needed::Program(program) => program.is_made_by(step),
        }
    }
}

/// The deploy, if a step could be missing. Without a manifest and without a unit none could.
pub(crate) fn demanding<'c, 'r, 'a>(world: &'c World<'r, 'a>) -> Option<Deploy<'c, 'r, 'a>> {
    is_demanding(world).then(|| world.deploy())
}

fn is_demanding(ground: &Ground<'_, '_>) -> bool {
    !ground.units.is_empty() || ground.project.needs != manifest::Needs::default()
}

/// What the project needs of this kind. Several things are done separately.
pub(crate) fn needed<'c>(world: &'c World<'_, '_>, demand: Demand) -> Vec<Needed<'c>> {
    let Some(deploy) = &demanding(world) else { return Vec::new() };
    match demand {
        Demand::Migrations => {
            migrations::migrations(world, deploy).map(Needed::Migrations).into_iter().collect()
        }
        Demand::Environment => {
            environment::environments(deploy).into_iter().map(Needed::Environment).collect()
        }
        Demand::Dependencies(of) => {
            dependencies::dependencies(deploy, of).into_iter().map(Needed::Dependencies).collect()
        }
        Demand::Build => build::builds(deploy).into_iter().map(Needed::Build).collect(),
        Demand::Program => build::program(deploy).map(Needed::Program).into_iter().collect(),
        Demand::StaticFiles => {
            static_files::static_files(deploy).map(Needed::StaticFiles).into_iter().collect()
        }
    }
}

/// True if a step brings, prepares or starts something, so that there is a deploy.
pub(crate) fn is_deploy(deploy: Deploy<'_, '_, '_>) -> bool {
    let brings = |role: &Role| {
        matches!(
            role,
            Role::Source
                | Role::Dependencies(_)
                | Role::Build(_)
                | Role::StaticFiles
                | Role::Migrate
                | Role::Restart
                | Role::ComposeUp
                | Role::Serve
        )
    };
    deploy.steps().any(|s| s.deed.roles.iter().any(brings))
}
