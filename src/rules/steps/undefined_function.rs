//! `steps/undefined-function`: the script calls a function that it does not define, or not yet.

use crate::facts::first_run::unset_names;
use crate::facts::world::World;
use crate::finding::Finding;
use crate::rules::id;

/// `steps/undefined-function`.
pub(super) fn undefined_function(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for script in context.deploy().all() {
        for one in unset_names(context, script, true) {
            let name = &one.name;
            let message = match one.later {
                Some(later) => {
                    let line = context.line_beside(later, one.span);
                    format!("`{name}` is called before {line} defines it: command not found")
                }
                None => format!("nothing defines `{name}`: command not found"),
            };
            let mut draft = context
                .finding(id::STEPS_UNDEFINED_FUNCTION, one.span, message)
                .help("define the function before it is called");
            if let Some(later) = one.later {
                draft = draft.related(later, "it is defined here");
            }
            found.push(draft.done());
        }
    }
}
