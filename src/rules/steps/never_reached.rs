//! `steps/never-reached`: the script ends before a step of it.

use crate::facts::world::World;
use crate::finding::{Confidence, Finding, Severity};
use crate::model::{Deployment, Ending, OnFailure, Step, StepId, Unreached};
use crate::rules::id;
use crate::shell::wrappers::Place;
use crate::source::Span;
use crate::tools::effect::{Prints, Role};
use crate::tools::serves::{keeps_the_shell, opens_a_shell};

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
        behind_waiting(context, script, found);
    }
}

/// What keeps the script waiting until somebody ends it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waits {
    /// A server in the foreground.
    Server,
    /// A shell of another account, which does not run the steps behind it.
    Shell,
}

impl Waits {
    fn of(step: &Step) -> Option<Waits> {
        if step.background || step.in_loop || step.on_failure == OnFailure::Handled {
            return None;
        }
        // What is known to end is most of a script.
        let may_wait = |role: &Role| matches!(role, Role::Serve | Role::ComposeUp);
        if step.deed.known && !step.deed.effects.is_empty() && !step.deed.roles.iter().any(may_wait)
            || step.deed.prints == Prints::Words
        {
            return None;
        }
        let shell = || opens_a_shell(&step.argv, &step.wrappers).then_some(Waits::Shell);
        match keeps_the_shell(&step.argv, &step.wrappers) {
            true => Some(Waits::Server),
            false => shell(),
        }
    }
}

/// The steps behind a server in the foreground, or behind a shell that the script opens, wait for its end.
fn behind_waiting(context: &World<'_, '_>, script: &Deployment<'_>, found: &mut Vec<Finding>) {
    let main = || script.iter().filter(|(_, step)| step.entry == 0);
    let waiting = |(id, step)| Some((id, step, Waits::of(step)?));
    let here = main().filter(|(_, step)| step.place == Place::Here);
    let Some((id, first, waits)) = here.filter_map(waiting).next() else { return };
    let is_behind = |id: &StepId, step: &Step| {
        let under = first.guard.is_none_or(|guard| script.guards_of(*id).any(|(own, _)| own == guard));
        under && does_something(step) && is_later(context, first, step)
    };
    let Some((_, next)) = main().find(|(other, step)| *other > id && is_behind(other, step)) else { return };
    let (words, behind) = (context.words(first.span), context.words(next.span));
    let line = context.line(next.span);
    let (message, label, help) = match waits {
        Waits::Server => (
            format!(
                "`{words}` stays in the foreground, so `{behind}` on {line} waits until somebody stops it"
            ),
            "the script does not get here while it serves",
            "let a unit start it, or put it behind all other steps",
        ),
        Waits::Shell => (
            format!(
                "`{words}` opens a shell, and `{behind}` on {line} does not run in it, but after its end"
            ),
            "this runs as before",
            "name the account in each command: `sudo -u NAME …`",
        ),
    };
    let draft = context
        .finding(id::STEPS_NEVER_REACHED, first.span, message)
        .related(next.span, label)
        .at_most(Confidence::Medium)
        .at_most(context.confidence(script, id, None))
        .help(help);
    found.push(draft.done());
}

/// True if a step stands on a later line of the same file, and does not read what the other one writes.
fn is_later(context: &World<'_, '_>, first: &Step, step: &Step) -> bool {
    let text = context.sources.file(first.span.file).text();
    let is_same = first.span.file == step.span.file;
    let between = text.get(first.span.end as usize..step.span.start as usize).filter(|_| is_same);
    between.is_some_and(|between| between.contains('\n') && !between.trim_end().ends_with('|'))
}

/// True if all of it was read as shell: an archive may follow after `exit 0`.
fn is_read(script: &Deployment<'_>, unreached: &Unreached) -> bool {
    let is_within = |span: &Span| span.file == unreached.rest.file && span.end > unreached.rest.start;
    !script.gaps.iter().any(|(span, _)| is_within(span))
}

/// True for what changes something, or waits for something.
fn does_something(step: &Step) -> bool {
    let is_work = |role: &Role| !matches!(role, Role::ReadOnly);
    step.deed.roles.iter().any(is_work) || !step.deed.effects.is_empty()
}
