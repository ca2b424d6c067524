//! The commands of a unit's `Exec…=` lines, as words. systemd is no shell; systemd.service(5), COMMAND LINES.

use crate::project::unit::words;

/// A command's words, each with whether it is bare, that is, not quoted.
pub(super) type Words = Vec<(String, bool)>;

/// A command's program, without the prefixes that systemd takes off.
pub(super) fn program_of(command: &Words) -> &str {
    command[0].0.trim_start_matches(['-', '@', ':', '+', '!', '|'])
}

/// The commands of a directive: a bare `;` separates them.
pub(super) fn commands_of(value: &str) -> Vec<Words> {
    let words = words(value);
    let commands = words.split(|(word, bare)| *bare && word == ";");
    commands.filter(|c| !c.is_empty()).map(<[_]>::to_vec).collect()
}
