//! `steps/clone-refused`: a clone goes into a directory that an earlier step has filled.

use crate::facts::first_run::refused_clones;
use crate::facts::world::World;
use crate::finding::Finding;
use crate::rules::id;

/// `steps/clone-refused`.
pub(super) fn clone_refused(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for (_, script) in context.deploy().deploying() {
        for clone in refused_clones(context, script) {
            let (step, filler) = (script.step(clone.step), script.step(clone.filler));
            let message = format!(
                "git refuses to clone into `{}`, because {} has put something there",
                clone.path,
                context.line_beside(filler.span, step.span)
            );
            let draft = context
                .finding(id::STEPS_CLONE_REFUSED, step.span, message)
                .at_most(context.confidence(script, clone.step, Some(clone.path)))
                .help("clone first, and make the rest afterwards")
                .related(filler.span, "this fills the directory");
            found.push(draft.done());
        }
    }
}
