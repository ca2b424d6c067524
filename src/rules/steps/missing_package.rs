//! `steps/missing-package`: a script that sets up a server runs a program that a new server lacks, and nothing installs it.

use crate::facts::first_run::{MissingProgram, missing_programs};
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::rules::id;
use crate::tools::supplies::{is_compose, other_compose};

/// `steps/missing-package`.
pub(super) fn missing_package(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    found.extend(missing_programs(world.deploy()).into_iter().map(|missing| tell(world, missing)));
}

fn tell(world: &World<'_, '_>, missing: MissingProgram<'_, '_>) -> Finding {
    let MissingProgram { supply, script, step, place } = missing;
    let step = script.step(step);
    let words = world.words(step.span);
    let (what, help) = match is_compose(supply) {
        true => (
            format!("`{words}` needs {}, and the scripts install the other Compose", supply.name),
            format!("write `{}`, or install `{}`", other_compose(supply), supply.package()),
        ),
        false => (
            format!("`{words}` needs {}, and nothing installs it on a new server", supply.name),
            format!("install `{}` first", supply.package()),
        ),
    };
    let mut draft = world.finding(id::STEPS_MISSING_PACKAGE, step.span, what).help(help);
    if let Some(place) = place {
        draft = draft.related(place, "packages are installed here");
    }
    if !is_compose(supply) {
        draft = draft.at_most(Confidence::Medium);
    }
    draft.done()
}
