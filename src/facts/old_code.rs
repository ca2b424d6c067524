//! What keeps running the old code, or as the old unit says, after a deploy has brought new ones.
//!
//! Facts from systemctl(1) and systemd.unit(5): `start` does not affect a running unit, a one-shot with `RemainAfterExit=` runs
//! until it is stopped, and a restart is passed on to the units that have `PartOf=`, `BindsTo=` or `Requires=` of it.

use crate::facts::deploy::names::same_unit;
use crate::facts::deploy::{Deploy, Language, UnitEffect, is_here};
use crate::facts::lifecycle::{brought_by, drives, first, is_enabled, is_on_demand, stem};
use crate::facts::owners::{homes, lies_under};
use crate::facts::parts::{Origin, ProcessAt, UnitAt};
use crate::model::{Deployment, Step, StepId};
use crate::project::managers::Manager;
use crate::project::unit::{UnitKind, is_true};
use crate::tools::effect::{Change, Ecosystem, Resource, Role};
use crate::tools::git;
use crate::tools::known_units::is_beside_the_app;
use crate::tools::languages::{restarts_worker, restarts_workers};
use crate::tools::serves::served::Stays;
use crate::tools::services::may_start_otherwise;
use crate::tools::signals::{Signal, Target, sent};

/// What a running unit misses if the deploy only starts it.
#[derive(Clone, Copy)]
pub(crate) enum Missed<'r> {
    /// The new code that this step brings.
    Code(&'r Step),
    /// The new text of the unit itself.
    Unit,
}

/// What the unit misses if it already runs when a step starts it.
pub(crate) fn missed<'r>(
    deploy: &Deploy<'_, 'r, '_>,
    at: &UnitAt,
    start: (usize, StepId),
) -> Option<Missed<'r>> {
    let brought = brought_by(deploy, at)?;
    // A one-shot that leaves nothing running does its work again, and other units have no code.
    if UnitKind::of(&at.name) != UnitKind::Service || at.unit.is_oneshot_work() {
        return None;
    }
    let deployment = deploy.world.scripts()[start.0];
    let starts = |id: StepId| drives(deployment.step(id), at, &[Change::Start]);
    let is_first =
        |id: StepId| deployment.iter().find(|(id, _)| starts(*id)).is_some_and(|(first, _)| first == id);
    if brought.0 != start.0 || !is_first(start.1) || deployment.second_run(brought.1).skipped_by().is_some() {
        return None;
    }
    match updates(deployment).filter(|(update, _)| deployment.may_meet(*update, start.1)) {
        Some((_, update)) => (!ends_in_same_run(deploy, at, start)).then_some(Missed::Code(update)),
        None => misses_unit(deploy, at, brought, start).then_some(Missed::Unit),
    }
}

/// True if the run that starts the unit also stops it or restarts it. What another run does, or the other branch of a choice,
/// does not count.
fn ends_in_same_run(deploy: &Deploy<'_, '_, '_>, at: &UnitAt, start: (usize, StepId)) -> bool {
    let script = deploy.world.scripts()[start.0];
    let is_it = |name: &str| same_unit(name, &at.name) || name.contains('$') || name.ends_with(".target");
    script
        .iter()
        .any(|(id, step)| (ends_units(step, is_it) || is_signalled(step, at)) && script.may_meet(id, start.1))
        || ["restart", "stop"].iter().any(|verb| deploy.called_drives(verb, stem(at)))
}

/// True if a step ends processes of units: a reboot, a signal, a restart that names none, or a restart or stop of a unit whose
/// name is such a one.
fn ends_units(step: &Step, is_it: impl Fn(&str) -> bool) -> bool {
    step.deed.roles.iter().any(|role| matches!(role, Role::Reboot | Role::Signal))
        || step.deed.roles.contains(&Role::Restart) && step.deed.effects.is_empty()
        || step.deed.effects.iter().any(|effect| match &effect.resource {
            Resource::Unit(name) => {
                matches!(effect.change, Change::Restart | Change::Stop) && is_it(&name.to_string())
            }
            _ => false,
        })
}

