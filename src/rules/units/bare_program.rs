//! `units/bare-program`: a program without a path that only an environment has, where systemd does not look.
//!
//! Facts: systemd.service(5), COMMAND LINES: a program without a path is searched in a list that was fixed when systemd was
//! built; `systemd-path search-binaries-default` prints it. `Environment=PATH=` is for the process, and
//! `ExecSearchPath=` (systemd 250) changes the list.

use super::command_lines::{commands_of, program_of};
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::project::unit::Directive;
use crate::rules::id;
use crate::rules::units::{Judged, judged};
use crate::shell::value::has_hole;
use crate::shell::wrappers::Place;
use crate::tools::effect::{Change, Resource, Role};
use crate::tools::place::is_searched_by_systemd;
use crate::tools::providers::{is_of_environments, is_of_homes};
use crate::tools::python::of_environment;

/// `units/bare-program`.
pub(super) fn bare_program(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    for unit in judged(world) {
        if unit.changes_root() || unit.at.unit.get("Service", "ExecSearchPath").is_some() {
            continue;
        }
        for directive in unit.commands() {
            for command in commands_of(&directive.value) {
                let program = program_of(&command);
                if unit.is_plain(program) && !program.contains(['/', '%', '=']) {
                    judge_program(&unit, directive, program, found);
                }
            }
        }
    }
}

fn judge_program(unit: &Judged<'_, '_, '_>, directive: &Directive, program: &str, found: &mut Vec<Finding>) {
    if !is_of_environments(program) && !is_of_homes(program) {
        return;
    }
    let path = unit.at.unit.environment().into_iter().rfind(|(name, ..)| name == "PATH");
    // The directory that the unit adds for the process shows where the program is.
    let meant = path.as_ref().and_then(|(_, value, span)| {
        let mut directories = value.split(':');
        let own =
            directories.find(|directory| directory.starts_with('/') && !is_searched_by_systemd(directory));
        own.map(|directory| (directory.trim_end_matches('/').to_owned(), *span))
    });
    let known = is_of_environments(program) || meant.is_some();
    if !known || is_brought(unit.context, program) {
        return;
    }
    let environment = || {
        let steps = unit.context.steps().filter(|(.., step)| step.place == Place::Here);
        steps.filter(|(.., step)| step.deed.roles.contains(&Role::VirtualEnv)).find_map(|(.., step)| {
            step.deed.effects.iter().find_map(|effect| match (&effect.change, &effect.resource) {
                (Change::Create(_), Resource::Path(path)) => Some((format!("{path}/bin"), step.span)),
                _ => None,
            })
        })
    };
    let installs = installs_for_all(unit.context);
    let (directory, why, related, sure) = match &meant {
        Some((directory, span)) => {
            let sure = if installs { Confidence::Medium } else { Confidence::High };
            (
                directory.clone(),
                "`Environment=PATH=` is only for the process",
                Some((*span, "this is not searched")),
                sure,
            )
        }
        None if installs || unit.script.is_none() => return,
        None => match environment() {
            Some((directory, span)) => {
                let related = Some((span, "this makes the environment that has it"));
                (directory, "it is in no directory that systemd searches", related, Confidence::Medium)
            }
            None => return,
        },
    };
    let message = format!("systemd does not find `{program}` (203/EXEC): {why}");
    let place =
        if has_hole(&directory) || directory.contains('$') { "/…/bin".to_owned() } else { directory };
    let mut draft = unit
        .finding(id::UNITS_BARE_PROGRAM, directive.value_span, message)
        .at_most(sure)
        .help(format!("write the whole path: `{}={place}/{program} …`", directive.key));
    if let Some((span, text)) = related {
        draft = draft.related(span, text);
    }
    found.push(draft.done());
}

/// True if a step may put the program where all accounts find it: as a package of the system, a global tool, or a file.
fn is_brought(context: &World<'_, '_>, program: &str) -> bool {
    context.steps().any(|(.., step)| {
        let is_tool = |role: &Role| matches!(role, Role::SystemPackages | Role::GlobalTool(_));
        let names = || step.argv.args.iter().any(|arg| arg.value.to_string().contains(program));
        step.deed.roles.iter().any(is_tool) && names()
            || step.deed.effects.iter().any(|effect| match &effect.resource {
                Resource::Path(path) => {
                    path.basename().is_shown_as(program)
                        && is_searched_by_systemd(&path.dirname().to_string())
                }
                _ => false,
            })
    })
}

/// True if a step installs packages of a language outside any environment, so that all accounts may find their programs.
fn installs_for_all(context: &World<'_, '_>) -> bool {
    context.steps().any(|(.., step)| {
        let installs = |role: &Role| matches!(role, Role::Dependencies(_) | Role::GlobalTool(_));
        step.deed.roles.iter().any(installs)
            && !step.argv.program.value.to_string().contains("/bin/")
            && of_environment(&step.argv).is_none()
    })
}
