//! Packages of the app: whose program a step runs, which environment or tree of packages it works on, and whether it
//! installs everything that a manifest names.

use crate::model::Step;
use crate::shell::value::Value;
use crate::tools::effect::{Change, Ecosystem, Resource, Role};
use crate::tools::place::works_in;
use crate::tools::{calls, packaging};

/// How many system packages show that a script prepares a whole server, and does not only add one to a server that runs.
pub(crate) const OF_A_SERVER: usize = 3;

/// True for a step that may have done anything, because it is not fully known: a script, `make`, another tool's runner.
pub(crate) fn is_opaque_call(step: &Step) -> bool {
    !step.deed.known && calls::may_do_anything(&step.argv)
}

/// The ecosystem of the program that does the work; `None` if the words do not show it.
pub(crate) fn ecosystem(step: &Step) -> Option<Ecosystem> {
    step.deed.roles.iter().find_map(|role| match role {
        Role::Build(of @ (Ecosystem::Node | Ecosystem::Ruby | Ecosystem::Php)) => Some(*of),
        Role::Dependencies(of) => Some(*of),
        Role::Migrate | Role::StaticFiles => packaging::ecosystem(&step.argv),
        _ => None,
    })
}

/// The environment that a Python program belongs to: for `/srv/app/venv/bin/pip` it is `/srv/app/venv`.
pub(crate) fn environment(step: &Step) -> Option<Value> {
    let program = &step.argv.program.value;
    if program.key().contains('/') {
        let directory = program.resolve(&step.argv.cwd).dirname();
        if directory.known_suffix().ends_with("/bin") {
            return Some(directory.dirname());
        }
    }
    step.argv.env("VIRTUAL_ENV").map(|v| v.resolve(&step.argv.cwd))
}

/// True if the step installs what a manifest names, and not a package by its name.
pub(crate) fn installs_manifest(step: &Step, of: Ecosystem) -> bool {
    step.deed.roles.contains(&Role::Dependencies(of)) && packaging::installs_manifest(&step.argv, of)
}

/// True if both are programs of one ecosystem that work on the same virtual environment, or on the same tree of packages.
pub(crate) fn same_packages(one: &Step, other: &Step) -> bool {
    match (ecosystem(one), ecosystem(other)) {
        (Some(of), Some(others)) if of == others => match of {
            Ecosystem::Python => environment(one) == environment(other),
            _ => tree(one).is_some_and(|own| Some(own) == tree(other)),
        },
        _ => false,
    }
}

/// True if both work on trees of packages that are known, and neither contains the other.
pub(crate) fn other_packages(one: &Step, other: &Step) -> bool {
    match (tree(one), tree(other)) {
        (Some(one), Some(other)) => !one.is_under(&other) && !other.is_under(&one),
        _ => false,
    }
}

/// The directory whose packages a step works with, if that is known.
pub(crate) fn tree(step: &Step) -> Option<Value> {
    let filled = step.deed.effects.iter().find_map(|e| match (&e.change, &e.resource) {
        (Change::Create(_), Resource::Path(path)) => Some(path.dirname()),
        _ => None,
    });
    let installs = step.deed.roles.iter().any(|role| matches!(role, Role::Dependencies(_)));
    match filled.filter(|_| installs) {
        Some(filled) => Some(filled),
        None => (!packaging::works_in_a_part(&step.argv)).then(|| works_in(&step.argv)),
    }
}
