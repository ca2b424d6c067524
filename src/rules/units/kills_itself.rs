//! `units/kills-itself`: a command line that ends processes by a pattern which its own shell matches too.
//!
//! Facts, each tried with procps 4.0, bash 5.2 and dash 0.5.12: pkill(1) never ends itself, but it ends the shell that runs
//! it if the pattern is in the text of `sh -c`. bash hands its own process over to the last command of the text, and dash
//! does not.

use super::command_lines::{commands_of, program_of};
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::project::unit::Directive;
use crate::rules::id;
use crate::rules::units::{Judged, base, judged};
use crate::shell::line::commands_of_code;
use crate::shell::wrappers::is_shell;
use crate::tools::plain::{hands_over_to_its_last_command, pattern_of_lines};
use regex::Regex;

/// `units/kills-itself`.
pub(super) fn kills_itself(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    // A stop that fails at its end has stopped everything.
    let starts = ["ExecStartPre", "ExecStart", "ExecStartPost", "ExecCondition"];
    for unit in judged(world) {
        for directive in unit.commands().filter(|directive| starts.contains(&directive.key.as_str())) {
            judge_directive(&unit, directive, found);
        }
    }
}

fn judge_directive(unit: &Judged<'_, '_, '_>, directive: &Directive, found: &mut Vec<Finding>) {
    for command in commands_of(&directive.value) {
        let words: Vec<&str> = command.iter().map(|(word, _)| word.as_str()).collect();
        let program = program_of(&command);
        let prefix = &words[0][..words[0].len() - program.len()];
        // With `-` the unit starts whatever the command says.
        if !is_shell(base(program)) || prefix.contains(['-', '@']) {
            continue;
        }
        let code = words.iter().skip_while(|word| !is_code_option(word)).nth(1);
        let Some(code) = code else { continue };
        let line = std::iter::once(program).chain(words[1..].iter().copied()).collect::<Vec<_>>().join(" ");
        let commands = commands_of_code(code);
        for (number, command) in commands.iter().enumerate() {
            let Some(pattern) = pattern_of_lines(command.argv()) else { continue };
            if !Regex::new(&pattern).is_ok_and(|regex| regex.is_match(&line)) {
                continue;
            }
            let last = number + 1 == commands.len();
            if last && hands_over_to_its_last_command(base(program)) {
                continue;
            }
            let message = format!(
                "`{} -f {pattern}` also ends the shell that runs it, so `{}=` fails and the unit does not start",
                command.argv().name,
                directive.key
            );
            let help = match hidden(&pattern) {
                Some(hidden) => format!("write a pattern that does not match itself: `-f '{hidden}'`"),
                None => "stop the old process through its own unit".to_owned(),
            };
            let sure = if last { Confidence::Medium } else { Confidence::High };
            let draft = unit.finding(id::UNITS_KILLS_ITSELF, directive.value_span, message).at_most(sure);
            found.push(draft.help(help).done());
            return;
        }
    }
}

/// True for the option before the text that a shell runs: `-c`, `-lc`.
fn is_code_option(word: &str) -> bool {
    word.starts_with('-') && !word.starts_with("--") && word.ends_with('c')
}

/// The pattern with its first letter in brackets, which matches the same lines but not itself.
fn hidden(pattern: &str) -> Option<String> {
    let first = pattern.chars().next().filter(char::is_ascii_alphanumeric)?;
    Some(format!("[{first}]{}", &pattern[1..]))
}
