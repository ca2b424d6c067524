//! `steps/missing-package`: a script that sets up a server runs a program that a new server lacks, and nothing installs it.

use crate::facts::deploy::is_here;
use crate::facts::first_run::{MissingProgram, missing_programs};
use crate::facts::packages::is_opaque_call;
use crate::facts::world::World;
use crate::finding::{Confidence, Finding, Severity};
use crate::model::{Deployment, Step};
use crate::rules::id;
use crate::shell::wrappers::Place;
use crate::tools::apt::{fetches_lists, is_apt, may_use_lists, tells_to_use_lists};
use crate::tools::effect::Role;
use crate::tools::supplies::{is_compose, needed, other_compose};

/// `steps/missing-package`.
pub(super) fn missing_package(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    let missing = missing_programs(world.deploy());
    if missing.is_empty() {
        found.extend(nothing_installed(world));
    }
    found.extend(missing.into_iter().map(|missing| tell(world, missing)));
}

fn tell(world: &World<'_, '_>, missing: MissingProgram<'_, '_>) -> Finding {
    let MissingProgram { supply, script, step, place, late } = missing;
    let step = script.step(step);
    let words = world.words(step.span);
    if let Some(late) = late {
        let late = script.step(late).span;
        let line = world.line_beside(late, step.span);
        let message = format!("`{words}` needs {}, and {line} installs it only later", supply.name);
        let draft = world.finding(id::STEPS_MISSING_PACKAGE, step.span, message).at_most(Confidence::Medium);
        return draft.related(late, "it is installed here").help("install the packages first").done();
    }
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

/// The lists of packages are fetched, and neither a step nor a text installs anything from them.
fn nothing_installed(world: &World<'_, '_>) -> Option<Finding> {
    let deploy = world.deploy();
    let mut fetch = None;
    for (_, script) in deploy.deploying() {
        for (id, step) in script.iter() {
            let fetches = fetches_lists(&step.argv) && is_apt(&step.argv) && !may_use_lists(&step.argv);
            if fetches && step.entry == 0 && step.place == Place::Here {
                fetch.get_or_insert((script, id));
            }
        }
    }
    let (script, id) = fetch?;
    let uses = |step: &Step| {
        may_use_lists(&step.argv)
            || step.deed.roles.iter().any(|role| matches!(role, Role::SystemPackages | Role::Provision))
            || is_opaque_call(step)
    };
    let text = |script: &Deployment<'_>| world.sources.file(script.file).text();
    if world.steps().any(|(.., step)| uses(step))
        || world.scripts().iter().any(|script| tells_to_use_lists(text(script)))
        || deploy.may_do_anything()
    {
        return None;
    }
    let step = script.step(id);
    let message = format!(
        "`{}` fetches the lists of packages, and nothing is installed from them",
        world.words(step.span)
    );
    let draft = world.finding(id::STEPS_MISSING_PACKAGE, step.span, message);
    let mut draft = draft.at_most(world.confidence(script, id, None));
    // What a new server lacks shows best what is not installed.
    let lacking = script.iter().filter(|(_, step)| is_here(step) && step.entry == 0).find_map(|(_, step)| {
        needed(&step.argv).first().map(|supply| (step.span, supply.name, supply.package()))
    });
    draft = match lacking {
        Some((span, name, package)) => draft
            .related(span, format!("this needs {name}"))
            .help(format!("install what the script needs after it: `apt-get install -y {package} …`")),
        None => draft.help("install what the script needs after it, or leave it out"),
    };
    Some(draft.at_most(Confidence::Medium).severity(Severity::Warning).done())
}
