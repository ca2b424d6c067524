//! Programs of supervisor that a step drives and that supervisor does not know: nothing installs their settings, or nothing has
//! made supervisor read them yet.

use crate::facts::world::{Origin, ProcessAt, World};
use crate::finding::Finding;
use crate::model::{Deployment, OnFailure, Step, StepId};
use crate::project::managers::Manager;
use crate::rules::id;
use crate::shell::value::Value;
use crate::source::Span;
use crate::tools::daemons::{Daemon, reader};
use crate::tools::effect::{Change, Resource};
use crate::tools::managers::controls_supervisor;

/// Finds the first such step for each program.
pub(super) fn absent_processes(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    let of_supervisor = |at: &&ProcessAt| at.process.manager == Manager::Supervisor;
    if !world.processes.iter().any(|at| of_supervisor(&at)) {
        return;
    }
    let settings = Value::literal("/etc/supervisor/conf.d/x.conf");
    let Some(daemon) = reader(&settings) else { return };
    let mut told: Vec<&str> = Vec::new();
    for (number, script) in world.deploy().deploying() {
        for (id, step) in script.iter().filter(|(_, step)| controls_supervisor(&step.argv)) {
            for (name, span) in driven(step) {
                let mut known = world.processes.iter().filter(of_supervisor);
                let Some(at) = known.find(|at| at.process.name == name).filter(|_| !told.contains(&name))
                else {
                    continue;
                };
                let finding = match at.origin {
                    Origin::InRepo => not_installed(world, script, at, span),
                    Origin::Written(of, by) | Origin::Installed(of, by) if of == number => {
                        not_read(world, script, at, (id, by, span), (daemon, &settings))
                    }
                    _ => None,
                };
                if finding.is_some() {
                    told.push(name);
                }
                found.extend(finding);
            }
        }
    }
}

/// The programs that a step starts or restarts, and that it relies on.
fn driven(step: &Step) -> impl Iterator<Item = (&str, Span)> {
    let relies = step.on_failure != OnFailure::Handled && !step.status_checked && step.entry == 0;
    step.deed.effects.iter().filter(move |_| relies).filter_map(|effect| {
        let Resource::Process(name) = &effect.resource else { return None };
        let drives = matches!(effect.change, Change::Start | Change::Restart);
        let name = name.as_literal().filter(|name| drives && *name != "all")?;
        Some((name.split(':').next().unwrap_or(name), effect.operand.unwrap_or(step.span)))
    })
}

/// The settings are in the repo, and nothing takes them to supervisor's directory.
fn not_installed(
    world: &World<'_, '_>,
    script: &Deployment<'_>,
    at: &ProcessAt,
    span: Span,
) -> Option<Finding> {
    let puts = |step: &Step| {
        let names = |text: &str| text.contains("/etc/supervisor");
        step.deed.effects.iter().any(|effect| match &effect.resource {
            Resource::Path(path) => path.as_literal().is_none() && path.is_glob() || names(&path.to_string()),
            _ => false,
        }) || step.argv.args.iter().any(|arg| names(&arg.value.to_string()))
    };
    if !world.sets_up(script)
        || world.steps().any(|(.., step)| puts(step))
        || world.deploy().may_do_anything()
    {
        return None;
    }
    let path = world.sources.file(at.process.span.file).path();
    let message = format!("no step installs {path}, so supervisor has no program `{}`", at.process.name);
    let draft = world.finding(id::STEPS_UNDEFINED_UNIT, span, message);
    let draft = draft.related(at.process.span, "it is defined here");
    Some(draft.help(format!("copy {path} to /etc/supervisor/conf.d first")).done())
}

/// The settings are installed, and supervisor reads them only after the step.
fn not_read(
    world: &World<'_, '_>,
    script: &Deployment<'_>,
    at: &ProcessAt,
    (id, by, span): (StepId, StepId, Span),
    (daemon, settings): (&Daemon, &Value),
) -> Option<Finding> {
    let loads = |step: &Step| daemon.may_be_reloaded_by(&step.argv, &step.deed, settings);
    let is_read =
        script.iter().skip(by.0 as usize).take_while(|(other, _)| *other < id).any(|(_, step)| loads(step));
    let late = script
        .iter()
        .skip(id.0 as usize + 1)
        .find(|(other, step)| loads(step) && script.may_meet(*other, id));
    let (_, late) = late.filter(|_| by < id && !is_read)?;
    let message = format!(
        "supervisor does not know `{}` yet: `{}` comes only on {}",
        at.process.name,
        world.words(late.span),
        world.line_beside(late.span, span)
    );
    let draft = world.finding(id::STEPS_UNDEFINED_UNIT, span, message);
    let draft = draft.related(late.span, "this makes supervisor read its settings");
    Some(draft.at_most(world.confidence(script, id, None)).help("run it before").done())
}
