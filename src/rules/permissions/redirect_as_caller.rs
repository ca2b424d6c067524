//! `permissions/redirect-as-caller`: words the finding that `sudo` runs the command, but the caller's shell opens the file.

use crate::facts::world::World;
use crate::rules::draft::Draft;
use crate::rules::queries::{Found, Wording};

pub(super) const WORDING: Wording = Wording::Command(word);

fn word(context: &World<'_, '_>, found: &Found<'_, '_>, draft: Draft) -> Draft {
    let step = found.at.step();
    let Some((path, append)) = &step.argv.stdout else { return draft };
    let words = context.words(step.span);
    let tee = if *append { "sudo tee -a" } else { "sudo tee" };
    draft
        .message(format!("the caller's shell opens `{path}` for `{words}`, not sudo: permission denied"))
        .at_most(context.confidence(found.at.script, found.at.id, Some(path)))
        .help(format!("pipe the output: `… | {tee} {path} >/dev/null`"))
}
