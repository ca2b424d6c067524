//! Modes: which path a command opens to every account, and what takes that back.

use crate::facts::owners::{lies_under, reaches};
use crate::facts::secrets::{is_env_file, is_secret_file};
use crate::model::Step;
use crate::shell::value::{Knowledge, Value};
use crate::tools::effect::{Change, Mode, Resource};

/// The first path that a step lets every account write to, unless it is open by design. The flag says whether
/// everything below is opened too.
pub(crate) fn opened(step: &Step) -> Option<(&Value, bool)> {
    step.deed.effects.iter().find_map(|effect| match (&effect.change, &effect.resource) {
        (Change::Mode { mode, recursive }, Resource::Path(path)) => {
            (mode.others_can_write() == Some(true) && !is_free(path, mode)).then_some((path, *recursive))
        }
        _ => None,
    })
}

/// The kinds of paths that are opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opened {
    /// A socket through which a daemon takes orders as root: docker-run(1) can mount `/`.
    ControlSocket,
    /// A file with secrets.
    Secrets,
    /// A socket whose daemon checks the caller, or a path in /tmp, which does not stay for long.
    Passing,
    /// Anything else.
    Lasting,
}

/// The kind of a path that every account can write to.
pub(crate) fn what_is_opened(path: &Value) -> Opened {
    const CONTROL: [&str; 5] =
        ["docker.sock", "containerd.sock", "podman.sock", "lxd/unix.socket", "libvirt-sock"];
    let (shown, name) = (path.to_string(), path.basename().to_string());
    if CONTROL.iter().any(|socket| shown.ends_with(socket)) {
        Opened::ControlSocket
    } else if is_env_file(&name) || is_secret_file(&name) {
        Opened::Secrets
    } else if shown.ends_with(".sock") || lies_under(&shown, "/tmp") {
        Opened::Passing
    } else {
        Opened::Lasting
    }
}

/// True if the first step takes back what the second step opens to everybody. It sets another mode, or removes the
/// path.
pub(crate) fn narrows(first: &Step, second: &Step) -> bool {
    let Some((path, recursive)) = opened(second) else { return false };
    first.deed.effects.iter().any(|effect| match (&effect.change, &effect.resource) {
        (Change::Mode { mode, recursive: all }, Resource::Path(target)) => {
            mode.others_can_write() == Some(false) && reaches(target, *all, path) && (*all || !recursive)
        }
        (Change::Remove, Resource::Path(gone)) => path.is_under(gone),
        _ => false,
    })
}

/// True for paths that may be open to all: a directory with the sticky bit, in which only the owner of a file can
/// remove it (unlink(2)), devices, and unknown paths.
fn is_free(path: &Value, mode: &Mode) -> bool {
    let shown = path.to_string();
    mode.is_sticky() == Some(true)
        || lies_under(&shown, "/dev")
        || lies_under(&shown, "/sys")
        || path.knowledge() >= Knowledge::Unknown
}
