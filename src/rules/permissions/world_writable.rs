//! `permissions/world-writable`: how it is worded that everybody on the server can write to a path.

use crate::facts::modes::opened;
use crate::facts::owners::lies_under;
use crate::facts::secrets::{is_env_file, is_secret_file};
use crate::facts::world::World;
use crate::finding::{Confidence, Severity};
use crate::rules::draft::Draft;
use crate::rules::queries::{Found, Wording};

pub(super) const WORDING: Wording = Wording::Command(word);

fn word(context: &World<'_, '_>, found: &Found<'_, '_>, draft: Draft) -> Draft {
    let step = found.at.step();
    let Some((path, recursive)) = opened(step) else { return draft };
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
    draft
        .message(message)
        .severity(severity)
        .at_most(sure)
        .at_most(context.confidence(found.at.script, found.at.id, Some(path)))
        .help(help)
}

/// Sockets through which a daemon takes orders as root: docker-run(1) can mount `/`.
fn is_control_socket(path: &str) -> bool {
    ["docker.sock", "containerd.sock", "podman.sock", "lxd/unix.socket", "libvirt-sock"]
        .iter()
        .any(|s| path.ends_with(s))
}
