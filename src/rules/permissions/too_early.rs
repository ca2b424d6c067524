//! `permissions/too-early`: words the finding that `chown` or `chmod` comes before the account or the path exists.

use crate::facts::firsts::Lacking;
use crate::facts::world::World;
use crate::rules::draft::Draft;
use crate::rules::queries::{Found, Wording};

pub(super) const WORDING: Wording = Wording::Command(word);

fn word(world: &World<'_, '_>, found: &Found<'_, '_>, draft: Draft) -> Draft {
    let (script, id, step) = (found.at.script, found.at.id, found.at.step());
    let later = found.other.and_then(|other| {
        let lacking = world.firsts(script)?.lacking(script, other.id, id)?;
        Some((other.step().span, lacking))
    });
    let Some((later, lacking)) = later else { return draft };
    let (words, line) = (world.words(step.span), world.line_beside(later, step.span));
    let (message, about, help) = match lacking {
        Lacking::Runner(user) => (
            format!("`{words}` runs as `{user}`, which is created only on {line}: unknown user"),
            user,
            format!("create `{user}` first"),
        ),
        Lacking::Account(user) => (
            format!("`{words}` fails with \"invalid user\", because `{user}` is created only on {line}"),
            user,
            format!("create `{user}` first"),
        ),
        Lacking::Path(path) => (
            format!(
                "`{words}` comes too early, because `{path}` is created only on {line}: no such file or directory"
            ),
            path,
            format!("write it after {line}"),
        ),
    };
    draft
        .message(message)
        .at_most(world.confidence(script, id, Some(about)))
        .related(later, "made here")
        .help(help)
}
