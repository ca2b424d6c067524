//! Who opens the file of a redirection.

use crate::facts::owners::lies_under;
use crate::facts::world::World;
use crate::model::{Caller, Deployment, Step};
use crate::tools::effect::Change;

/// Directories where only root can write: hier(7), the modes in Debian's base-files, and the kernel's own settings (proc(5)).
const OF_ROOT: [&str; 9] =
    ["/etc", "/usr", "/lib", "/boot", "/var/lib", "/var/spool", "/opt", "/proc/sys", "/sys"];

/// True if the shell of a caller who is not root opens the file that a command of sudo(8) writes to, and only root may
/// write there.
pub(crate) fn opens_as_caller(world: &World<'_, '_>, script: &Deployment<'_>, step: &Step) -> bool {
    let Some((path, _)) = &step.argv.stdout else { return false };
    let shown = path.to_string();
    // Below /opt and /var/lib a directory may have been given to the caller.
    let given = || {
        script.steps.iter().any(|s| {
            s.deed
                .effects
                .iter()
                .any(|e| matches!(e.change, Change::Own { .. }) && path.is_under(e.resource.name()))
        })
    };
    script.caller == Caller::Ordinary
        && step.wrappers.contains(&"sudo")
        && OF_ROOT.iter().any(|dir| lies_under(&shown, dir))
        && is_callers(world, step)
        && !given()
}

/// True if the redirect is beside `sudo` in the caller's shell, and not in code that root runs.
fn is_callers(world: &World<'_, '_>, step: &Step) -> bool {
    let text = world.sources.text(step.span);
    text.trim_start().starts_with("sudo ") && !text.contains("sh -c")
}
