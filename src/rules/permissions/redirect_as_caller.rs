//! `permissions/redirect-as-caller`: `sudo` runs the command, but the caller's shell opens the file.

use crate::facts::owners::lies_under;
use crate::facts::world::World;
use crate::finding::Finding;
use crate::model::{Caller, OnFailure, Step, User};
use crate::rules::id;
use crate::shell::wrappers::Place;
use crate::source::Span;
use crate::tools::effect::Change;

/// Where only root can write: hier(7), and the modes in Debian's base-files.
const OF_ROOT: [&str; 7] = ["/etc", "/usr", "/lib", "/boot", "/var/lib", "/var/spool", "/opt"];

/// `permissions/redirect-as-caller`.
pub(in crate::rules) fn redirect_as_caller(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let mut told: Vec<Span> = Vec::new();
    for (script, id, step) in context.steps() {
        let Some((path, append)) = &step.argv.stdout else { continue };
        let shown = path.to_string();
        let of_root = OF_ROOT.iter().any(|dir| lies_under(&shown, dir));
        let ordinary = script.caller == Caller::Ordinary && step.place == Place::Here;
        let by_sudo = step.wrappers.contains(&"sudo") && step.user == User::Root;
        // Below /opt and /var/lib a directory may have been given to the caller.
        let given = script.steps.iter().any(|s| {
            s.deed
                .effects
                .iter()
                .any(|e| matches!(e.change, Change::Own { .. }) && path.is_under(e.resource.name()))
        });
        let handled = step.on_failure == OnFailure::Handled || told.contains(&step.span);
        if !of_root || !ordinary || !by_sudo || given || handled || !is_callers(context, step) {
            continue;
        }
        told.push(step.span);
        let words = context.words(step.span);
        let operator = if *append { ">>" } else { ">" };
        let tee = if *append { "sudo tee -a" } else { "sudo tee" };
        found.push(
            context
                .finding(
                    id::PERMISSIONS_REDIRECT_AS_CALLER,
                    step.span,
                    format!(
                        "in `{words}` the caller's shell performs `{operator} {shown}`, not sudo: permission denied"
                    ),
                )
                .at_most(context.confidence(script, id, Some(path)))
                .help(format!("pipe the output: `… | {tee} {shown} >/dev/null`"))
                .done(),
        );
    }
}

/// True if the redirect is beside `sudo` in the caller's shell, and not in code that root runs.
fn is_callers(context: &World<'_, '_>, step: &Step) -> bool {
    let text = context.sources.text(step.span);
    text.trim_start().starts_with("sudo ") && !text.contains("sh -c")
}
