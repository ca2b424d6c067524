//! `steps/missing-cron-directory`: a command of cron writes into a directory that nothing makes.

use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::model::{Deployment, Step, StepId};
use crate::rules::id;
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::tools::cron::{TABLES, entry, writes};
use crate::tools::effect::{Change, Effect, PathKind, Prints, Resource};
use crate::tools::known_units::is_there_already;

/// For each line of a table that a script writes, finds the first directory that is not there. A script that sets no
/// server up may rely on what is there.
pub(super) fn missing_cron_directory(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let deploy = context.deploy();
    for &script in context.scripts() {
        if !context.sets_up(script) {
            continue;
        }
        let mut told: Vec<String> = Vec::new();
        for (id, step) in script.iter().filter(|(_, step)| step.place == Place::Here) {
            let files = lines(script, id, step).into_iter().flat_map(|command| writes(&command));
            for file in files {
                let directory = directory(&file);
                // The printed line may be that of the table itself.
                let spoken_of = |line: &str| line.contains(directory) && !is_entry(line);
                let is_lacking = may_be_missing(directory)
                    && !told.iter().any(|told| told == directory)
                    && !is_made(context, script, directory)
                    && !deploy.says_to(spoken_of)
                    && !deploy.calls_to(spoken_of);
                if !is_lacking {
                    continue;
                }
                told.push(directory.to_owned());
                let sure = if deploy.may_do_anything() { Confidence::Medium } else { Confidence::High };
                let message = format!("cron writes {file}, but nothing makes {directory}, so the job fails");
                let draft = context
                    .finding(id::STEPS_MISSING_CRON_DIRECTORY, step.span, message)
                    .at_most(sure)
                    .at_most(context.confidence(script, id, None))
                    .help(format!(
                        "make it first, for the account of the job: `install -d -o ACCOUNT {directory}`"
                    ));
                found.push(draft.done());
            }
        }
    }
}

/// True for a line of a table, also with the word of the command that prints it in front.
fn is_entry(line: &str) -> bool {
    let rest = line.split_once(' ').map_or("", |(_, rest)| rest);
    [line, rest].iter().any(|text| entry(text.trim_matches(['"', '\'']), false).is_some())
}

fn directory(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(directory, _)| directory)
}

/// The commands of the lines of a table that a step writes: to a file of the system's tables, or with `echo` for the
/// `crontab` behind it.
fn lines(script: &Deployment<'_>, id: StepId, step: &Step) -> Vec<String> {
    let mut commands = Vec::new();
    for written in step.written.iter().filter(|written| written.path.known_prefix().starts_with(TABLES)) {
        commands.extend(written.content.text.lines().filter_map(|line| Some(entry(line, true)?.command)));
    }
    let is_table = |step: &Step| {
        step.deed
            .effects
            .iter()
            .any(|e| e.change == Change::Write && matches!(e.resource, Resource::Crontab(_)))
    };
    let piped = || script.after(id).take(2).any(|(_, step)| is_table(step));
    if step.deed.prints == Prints::Words && step.argv.stdout.is_none() && piped() {
        let texts = step.argv.args.iter().map(|arg| arg.value.to_string());
        commands.extend(texts.filter_map(|text| Some(entry(&text, false)?.command)));
    }
    commands
}

/// True for a directory that no server has by itself: it lies below one of the places where deploys keep their own.
fn may_be_missing(directory: &str) -> bool {
    const HOLDERS: [&str; 7] =
        ["/var/backups/", "/var/log/", "/var/lib/", "/opt/", "/srv/", "/root/", "/backup"];
    let known = !directory.contains(['$', '`', '*', '%', '\\', '"', '\'']);
    let held = HOLDERS.iter().any(|holder| directory.starts_with(holder) && directory.len() > holder.len())
        || matches!(directory, "/backup" | "/backups");
    let in_home = directory.strip_prefix("/home/").is_some_and(|rest| rest.contains('/'));
    let name = directory.split('/').nth(3).unwrap_or_default();
    let of_package = directory.starts_with("/var/") && is_there_already(name);
    known && (held || in_home) && !of_package
}

/// True if a step makes the directory or something in it, or may do so, or if a unit has it made.
fn is_made(context: &World<'_, '_>, script: &Deployment<'_>, directory: &str) -> bool {
    let path = Value::literal(directory);
    let made_by = |effect: &Effect| {
        let name = effect.resource.name();
        match (&effect.change, &effect.resource) {
            (Change::Remove, _) => false,
            (change, Resource::Path(own)) => {
                let is_tree = matches!(change, Change::Create(PathKind::Tree | PathKind::Any));
                let content = effect.content.as_ref().is_some_and(|content| content.tree);
                own.is_under(&path) || path.is_under(own) && (is_tree || content)
            }
            // An account brings its home, and a package its directories.
            (Change::Create(_), Resource::User(user)) => directory == format!("/home/{user}"),
            (_, Resource::Package(_)) => {
                let leaf = directory.split('/').nth(3).unwrap_or_default();
                directory.starts_with("/var/") && name.to_string().contains(leaf)
            }
            _ => false,
        }
    };
    let speaks = |step: &Step| {
        let words = || step.argv.args.iter().any(|arg| arg.value.to_string().contains(directory));
        !step.deed.known && words()
    };
    let by_unit = || {
        context.units.iter().any(|at| at.unit.made_directories(&at.name).iter().any(|made| made == directory))
    };
    context.in_app_tree(&path)
        || context.steps_with(script).any(|step| step.deed.effects.iter().any(made_by) || speaks(step))
        || by_unit()
}
