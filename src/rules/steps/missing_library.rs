//! `steps/missing-library`: a Python package needs a system library to be built or to run, and a script
//! installs system packages, but not that one.

use crate::facts::deploy::is_here;
use crate::facts::needs::demanding;
use crate::facts::world::World;
use crate::finding::Finding;
use crate::finding::RuleId;
use crate::repo::names::is_beside;
use crate::rules::id;
use crate::source::Span;
use crate::tools::effect::{Change, Ecosystem, Resource, Role};
use crate::tools::libraries::NEEDS;
use crate::tools::packaging::installs_by_name;

const RULE: RuleId = id::STEPS_MISSING_LIBRARY;

/// `steps/missing-library`.
pub(super) fn missing_library(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    let Some(deploy) = &demanding(world) else { return };
    if deploy.in_containers() || deploy.may_do_anything() || !deploy.is_from_scratch() {
        return;
    }
    let mut packages: Vec<&str> = Vec::new();
    let mut place: Option<Span> = None;
    let mut most = 0;
    let mut fills = false;
    for step in deploy.steps().filter(|step| is_here(step)) {
        fills |=
            step.deed.roles.contains(&Role::Dependencies(Ecosystem::Python)) && !installs_by_name(&step.argv);
        let mut installs = 0;
        for effect in &step.deed.effects {
            if let (Change::Create(_), Resource::Package(name)) = (&effect.change, &effect.resource) {
                // An unknown name may be any package.
                let Some(name) = name.as_literal() else { return };
                packages.push(name);
                installs += 1;
            }
        }
        // A script that installs most of them would also install this one.
        if installs > most {
            (most, place) = (installs, Some(step.span));
        }
    }
    // A script that installs a tool or two leaves the rest to whoever set up the server.
    let (Some(place), true) = (place, fills && packages.len() >= MANY) else { return };
    let manifests = deploy.world.project.needs.python.iter().filter(|m| !is_beside(&m.directory));
    for need in NEEDS {
        let mut declared = manifests.clone().flat_map(|m| &m.dependencies).filter(|d| d.name == need.package);
        let plain = declared.find(|d| {
            d.group.is_none()
                && (need.unless.is_empty()
                    || d.extras.iter().all(|extra| extra != need.unless && extra != "c"))
        });
        let Some(plain) = plain else { continue };
        let has = |part: &str| {
            let given = deploy.world.given.packages.iter().map(String::as_str);
            packages.iter().copied().chain(given).any(|package| package.contains(part))
                || deploy.called_mentions(part)
        };
        let binary = format!("{}-binary", need.package);
        let beside = manifests.clone().flat_map(|m| &m.dependencies).any(|d| d.name == binary);
        if has(need.library) || need.others.iter().any(|part| has(part)) || beside {
            continue;
        }
        let file = deploy.world.sources.file(plain.span.file).path();
        let message = format!(
            "{file} names {}, but no step installs the system package {}, so {}",
            need.package, need.library, need.without
        );
        let help = format!("add `{}` to the packages that are installed here", need.library);
        let draft = deploy.world.finding(RULE, place, message).help(help);
        found.push(draft.related(plain.span, "this needs it").done());
    }
}

/// How many system packages show that the script prepares the server.
const MANY: usize = 3;
