//! What a deploy does with each unit that it brings: whether something starts, restarts, enables or removes it.
//!
//! Facts from systemctl(1): `enable` reloads the manager's configuration when it is done, unless `--no-reload` is
//! given; `start` does not affect a running unit; `restart` runs the unit as it was last loaded.

use crate::facts::deploy::kept::BroughtUp;
use crate::facts::deploy::names::same_unit;
use crate::facts::deploy::{Deploy, UnitEffect, is_here};
use crate::facts::packages::is_opaque_call;
use crate::facts::parts::{Origin, UnitAt};
use crate::model::{Step, StepId};
use crate::project::unit::{UnitKind, template_of};
use crate::repo::names::{base, is_unit};
use crate::shell::value::Value;
use crate::tools::compilers::compiler_of;
use crate::tools::copying::writes_in_place;
use crate::tools::effect::{Change, Ecosystem, Resource, Role};
use crate::tools::services::{REBOOT, starts_nothing};
use std::collections::HashMap;

/// The step that brings a unit to the machine, after the number of its script. A unit that is only in the repo, or that
/// goes into a container, has none.
pub(crate) fn brought_by(deploy: &Deploy<'_, '_, '_>, at: &UnitAt) -> Option<(usize, StepId)> {
    let (Origin::Written(script, id) | Origin::Installed(script, id)) = at.origin else { return None };
    is_here(deploy.world.scripts()[script].step(id)).then_some((script, id))
}

/// The first step of the deploy that starts the unit by restarting it. `try-restart` starts nothing that does not run.
pub(crate) fn first_restart<'r>(deploy: &Deploy<'_, 'r, '_>, at: &UnitAt) -> Option<UnitEffect<'r>> {
    let effects = deploy.effects_on(&at.name).into_iter();
    effects
        .filter(|effect| effect.deploys && *effect.change == Change::Restart)
        .find(|effect| !starts_nothing(&effect.step.argv))
}

/// The first step of the deploy that makes one of these changes to the unit.
pub(crate) fn first<'r>(
    deploy: &Deploy<'_, 'r, '_>,
    at: &UnitAt,
    changes: &[Change],
) -> Option<UnitEffect<'r>> {
    let effects = deploy.effects_on(&at.name).into_iter();
    effects.filter(|effect| effect.deploys).find(|effect| changes.contains(effect.change))
}

/// True if the step names the unit and makes one of these changes to it.
pub(crate) fn drives(step: &Step, at: &UnitAt, changes: &[Change]) -> bool {
    step.deed.effects.iter().any(|e| match &e.resource {
        // A glob or a variable may be another unit.
        Resource::Unit(name) => {
            changes.contains(&e.change) && name.as_literal().is_some_and(|n| same_unit(n, &at.name))
        }
        _ => false,
    })
}

/// True if the step may bring the unit. It writes it in another place, copies it with others, installs a package of its
/// name, or does what is not known.
pub(crate) fn may_bring(step: &Step, at: &UnitAt) -> bool {
    may_bring_named(step, &at.name)
        || puts_into(step, |path| path.contains("systemd/") && step.written.is_empty())
}

/// True if the step may bring the unit of this name, among others or by itself.
pub(crate) fn may_bring_named(step: &Step, unit: &str) -> bool {
    // This may be a package from a file (`dpkg -i`) or a vendor's script.
    let installs_unnamed = step.deed.roles.contains(&Role::SystemPackages)
        && !step.deed.effects.iter().any(|e| matches!(e.resource, Resource::Package(_)));
    installs_unnamed
        || is_opaque_call(step)
        || step.written.iter().any(|w| w.path.basename().is_shown_as(unit))
        || puts_into(step, |path| {
            // A directory of units, or a glob.
            let is_among = || base(path).starts_with('*') && same_unit(base(path), unit);
            path.ends_with(unit)
                || path.contains("systemd/")
                    && (!is_unit(base(path)) || is_among())
                    && step.written.is_empty()
        })
        || step.deed.effects.iter().any(|e| match (&e.change, &e.resource) {
            (Change::Create(_), Resource::Package(name)) => {
                name.to_string().starts_with(unit.trim_end_matches(".service"))
            }
            _ => false,
        })
}

/// True if the step makes or writes such a path.
fn puts_into(step: &Step, is_such: impl Fn(&str) -> bool) -> bool {
    step.deed.effects.iter().any(|e| match (&e.change, &e.resource) {
        (Change::Write | Change::Create(_), Resource::Path(path)) => is_such(&path.to_string()),
        _ => false,
    })
}

/// True if a later step of the script removes the unit's file, so that it exists only for a while.
pub(crate) fn is_removed(deploy: &Deploy<'_, '_, '_>, at: &UnitAt) -> bool {
    deploy.steps().any(|s| {
        s.deed.effects.iter().any(|e| match (&e.change, &e.resource) {
            (Change::Remove, Resource::Path(path)) => {
                path.basename().is_shown_as(&at.name)
                    && s.span.file == at.span.file
                    && s.span.start > at.span.start
            }
            _ => false,
        })
    })
}

/// True if something else may start the unit: what the deploy calls or prints, another script of the repo, or a reboot.
pub(crate) fn may_be_started(deploy: &Deploy<'_, '_, '_>, at: &UnitAt) -> bool {
    let stem = stem(at);
    let reboots = || deploy.steps().any(|s| s.deed.roles.contains(&Role::Reboot));
    deploy.said_drives("start", stem)
        || deploy.mentions(&["--now", stem])
        || deploy.mentions(&[REBOOT])
        || ["start", "--now"].iter().any(|v| deploy.called_drives(v, stem) || deploy.repo_drives(v, stem))
        || *deploy.kept().reboots.get_or_init(reboots)
}

