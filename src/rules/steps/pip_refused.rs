//! `steps/pip-refused`: pip is to install into the Python of the system, which Debian and Ubuntu keep for apt.

use crate::facts::deploy::is_here;
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::model::{Deployment, OnFailure, Step};
use crate::rules::id;
use crate::tools::apt::{is_apt, is_debians};
use crate::tools::effect::{Change, Resource};
use crate::tools::python::{brings_pip, installs_into_system, lifts_the_ban, names_old_release};

/// `steps/pip-refused`.
pub(super) fn pip_refused(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let inventory = &context.project.inventory;
    for (_, script) in context.deploy().deploying() {
        let refused = script.iter().find(|(_, step)| is_refused(step));
        let Some((id, step)) = refused else { continue };
        // Where another program brings pip, that one has an environment of its own.
        let Some(apt) = script.steps.iter().find(|step| installs_pip(step)) else { continue };
        let text = context.sources.file(script.file).text();
        if lifts_the_ban(text)
            || names_old_release(text)
            || inventory.holds("Vagrantfile") == Some(true)
            || has_other_systems(script)
        {
            continue;
        }
        let message = format!(
            "`{}` is refused by Ubuntu 24.04 and Debian 12: only apt may install into the system's Python",
            context.words(step.span)
        );
        let draft = context
            .finding(id::STEPS_PIP_REFUSED, step.span, message)
            .help("make an environment with `python3 -m venv venv`, and install with `venv/bin/pip`")
            .related(apt.span, "this installs the pip of the system")
            .at_most(Confidence::Medium)
            .at_most(context.confidence(script, id, None));
        found.push(draft.done());
    }
}

/// True for an install into the system's Python whose failure nobody handles.
fn is_refused(step: &Step) -> bool {
    is_here(step) && step.on_failure != OnFailure::Handled && installs_into_system(&step.argv)
}

fn installs_pip(step: &Step) -> bool {
    is_apt(&step.argv)
        && step.deed.effects.iter().any(|effect| match (&effect.change, &effect.resource) {
            (Change::Create(_), Resource::Package(name)) => name.as_literal().is_some_and(brings_pip),
            _ => false,
        })
}

/// True if the script installs on other systems than Debian and its like too, so that a branch may be for them.
fn has_other_systems(script: &Deployment<'_>) -> bool {
    script.steps.iter().any(|step| is_debians(&step.argv) == Some(false))
}
