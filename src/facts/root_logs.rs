//! Directories in which root itself writes for the app: systemd and supervisor open the logs of their services, cron runs
//! root's jobs, and the shell of root opens the redirects of the script.

use crate::facts::ground::Ground;
use crate::facts::owners::lies_under;
use crate::model::{Step, User};
use crate::shell::wrappers::Place;
use crate::tools::cron::{TABLES, entry, writes};
use crate::tools::effect::{Change, Effect, Resource};
use crate::tools::managers::Manager;

/// True if root writes a file below the directory, so that it need not belong to the app.
pub(super) fn root_writes_in(world: &Ground<'_, '_>, directory: &str) -> bool {
    let is_in = |path: &str| path != directory && lies_under(path, directory);
    // systemd.exec(5): the manager opens these files before it changes to the account of `User=`.
    let by_systemd = world.units.iter().any(|at| at.unit.log_files().any(is_in));
    let by_supervisor = world
        .processes
        .iter()
        .any(|at| at.process.manager == Manager::Supervisor && at.process.logs.iter().any(|log| is_in(log)));
    by_systemd
        || by_supervisor
        || world.steps().any(|(.., step)| logs(step, directory) || of_cron(step, &is_in))
}

/// True if root's shell opens a log below the directory for what a command prints.
fn logs(step: &Step, directory: &str) -> bool {
    let opens = |effect: &Effect| {
        let path = match (&effect.change, &effect.resource) {
            (Change::Append, Resource::Line { file, .. }) => file,
            (Change::Write, Resource::Path(path)) if step.redirected.is_some() => path,
            _ => return false,
        };
        *step.doer(effect) == User::Root && lies_under(&path.dirname().to_string(), directory)
    };
    step.place == Place::Here && step.deed.effects.iter().any(opens)
}

/// True if the step writes a job of root that writes such a file.
fn of_cron(step: &Step, is_in: &impl Fn(&str) -> bool) -> bool {
    let tables = step.written.iter().filter(|written| written.path.known_prefix().starts_with(TABLES));
    tables.flat_map(|table| table.content.text.lines()).any(|line| {
        entry(line, true)
            .is_some_and(|job| job.first == "root" && writes(&job.command).iter().any(|file| is_in(file)))
    })
}
