//! `env/missing-file`: Compose needs an environment file that nothing makes.

use crate::facts::stacks::missing::{MissingFile, missing_files};
use crate::facts::world::World;
use crate::finding::Finding;
use crate::rules::id;

/// `env/missing-file`.
pub(super) fn missing_file(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for MissingFile { stack, service, file, path } in missing_files(context) {
        let words = context.words(stack.step.span);
        let message = format!("`{words}` fails: `{}` needs {path}, which nothing makes", service.name);
        let draft = context
            .finding(id::ENV_MISSING_FILE, stack.step.span, message)
            .at_most(context.confidence(stack.script, stack.id, None).min(stack.sure))
            .help("make it before, from a sample, or write `required: false`")
            .related(file.path.span, "this file has to be there");
        found.push(draft.done());
    }
}
