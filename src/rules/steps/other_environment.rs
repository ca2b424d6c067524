//! `steps/other-environment`: an install brings packages to a place where the app does not look.

use crate::facts::deploy::line_of;
use crate::facts::packages::environment;
use crate::facts::world::World;
use crate::finding::Finding;
use crate::model::Step;
use crate::rules::id;
use crate::tools::effect::{Ecosystem, Role};
use crate::tools::packaging;

/// `source venv/bin/activate; sudo pip install …`: sudo has its own PATH, without the environment.
pub(super) fn other_environment(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for (script, id, step) in context.steps() {
        let bare = !step.argv.program.value.key().contains('/');
        let installs =
            step.deed.roles.contains(&Role::Dependencies(Ecosystem::Python)) && packaging::is_pip(&step.argv);
        // `sudo bash -c '. venv/bin/activate; pip …'` activates it inside sudo.
        let sudo = step.wrappers.last().is_some_and(|w| *w == "sudo");
        let kept = || line_of(step).contains("--target") || step.argv.env("PATH").is_some();
        if !bare || !installs || !sudo || kept() || !starts_with_sudo(context, step) {
            continue;
        }
        let Some(environment) = environment(step) else { continue };
        let text = format!(
            "`{}` installs into the system's Python, not into {environment}: sudo finds `{}` in its own PATH",
            context.words(step.span),
            step.argv.name,
        );
        found.push(
            context
                .finding(id::STEPS_OTHER_ENVIRONMENT, step.span, text)
                .at_most(context.confidence(script, id, None))
                .help(format!(
                    "call the environment's own program: `sudo … {environment}/bin/{}`",
                    step.argv.name
                ))
                .done(),
        );
    }
}

/// True if the command as written, or its line, starts with sudo. A shell that sudo has started does not count.
fn starts_with_sudo(context: &World<'_, '_>, step: &Step) -> bool {
    let file = context.sources.file(step.span.file);
    let range = file.line_range(context.sources.line(step.span));
    let before = &file.text()[range.start..(step.argv.program.span.start as usize).max(range.start)];
    before.rsplit([';', '&', '|', '\'', '"', '(']).next().is_some_and(|b| b.trim_start().starts_with("sudo"))
}
