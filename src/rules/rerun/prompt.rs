//! `rerun/prompt`: words the finding that a command waits for an answer, on the first run as on each other.

use crate::facts::attended::only_asks_people;
use crate::facts::world::World;
use crate::finding::{Confidence, Severity};
use crate::rules::draft::Draft;
use crate::rules::guards;
use crate::rules::queries::{Found, Wording};
use crate::tools::advice::unattended;

pub(super) const WORDING: Wording = Wording::Command(word);

/// What it asks, and the flag that keeps it from asking.
fn word(context: &World<'_, '_>, found: &Found<'_, '_>, draft: Draft) -> Draft {
    let step = found.at.step();
    let words = context.words(step.span);
    match &step.deed.prompts {
        Some(prompt) if prompt.of_script => of_script(context, found, draft),
        Some(prompt) => {
            let then = match prompt.only_people {
                true => "a deploy from a terminal waits there",
                false => "an unattended deploy hangs or fails there",
            };
            let text = format!("`{words}` {}, and {then}", prompt.asks);
            let advice = unattended(&step.argv, prompt);
            let fix = advice.edit.and_then(|edit| guards::fix(context, found.at.script, step, &edit));
            let mut draft = draft.message(text).help(advice.help).fix(fix);
            if prompt.dialogue {
                draft = draft.severity(Severity::Info);
            }
            if prompt.only_people {
                draft = draft.at_most(Confidence::Medium).severity(Severity::Info);
            }
            draft
        }
        None => super::again::word(context, found, draft).only_again(),
    }
}

/// Whoever writes an installer that asks means it to ask, so there is one finding for all of its questions.
fn of_script(context: &World<'_, '_>, found: &Found<'_, '_>, draft: Draft) -> Draft {
    let script = found.at.script;
    let asks = script.iter().filter(|(id, step)| {
        step.deed.prompts.is_some_and(|prompt| prompt.of_script)
            && script.second_run(*id).skipped_by().is_none()
            && !only_asks_people(context, script, *id)
    });
    let asks = asks.count();
    let many = if asks > 1 { format!(" for the first of {asks} questions") } else { String::new() };
    let words = context.words(found.at.step().span);
    let text =
        format!("`{words}` waits for a line on standard input{many}, so the script cannot run unattended");
    draft
        .message(text)
        .severity(Severity::Info)
        .help("take the answers from arguments or the environment if they are given")
}
