//! `steps/lockfile-ignored` and `steps/other-environment`: an install may bring other versions than those
//! that were tried, or brings them to a place where the app does not look.

use crate::facts::deploy::line_of;
use crate::facts::deploy::names::works_in;
use crate::facts::packages::{environment, installs_manifest};
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::model::Step;
use crate::repo::names::is_beside;
use crate::rules::id;
use crate::shell::argv::Argv;
use crate::shell::wrappers::Place;
use crate::tools::effect::{Ecosystem, Role};
use crate::tools::git_asked;
use crate::tools::packaging;

/// `npm install` where the repo has a lockfile of that manager.
pub(super) fn lockfile_ignored(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let packages = &context.project.needs.node;
    for (script, id, step) in context.steps() {
        if !installs_manifest(step, Ecosystem::Node) || matches!(step.place, Place::Container(_)) {
            continue;
        }
        let Some(manager) = packaging::loose(&step.argv) else { continue };
        let strict = manager.strict_install();
        let fits = packages.iter().find(|p| {
            p.manager == manager
                && p.lockfile.is_some()
                && !is_beside(&p.directory)
                && works_in(step, p, packages)
        });
        let Some(lockfile) = fits.and_then(|p| p.lockfile.as_ref()) else { continue };
        // More than one package may be meant. Then all of them must have a lockfile, or nothing is reported.
        if packages.iter().any(|p| p.lockfile.is_none() && works_in(step, p, packages)) {
            continue;
        }
        // The lockfile is followed as long as package.json agrees. The certain harm is the pull that stops at
        // it.
        let runs = |asked: fn(&Argv) -> bool| script.steps.iter().any(|s| asked(&s.argv));
        let pulls = runs(git_asked::pulls) && !runs(git_asked::undoes_changes);
        let sure = if pulls { Confidence::Medium } else { Confidence::Low };
        let text = format!(
            "`{}` may install other versions than {lockfile} and rewrite it, which stops the next `git pull`",
            context.words(step.span),
        );
        found.push(
            context
                .finding(id::STEPS_LOCKFILE_IGNORED, step.span, text)
                .at_most(context.confidence(script, id, None).min(sure))
                .help(format!("write `{strict}`, which installs what the lockfile names or fails"))
                .done(),
        );
    }
}

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

/// The command as written, or its line, starts with sudo; not a shell that sudo has started.
fn starts_with_sudo(context: &World<'_, '_>, step: &Step) -> bool {
    let file = context.sources.file(step.span.file);
    let range = file.line_range(context.sources.line(step.span));
    let before = &file.text()[range.start..(step.argv.program.span.start as usize).max(range.start)];
    before.rsplit([';', '&', '|', '\'', '"', '(']).next().is_some_and(|b| b.trim_start().starts_with("sudo"))
}
