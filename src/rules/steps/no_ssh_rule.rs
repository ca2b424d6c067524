//! `steps/no-ssh-rule`: the firewall is turned on, and no rule lets ssh in.

use crate::facts::world::World;
use crate::finding::{Confidence, Finding, Severity};
use crate::model::{Deployment, Step, StepId};
use crate::rules::id;
use crate::shell::wrappers::Place;
use crate::tools::ssh_access::{Access, access};

/// `steps/no-ssh-rule`.
pub(super) fn no_ssh_rule(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    let deploy = world.deploy();
    for (_, script) in deploy.deploying() {
        let closes = |(_, step): &(StepId, &Step)| {
            step.entry == 0 && is_on_a_server(step) && of(step) == Some(Access::Closes)
        };
        let Some((id, step)) = script.iter().find(closes) else { continue };
        let words = world.words(step.span);
        let draft = if let Some(rule) = opening(world, script) {
            // What is open before stays open.
            if rule < id || is_opened_elsewhere(world, script, false) {
                continue;
            }
            let rule = script.step(rule);
            let message = format!(
                "`{words}` closes the port of ssh before `{}` opens it: a script that stops in between locks you out",
                world.words(rule.span)
            );
            // Without errexit, the next commands follow whatever happens.
            let sure = if step.errexit { Confidence::Medium } else { Confidence::Low };
            let draft = world.finding(id::STEPS_NO_SSH_RULE, step.span, message).severity(Severity::Warning);
            draft.at_most(sure).related(rule.span, "the port is opened only here")
        } else {
            let is_open = || {
                !deploy.is_from_scratch()
                    || deploy.may_do_anything()
                    || is_opened_elsewhere(world, script, true)
                    || is_told_to_people(world)
            };
            if is_open() {
                continue;
            }
            let message = format!(
                "`{words}` closes the port of ssh: no rule lets it in, so nobody reaches the server any more"
            );
            world.finding(id::STEPS_NO_SSH_RULE, step.span, message)
        };
        let draft = draft.at_most(world.confidence(script, id, None));
        found.push(draft.help("run `ufw allow OpenSSH` before the firewall is turned on").done());
    }
}

fn is_on_a_server(step: &Step) -> bool {
    !matches!(step.place, Place::Container(_))
}

fn of(step: &Step) -> Option<Access> {
    access(&step.argv, &step.deed)
}

/// The first step of a script that lets ssh in, or that may do so: a line that speaks of ssh knows its port.
fn opening(world: &World<'_, '_>, script: &Deployment<'_>) -> Option<StepId> {
    let opens = |step: &Step| match of(step) {
        Some(access) => access == Access::Opens,
        None => {
            step.deed.effects.iter().any(|effect| effect.resource.kind() == "firewall-rule")
                && speaks(world, step)
        }
    };
    script.iter().find(|(_, step)| is_on_a_server(step) && opens(step)).map(|(id, _)| id)
}

/// True if the line of a step names ssh, in a variable or in a comment.
fn speaks(world: &World<'_, '_>, step: &Step) -> bool {
    let text = world.sources.file(step.span.file).text();
    let (start, end) = (step.span.start as usize, step.span.end as usize);
    let from = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let to = text[end..].find('\n').map_or(text.len(), |at| end + at);
    text[from..to].to_ascii_lowercase().contains("ssh")
}

/// True if another script of the deploy lets ssh in. One that turns the firewall on itself need not have run before.
fn is_opened_elsewhere(world: &World<'_, '_>, script: &Deployment<'_>, whenever: bool) -> bool {
    let closes = |other: &Deployment<'_>| other.steps.iter().any(|step| of(step) == Some(Access::Closes));
    let mut others = world.together(script).filter(|other| !std::ptr::eq(*other, script));
    others.any(|other| opening(world, other).is_some() && (whenever || !closes(other)))
}

/// True if a document or another text opens the port, or tells people to do so.
fn is_told_to_people(world: &World<'_, '_>) -> bool {
    let texts = world.project.texts.iter().filter(|(_, file)| !world.is_of_another(*file));
    let texts = texts.chain(&world.project.guides);
    let mut lines = texts.flat_map(|(_, file)| world.sources.file(*file).text().lines());
    lines.any(|line| {
        let line = line.to_ascii_lowercase();
        (line.contains("ufw allow") || line.contains("ufw limit"))
            && (line.contains("ssh") || line.contains("22"))
    })
}
