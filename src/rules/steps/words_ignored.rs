//! `steps/words-ignored`: a command is given to a service whose entrypoint does not take it.

use crate::facts::containers::{at_most, elsewhere, judged};
use crate::facts::world::World;
use crate::finding::Finding;
use crate::project::compose::{Service, with_defaults};
use crate::rules::id;
use crate::tools::containers::projects::{Entered, entered, passes_words_on};

/// `steps/words-ignored`.
pub(super) fn words_ignored(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    if judged(context).all(|compose| compose.services.iter().all(|service| service.entrypoint.is_none())) {
        return;
    }
    for (_, script) in context.deploy().deploying() {
        for (id, step) in script.iter() {
            let Some(Entered { service, command }) = entered(&step.argv) else { continue };
            let Some(name) = service.as_literal() else { continue };
            let services = || {
                judged(context).flat_map(|compose| {
                    let that = compose.services.iter().filter(|service| service.name == name);
                    that.map(move |service| (compose, service))
                })
            };
            // Where several files have the service, it is not known which of them the step means.
            let (Some((compose, service)), 1) = (services().next(), services().count()) else { continue };
            let Some(entrypoint) = &service.entrypoint else { continue };
            let is_same = |other: &Service| other.entrypoint.is_some();
            if passes_words_on(&with_defaults(&entrypoint.text))
                || elsewhere(context, compose, name).any(is_same)
            {
                continue;
            }
            let message = format!(
                "`{command} …` never runs: the entrypoint of `{name}` is `sh -c`, which takes no words of the call"
            );
            let help = format!(
                "write `--entrypoint {command}` before `{name}`, and leave `{command}` out behind it"
            );
            let sure = context.confidence(script, id, None).min(at_most(compose));
            let draft = context
                .finding(id::STEPS_WORDS_IGNORED, step.span, message)
                .help(help)
                .related(entrypoint.span, "the entrypoint, which runs instead")
                .at_most(sure);
            found.push(draft.done());
        }
    }
}
