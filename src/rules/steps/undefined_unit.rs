//! `steps/undefined-unit`: a unit is started or relied on, but nothing brings it.

use super::absent_process::absent_processes;
use super::absent_unit::{Own, absent, prepares};
use crate::facts::deploy::Deploy;
use crate::facts::deploy::names::same_unit;
use crate::facts::lifecycle::brought_by;
use crate::facts::needs::demanding;
use crate::facts::world::World;
use crate::finding::Finding;
use crate::finding::RuleId;
use crate::model::{Deployment, OnFailure, Step};
use crate::project::services::product_units;
use crate::project::unit::UnitKind;
use crate::rules::id;
use crate::shell::wrappers::Place;
use crate::source::Span;
use crate::tools::apt::is_apt;
use crate::tools::effect::{Change, Resource, Role};
use crate::tools::known_units::{is_there_already, misnamed};
use crate::tools::services::may_test_unit;

const RULE: RuleId = id::STEPS_UNDEFINED_UNIT;

/// `steps/undefined-unit`.
pub(super) fn undefined_unit(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let told = unrelated(context, found);
    not_brought(context, told, found);
    absent_processes(context, found);
    other_names(context, found);
}

/// Finds the service of a package that a step drives by a name which its unit does not have.
fn other_names(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let deploy = context.deploy();
    let mut told = Vec::new();
    for (_, script) in deploy.deploying() {
        for (id, step) in script.iter().filter(|(_, step)| step.place == Place::Here) {
            for (name, span) in driven(step) {
                let Some((package, own)) = misnamed(name.trim_end_matches(".service")) else { continue };
                if told.contains(&name)
                    || tries(script, own)
                    || !comes_from_apt(&deploy, package, &name)
                    || is_tested(&deploy, &name)
                {
                    continue;
                }
                let message =
                    format!("no package defines {name}: the service of `{package}` is {own}.service");
                let sure = context.confidence(script, id, None);
                let draft = context.finding(RULE, span, message).at_most(sure);
                found.push(draft.help(format!("write `{own}`")).done());
                told.push(name);
            }
        }
    }
}

/// True if the script goes on, perhaps with another name, where there is no unit of this one.
fn tries(script: &Deployment<'_>, stem: &str) -> bool {
    script.steps.iter().filter(|step| step.on_failure == OnFailure::Handled).any(|step| {
        let drives = |resource: &Resource| match resource {
            Resource::Unit(name) => name.as_literal().is_some_and(|name| same_unit(name, stem)),
            _ => false,
        };
        step.deed.effects.iter().any(|effect| drives(&effect.resource))
    })
}

/// True if the package is installed by apt, and nothing else may bring a unit of the name. Another system may call it so.
fn comes_from_apt(deploy: &Deploy<'_, '_, '_>, package: &str, name: &str) -> bool {
    let stem = name.trim_end_matches(".service");
    let mut brings = false;
    for step in deploy.steps().filter(|step| step.deed.roles.contains(&Role::SystemPackages)) {
        let names = || step.argv.args.iter().filter_map(|arg| arg.value.as_literal());
        if !is_apt(&step.argv)
            || names().any(|name| name == stem || name.strip_prefix(stem) == Some("-server"))
        {
            return false;
        }
        brings |= names().any(|name| name == package);
    }
    brings && !deploy.may_do_anything() && !deploy.world.units.iter().any(|unit| same_unit(name, &unit.name))
}

/// Finds units that share a name with the project's own, or that these rely on. Returns their names.
fn unrelated(context: &World<'_, '_>, found: &mut Vec<Finding>) -> Vec<String> {
    // A project whose units are created elsewhere says nothing about what exists.
    let Some(deploy) = &demanding(context).filter(|_| !context.units.is_empty()) else { return Vec::new() };
    // A missing unit is reported once, with all places that rely on it.
    let mut places: Vec<(String, Vec<(Span, String)>)> = Vec::new();
    let mut note = |name: &str, span: Span, why: String| match places.iter_mut().find(|(n, _)| n == name) {
        Some((_, of)) => of.push((span, why)),
        None => places.push((name.to_owned(), vec![(span, why)])),
    };
    for step in deploy.steps() {
        for (name, span) in driven(step) {
            if is_undefined(deploy, &name, false) && !is_tested(deploy, &name) {
                note(&name, span, "it is used here".to_owned());
            }
        }
    }
    for at in deploy.own_units() {
        if let Some(name) = at.unit.triggers(&at.name).filter(|name| is_undefined(deploy, name, true)) {
            note(&name, at.span, format!("{} starts it", at.name));
        }
        for key in ["Requires", "BindsTo", "Requisite", "After", "Wants"] {
            for (name, span) in at.unit.units_of(key) {
                let strong = key != "After" && key != "Wants";
                if is_undefined(deploy, &name, strong) {
                    note(&name, span, format!("{}= of {}", key, at.name));
                }
            }
        }
    }
    for (name, places) in &places {
        let Some(((first, _), rest)) = places.split_first() else { continue };
        let message = format!("no script, file of the repo or package defines {name}");
        let mut draft = context
            .finding(RULE, *first, message)
            .help("write or install the unit before it is used, or correct the name");
        for (span, why) in rest {
            draft = draft.related(*span, why.clone());
        }
        found.push(draft.done());
    }
    places.into_iter().map(|(name, _)| name).collect()
}

