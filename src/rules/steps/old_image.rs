//! `steps/old-image`: new code arrives, and the containers start from the image that the first run has built.

use crate::facts::stacks::Stack;
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::model::{Step, StepId};
use crate::project::compose::Service;
use crate::repo::names::is_code;
use crate::rules::id;
use crate::tools::containers::projects::{may_make_image, pulls};
use crate::tools::effect::{Ecosystem, Role};
use std::collections::HashSet;

/// `steps/old-image`.
pub(super) fn old_image(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let mut is_built = None;
    let mut told = HashSet::new();
    for stack in context.stacks() {
        let Some((arrival, by_pull)) = arrival(stack) else { continue };
        let Some(service) = stack.services.iter().find(|service| keeps_image(context, stack, service)) else {
            continue;
        };
        if *is_built.get_or_insert_with(|| may_be_built(context)) {
            return;
        }
        if !told.insert(stack.script.file) {
            continue;
        }
        let words = context.words(stack.step.span);
        let message = format!(
            "`{words}` starts `{}` from the image of an earlier run again: nothing builds a new one",
            service.name
        );
        let (why, sure) = match by_pull {
            true => ("this skips what is built here", Confidence::Medium),
            false => ("this brings new code", Confidence::High),
        };
        let sure = sure.min(stack.sure).min(context.confidence(stack.script, stack.id, None));
        let draft = context
            .finding(id::STEPS_OLD_IMAGE, stack.step.span, message)
            .at_most(sure)
            .help("write `up -d --build`, or run `docker compose build` before it")
            .related(stack.script.step(arrival).span, why);
        found.push(draft.related(service.name_span, "it has `build`").done());
    }
}

/// The last step before that brings new code, or that pulls the images for want of one, and whether it only pulls.
fn arrival(stack: &Stack<'_, '_>) -> Option<(StepId, bool)> {
    let before = || stack.script.iter().take_while(|(id, _)| *id < stack.id);
    let brings = |step: &Step| step.deed.roles.contains(&Role::Source) && step.place == stack.step.place;
    let brought = before().filter(|(_, step)| brings(step)).last();
    let pulled = || before().filter(|(_, step)| pulls(&step.argv)).last();
    brought.map(|(id, _)| (id, false)).or_else(|| pulled().map(|(id, _)| (id, true)))
}

/// True if the service runs the repo's code from an image that only `build` makes.
fn keeps_image(context: &World<'_, '_>, stack: &Stack<'_, '_>, service: &Service) -> bool {
    let Some(build) = &service.build else { return false };
    // An image with a name may come from a registry.
    if service.image.is_some() || service.provided || stack.compose.is_one_shot(service) {
        return false;
    }
    let Some(own) = stack.compose.path(&build.context) else { return false };
    let inventory = &context.project.inventory;
    let lies_in = |file: &str, directory: &str| {
        directory.is_empty() || file.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
    };
    let has_code =
        |directory: &str| inventory.code.iter().any(|file| is_code(file) && lies_in(file, directory));
    // What is mounted over the image is as new as the checkout.
    let is_mounted = service.volumes.iter().any(|volume| {
        let source = volume.source.as_ref().filter(|_| volume.kind.as_deref() != Some("volume"));
        source.is_some_and(|source| {
            let path = stack.compose.path(source);
            path.is_none_or(|path| path == own || has_code(&path))
        })
    });
    has_code(&own) && !is_mounted
}

/// True if a script builds images, or may do so.
fn may_be_built(context: &World<'_, '_>) -> bool {
    let builds = |step: &Step| {
        step.deed.roles.contains(&Role::Build(Ecosystem::Container)) || may_make_image(&step.argv)
    };
    let texts = || {
        let composes = context.project.composes.iter();
        composes
            .flat_map(|compose| compose.files())
            .any(|file| context.sources.file(file).text().contains("pull_policy"))
    };
    context.steps().any(|(.., step)| builds(step)) || context.deploy().may_do_anything() || texts()
}
