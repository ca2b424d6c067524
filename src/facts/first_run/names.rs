//! Names that nothing sets: neither the script, nor what may call it.

use crate::facts::environment::names::is_word_in;
use crate::facts::ground::Ground;
use crate::model::{Deployment, Step, Unset, UnsetKind};
use crate::repo::names::{base, is_unit};
use crate::shell::argv::Stdin;
use crate::shell::builtins::Builtin;
use crate::shell::value::{Knowledge, Value};
use crate::source::FileId;
use crate::tools::callers::a_service_has;
use crate::tools::calls::may_call;
use crate::tools::effect::Prints;

/// The names that a script uses and that nothing sets before, as far as the repo shows: its functions, or its variables.
pub(crate) fn unset_names<'s>(
    world: &Ground<'_, '_>,
    script: &'s Deployment<'_>,
    functions: bool,
) -> Vec<&'s Unset> {
    let asked = |one: &&Unset| (one.kind == UnsetKind::Function) == functions;
    // Whoever sources it sets its names.
    if !script.unset.iter().any(|one| asked(&one))
        || world.scripts().iter().any(|other| other.sourced.contains(&script.file))
    {
        return Vec::new();
    }
    let left = |one: &&Unset| {
        matches!(one.kind, UnsetKind::Ending | UnsetKind::Empty)
            && one.later.is_none()
            && is_environment_name(&one.name)
    };
    // A script that sets all its names but one does not leave that one to its environment.
    let leaves_several = script.unset.iter().filter(left).nth(1).is_some();
    let nothing_sets = |one: &&Unset| match one.kind {
        UnsetKind::Function => !is_a_file(world, &one.name),
        UnsetKind::Elements => true,
        UnsetKind::Ending | UnsetKind::Empty => {
            // Such a name in a text that the script writes is meant for whoever reads that.
            let is_of_service = || a_service_has(&one.name) && !writes(script, one);
            let is_given = is_of_service()
                || is_given(world, script, one)
                || leaves_several && is_in_settings(world, &one.name);
            !(left(one) && is_given)
        }
    };
    let is_harmless = |one: &&Unset| {
        matches!(one.kind, UnsetKind::Empty | UnsetKind::Elements)
            && (writes_unit(script, one) || only_prints(script, one) || is_library(script, one))
    };
    let asked = script.unset.iter().filter(asked);
    asked.filter(|one| !is_harmless(one)).filter(nothing_sets).collect()
}

/// True if the statement writes a unit, which a rule about units reads.
fn writes_unit(script: &Deployment<'_>, one: &Unset) -> bool {
    let at = script.steps.get(one.step.0 as usize);
    at.is_some_and(|step| step.written.iter().any(|written| is_unit(written.path.known_suffix())))
}

/// True if the statement writes a file.
fn writes(script: &Deployment<'_>, one: &Unset) -> bool {
    let at = script.steps.get(one.step.0 as usize);
    let is_it = |step: &Step| step.span.covers(one.span) || one.span.covers(step.span);
    at.is_some_and(|step| is_it(step) && !step.written.is_empty())
}

/// True if the statement only tells people something: an empty word there does no harm.
fn only_prints(script: &Deployment<'_>, one: &Unset) -> bool {
    let at = script.steps.get(one.step.0 as usize).filter(|step| step.span == one.span);
    // What another command reads is no message: `printf 'KEY=%s\n' "$key" | install /dev/stdin FILE`.
    let hole = Value::hole(&one.name, 0, Knowledge::Symbolic);
    let next = script.steps.get(one.step.0 as usize + 1);
    let is_read = next
        .is_some_and(|next| matches!(&next.argv.stdin, Stdin::Text(text) if text.key().contains(hole.key())));
    !is_read && at.is_some_and(|step| step.deed.prints == Prints::Words && step.written.is_empty())
}

/// True if the statement sources a file: who sources others by a variable that it does not set is sourced itself.
fn is_library(script: &Deployment<'_>, one: &Unset) -> bool {
    let at = script.steps.get(one.step.0 as usize).filter(|step| step.span == one.span);
    at.is_some_and(|step| Builtin::named(&step.argv.name) == Some(Builtin::Source))
}

/// True if the name stands in an environment file or a sample of one.
fn is_in_settings(world: &Ground<'_, '_>, name: &str) -> bool {
    world.project.dotenvs.iter().any(|(_, dotenv)| dotenv.entries.iter().any(|entry| entry.name == name))
}

/// True for a name as the environment's variables have it: in capitals.
fn is_environment_name(name: &str) -> bool {
    !name.bytes().any(|b| b.is_ascii_lowercase())
}

/// True if the caller may set the variable: a workflow, a script or another file that calls this one names it, or
/// the script tells people of it.
fn is_given(world: &Ground<'_, '_>, script: &Deployment<'_>, one: &Unset) -> bool {
    let name = one.name.as_str();
    let own = script.turn_of(one.step).map_or(script.file, |turn| turn.file);
    let own = world.sources.file(own).path();
    let is_own = |path: &str| {
        path == own || script.sourced.iter().any(|file| world.sources.file(*file).path() == path)
    };
    let inventory = &world.project.inventory;
    let names_it = |text: &str| {
        text.lines().any(|line| !line.trim_start().starts_with('#') && is_word_in(line, base(own)))
            || may_call(text, own)
    };
    let calls = |path: &String, text: &str| {
        inventory.workflows.contains(path) || inventory.scripts.contains(path) && names_it(text)
    };
    let elsewhere = || {
        world.project.texts.iter().any(|(path, file)| {
            let text = world.sources.file(*file).text();
            !is_own(path) && is_word_in(text, name) && calls(path, text)
        })
    };
    let called_otherwise = || {
        others_that_call(world).any(|file| {
            let text = world.sources.file(file).text();
            is_word_in(text, name) && names_it(text)
        })
    };
    let commented = || script.comments.iter().any(|comment| is_word_in(world.sources.text(*comment), name));
    let said = || {
        script.steps.iter().any(|step| {
            step.deed.prints == Prints::Words
                && step.written.is_empty()
                && is_word_in(world.sources.text(step.span), name)
        })
    };
    commented() || said() || elsewhere() || called_otherwise()
}

/// The files, other than scripts and workflows, that may call a script and give it variables.
fn others_that_call(world: &Ground<'_, '_>) -> impl Iterator<Item = FileId> {
    let project = &world.project;
    let texts = project.callers.iter().chain(&project.unit_files).chain(&project.unit_templates);
    let packages = project.needs.node.iter().map(|package| package.file);
    let composes = project.composes.iter().map(|compose| compose.file);
    texts.map(|(_, file)| *file).chain(packages).chain(composes)
}

/// True if a file of the repo may be the program of this name.
fn is_a_file(world: &Ground<'_, '_>, name: &str) -> bool {
    let inventory = &world.project.inventory;
    let files = inventory.scripts.iter().chain(&inventory.others).chain(&inventory.code);
    let below = format!("/{name}");
    let mut written = world.steps().flat_map(|(_, _, step)| &step.deed.effects);
    files.map(|path| base(path)).any(|file| file.split('.').next() == Some(name))
        || written.any(|effect| effect.resource.name().known_suffix().ends_with(&below))
}
