//! What tells an outcome of the second run, or why nothing does: the one place that goes through all outcomes and all
//! kinds of things. The query files of this family find it; a test holds the two together, and another one this and what
//! was measured.

use crate::facts::appended::lasting;
use crate::facts::secrets::is_environment_file;
use crate::facts::world::World;
use crate::finding::RuleId;
use crate::model::{Deployment, OnFailure, Outcome, Step, StepId};
use crate::rules::id;
use crate::tools::effect::{Change, Resource, Role};
use crate::tools::thing::Thing;

/// What tells an outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// A rule, where its page does not say that it is fine.
    By(RuleId),
    /// Nothing, for this reason.
    Silent(&'static str),
}

use Told::{By, Silent};

const EXPECTED: &str = "the script handles the failure itself";
const GONE: &str = "what it removes is gone already, and the script goes on";
const COMMIT: &str = "whether there is something to commit depends on what has changed since";
const NO_COMMAND: &str = "no known command does this";

/// What tells the second run of a step.
pub(crate) fn told(world: &World<'_, '_>, script: &Deployment<'_>, id: StepId) -> Told {
    let step = script.step(id);
    let second = script.second_run(id);
    let Some(effect) = second.effect.and_then(|index| step.deed.effects.get(index)) else {
        return match second.outcome {
            Outcome::Skipped(_) => Silent("a guard keeps it from running again"),
            Outcome::NoChange if loses(step) => By(id::RERUN_DATA_DESTROYED),
            Outcome::NoChange => Silent("it changes nothing, or does the same again"),
            Outcome::Prompts(_) => By(id::RERUN_PROMPT),
            Outcome::Unknown
            | Outcome::Fails(_)
            | Outcome::Duplicates(_)
            | Outcome::Overwrites(_)
            | Outcome::Nests(_) => Silent("it is not known what it does again"),
        };
    };
    let crontab = step.deed.effects.iter().any(|e| matches!(e.resource, Resource::Crontab(_)));
    match second.outcome {
        Outcome::Skipped(_) => Silent("a guard keeps it from running again"),
        Outcome::NoChange if loses(step) => By(id::RERUN_DATA_DESTROYED),
        Outcome::NoChange => Silent("it changes nothing, or does the same again"),
        Outcome::Unknown => Silent("it is not known what it does again"),
        Outcome::Prompts(_) => By(id::RERUN_PROMPT),
        Outcome::Nests(_) => By(id::RERUN_EXISTING_PATH),
        Outcome::Fails(_) => fails(step, &effect.change, &effect.resource),
        Outcome::Duplicates(_) if crontab => By(id::RERUN_DUPLICATE_LINES),
        Outcome::Duplicates(_) => match duplicates(step, &effect.change, &effect.resource) {
            By(rule) if rule == id::RERUN_DUPLICATE_LINES => {
                lasting(world, script, id).map_or_else(Silent, |()| By(rule))
            }
            told => told,
        },
        Outcome::Overwrites(_) => overwrites(&effect.resource),
    }
}

/// What people and the app have stored goes with each run.
fn loses(step: &Step) -> bool {
    step.deed.effects.iter().any(|e| {
        e.change == Change::Remove
            && matches!(e.resource, Resource::Other(Thing::Data | Thing::Keys | Thing::Volumes, _))
    })
}

/// A change, as far as it matters here.
#[derive(Clone, Copy)]
enum Does {
    Makes,
    Removes,
    Changes,
}

fn does(change: &Change) -> Does {
    match change {
        Change::Create(_) => Does::Makes,
        Change::Remove => Does::Removes,
        Change::Write
        | Change::Append
        | Change::Edit
        | Change::Own { .. }
        | Change::Mode { .. }
        | Change::Start
        | Change::Restart
        | Change::Stop
        | Change::Enable
        | Change::Use => Does::Changes,
    }
}

/// A command that fails.
fn fails(step: &Step, change: &Change, resource: &Resource) -> Told {
    let aborts = match step.on_failure {
        OnFailure::Handled => return Silent(EXPECTED),
        OnFailure::Aborts => true,
        OnFailure::Continues => false,
    };
    let removed = |rule| if aborts { By(rule) } else { Silent(GONE) };
    let gone = removed(id::RERUN_MISSING_OBJECT);
    let [makes, removes, changes] = match resource {
        Resource::Path(_) => {
            let serves = step.deed.roles.contains(&Role::Serve);
            let makes = if serves { id::RERUN_ALREADY_RUNNING } else { id::RERUN_EXISTING_PATH };
            let changes = match change {
                Change::Write => By(id::RERUN_ALREADY_RUNNING),
                _ => patched(change),
            };
            [By(makes), By(id::RERUN_MISSING_PATH), changes]
        }
        Resource::User(_) | Resource::Group(_) => [By(id::RERUN_EXISTING_ACCOUNT), gone, Silent(NO_COMMAND)],
        Resource::Database(_) | Resource::Role(_) | Resource::Table(_) => {
            let told = By(id::RERUN_EXISTING_DATABASE);
            [told.clone(), told.clone(), told]
        }
        Resource::Container(_) | Resource::Network(_) | Resource::Volume(_) => of_containers(removed),
        Resource::Process(_) => [By(id::RERUN_ALREADY_RUNNING), gone, Silent(NO_COMMAND)],
        Resource::Remote { .. } | Resource::FirewallRule(_) => {
            [By(id::RERUN_EXISTING_OBJECT), gone, Silent(NO_COMMAND)]
        }
        Resource::Unit(_)
        | Resource::Program(_)
        | Resource::Package(_)
        | Resource::Line { .. }
        | Resource::Crontab(_) => [Silent(NO_COMMAND), gone, Silent(NO_COMMAND)],
        Resource::Other(thing, _) => fails_of(*thing, change, removed),
    };
    match does(change) {
        Does::Makes => makes,
        Does::Removes => removes,
        Does::Changes => changes,
    }
}

