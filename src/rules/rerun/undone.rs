//! What stays undone where a run stops: which steps may well fail, and whether something else does the same.

use crate::model::{Deployment, GuardId, Step, StepId};
use crate::tools::effect::{Change, Resource, Role};
use crate::tools::{calls, place};

/// True if it fetches, builds or asks a server, which fails now and then.
pub(super) fn may_well_fail(step: &Step) -> bool {
    let roles = step.deed.roles.iter().any(|r| {
        matches!(
            r,
            Role::Dependencies(_)
                | Role::Build(_)
                | Role::Migrate
                | Role::Seed
                | Role::StaticFiles
                | Role::SystemPackages
                | Role::GlobalTool(_)
                | Role::Source
        )
    });
    let server = step.deed.effects.iter().any(|e| {
        matches!(
            (&e.change, &e.resource),
            (
                Change::Create(_),
                Resource::Database(_) | Resource::Role(_) | Resource::Container(_) | Resource::Table(_)
            )
        )
    });
    let runs = !step.deed.known && calls::compiles(&step.argv);
    roles || server || runs || place::asks_another_server(&step.argv)
}

/// True if a step that the guard does not skip does the same.
pub(super) fn is_done_again(script: &Deployment<'_>, guard: GuardId, id: StepId, step: &Step) -> bool {
    script.iter().any(|(other, s)| {
        let outside = || {
            other != id
                && !script.guards_of(other).any(|(g, _)| g == guard)
                && script.second_run(other).skipped_by().is_none()
        };
        let role = || s.deed.roles.iter().any(|r| r.is_work() && step.deed.roles.contains(r));
        let effect = || {
            s.deed.effects.iter().any(|e| {
                step.deed.effects.iter().any(|own| {
                    own.resource == e.resource && !matches!(own.resource, Resource::Line { .. })
                        || own.change == e.change && same(&own.resource, &e.resource)
                })
            })
        };
        let words = || {
            s.argv.name == step.argv.name
                && s.argv.args.len() == step.argv.args.len()
                && s.argv.args.iter().zip(&step.argv.args).all(|(a, b)| a.value == b.value)
        };
        (role() || words() || effect()) && outside()
    })
}

/// True if two resources are shown in the same way.
pub(super) fn same(a: &Resource, b: &Resource) -> bool {
    a.kind() == b.kind() && a.name().looks_like(b.name())
}
