//! Runs that somebody watches, and questions that are asked only there.

use crate::facts::world::World;
use crate::model::{Deployment, Step, StepId};
use crate::repo::names::{base, is_sample_dotenv};
use crate::shell::argv::Arg;
use crate::tools::accounts::asks_on_debian_alone;
use crate::tools::apt::is_debians;
use crate::tools::frameworks::{ASKS_WITH, asks_in_production};

/// True if a condition around the question excludes runs that nobody watches. It asks for a terminal, or whether the
/// variable that is read was given.
pub(crate) fn only_asks_people(world: &World<'_, '_>, script: &Deployment<'_>, id: StepId) -> bool {
    let step = script.step(id);
    let asks = |step: &Step| step.deed.prompts.is_some_and(|prompt| prompt.of_script);
    let read = asks(step);
    script.guards_of(id).any(|(guard_id, guard)| {
        let condition = world.sources.text(guard.span);
        let terminal = ["-t 0", "-t 1", "-t 2", "tty -s", "$- "].iter().any(|test| condition.contains(test));
        if !read {
            return terminal || has_been_answered(script, id, condition);
        }
        if terminal || !condition.contains(['$', '-']) {
            return terminal;
        }
        if gives_the_answer(condition) {
            return true;
        }
        // A password is often asked for twice.
        let named = variables_in(condition);
        let mentions = |arg: &Arg| arg.value.as_literal().is_some_and(|name| named.contains(&name));
        let asks_for_it = |s: &Step| asks(s) && s.argv.args.iter().any(mentions);
        let near = &script.steps[guard.at.0 as usize..guard.end.0 as usize];
        near.iter().any(asks_for_it) && script.behind(guard_id).any(|(_, s)| asks_for_it(s))
    })
}

/// True if a condition asks what somebody has just answered the script, so that somebody is there for the next question too:
/// `[[ $REPLY =~ ^[Yy]$ ]]`.
fn has_been_answered(script: &Deployment<'_>, id: StepId, condition: &str) -> bool {
    let mut asked = script.steps[..id.0 as usize]
        .iter()
        .filter(|s| s.deed.prompts.is_some_and(|prompt| prompt.of_script));
    let mut named = variables_in(condition);
    named.retain(|name| !name.starts_with(|c: char| c.is_ascii_digit()));
    let names = |arg: &Arg| arg.value.as_literal().is_some_and(|name| named.contains(&name));
    !named.is_empty() && asked.any(|step| step.argv.args.iter().any(names) || named.contains(&"REPLY"))
}

/// True if Laravel asks in production alone, and the script has just copied a sample that is not for production.
pub(crate) fn asks_in_another_mode(world: &World<'_, '_>, script: &Deployment<'_>, id: StepId) -> bool {
    let (name, production) = ASKS_WITH;
    if !asks_in_production(&script.step(id).argv) || world.sources.file(script.file).text().contains(name) {
        return false;
    }
    let is_for_others = |file: &str| {
        let samples = world.project.dotenvs.iter().filter(|(path, _)| base(path) == file);
        let mut entries = samples.flat_map(|(_, sample)| &sample.entries);
        is_sample_dotenv(file) && entries.any(|entry| entry.name == name && entry.value != production)
    };
    let copies = |step: &Step| {
        let contents = step.deed.effects.iter().filter_map(|effect| effect.content.as_ref()?.from.as_ref());
        contents
            .filter_map(|from| from.basename().as_literal().map(str::to_owned))
            .any(|file| is_for_others(&file))
    };
    script.steps[..id.0 as usize].iter().any(|step| step.guard.is_none() && copies(step))
}

/// True if the program asks on a Debian alone, and the script is for another system.
pub(crate) fn asks_on_another_system(world: &World<'_, '_>, script: &Deployment<'_>, step: &Step) -> bool {
    let shows = |debians: bool| move |other: &Step| is_debians(&other.argv) == Some(debians);
    let own = || script.steps.iter();
    // The other scripts may be for other systems.
    asks_on_debian_alone(&step.argv)
        && !own().any(shows(true))
        && (own().any(shows(false))
            || world.steps_with(script).any(shows(false)) && !world.steps_with(script).any(shows(true)))
}

/// True if a condition asks whether the caller has answered beforehand: `[ "$1" != --yes ]`, `[ -z "$ASSUME_YES" ]`.
fn gives_the_answer(condition: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    condition.split(|c| !is_word(c)).any(|word| {
        matches!(
            word,
            "--yes" | "--assume-yes" | "--force" | "--non-interactive" | "--no-input" | "--no-prompt"
        ) || matches!(
            word,
            "YES"
                | "ASSUME_YES"
                | "ASSUMEYES"
                | "AUTO_YES"
                | "AUTO_APPROVE"
                | "CI"
                | "FORCE"
                | "NONINTERACTIVE"
                | "NON_INTERACTIVE"
                | "UNATTENDED"
                | "SKIP_CONFIRM"
        )
    })
}

/// The variables that a text names: `$NAME`, `${NAME…}`, `-v NAME`.
fn variables_in(text: &str) -> Vec<&str> {
    let expanded = text.split('$').skip(1).map(|rest| rest.strip_prefix('{').unwrap_or(rest));
    let names = expanded.chain(text.split("-v ").skip(1)).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        &rest[..end.unwrap_or(rest.len())]
    });
    names.filter(|name| !name.is_empty()).collect()
}
