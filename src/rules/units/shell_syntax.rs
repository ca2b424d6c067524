//! `units/shell-syntax`: what only a shell understands in a command line that systemd runs without one.

use super::command_lines::{Words, commands_of, program_of};
use super::relative_path::is_relative;
use crate::facts::world::World;
use crate::finding::Finding;
use crate::project::unit::Directive;
use crate::rules::id;
use crate::rules::units::{Judged, base, judged};
use crate::shell::wrappers::is_shell;
use crate::tools::plain::takes_operators;

/// Commands that only a shell knows. Debian and its relatives have no program `cd`, and where there is one it changes
/// nothing.
const BUILTINS: &[&str] =
    &["cd", "source", ".", "export", "set", "ulimit", "umask", "if", "while", "for", "exec", "eval", "trap"];

/// `units/shell-syntax`.
pub(super) fn shell_syntax(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    for unit in judged(world) {
        for directive in unit.commands() {
            for command in commands_of(&directive.value).iter().filter(|command| !is_relative(command)) {
                judge_command(&unit, directive, command, found);
            }
        }
    }
}

fn judge_command(
    unit: &Judged<'_, '_, '_>,
    directive: &Directive,
    command: &Words,
    found: &mut Vec<Finding>,
) {
    let program = program_of(command);
    let name = base(program);
    let mut tell = |what: String, help: String| {
        let message = format!("systemd runs `{}=` without a shell, so {what}", directive.key);
        found.push(unit.finding(id::UNITS_SHELL_SYNTAX, directive.value_span, message).help(help).done());
    };
    let wrap =
        "write `/bin/sh -c '…'` around it, or use `WorkingDirectory=`, `Environment=` and `StandardOutput=`";
    if BUILTINS.contains(&program) {
        let help = match program {
            "cd" => "set the directory with `WorkingDirectory=`".to_owned(),
            "source" | "." => {
                "start the environment's own program (`/opt/app/venv/bin/…`); load variables with `EnvironmentFile=`"
                    .to_owned()
            }
            "export" => "set the variable with `Environment=`".to_owned(),
            "ulimit" => "set the limit with `LimitNOFILE=` or another `Limit…=`".to_owned(),
            _ => wrap.to_owned(),
        };
        tell(format!("`{program}` is not a program that it can start"), help);
        return;
    }
    if let Some((variable, _)) = program.split_once('=')
        && !variable.is_empty()
        && variable.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    {
        let help = format!("write `Environment={program}`");
        tell(format!("it takes `{program}` for the program's name"), help);
        return;
    }
    // What the shell inserted from a command is shown as that command, and does not concern systemd.
    if takes_operators(name) || unit.holds_substitution(&directive.value) {
        return;
    }
    let operator = command[1..].iter().filter(|(_, bare)| *bare).map(|(word, _)| word.as_str());
    if let Some(operator) = operator.clone().find(|word| is_operator(word)) {
        tell(format!("{name} gets `{operator}` as an argument"), wrap.to_owned());
        return;
    }
    let substitution = command[1..].iter().map(|(word, _)| word.as_str()).find_map(|word| {
        let at = word.find("$(").or_else(|| word.find('`'))?;
        Some(&word[at..])
    });
    let through_shell = is_shell(name)
        || matches!(name, "env" | "su" | "sudo" | "runuser")
        || command.iter().any(|(word, _)| matches!(word.as_str(), "-c" | "-lc" | "-ec"));
    if let Some(substitution) = substitution.filter(|_| !through_shell) {
        let shown: String = substitution.chars().take(30).collect();
        tell(format!("{name} gets the text `{shown}` as it is"), wrap.to_owned());
    }
}

/// True for a shell's operator, alone or with the file that it redirects to: `&&`, `|`, `2>&1`, `>>/var/log/x`.
fn is_operator(word: &str) -> bool {
    if matches!(word, "&&" | "||" | "|" | "&" | "<" | "<<<" | "|&") {
        return true;
    }
    let rest = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '&');
    let prefix = &word[..word.len() - rest.len()];
    let target = rest.strip_prefix(">>").or_else(|| rest.strip_prefix('>'));
    prefix.len() <= 1 && target.is_some_and(|t| t.is_empty() || t.starts_with(['/', '&', '$', '.']))
}
