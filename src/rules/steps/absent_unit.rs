//! Whether a unit that a script drives is absent on a new server, because no step brings it. It words nothing.

use crate::facts::deploy::Deploy;
use crate::facts::deploy::names::same_unit;
use crate::facts::lifecycle::may_bring_named;
use crate::facts::parts::{Origin, UnitAt};
use crate::model::{Deployment, Step};
use crate::project::services::product_units;
use crate::project::unit::UnitKind;
use crate::repo::names::base;
use crate::shell::argv::Arg;
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::tools::effect::{Change, Resource, Role};
use crate::tools::git_asked;
use crate::tools::known_units::is_there_already;
use crate::tools::services::{installs_its_unit, may_test_unit};

/// What shows that a unit which nothing brings is the project's own.
pub(super) enum Own<'c> {
    /// The repo has its file.
    InRepo(&'c UnitAt),
    /// It is named after the account or the directory that the script makes.
    Named,
}

/// What shows that a unit which a step of a script that [`prepares`] a server needs is the project's own and absent; `None` if
/// it may be there.
pub(super) fn absent<'c>(
    deploy: &Deploy<'c, '_, '_>,
    script: &Deployment<'_>,
    step: &Step,
    unit: &str,
) -> Option<Own<'c>> {
    let world = deploy.world;
    let is_plain = !unit.contains(['$', '*', '%', '@'])
        && matches!(UnitKind::of(unit), UnitKind::Service | UnitKind::Timer)
        && step.entry == 0
        && step.place == Place::Here;
    if !is_plain {
        return None;
    }
    let stem = stem(unit);
    let mut of_this_name = world.units.iter().filter(|at| same_unit(unit, &at.name));
    let own = match of_this_name.next() {
        Some(at) if at.origin == Origin::InRepo && of_this_name.all(|at| at.origin == Origin::InRepo) => {
            Own::InRepo(at)
        }
        Some(_) => return None,
        None if is_there_already(stem) || !product_units(stem).is_empty() => return None,
        None if !world.given.is_set_up && is_named_after(script, stem) => Own::Named,
        None => return None,
    };
    let full = format!("{stem}.{}", unit.rsplit_once('.').map_or("service", |(_, ending)| ending));
    let comes = world.steps().any(|(.., other)| {
        may_bring_named(other, &full)
            || may_speak_of(other, stem)
            || may_test_unit(&other.argv) && other.argv.args.iter().any(|arg| names_unit(arg, stem))
    });
    (!comes && !is_asked_for(deploy, &full) && !is_spoken_of(deploy, &full) && !deploy.may_do_anything())
        .then_some(own)
}

/// True for a script that prepares a machine which has nothing of the app yet. One that only clones the code may be run for
/// each deploy, on a server that was set up before; and so is one that makes an environment beside code that it only
/// updates.
pub(super) fn prepares(script: &Deployment<'_>) -> bool {
    let has = |role: Role| script.steps.iter().any(|step| step.deed.roles.contains(&role));
    let updates = || script.steps.iter().any(|step| git_asked::pulls(&step.argv)) && !has(Role::Clone);
    has(Role::SystemPackages) || has(Role::Account) || has(Role::VirtualEnv) && !updates()
}

/// True if the unit's name begins with that of an account or of a directory for an app that the script makes.
fn is_named_after(script: &Deployment<'_>, stem: &str) -> bool {
    let first = |name: &str| name.split(['-', '_', '@', '.']).next().unwrap_or_default().to_owned();
    let own = first(stem);
    let places = ["/opt", "/srv", "/var/www", "/var/lib", "/home"];
    let is_place = |path: &Value| path.dirname().as_literal().is_some_and(|above| places.contains(&above));
    let mut made = script.steps.iter().filter(|step| step.place == Place::Here).flat_map(|step| {
        step.deed.effects.iter().filter(|effect| matches!(effect.change, Change::Create(_)))
    });
    own.len() > 2
        && made.any(|effect| match &effect.resource {
            Resource::User(name) => name.as_literal().is_some_and(|name| first(name) == own),
            Resource::Path(path) if is_place(path) => {
                path.as_literal().is_some_and(|path| first(base(path)) == own)
            }
            _ => false,
        })
}

/// True if a step that is not fully known, or that copies, names the unit: it may bring it.
fn may_speak_of(step: &Step, stem: &str) -> bool {
    let installs_itself = || installs_its_unit(&step.argv, stem);
    let names = || installs_itself() || step.argv.args.iter().any(|arg| names_unit(arg, stem));
    let drives = step.deed.effects.iter().any(|effect| matches!(effect.resource, Resource::Unit(_)));
    let copies = step.deed.puts().next().is_some();
    !drives && (!step.deed.known || copies && step.argv.to_string().contains(".service")) && names()
}

/// True if a word may mean the unit. A path only does so where units lie: `/opt/shop` is the app of `shop.service`.
fn names_unit(arg: &Arg, stem: &str) -> bool {
    let word = arg.value.to_string();
    word.contains(stem) && (!word.contains('/') || word.contains(".service") || word.contains("init.d/"))
}

/// True if a test asks for the unit or its file.
fn is_asked_for(deploy: &Deploy<'_, '_, '_>, unit: &str) -> bool {
    let mut guards = deploy.world.scripts().iter().flat_map(|script| &script.guards);
    guards.any(|guard| {
        guard.cond.facts().iter().any(|fact| match &fact.resource {
            Resource::Unit(name) => same_unit(&name.to_string(), unit),
            Resource::Path(path) => path.to_string().contains(unit),
            _ => false,
        })
    })
}

/// True if a text beside the scripts that were judged says where the unit's file goes: people install it by hand, or
/// something else does.
fn is_spoken_of(deploy: &Deploy<'_, '_, '_>, unit: &str) -> bool {
    let world = deploy.world;
    let judged =
        |file| world.scripts().iter().any(|script| script.file == file || script.sourced.contains(&file));
    let others = world.project.texts.iter().chain(&world.project.guides);
    let mut others =
        others.filter(|(_, file)| !judged(*file)).map(|(_, file)| world.sources.file(*file).text());
    let says = |text: &str| text.contains(unit) && text.contains("systemd/");
    let noted = |text: &str| {
        text.lines().map(str::trim_start).any(|line| line.starts_with('#') && line.contains(unit))
    };
    others.any(says)
        || world.scripts().iter().any(|script| noted(world.sources.file(script.file).text()))
        || deploy.mentions(&["systemd/", unit])
        || deploy.called_mentions(unit)
}

/// A unit's name without its ending.
fn stem(unit: &str) -> &str {
    unit.strip_suffix(".service").or_else(|| unit.strip_suffix(".timer")).unwrap_or(unit)
}