/// True if the script starts the unit after writing it, and nothing ever ends the running one: no kill, no reboot, and no
/// restart in what it calls, in another script of the repo, or of a whole target.
fn misses_unit(
    deploy: &Deploy<'_, '_, '_>,
    at: &UnitAt,
    brought: (usize, StepId),
    start: (usize, StepId),
) -> bool {
    let step = deploy.world.scripts()[start.0].step(start.1);
    let is_first = first(deploy, at, &[Change::Start]).is_some_and(|f| (f.script, f.id) == start);
    let is_any = |name: &str| name.contains(['$', '*', '`']) || name.ends_with(".target");
    let driven = || {
        ["restart", "stop"]
            .iter()
            .any(|verb| deploy.called_drives(verb, stem(at)) || deploy.repo_drives(verb, stem(at)))
    };
    is_first
        && start.1 >= brought.1
        && is_here(step)
        && !at.unit.is_oneshot()
        && first(deploy, at, &[Change::Restart, Change::Stop]).is_none()
        && !deploy.kept().ends.get_or_init(|| deploy.steps().any(|step| ends_units(step, is_any)))
        && !driven()
}

/// The step that brings new code, on a second run too.
fn updates<'r>(script: &'r Deployment<'_>) -> Option<(StepId, &'r Step)> {
    script.iter().find_map(|(id, step)| {
        let source = step.deed.roles.contains(&Role::Source) && is_here(step);
        let again = !step.deed.roles.contains(&Role::Clone);
        (source && again && script.second_run(id).skipped_by().is_none()).then_some((id, step))
    })
}

/// What runs code of the project.
#[derive(Clone, Copy)]
pub(crate) enum Runner<'c> {
    /// A unit of systemd.
    Unit(&'c UnitAt),
    /// A program of supervisor.
    Process(&'c ProcessAt),
}

impl Runner<'_> {
    /// Its name: `web.service`, `shop-worker`.
    pub(crate) fn name(&self) -> &str {
        match self {
            Runner::Unit(at) => &at.name,
            Runner::Process(at) => &at.process.name,
        }
    }

    /// The unit, if it is one.
    pub(crate) fn unit(&self) -> Option<&UnitAt> {
        match self {
            Runner::Unit(at) => Some(at),
            Runner::Process(_) => None,
        }
    }
}

/// What keeps running old code, if the step is the first that brings new code.
pub(crate) fn left_with_old_code<'c>(deploy: &Deploy<'c, '_, '_>, step: (usize, StepId)) -> Vec<Runner<'c>> {
    let update = deploy.deploying().find_map(|(number, script)| Some((number, updates(script)?.0)));
    if update != Some(step) || deploy.may_do_anything() || deploy.in_containers() {
        return Vec::new();
    }
    let mut left: Vec<Runner<'c>> = Vec::new();
    match app_left(deploy) {
        Some(app) => left.push(Runner::Unit(app)),
        None => left.extend(units_left(deploy, step).into_iter().map(Runner::Unit)),
    }
    left.extend(processes_left(deploy, step).into_iter().map(Runner::Process));
    left
}

/// The unit of the app in the repo, if the deploy installs packages or migrates, and nothing restarts anything.
fn app_left<'c>(deploy: &Deploy<'c, '_, '_>) -> Option<&'c UnitAt> {
    let prepared = deploy.steps().any(|s| {
        s.deed.roles.iter().any(|r| {
            matches!(
                r,
                Role::Migrate | Role::Dependencies(Ecosystem::Python | Ecosystem::Ruby | Ecosystem::Php)
            )
        })
    });
    let starts = deploy.steps().any(|s| {
        s.deed.roles.iter().any(|r| matches!(r, Role::Restart | Role::Serve | Role::ComposeUp))
            && !matches!(&s.deed.effects[..], [only] if is_beside_the_app(&only.resource.name().to_string()))
            || s.background
            || may_start_otherwise(&s.argv)
    });
    let is_app = |at: &&UnitAt| runs_code(at) && !is_run_anew(deploy, at) && !is_renewed(deploy, at);
    let app = deploy.world.units.iter().find(is_app)?;
    if !prepared || starts || deploy.own_units().next().is_some() {
        return None;
    }
    let told = deploy.called_drives("start", stem(app)) || deploy.mentions(&["restart"]);
    (!told).then_some(app)
}

