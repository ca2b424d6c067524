//! `steps/missing-script`: a step runs a script of package.json that no package.json of the repo has.
//!
//! Facts: npm-run(1): `--if-present` avoids "exiting with a non-zero exit code when the script is undefined", tried with
//! npm 11.19: 1 without it, and 0 for `npm run env`. pnpm has the same option, <https://pnpm.io/cli/run>. Yarn and bun run a
//! program of that name instead, so nothing is said of them.

use crate::facts::deploy::is_here;
use crate::facts::deploy::names::works_in;
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::model::{OnFailure, Step, called_from, repo_root};
use crate::rules::id;
use crate::tools::effect::Role;
use crate::tools::node::script_that_must_be_there;
use std::collections::BTreeSet;

/// `steps/missing-script`.
pub(super) fn missing_script(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let packages = &context.project.needs.node;
    if packages.is_empty() || context.project.needs.unread {
        return;
    }
    let deploy = context.deploy();
    // What is cloned may be another repo.
    let clones = deploy.steps().any(|step| step.deed.roles.contains(&Role::Clone));
    for (_, script) in deploy.deploying() {
        for (id, step) in script.iter().filter(|(_, step)| is_here(step)) {
            let Some(name) = script_that_must_be_there(&step.argv) else { continue };
            let is_there = packages.iter().any(|package| package.script(&name).is_some());
            if is_there
                || step.on_failure == OnFailure::Handled
                || !packages.iter().any(|package| works_in(step, package, packages))
                || clones && !is_in_the_repo(step)
            {
                continue;
            }
            let sure = if is_in_the_repo(step) { Confidence::High } else { Confidence::Medium };
            let words = context.words(step.span);
            let message = match packages.as_slice() {
                [_] => format!("`{words}` fails: package.json has no script `{name}`"),
                _ => format!("`{words}` fails: no package.json of the repo has a script `{name}`"),
            };
            let scripts = packages.iter().flat_map(|package| &package.scripts);
            let names: BTreeSet<&str> = scripts.map(|script| script.name.as_str()).collect();
            let names: Vec<String> = names.iter().take(6).map(|name| format!("`{name}`")).collect();
            let help = match names.is_empty() {
                true => "write the script, or leave the step out".to_owned(),
                false => format!("name one that is there: {}", names.join(", ")),
            };
            let draft = context
                .finding(id::STEPS_MISSING_SCRIPT, step.span, message)
                .at_most(context.confidence(script, id, None).min(sure))
                .help(help);
            found.push(draft.done());
        }
    }
}

/// True if a step works in the repo in which its script lies.
fn is_in_the_repo(step: &Step) -> bool {
    step.argv.cwd.is_under(&repo_root()) || step.argv.cwd.is_under(&called_from())
}
