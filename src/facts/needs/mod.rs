//! What a project needs of its deploy: work that its manifests, its code and its files ask for. Whether a step does it is
//! asked elsewhere.

mod migrations;

pub(crate) use migrations::{By, Migrations};

use crate::facts::deploy::Deploy;
use crate::project::manifest;
use crate::source::Span;
use crate::syntax::query::Need;
use crate::tools::effect::Role;

/// Work that is needed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Needed<'r> {
    /// The database is to be migrated.
    Migrations(Migrations<'r>),
}

impl Needed<'_> {
    /// Where a step for it would stand.
    pub(crate) fn place(&self) -> Span {
        match self {
            Needed::Migrations(migrations) => migrations.place,
        }
    }
}

/// What the project needs of this kind: nothing, one thing, or several that are done apart.
pub(crate) fn needed<'r>(deploy: &Deploy<'_, 'r, '_>, need: Need) -> Vec<Needed<'r>> {
    // Without a manifest and without a unit there is no step that could be missing.
    let world = deploy.world;
    if world.units.is_empty() && world.project.needs == manifest::Needs::default() {
        return Vec::new();
    }
    match need {
        Need::Migrations => migrations::migrations(deploy).map(Needed::Migrations).into_iter().collect(),
    }
}

/// True where a step brings, prepares or starts something: there is a deploy.
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
