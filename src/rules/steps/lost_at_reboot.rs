//! `steps/lost-at-reboot`: processes of pm2 do not come back after a reboot, because one of the steps is missing that keep them:
//! to start them, to save the list, and to have the list started at boot.
//!
//! Facts: pm2's page "Startup Script Generator", <https://pm2.keymetrics.io/docs/usage/startup/>.

use crate::facts::deploy::is_here;
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::model::{Deployment, StepId};
use crate::rules::id;
use crate::tools::processes::{Keeping, keeping, speaks_of};
use crate::tools::runners::inner;

/// `steps/lost-at-reboot`.
pub(super) fn lost_at_reboot(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    let mut all: Vec<(&Deployment<'_>, StepId, Keeping)> = Vec::new();
    for &script in world.scripts().iter().filter(|script| !world.is_of_another(script.file)) {
        let steps = script.iter().filter(|(_, step)| is_here(step));
        all.extend(steps.filter_map(|(id, step)| {
            let kind = keeping(&step.argv).or_else(|| keeping(&inner(&step.argv)?))?;
            Some((script, id, kind))
        }));
    }
    let first = |kind: Keeping| all.iter().find(|(.., own)| *own == kind).copied();
    if first(Keeping::Perhaps).is_some() {
        return;
    }
    let (starts, saves, boot) = (first(Keeping::Starts), first(Keeping::Saves), first(Keeping::AtBoot));
    match (starts, saves, boot) {
        (Some(start), Some(save), _) => {
            found.extend(saved_too_early(world, &all, start, save));
            if boot.is_none()
                && world.deploy().is_from_scratch()
                && !is_done_elsewhere(world, Keeping::AtBoot)
            {
                let message = format!("`{}` writes a list that nothing starts at boot", words(world, save));
                found.push(tell(
                    world,
                    save,
                    message,
                    "run `pm2 startup` once, as root, for the account that runs pm2",
                ));
            }
        }
        (Some(start), None, Some(boot)) if !is_done_elsewhere(world, Keeping::Saves) => {
            let message = format!(
                "`{}` is not among what pm2 starts at boot, because nothing runs `pm2 save`",
                words(world, start)
            );
            let mut finding = tell(world, start, message, "run `pm2 save` after it, as the same account");
            finding.related.push(related(boot.0.step(boot.1).span));
            found.push(finding);
        }
        (None, Some(save), Some(_))
            if first(Keeping::Resurrects).is_none()
                && world.deploy().is_from_scratch()
                && !is_done_elsewhere(world, Keeping::Starts) =>
        {
            let message = format!("`{}` saves an empty list: no step starts a process", words(world, save));
            found.push(tell(
                world,
                save,
                message,
                "start the processes before it: `pm2 startOrReload ecosystem.config.js`",
            ));
        }
        _ => {}
    }
}

type At<'s, 'a> = (&'s Deployment<'a>, StepId, Keeping);

fn words(world: &World<'_, '_>, (script, id, _): At<'_, '_>) -> String {
    world.words(script.step(id).span)
}

fn related(span: crate::source::Span) -> crate::finding::Related {
    crate::finding::Related { message: "pm2 starts at boot what was saved".to_owned(), span }
}

/// The list is saved before the first process is started, and not again.
fn saved_too_early(
    world: &World<'_, '_>,
    all: &[At<'_, '_>],
    start: At<'_, '_>,
    save: At<'_, '_>,
) -> Option<Finding> {
    let in_order = |(script, id, kind): &&At<'_, '_>| {
        std::ptr::eq(*script, start.0) && *kind == Keeping::Saves && *id < start.1
    };
    let is_only = all.iter().filter(|(.., kind)| *kind == Keeping::Saves).all(|own| in_order(&own));
    let is_main = start.0.step(start.1).entry == 0 && save.0.step(save.1).entry == 0;
    let is_repeated = start.0.step(start.1).in_loop;
    if !is_only || !is_main || is_repeated {
        return None;
    }
    let message = format!("`{}` saves the list before `{}`", words(world, save), words(world, start));
    let mut finding = tell(world, save, message, "save the list after the processes have been started");
    finding.related.push(crate::finding::Related {
        message: "this is started too late to be saved".to_owned(),
        span: start.0.step(start.1).span,
    });
    Some(finding)
}

/// True if a unit, a text of the repo, a printed line or what is called does it, or tells people to do it.
fn is_done_elsewhere(world: &World<'_, '_>, kind: Keeping) -> bool {
    let project = world.project;
    let modelled =
        |file| world.scripts().iter().any(|script| script.file == file || script.sourced.contains(&file));
    let text = |file| world.sources.file(file).text();
    let speaks = |line: &str| speaks_of(line, kind);
    let deploy = world.deploy();
    // A unit of its own may start the processes at boot.
    let starts = |line: &str| kind == Keeping::AtBoot && speaks_of(line, Keeping::Starts);
    let mut directives = world.units.iter().flat_map(|at| &at.unit.directives);
    directives.any(|directive| speaks(&directive.value) || starts(&directive.value))
        || world.steps().any(|(.., step)| step.written.iter().any(|written| speaks(&written.content.text)))
        || project.texts.iter().any(|(_, file)| !modelled(*file) && speaks(text(*file)))
        || project.guides.iter().any(|(_, file)| speaks(text(*file)))
        || deploy.says_to(speaks)
        || deploy.calls_to(speaks)
        || deploy.may_do_anything()
}

fn tell(world: &World<'_, '_>, at: At<'_, '_>, message: String, help: &str) -> Finding {
    let (script, id, _) = at;
    let draft = world.finding(id::STEPS_LOST_AT_REBOOT, script.step(id).span, message).help(help);
    draft.at_most(world.confidence(script, id, None)).at_most(Confidence::Medium).done()
}
