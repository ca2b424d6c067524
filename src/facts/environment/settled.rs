//! Whether the app really gets a variable, where other facts only know that a text names it.

use crate::facts::environment::names::is_word_in;
use crate::facts::environment::table::{Write, Writer};
use crate::facts::world::World;
use crate::repo::names::{base, is_sample_dotenv};
use crate::shell::argv::Stdin;

/// True if something sets the variable where the app runs.
pub(crate) fn is_set_for_the_app(world: &World<'_, '_>, name: &str) -> bool {
    let Some(variable) = world.environment().get(name) else { return false };
    // What Compose and images set does not reach an app whose settings a script makes from the sample.
    let in_containers = !fills_a_sample(world);
    variable.writes.iter().any(|write| match write.by {
        Writer::Sample => false,
        Writer::Compose | Writer::Dockerfile => in_containers && gives_a_value(write, name),
        Writer::File | Writer::Written | Writer::Export | Writer::Unit | Writer::Code => true,
    })
}

/// True for a value that is not only the variable itself, passed on: `X: ${X:-}`.
fn gives_a_value(write: &Write, name: &str) -> bool {
    write.value.as_ref().is_some_and(|value| {
        let passed = value.trim_matches('"').strip_prefix("${").and_then(|rest| rest.strip_prefix(name));
        !value.is_empty() && passed.is_none_or(|rest| !rest.starts_with(['}', ':', '-', '?']))
    })
}

/// True if a script makes a settings file from a sample of the repo.
fn fills_a_sample(world: &World<'_, '_>) -> bool {
    let samples: Vec<&str> = world
        .project
        .dotenvs
        .iter()
        .map(|(path, _)| base(path))
        .filter(|name| is_sample_dotenv(name))
        .collect();
    world.deploy().steps().any(|step| {
        let reads = step.argv.args.iter().any(|arg| samples.contains(&base(arg.value.known_suffix())));
        let from =
            matches!(&step.argv.stdin, Stdin::File(path) if samples.contains(&base(path.known_suffix())));
        reads || from
    })
}

/// True if a line of a script may hand the variable to the app: it is more than a variable of the script's own, and more than
/// what an editor of text looks for.
pub(crate) fn is_handed_over(world: &World<'_, '_>, name: &str) -> bool {
    let inventory = &world.project.inventory;
    // `sed s/^NAME=.*/…/` only changes a line that is there.
    let edited = format!("^{name}=");
    let scripts = world
        .project
        .texts
        .iter()
        .filter(|(path, _)| inventory.scripts.contains(path))
        .map(|(_, file)| *file);
    scripts.chain(world.scripts().iter().map(|script| script.file)).any(|file| {
        world.sources.file(file).text().lines().any(|line| {
            let line = line.trim_start();
            let is_own = line.strip_prefix(name).is_some_and(|rest| rest.starts_with('='));
            !line.starts_with('#') && !is_own && is_word_in(line, name) && !line.contains(&edited)
        })
    })
}
