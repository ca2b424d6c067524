//! `units/relative-path`: a program, a directory or a file that is given by a path which does not start at the root.

use super::command_lines::{Words, commands_of, program_of};
use crate::facts::world::World;
use crate::finding::Finding;
use crate::project::unit::Directive;
use crate::rules::id;
use crate::rules::units::{Judged, judged};
use crate::shell::value::leading_hole;

/// `units/relative-path`.
pub(super) fn relative_path(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    for unit in judged(world) {
        for directive in unit.commands() {
            for command in commands_of(&directive.value).iter().filter(|command| is_relative(command)) {
                judge_program(&unit, directive, command, found);
            }
        }
        judge_directories(&unit, found);
    }
}

/// True for a command whose program is given by a path that does not start at the root.
pub(super) fn is_relative(command: &Words) -> bool {
    let program = program_of(command);
    let home = program.starts_with("~/") || program == "~";
    let known = !program.starts_with(['/', '$', '%', '{', '<', '@'])
        && leading_hole(program).is_none()
        && program.contains('/');
    (home || known) && !program.contains('=') && !program.contains("//")
}

fn judge_program(
    unit: &Judged<'_, '_, '_>,
    directive: &Directive,
    command: &Words,
    found: &mut Vec<Finding>,
) {
    let program = program_of(command);
    let home = program.starts_with("~/") || program == "~";
    let message = format!("`{program}` is not an absolute path, so systemd does not start the unit");
    let place = match unit.at.unit.working_directory() {
        Some(d) if d.value.starts_with('/') && !home => {
            format!("{}/{}", d.value.trim_end_matches('/'), program.trim_start_matches("./"))
        }
        _ => format!("/…/{}", program.trim_start_matches("./").trim_start_matches("~/")),
    };
    let help = format!("write `{place}`; `WorkingDirectory=` has no effect on the program's path");
    found.push(unit.finding(id::UNITS_RELATIVE_PATH, directive.value_span, message).help(help).done());
}

/// `WorkingDirectory=`, `RootDirectory=`, `EnvironmentFile=` that are relative.
fn judge_directories(unit: &Judged<'_, '_, '_>, found: &mut Vec<Finding>) {
    for directive in unit.at.unit.directives.iter().filter(|d| d.section == "Service") {
        let path = directive.value.strip_prefix('-').unwrap_or(&directive.value);
        let path = path.trim_matches(['"', '\'']);
        let consequence = match directive.key.as_str() {
            "WorkingDirectory" if path == "~" => continue,
            "WorkingDirectory" => "so systemd does not start the unit",
            "EnvironmentFile" => "so systemd ignores the line",
            _ => continue,
        };
        let relative = !path.starts_with(['/', '$', '%', '{', '<', '@', '`'])
            && leading_hole(path).is_none()
            && !path.is_empty();
        if relative && !path.contains("__") {
            let message = format!("the path in `{}={path}` is not absolute, {consequence}", directive.key);
            let help = "write the whole path, starting with `/`; in a user's unit `%h` is the home directory, but systemd expands neither `~/` nor variables here";
            found
                .push(unit.finding(id::UNITS_RELATIVE_PATH, directive.value_span, message).help(help).done());
        }
    }
}