/// Finds units of the project that a script which sets a server up drives, or installs a timer for, and that no step brings
/// there.
fn not_brought(context: &World<'_, '_>, mut told: Vec<String>, found: &mut Vec<Finding>) {
    let deploy = context.deploy();
    for (number, script) in deploy.deploying().filter(|(_, script)| prepares(script)) {
        let driven =
            script.iter().flat_map(|(_, step)| driven(step).map(move |(name, span)| (step, name, span)));
        let triggered = deploy.own_units().filter_map(|at| {
            let (of, id) = brought_by(&deploy, at).filter(|(of, _)| *of == number)?;
            Some((context.scripts()[of].step(id), at.unit.triggers(&at.name)?, at.span))
        });
        for (step, name, span) in driven.chain(triggered) {
            if told.iter().any(|told| same_unit(told, &name)) {
                continue;
            }
            let own = absent(&deploy, script, step, &name);
            found.extend(own.map(|own| tell_absent(context, &name, span, &own)));
            told.push(name);
        }
    }
}

/// The units that a step starts or enables, and that it relies on.
fn driven(step: &Step) -> impl Iterator<Item = (String, Span)> {
    // A step that is allowed to fail shows that the unit may be missing.
    let relies = step.on_failure != OnFailure::Handled && !step.status_checked;
    step.deed.effects.iter().filter(move |_| relies).filter_map(|effect| {
        match (&effect.resource, &effect.change) {
            (Resource::Unit(name), Change::Start | Change::Restart | Change::Enable) => {
                Some((name.as_literal()?.to_owned(), effect.operand.unwrap_or(step.span)))
            }
            _ => None,
        }
    })
}

fn tell_absent(context: &World<'_, '_>, name: &str, span: Span, own: &Own<'_>) -> Finding {
    match own {
        Own::InRepo(at) => {
            let path = context.sources.file(at.span.file).path();
            let message = format!("no step installs {path}, so systemd does not find {}", at.name);
            let draft = context.finding(RULE, span, message);
            draft.help(format!("copy {path} to /etc/systemd/system first")).done()
        }
        Own::Named => {
            let message = format!("no script, file of the repo or package defines {name}");
            let draft = context.finding(RULE, span, message);
            draft.help("write or install the unit before it is used, or correct the name").done()
        }
    }
}

/// True if nothing known brings the unit. A unit that shares no name with the project's own may come from anywhere;
/// but a `strong` dependency of the project's own unit counts all the same.
fn is_undefined(deploy: &Deploy<'_, '_, '_>, name: &str, strong: bool) -> bool {
    let context = deploy.world;
    if name.contains(['$', '*', '%', '@']) || !matches!(UnitKind::of(name), UnitKind::Service) {
        return false;
    }
    let stem = name.trim_end_matches(".service");
    let known = is_there_already(stem) || !product_units(stem).is_empty();
    let defined = context.units.iter().any(|u| same_unit(name, &u.name) || same_unit(&u.name, name));
    if known || defined || deploy.may_do_anything() || deploy.called_mentions(&format!("{stem}.service")) {
        return false;
    }
    let sibling = context.units.iter().any(|u| is_sibling(&u.name, name));
    (sibling || strong) && !comes_with_package(deploy, stem)
}

/// True if both names begin with the same word: `shop-web` and `shop-worker`.
fn is_sibling(one: &str, other: &str) -> bool {
    let first = |name: &str| -> String {
        let stem = name.trim_end_matches(".service");
        stem.split(['-', '_', '@', '.']).next().unwrap_or_default().to_owned()
    };
    let (a, b) = (first(one), first(other));
    a == b && a.len() > 2
}

fn comes_with_package(deploy: &Deploy<'_, '_, '_>, stem: &str) -> bool {
    deploy.steps().filter(|s| s.deed.roles.contains(&Role::SystemPackages)).any(|s| {
        s.argv.args.iter().filter_map(|a| a.value.as_literal()).any(|package| {
            let bare = package.split(['=', ':', '/']).next().unwrap_or(package);
            bare.len() > 2 && (stem.starts_with(bare) || bare.starts_with(stem))
        })
    })
}

/// True if the script checks whether the unit exists.
fn is_tested(deploy: &Deploy<'_, '_, '_>, name: &str) -> bool {
    let stem = name.trim_end_matches(".service");
    deploy
        .steps()
        .any(|s| may_test_unit(&s.argv) && s.argv.args.iter().any(|a| a.value.to_string().contains(stem)))
        || deploy.world.scripts().iter().any(|script| {
            script
                .guards
                .iter()
                .any(|g| g.cond.facts().iter().any(|f| f.resource.name().to_string().contains(stem)))
        })
}
