//! The command knowledge: argv to effects. The only place that knows aliases and the arity of flags.

use crate::shell::argv::Argv;
use crate::shell::effect::Deed;

/// What a command does. An unknown tool gives `Deed::default()`, with `known == false`.
pub fn deed(argv: &Argv) -> Deed {
    let _ = argv;
    Deed::default()
}