/// True if the unit runs a program of the project by itself, and not in a container.
fn runs_code(at: &UnitAt) -> bool {
    at.unit
        .exec_start()
        .iter()
        .any(|e| e.serves().is_some_and(|s| !matches!(s.language, Language::Container | Language::Other)))
}

/// True if nothing of the unit keeps running: a one-shot that leaves no process behind, and a job that a timer, a path or
/// each connection starts. It takes the new code when it runs next.
fn is_run_anew(deploy: &Deploy<'_, '_, '_>, at: &UnitAt) -> bool {
    let leaves_nothing = || {
        let execs = at.unit.exec_start();
        execs.iter().all(|e| e.serves().is_some_and(|s| !matches!(s.stays, Stays::Background { .. })))
    };
    let per_run = |other: &&UnitAt| match UnitKind::of(&other.name) {
        UnitKind::Timer => ["OnCalendar", "OnUnitActiveSec", "OnUnitInactiveSec"]
            .iter()
            .any(|key| other.unit.get("Timer", key).is_some()),
        UnitKind::Path => true,
        UnitKind::Socket => other.unit.get("Socket", "Accept").is_some_and(|d| is_true(&d.value)),
        _ => false,
    };
    let starts_it = |other: &UnitAt| other.unit.triggers(&other.name).is_some_and(|name| name == at.name);
    at.unit.is_oneshot() && (at.unit.is_oneshot_work() || leaves_nothing())
        || !at.unit.comes_back(false) && deploy.world.units.iter().filter(per_run).any(starts_it)
}

/// True if a step makes the running processes of the unit take the new code without a restart of the unit.
fn is_renewed(deploy: &Deploy<'_, '_, '_>, at: &UnitAt) -> bool {
    deploy.steps().any(|step| is_signalled(step, at) || is_told_to_restart(step, at))
}

/// True if a step tells the long-running process of the unit to end, as the framework provides.
fn is_told_to_restart(step: &Step, at: &UnitAt) -> bool {
    restarts_workers(&step.argv)
        && at.unit.exec_start().iter().any(|exec| restarts_worker(&step.argv, &exec.line()))
}

/// True if a step sends the unit's processes a signal to read their code again, or one that ends them so that systemd starts
/// them again.
fn is_signalled(step: &Step, at: &UnitAt) -> bool {
    let Some(sent) = sent(&step.argv).filter(|_| is_here(step)) else { return false };
    let is_it = |name: &str| same_unit(name, &at.name) || name.contains('$');
    let reaches = match &sent.target {
        Target::Units(names) => names.iter().any(|name| is_it(&name.value.to_string())),
        _ => at.unit.exec_start().iter().any(|exec| sent.may_reach(&exec.line())),
    };
    reaches && (sent.signal == Signal::Renews || at.unit.comes_back(sent.signal == Signal::Kills))
}

/// The units that run code of the same tree as a unit that the run restarts, and that nothing restarts: workers, schedulers.
fn units_left<'c>(deploy: &Deploy<'c, '_, '_>, update: (usize, StepId)) -> Vec<&'c UnitAt> {
    let script = deploy.world.scripts()[update.0];
    let Some(tree) = tree_of(script.step(update.1)) else { return Vec::new() };
    let units = || deploy.world.units.iter().filter(|at| UnitKind::of(&at.name) == UnitKind::Service);
    let runs_there = |at: &UnitAt| homes(at).iter().any(|home| lies_under(home, &tree));
    let restarted: Vec<&UnitAt> = units()
        .filter(|at| {
            let restarts = |(id, step): (StepId, &Step)| {
                drives(step, at, &[Change::Restart]) && script.may_meet(id, update.1)
            };
            script.iter().any(restarts) && runs_there(at)
        })
        .collect();
    if restarted.is_empty() || deploy.steps().any(ends_whatever_runs) {
        return Vec::new();
    }
    let is_left = |at: &&UnitAt| {
        runs_there(at)
            && runs_code(at)
            && !is_run_anew(deploy, at)
            && !is_renewed(deploy, at)
            && !restarted.iter().any(|other| other.name == at.name || is_instead_of(other, at))
            && restarted.iter().any(|other| comes_with(deploy, other, at))
            && deploy.effects_on(&at.name).iter().all(is_only_enabled)
            && !is_on_demand(deploy, at)
            && !takes_restart_of(at, &restarted)
            && !deploy.called_drives("start", stem(at))
            && !deploy.said_drives("restart", stem(at))
    };
    units().filter(is_left).collect()
}