/// True if something enables the unit or may do so: a step that names it, links it or enables unknown units, what is
/// called or printed, or another script of the repo.
pub(crate) fn is_enabled(deploy: &Deploy<'_, '_, '_>, at: &UnitAt) -> bool {
    let linked = |s: &Step| {
        s.deed.effects.iter().any(|e| match &e.resource {
            Resource::Path(path) => path.to_string().contains(".wants/"),
            _ => false,
        })
    };
    let any = |s: &Step| linked(s) || s.deed.roles.contains(&Role::Enable) && s.deed.effects.is_empty();
    let stem = stem(at);
    first(deploy, at, &[Change::Enable]).is_some()
        || *deploy.kept().enables.get_or_init(|| deploy.steps().any(any))
        || deploy.mentions(&["enable", stem])
        || deploy.called_drives("enable", stem)
        || deploy.repo_drives("enable", stem)
}

/// True if a timer, a socket, another unit or the boot starts the unit. Templates count too, and so do units that
/// another unit runs on failure.
pub(crate) fn is_on_demand(deploy: &Deploy<'_, '_, '_>, at: &UnitAt) -> bool {
    let name = at.name.as_str();
    if matches!(UnitKind::of(name), UnitKind::Target | UnitKind::Mount) || name.contains("@.") {
        return true;
    }
    let brought_up = deploy.kept().brought_up.get_or_init(|| brought_up_by_others(&deploy.world.units));
    let by = |named: &HashMap<String, Vec<String>>, name: &str| {
        named.get(name).is_some_and(|others| others.iter().any(|other| other != &at.name))
    };
    by(&brought_up.by_name, name)
        || by(&brought_up.by_stem, stem(at))
        || ["WantedBy", "RequiredBy"].iter().any(|key| {
            // The deploy starts the target, and that starts the unit if it is enabled: only then the target knows of it.
            at.unit
                .all("Install", key)
                .iter()
                .flat_map(|d| d.value.split_whitespace())
                .any(|target| deploy.own_units().any(|u| u.name == target && u.name != at.name))
                && is_enabled(deploy, at)
        })
}

const SCRIPTS: [&str; 6] = [".js", ".php", ".pl", ".py", ".rb", ".sh"];

/// True if the step writes into the file of the native program that the unit runs. A script may be written while it
/// runs, because only its interpreter is a running program.
pub(crate) fn overwrites_program(deploy: &Deploy<'_, '_, '_>, step: &Step, at: &UnitAt) -> bool {
    // This is checked first, because few commands pass and taking a unit's lines apart is slow.
    if !writes_in_place(&step.argv) || !is_here(step) {
        return false;
    }
    let execs = at.unit.exec_start();
    let Some(program) = execs.first().map(|exec| exec.program.as_str()) else { return false };
    // A file is native if a compiler made it, or if it is downloaded under a name that is no script's. Any other file
    // may begin with `#!`.
    let compiles = |role: &Role| matches!(role, Role::Build(Ecosystem::Rust | Ecosystem::Go));
    let is_native = |source: Option<&Value>| match source {
        Some(source) => {
            let shown = source.to_string();
            compiler_of(&shown).is_some_and(|compiler| compiler.ecosystem == Ecosystem::Rust)
                || !base(&shown).contains(['.', '*'])
                    && deploy.steps().any(|step| step.deed.roles.iter().any(compiles))
        }
        None => {
            let words = step.argv.args.iter().filter_map(|arg| arg.value.as_literal());
            let mut addresses = words.filter(|word| word.contains("://"));
            addresses.any(|address| !SCRIPTS.iter().any(|ending| address.ends_with(ending)))
        }
    };
    !base(program).contains('.')
        && step.deed.puts().any(|(effect, content)| match (&effect.change, &effect.resource) {
            (Change::Write, Resource::Path(path)) => {
                path.is_shown_as(program) && is_native(content.from.as_ref())
            }
            _ => false,
        })
}

/// True for a service that ends when its work is done, and for a unit of another kind. Starting it again does its work
/// again.
pub(crate) fn ends_by_itself(at: &UnitAt) -> bool {
    at.unit.is_oneshot() || UnitKind::of(&at.name) != UnitKind::Service
}

/// A service's name without its suffix.
pub(crate) fn stem(at: &UnitAt) -> &str {
    at.name.trim_end_matches(".service")
}

/// Which units other units start, enable or want.
fn brought_up_by_others(units: &[UnitAt]) -> BroughtUp {
    let mut brought = BroughtUp::default();
    for other in units {
        let mut add = |name: String| brought.by_name.entry(name).or_default().push(other.name.clone());
        if let Some(triggered) = other.unit.triggers(&other.name) {
            add(triggered);
        }
        for also in other.unit.all("Install", "Also") {
            also.value.split_whitespace().for_each(|name| add(name.to_owned()));
        }
        for key in ["OnFailure", "OnSuccess", "Wants", "Requires", "BindsTo", "Upholds"] {
            for (name, _) in other.unit.units_of(key) {
                if let Some(template) = template_of(&name) {
                    add(template);
                }
                add(name.clone());
                brought.by_stem.entry(name).or_default().push(other.name.clone());
            }
        }
    }
    brought
}
