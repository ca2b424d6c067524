//! `rerun/install-behind-guard`: what a guard skips for ever after the first deploy.

use crate::facts::world::World;
use crate::finding::Finding;
use crate::model::Guard;
use crate::model::condition::Cond;
use crate::rules::id;
use crate::tools::effect::{Resource, Role};

/// Finds installs, builds and migrations that only the first deploy runs.
pub(in crate::rules) fn install_behind_guard(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for (script, id, step) in context.steps() {
        let Some(guard_id) = script.second_run(id).skipped_by() else { continue };
        let Some(role) = step.deed.roles.iter().find(|role| role.prepares()) else { continue };
        let guard = &script.guards[guard_id.0 as usize];
        // A script that says no to a second run leaves the updates to something else.
        if guard.refuses {
            continue;
        }
        // Only guards on the thing itself count. A guard on a program checks whether it was installed at all.
        let facts = guard.cond.facts();
        let Some(path) = facts.iter().find_map(|f| match &f.resource {
            Resource::Path(path) => Some(path),
            _ => None,
        }) else {
            continue;
        };
        // The next run has a directory of another name.
        if !path.is_stable() || matches!(guard.cond, Cond::Or(..)) || !skips_what_is_there(guard) {
            continue;
        }
        // The same may be done elsewhere, in the runs that this guard skips.
        let elsewhere = context.steps().any(|(other_script, other_id, other)| {
            other.deed.roles.contains(role)
                && !(std::ptr::eq(other_script, script) && other_id == id)
                && other_script.second_run(other_id).skipped_by().is_none()
        });
        if elsewhere {
            continue;
        }
        let what = match role {
            Role::Migrate => "later migrations are never applied",
            Role::Build(_) | Role::StaticFiles => "later versions are never built",
            _ => "later dependencies are never installed",
        };
        let text = format!("`{}` runs only on the first deploy, so {what}", context.words(step.span));
        let confidence = context.confidence(script, id, Some(path));
        found.push(
            context
                .finding(id::RERUN_INSTALL_BEHIND_GUARD, step.span, text)
                .at_most(confidence)
                .related(guard.span, format!("this skips it from the second run on, because {path} exists"))
                .help("keep only the creation of the directory behind the guard, and run this each time: it does nothing if nothing has changed")
                .done(),
        );
    }
}

/// True if the guard lets nothing through once its paths exist. `[ -f .env ] && migrate` waits for a file
/// that somebody has yet to create.
fn skips_what_is_there(guard: &Guard) -> bool {
    let there = guard.cond.evaluate(&mut |leaf| match leaf {
        Cond::Fact(fact) if matches!(fact.resource, Resource::Path(_)) => Some(true),
        _ => None,
    });
    there == Some(!guard.holds)
}
