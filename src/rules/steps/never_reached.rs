//! `steps/never-reached`: the script ends before a step of it.

use crate::facts::world::World;
use crate::finding::{Confidence, Finding, Severity};
use crate::model::{Deployment, Ending, Step, Unreached};
use crate::rules::id;
use crate::source::Span;
use crate::tools::effect::Role;

/// `steps/never-reached`.
pub(super) fn never_reached(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for script in context.deploy().all() {
        for unreached in script.unreached.iter().filter(|unreached| is_read(script, unreached)) {
            let start = script.steps.partition_point(|step| step.entry < unreached.entry);
            let own = script.steps[start..].iter().take_while(|step| step.entry == unreached.entry);
            let Some(step) = own.into_iter().find(|step| does_something(step)) else { continue };
            let words = context.words(unreached.end);
            let why = match unreached.how {
                Ending::Exit(_) => format!("`{words}` ends the script"),
                Ending::Replaced => format!("`{words}` takes the place of the script"),
                Ending::Return => format!("`{words}` ends the function"),
                Ending::Within => format!("nothing goes on behind `{words}`"),
            };
            let message =
                format!("{why}, so `{}` on {} never runs", context.words(step.span), context.line(step.span));
            let mut draft = context
                .finding(id::STEPS_NEVER_REACHED, unreached.end, message)
                .related(step.span, "this never runs");
            draft = match unreached.how {
                Ending::Exit(false) => draft
                    .severity(Severity::Error)
                    .help("put the condition before it on which the script has to end"),
                // Somebody may have switched off what stands behind it.
                _ => draft
                    .at_most(Confidence::Medium)
                    .help("put a condition before it, or remove what never runs"),
            };
            found.push(draft.done());
        }
    }
}

/// True if all of it was read as shell: an archive may follow after `exit 0`.
fn is_read(script: &Deployment<'_>, unreached: &Unreached) -> bool {
    let is_within = |span: &Span| span.file == script.file && span.end > unreached.rest.start;
    !script.gaps.iter().any(|(span, _)| is_within(span))
}

/// True for what changes something, or waits for something.
fn does_something(step: &Step) -> bool {
    let is_work = |role: &Role| !matches!(role, Role::ReadOnly);
    step.deed.roles.iter().any(is_work) || !step.deed.effects.is_empty()
}
