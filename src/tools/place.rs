//! Where a command works, where its program is found and whom it asks, as far as its own words say.

use crate::shell::argv::Argv;
use crate::shell::value::Value;

/// The directory to which an option sends the command (`npm --prefix`, `make -C`, `composer --working-dir`),
/// else its working directory.
pub(crate) fn works_in(argv: &Argv) -> Value {
    let options = argv.options("prefix: C: cwd: working-dir|d: directory:");
    let directory =
        ["prefix", "C", "cwd", "working-dir", "directory"].iter().find_map(|name| options.value(name));
    match directory {
        Some(directory) => directory.resolve(&argv.cwd),
        None => argv.cwd.clone(),
    }
}

/// The command asks a server elsewhere, which may not answer.
pub(crate) fn asks_another_server(argv: &Argv) -> bool {
    matches!(argv.name.as_str(), "curl" | "wget" | "certbot")
}

/// It changes an account or a file that is there already: it leaves behind what somebody would miss, and no new thing.
pub(crate) fn changes_what_is_there(argv: &Argv) -> bool {
    matches!(argv.name.as_str(), "usermod" | "gpasswd" | "chpasswd" | "mkswap")
}

/// True if sudo(8), which gives a command a PATH of its own, finds the same program: it is called by its
/// path, or a system package and no environment brings it.
pub(crate) fn is_found_by_sudo(argv: &Argv) -> bool {
    let program = argv.program.value.as_literal().unwrap_or_default();
    program.contains('/') || matches!(program, "npm" | "npx" | "yarn" | "pnpm" | "composer" | "bundle")
}

/// A text that works on another machine, or ships something there.
pub(crate) fn speaks_of_hosts(text: &str) -> bool {
    text.contains("ssh") || text.contains("rsync")
}