/// The tree whose code the step updates.
fn tree_of(update: &Step) -> Option<String> {
    let tree = git::command(&update.argv)?.cwd;
    Some(tree.to_string()).filter(|tree| tree != "$PWD" && tree.len() > 1)
}

/// True if a step ends programs of which it is not known which they are.
fn ends_whatever_runs(step: &Step) -> bool {
    let signals = || !sent(&step.argv).is_some_and(|sent| matches!(sent.target, Target::Units(_)));
    step.deed.roles.contains(&Role::Reboot)
        || step.deed.roles.contains(&Role::Signal) && signals()
        || step.deed.effects.iter().any(|e| match &e.resource {
            Resource::Unit(name) => {
                let name = name.to_string();
                name.contains(['$', '*', '`']) || name.ends_with(".target")
            }
            _ => false,
        })
}

fn is_only_enabled(effect: &UnitEffect<'_>) -> bool {
    *effect.change == Change::Enable
}

/// True if one of the two units is meant to run, and not both: they serve the same part of the app.
fn is_instead_of(one: &UnitAt, other: &UnitAt) -> bool {
    let serves = |at: &UnitAt| at.unit.exec_start().iter().find_map(|exec| exec.serves());
    match (serves(one), serves(other)) {
        (Some(a), Some(b)) => a.role == b.role && a.entry == b.entry,
        _ => true,
    }
}

/// True if both units come to the server in the same way: somebody has put both there by hand, or scripts bring both, or
/// enable the second one.
fn comes_with(deploy: &Deploy<'_, '_, '_>, restarted: &UnitAt, at: &UnitAt) -> bool {
    let by_hand = |at: &UnitAt| at.origin == Origin::InRepo;
    by_hand(restarted) && by_hand(at) || !by_hand(at) || is_enabled(deploy, at)
}

/// True if a restart of one of the units is passed on to this one.
fn takes_restart_of(at: &UnitAt, restarted: &[&UnitAt]) -> bool {
    ["PartOf", "BindsTo", "Requires", "Requisite"].iter().any(|key| {
        at.unit
            .units_of(key)
            .iter()
            .any(|(name, _)| restarted.iter().any(|other| same_unit(name, &other.name)))
    })
}

/// The programs of supervisor that run code of the updated tree, if nothing restarts them.
fn processes_left<'c>(deploy: &Deploy<'c, '_, '_>, update: (usize, StepId)) -> Vec<&'c ProcessAt> {
    let processes = || {
        let all = deploy.world.processes.iter();
        all.filter(|at| at.process.manager == Manager::Supervisor && at.process.starts)
    };
    if processes().next().is_none() {
        return Vec::new();
    }
    let script = deploy.world.scripts()[update.0];
    let Some(tree) = tree_of(script.step(update.1)) else { return Vec::new() };
    let may_restart = |step: &Step| {
        step.argv.name == Manager::Supervisor.control() && step.deed.roles.contains(&Role::Restart)
    };
    let restarts = |step: &Step| {
        may_restart(step)
            || restarts_workers(&step.argv)
            || ends_whatever_runs(step)
            || step.deed.effects.iter().any(|e| match &e.resource {
                Resource::Unit(name) => Manager::Supervisor.is_unit(&name.to_string()),
                _ => false,
            })
    };
    let control = Manager::Supervisor.control();
    if deploy.steps().any(restarts) || deploy.mentions(&[control]) || deploy.called_mentions(control) {
        return Vec::new();
    }
    processes()
        .filter(|at| at.process.directory.as_deref().is_some_and(|dir| lies_under(dir, &tree)))
        .collect()
}
