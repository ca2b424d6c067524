//! `steps/no-apt-update`: packages are installed before apt has fetched the lists that name them.

use crate::facts::deploy::Deploy;
use crate::facts::packages::OF_A_SERVER;
use crate::facts::world::World;
use crate::finding::{Confidence, Finding, Severity};
use crate::model::{Deployment, Step, StepId};
use crate::rules::id;
use crate::shell::wrappers::Place;
use crate::tools::apt::{
    fetches_lists, is_apt, is_preinstalled, is_source, may_fetch_lists, tells_to_fetch_lists,
};
use crate::tools::effect::{Change, Resource, Role};

/// `steps/no-apt-update`.
pub(super) fn no_apt_update(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    let deploy = world.deploy();
    for (_, script) in deploy.deploying() {
        let Some(apt) = Apt::of(script) else { continue };
        found.extend(
            after_new_source(world, script, &apt).or_else(|| before_first(world, &deploy, script, &apt)),
        );
    }
}

/// What the main flow of a script does with apt, in order.
struct Apt {
    /// Installs of packages that a new server does not have; there is at least one.
    installs: Vec<StepId>,
    fetches: Vec<StepId>,
    /// Commands that may fetch the lists, because it is not known what they run.
    perhaps: Vec<StepId>,
    sources: Vec<StepId>,
}

impl Apt {
    /// Reads the steps; `None` if no install needs the lists.
    fn of(script: &Deployment<'_>) -> Option<Apt> {
        let main = || script.iter().filter(|(_, step)| step.entry == 0 && step.place == Place::Here);
        let that = |is: &dyn Fn(&Step) -> bool| -> Vec<StepId> {
            main().filter(|(_, step)| is(step)).map(|(id, _)| id).collect()
        };
        let mut installs = that(&|step| needs_lists(step) && !fetches_lists(&step.argv));
        if installs.is_empty() {
            return None;
        }
        let fetches = that(&|step| fetches_lists(&step.argv));
        installs.retain(|id| !is_tried_again(script, *id, &fetches));
        (!installs.is_empty()).then(|| Apt {
            installs,
            fetches,
            perhaps: that(&|step| may_fetch_lists(&step.argv, &step.deed)),
            sources: that(&adds_source),
        })
    }

    /// True if the lists may be fetched between two steps.
    fn may_fetch(&self, after: Option<StepId>, before: StepId) -> bool {
        let between = |id: &StepId| after.is_none_or(|after| *id >= after) && *id < before;
        self.fetches.iter().chain(&self.perhaps).any(between)
    }
}

/// True if the lists are fetched where the install fails: `if ! apt-get install -y git; then apt-get update; …; fi`.
fn is_tried_again(script: &Deployment<'_>, install: StepId, fetches: &[StepId]) -> bool {
    let span = script.step(install).span;
    fetches.iter().any(|fetch| script.guards_of(*fetch).any(|(_, guard)| guard.span.covers(span)))
}

/// True if a step installs a package with apt that a new server does not have.
fn needs_lists(step: &Step) -> bool {
    let missing = |change: &Change, resource: &Resource| {
        matches!(change, Change::Create(_))
            && matches!(resource, Resource::Package(name) if !name.as_literal().is_some_and(is_preinstalled))
    };
    step.deed.roles.contains(&Role::SystemPackages)
        && is_apt(&step.argv)
        && step.deed.effects.iter().any(|effect| missing(&effect.change, &effect.resource))
}

fn adds_source(step: &Step) -> bool {
    step.deed.effects.iter().any(|effect| {
        matches!(effect.change, Change::Create(_) | Change::Write | Change::Append)
            && matches!(&effect.resource, Resource::Path(path) if is_source(path))
    })
}