/// The same of a thing, if it is made, removed and changed. `removed`: a rule about what is gone, if that matters.
fn fails_of(thing: Thing, change: &Change, removed: impl Fn(RuleId) -> Told) -> [Told; 3] {
    let gone = removed(id::RERUN_MISSING_OBJECT);
    match thing {
        Thing::Pod | Thing::Secret | Thing::Config | Thing::Swarm | Thing::SwarmService => {
            of_containers(removed)
        }
        Thing::Mount | Thing::Swap => [By(id::RERUN_ALREADY_RUNNING), gone, Silent(NO_COMMAND)],
        Thing::Files => [Silent(NO_COMMAND), gone, patched(change)],
        Thing::Commit => [Silent(COMMIT), gone, Silent(NO_COMMAND)],
        Thing::Branch
        | Thing::Tag
        | Thing::Setting
        | Thing::Firewall
        | Thing::NetworkSetting
        | Thing::FileSystem
        | Thing::Membership
        | Thing::Superuser
        | Thing::Wordpress
        | Thing::WordpressUser
        | Thing::RabbitmqUser
        | Thing::SelinuxRule
        | Thing::Attachment
        | Thing::Context
        | Thing::Certificate => [By(id::RERUN_EXISTING_OBJECT), gone, Silent(NO_COMMAND)],
        Thing::Data
        | Thing::Rows
        | Thing::Keys
        | Thing::RedisKey
        | Thing::WordpressPost
        | Thing::Ufw
        | Thing::Password
        | Thing::Download
        | Thing::Volumes => [Silent(NO_COMMAND), gone, Silent(NO_COMMAND)],
        // Only the model notes them, for itself.
        Thing::FreedContainer | Thing::LinkTarget => {
            [Silent(NO_COMMAND), Silent(NO_COMMAND), Silent(NO_COMMAND)]
        }
    }
}

/// patch(1) refuses what is applied already.
fn patched(change: &Change) -> Told {
    match change {
        Change::Edit => By(id::RERUN_EXISTING_OBJECT),
        _ => Silent(NO_COMMAND),
    }
}

fn of_containers(removed: impl Fn(RuleId) -> Told) -> [Told; 3] {
    [By(id::RERUN_EXISTING_CONTAINER), removed(id::RERUN_EXISTING_CONTAINER), Silent(NO_COMMAND)]
}

/// A command that adds a second one.
fn duplicates(step: &Step, change: &Change, resource: &Resource) -> Told {
    match resource {
        Resource::Line { .. } => match change {
            Change::Append => By(id::RERUN_DUPLICATE_LINES),
            _ => Silent(NO_COMMAND),
        },
        Resource::Crontab(_) => By(id::RERUN_DUPLICATE_LINES),
        Resource::Path(_) | Resource::Other(Thing::Download, _) => By(id::RERUN_DUPLICATE_DOWNLOAD),
        Resource::FirewallRule(_) | Resource::Other(Thing::Mount, _) => By(id::RERUN_DUPLICATE_RULE),
        Resource::Table(_) | Resource::Other(Thing::Rows | Thing::WordpressPost | Thing::RedisKey, _) => {
            By(id::RERUN_DUPLICATE_ROWS)
        }
        Resource::Process(_) => match (does(change), step.on_failure) {
            (Does::Makes, OnFailure::Handled) => Silent(EXPECTED),
            (Does::Makes, _) => By(id::RERUN_ALREADY_RUNNING),
            _ => Silent(NO_COMMAND),
        },
        Resource::User(_)
        | Resource::Group(_)
        | Resource::Unit(_)
        | Resource::Program(_)
        | Resource::Package(_)
        | Resource::Database(_)
        | Resource::Role(_)
        | Resource::Container(_)
        | Resource::Network(_)
        | Resource::Volume(_)
        | Resource::Remote { .. }
        | Resource::Other(
            Thing::Branch
            | Thing::Tag
            | Thing::Commit
            | Thing::Setting
            | Thing::Swap
            | Thing::FileSystem
            | Thing::Data
            | Thing::Keys
            | Thing::Superuser
            | Thing::Wordpress
            | Thing::WordpressUser
            | Thing::RabbitmqUser
            | Thing::SelinuxRule
            | Thing::Ufw
            | Thing::Firewall
            | Thing::NetworkSetting
            | Thing::Membership
            | Thing::Password
            | Thing::Certificate
            | Thing::Files
            | Thing::Pod
            | Thing::Secret
            | Thing::Config
            | Thing::Swarm
            | Thing::SwarmService
            | Thing::Attachment
            | Thing::Context
            | Thing::Volumes
            | Thing::FreedContainer
            | Thing::LinkTarget,
            _,
        ) => Silent(NO_COMMAND),
    }
}

/// A command that throws away what was there, whatever that is.
fn overwrites(resource: &Resource) -> Told {
    match resource {
        Resource::Path(path) if is_environment_file(path) => By(id::RERUN_FILE_REPLACED),
        _ => By(id::RERUN_STATE_REPLACED),
    }
}

#[cfg(test)]
#[path = "told_tests.rs"]
mod tests;
