//! `permissions/world-writable`: words the finding that everybody on the server can write to a path.

use crate::facts::modes::{Opened, opened, what_is_opened};
use crate::facts::world::World;
use crate::rules::draft::Draft;
use crate::rules::queries::{Found, Wording};

pub(super) const WORDING: Wording = Wording::Command(word);

fn word(world: &World<'_, '_>, found: &Found<'_, '_>, draft: Draft) -> Draft {
    let step = found.at.step();
    let Some((path, recursive)) = opened(step) else { return draft };
    let shown = path.to_string();
    let is_short = shown.chars().count() <= 60;
    let what = if is_short { format!("`{shown}`") } else { "it".to_owned() };
    let does = match what_is_opened(path) {
        Opened::ControlSocket => "command a daemon that runs as root".to_owned(),
        Opened::Secrets => format!("change {what}, and read the secrets in it"),
        Opened::Passing => format!("write to {what}"),
        Opened::Lasting if recursive => format!("change or replace {what} and everything in it"),
        Opened::Lasting => format!("change or replace {what}"),
    };
    let help = match what_is_opened(path) {
        Opened::ControlSocket => {
            "put the account into the daemon's group instead (`usermod -aG`), or use sudo"
        }
        _ => "give it to the account that writes there (`chown -R APP:APP`), and keep the mode at 755 or 750",
    };
    let words = world.words(step.span);
    draft
        .message(format!("`{words}` lets every account on the server {does}"))
        .at_most(world.confidence(found.at.script, found.at.id, Some(path)))
        .help(help)
}
