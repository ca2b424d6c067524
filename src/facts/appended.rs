//! Lines that a step adds to a file. If they are meant to last, adding them a second time is a fault.

use crate::facts::secrets::is_lasting_env_file;
use crate::facts::world::World;
use crate::model::{Deployment, Guard, Step, StepId};
use crate::shell::value::{Knowledge, Value};
use crate::tools::effect::{Change, Effect, Prints, Resource};
use crate::tools::git_asked;
use crate::tools::keys::forgets_host;
use crate::tools::plain::keeps_lines_single;

/// The file and the lines that the second run of a step adds again.
pub(crate) fn added<'d>(script: &'d Deployment<'_>, id: StepId) -> Option<(&'d Value, &'d Value)> {
    let effect = script.second_run(id).effect?;
    match script.step(id).deed.effects.get(effect)? {
        Effect { change: Change::Append, resource: Resource::Line { file, text }, .. } => Some((file, text)),
        _ => None,
    }
}

/// Whether these lines are meant to last.
///
/// # Errors
/// The reason why they are not.
pub(crate) fn lasting(
    world: &World<'_, '_>,
    script: &Deployment<'_>,
    id: StepId,
) -> Result<(), &'static str> {
    let step = script.step(id);
    let (file, text) = added(script, id).ok_or("it adds no lines")?;
    if is_log(file) {
        return Err("the file is a log or belongs to one run, so it is meant to grow");
    }
    if text.knowledge() == Knowledge::Fresh && !is_lasting_env_file(file) {
        return Err("each run adds another text");
    }
    if step.in_loop && !file.is_stable() {
        return Err("each turn of the loop writes another file");
    }
    if is_single_again(script, id, file) {
        return Err("each run takes the old line away, or leaves each line once");
    }
    if git_asked::is_git(&step.argv) {
        let asked = |(_, guard): (_, &Guard)| world.sources.text(guard.span).contains("git config");
        return match script.guards_of(id).any(asked) {
            true => Err("a guard asks git for the value first"),
            false => Ok(()),
        };
    }
    let list = is_list(file);
    if !is_own_text(step, file) && !list {
        return Err("a program's output is more often a report than a setting");
    }
    let unknown = text.knowledge() == Knowledge::Unknown;
    if unknown && !list && !file.known_prefix().starts_with("/etc/") {
        return Err("it is not known what it adds");
    }
    Ok(())
}

/// True if each run takes the line of a host away before it is added, or sorts the file so that no line is left twice:
/// `ssh-keygen -R HOST; ssh-keyscan HOST >> F`, `sort -u -o F F`.
fn is_single_again(script: &Deployment<'_>, id: StepId, file: &Value) -> bool {
    let step = script.step(id);
    let names = |host: &Value| step.argv.args.iter().any(|arg| arg.value == *host);
    let forgotten = || {
        file.known_suffix().ends_with("known_hosts")
            && script
                .iter()
                .take(id.0 as usize)
                .any(|(_, earlier)| forgets_host(&earlier.argv).is_some_and(|host| names(&host)))
    };
    let sorted = |(_, later): (StepId, &Step)| keeps_lines_single(&later.argv).as_ref() == Some(file);
    forgotten() || script.after(id).any(sorted)
}

/// True if the text is the command's own, and not the output of a program that is redirected to the file.
pub(crate) fn is_own_text(step: &Step, file: &Value) -> bool {
    let redirected = step.argv.stdout.as_ref().is_some_and(|(to, _)| to == file);
    let says = matches!(step.deed.prints, Prints::Words | Prints::Same | Prints::Through);
    says || step.argv.name.is_empty() || !redirected
}

/// True for a file that is meant to grow, and for one that belongs to a single run.
fn is_log(file: &Value) -> bool {
    let shown = file.to_string();
    let name = shown.rsplit('/').next().unwrap_or(&shown).to_ascii_lowercase();
    let variable =
        name.starts_with('$') && (name.contains("log") || name.contains("report") || name.contains("tmp"));
    name.ends_with(".log")
        || name.ends_with(".out")
        || name.ends_with(".err")
        || name == "log"
        || variable
        || name.contains("history")
        || name.contains("report")
        || name.contains("summary")
        || shown.starts_with("/var/log/")
        || shown.starts_with("/dev/")
        || shown.starts_with("/proc/")
        || shown.starts_with("/sys/")
        || shown.contains("$GITHUB_")
        || shown.contains("$BASH_ENV")
}

/// True for a list, where even a program's output is an entry that lasts.
fn is_list(file: &Value) -> bool {
    ["known_hosts", "authorized_keys", "fstab", "hosts", ".bashrc", ".profile", ".zshrc", "sysctl.conf"]
        .iter()
        .any(|name| file.known_suffix().ends_with(name))
}
