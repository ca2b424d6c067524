//! `permissions/world-writable`: everybody on the server can write to a path.

use crate::facts::owners::{from, lies_under, reaches};
use crate::facts::secrets::{is_env_file, is_secret_file};
use crate::facts::world::World;
use crate::finding::{Confidence, Finding, Severity};
use crate::model::{Deployment, StepId};
use crate::rules::id;
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::Place;
use crate::source::Span;
use crate::tools::effect::{Change, Mode, Resource};

/// `permissions/world-writable`.
pub(in crate::rules) fn world_writable(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for script in context.scripts {
        // `chmod 777 x || sudo chmod 777 x` is one fault.
        let mut told: Vec<(&Value, Span)> = Vec::new();
        for (id, step) in script.iter().filter(|(_, s)| !matches!(s.place, Place::Container(_))) {
            let opened =
                step.deed.effects.iter().find_map(|effect| match (&effect.change, &effect.resource) {
                    (Change::Mode { mode, recursive }, Resource::Path(path)) => {
                        let known = told.iter().any(|(t, span)| *t == path || *span == step.span);
                        let free = is_free(path, mode) || known;
                        (opens(mode) && !free && !narrowed(script, id, path, *recursive))
                            .then_some((path, *recursive))
                    }
                    _ => None,
                });
            if let Some((path, recursive)) = opened {
                told.push((path, step.span));
                found.push(judge(context, script, id, path, recursive));
            }
        }
    }
}

fn judge(
    context: &World<'_, '_>,
    script: &Deployment<'_>,
    id: StepId,
    path: &Value,
    recursive: bool,
) -> Finding {
    let step = script.step(id);
    let words = context.words(step.span);
    let name = path.basename().to_string();
    let shown = path.to_string();
    let short = |text: &str| text.chars().count() <= 60;
    let what = if short(&shown) { format!("`{shown}`") } else { "it".to_owned() };
    let (message, severity, sure) = if is_control_socket(&shown) {
        let says = format!("`{words}` lets every account on the server command a daemon that runs as root");
        (says, Severity::Error, Confidence::High)
    } else if is_env_file(&name) || is_secret_file(&name) {
        let says =
            format!("`{words}` lets every account on the server change {what}, and read the secrets in it");
        (says, Severity::Warning, Confidence::High)
    } else if shown.ends_with(".sock") || lies_under(&shown, "/tmp") {
        // A socket whose protocol checks the caller. Files in /tmp do not stay for long.
        let says = format!("`{words}` lets every account on the server write to {what}");
        (says, Severity::Info, Confidence::Medium)
    } else {
        let all = if recursive { " and everything in it" } else { "" };
        let says = format!("`{words}` lets every account on the server change or replace {what}{all}");
        (says, Severity::Warning, Confidence::High)
    };
    let help = if is_control_socket(&shown) {
        "put the account into the daemon's group instead (`usermod -aG`), or use sudo".to_owned()
    } else {
        "give it to the account that writes there (`chown -R APP:APP`), and keep the mode at 755 or 750"
            .to_owned()
    };
    context
        .finding(id::PERMISSIONS_WORLD_WRITABLE, step.span, message)
        .severity(severity)
        .at_most(sure)
        .at_most(context.confidence(script, id, Some(path)))
        .help(help)
        .done()
}

/// True for a mode with which others can write.
fn opens(mode: &Mode) -> bool {
    match mode {
        Mode::Octal(bits) => bits & 0o002 != 0,
        Mode::Symbolic(text) => text.split(',').any(|clause| {
            let Some(at) = clause.find(['+', '=']) else { return false };
            let (who, what) = clause.split_at(at);
            // If no class is given, the umask applies, chmod(1): `+w` then gives nothing to others.
            who.contains(['o', 'a']) && what.contains('w')
        }),
        Mode::Unknown => false,
    }
}

/// What may be like that: a directory with the sticky bit, in which only the owner of a file can remove it
/// (unlink(2)), devices, and unknown paths.
fn is_free(path: &Value, mode: &Mode) -> bool {
    let sticky = match mode {
        Mode::Octal(bits) => bits & 0o1000 != 0,
        Mode::Symbolic(text) => text.contains('t'),
        Mode::Unknown => true,
    };
    let shown = path.to_string();
    sticky
        || lies_under(&shown, "/dev")
        || lies_under(&shown, "/sys")
        || path.knowledge() >= Knowledge::Unknown
}

/// A later command of the script reverts it.
fn narrowed(script: &Deployment<'_>, id: StepId, path: &Value, recursive: bool) -> bool {
    from(script, id).skip(1).any(|later| {
        later.deed.effects.iter().any(|effect| match (&effect.change, &effect.resource) {
            (Change::Mode { mode, recursive: all }, Resource::Path(target)) => {
                !opens(mode) && *mode != Mode::Unknown && reaches(target, *all, path) && (*all || !recursive)
            }
            (Change::Remove, Resource::Path(gone)) => path.is_under(gone),
            _ => false,
        })
    })
}

/// Sockets through which a daemon takes orders as root: docker-run(1) can mount `/`.
fn is_control_socket(path: &str) -> bool {
    ["docker.sock", "containerd.sock", "podman.sock", "lxd/unix.socket", "libvirt-sock"]
        .iter()
        .any(|s| path.ends_with(s))
}