/// A repository is added after the lists were fetched, and its packages are installed without fetching them again.
fn after_new_source(world: &World<'_, '_>, script: &Deployment<'_>, apt: &Apt) -> Option<Finding> {
    let source = *apt.sources.last()?;
    let install = *apt.installs.iter().find(|id| **id > source)?;
    let last = *apt.installs.last()?;
    if apt.may_fetch(Some(source), last) {
        return None;
    }
    let (install, source) = (script.step(install), script.step(source));
    let message = format!(
        "`{}` does not find the packages of the new repository: no `apt-get update` fetches its list",
        world.words(install.span)
    );
    let draft = world.finding(id::STEPS_NO_APT_UPDATE, install.span, message);
    let draft = draft.related(source.span, "the repository is added here");
    Some(draft.help("run `apt-get update` after the repository is added").done())
}

/// The first install comes before the first fetch, or nothing fetches the lists at all.
fn before_first(
    world: &World<'_, '_>,
    deploy: &Deploy<'_, '_, '_>,
    script: &Deployment<'_>,
    apt: &Apt,
) -> Option<Finding> {
    let first = *apt.installs.first()?;
    if apt.may_fetch(None, first) {
        return None;
    }
    let install = script.step(first);
    let words = world.words(install.span);
    if let Some(fetch) = apt.fetches.first() {
        let message = format!(
            "`{words}` runs before the first `apt-get update`, and a new server has no package lists"
        );
        let draft = world.finding(id::STEPS_NO_APT_UPDATE, install.span, message);
        let draft = draft.related(script.step(*fetch).span, "the lists are fetched only here");
        return Some(draft.help("run `apt-get update` first").done());
    }
    if !deploy.is_from_scratch() || !prepares(script) || is_fetched_elsewhere(world, deploy, script) {
        return None;
    }
    let message =
        format!("nothing runs `apt-get update` before `{words}`, and a new server has no package lists");
    let draft = world.finding(id::STEPS_NO_APT_UPDATE, install.span, message);
    // One or two packages are often added to a server that somebody has set up, which has lists.
    let severity = match installs_many(script) || is_for_a_new_server(script, first) {
        true => Severity::Warning,
        false => Severity::Info,
    };
    let draft = draft.severity(severity).at_most(Confidence::Medium);
    Some(draft.help("run `apt-get update` before the first install").done())
}

/// True if the script prepares a machine for the app, and does not only add a package to one that runs.
fn prepares(script: &Deployment<'_>) -> bool {
    PREPARING[..3].iter().any(|role| has_role(script, role)) || has_role(script, &Role::Enable)
}

/// What prepares a machine for an app.
const PREPARING: [Role; 4] = [Role::Account, Role::Clone, Role::VirtualEnv, Role::Enable];

fn has_role(script: &Deployment<'_>, role: &Role) -> bool {
    script.steps.iter().any(|step| step.deed.roles.contains(role))
}

/// True if few packages are all that the app needs: the script prepares a machine, and installs them only where the program
/// is not there yet.
fn is_for_a_new_server(script: &Deployment<'_>, install: StepId) -> bool {
    let is_missing = script.guards_of(install).any(|(_, guard)| {
        guard.cond.facts().iter().any(|fact| matches!(fact.resource, Resource::Program(_)))
    });
    is_missing && PREPARING.iter().any(|role| has_role(script, role))
}

/// True if the script installs as many packages as a whole server needs.
fn installs_many(script: &Deployment<'_>) -> bool {
    let effects = script.steps.iter().flat_map(|step| &step.deed.effects);
    let packages = effects.filter(|effect| {
        matches!(effect.change, Change::Create(_)) && matches!(effect.resource, Resource::Package(_))
    });
    packages.count() >= OF_A_SERVER
}

/// True if another script or a document fetches the lists, or tells people to do so.
fn is_fetched_elsewhere(world: &World<'_, '_>, deploy: &Deploy<'_, '_, '_>, script: &Deployment<'_>) -> bool {
    let project = &world.project;
    let texts = project.texts.iter().filter(|(path, file)| {
        *file != script.file
            && !project.inventory.workflows.contains(path)
            && !project.inventory.dockerfiles.contains(path)
    });
    let tells = |file| tells_to_fetch_lists(world.sources.file(file).text());
    tells(script.file)
        || texts.chain(&project.guides).any(|(_, file)| tells(*file))
        || deploy.may_do_anything()
}
