//! `user/no-read-access`: an account needs a file that its owner, its group and its mode keep from it.

use crate::facts::access::{ENTER, Held, Holdings, READ, Who};
use crate::facts::owners::{is_roots, reaches};
use crate::facts::secrets::is_env_file;
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::model::{Deployment, Step, User};
use crate::rules::id;
use crate::shell::value::Value;
use crate::source::Span;
use crate::tools::effect::{Change, Resource, Role};
use crate::tools::inputs::inputs;
use crate::tools::processes;

/// Who needs a file, and what shows it.
struct Reader {
    account: Value,
    says: String,
    span: Span,
    sure: Confidence,
}

/// `user/no-read-access`.
pub(super) fn no_read_access(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let deploy = context.deploy();
    for (_, script) in deploy.deploying() {
        let closes = |step: &Step| {
            step.umask.is_some() || step.deed.effects.iter().any(|e| matches!(e.change, Change::Mode { .. }))
        };
        if !script.steps.iter().any(closes) {
            continue;
        }
        let holdings = Holdings::of(script);
        let all = holdings.all();
        for file in all.iter().filter(|held| !held.is_directory && held.path.is_absolute()) {
            let Some((reader, shut)) = locked_out(context, script, file, &holdings) else { continue };
            let is_given = || context.app_writes().is_given(file.path, &file.path.to_string());
            if !set_by_others(context, script, file.path) && !is_given() {
                found.push(tell(context, script, file, reader, shut));
            }
        }
    }
}

fn tell(
    context: &World<'_, '_>,
    script: &Deployment<'_>,
    file: &Held<'_>,
    reader: Reader,
    shut: &Held<'_>,
) -> Finding {
    let (account, path) = (&reader.account, file.path);
    let mode = shut.mode.map_or_else(String::new, |mode| format!("{mode:04o}"));
    let owner = match shut.owner {
        Who::Named(owner) => owner.to_string(),
        _ => "root".to_owned(),
    };
    let message = match shut.is_directory {
        false => format!("`{account}` can't read `{path}`, which belongs to {owner} with mode {mode}"),
        true => format!("`{account}` can't read `{path}`: {} belongs to {owner} with mode {mode}", shut.path),
    };
    let right = if shut.is_directory { 'x' } else { 'r' };
    let help = match shut.group {
        Who::Named(group) if group == account => {
            format!("give its group the right: `chmod g+{right} {}`", shut.path)
        }
        _ => format!("let its group read it: `chgrp {account} {0} && chmod g+{right} {0}`", shut.path),
    };
    context
        .finding(id::USER_NO_READ_ACCESS, script.step(shut.by).span, message)
        .at_most(reader.sure)
        .at_most(context.confidence(script, shut.by, None))
        .help(help)
        .related(reader.span, reader.says)
        .done()
}

/// The account that needs a file and can't read it, with the file or the directory above it that is shut.
fn locked_out<'h, 's>(
    context: &World<'_, '_>,
    script: &Deployment<'_>,
    file: &'h Held<'s>,
    holdings: &'h Holdings<'s>,
) -> Option<(Reader, &'h Held<'s>)> {
    let shut = |account: &Value| {
        let above = std::iter::successors(Some(file.path.dirname()), |path| Some(path.dirname())).take(8);
        let directories = above.filter_map(|path| holdings.get(&path).filter(|held| held.is_directory));
        let mut blocking = directories.filter(|held| held.lacks(account, ENTER));
        file.lacks(account, READ).then_some(file).or_else(|| blocking.next())
    };
    // Most files are open to everybody, and nothing more has to be asked of them.
    shut(&Value::literal("nobody"))?;
    let reader = of_units(context, file.path)
        .or_else(|| of_steps(script, file))
        .or_else(|| of_settings(context, script, file))
        .or_else(|| of_group(context, script, file))?;
    let shut = shut(&reader.account)?;
    Some((reader, shut))
}

/// True if another script sets the owner or the mode of a path, or of what contains it.
fn set_by_others(context: &World<'_, '_>, script: &Deployment<'_>, path: &Value) -> bool {
    context.steps().filter(|(other, ..)| !std::ptr::eq(*other, script)).any(|(.., step)| {
        step.deed.effects.iter().any(|effect| match (&effect.change, &effect.resource) {
            (Change::Own { recursive, .. } | Change::Mode { recursive, .. }, Resource::Path(target)) => {
                reaches(target, *recursive, path)
            }
            _ => false,
        })
    })
}

/// A unit whose command line names the file. systemd itself reads an `EnvironmentFile=`, as root.
fn of_units(context: &World<'_, '_>, path: &Value) -> Option<Reader> {
    let shown = path.to_string();
    let is_it =
        |word: &str| word == shown || word.strip_suffix(&shown).is_some_and(|rest| rest.ends_with('='));
    context.units.iter().filter(|at| at.origin.script().is_some()).find_map(|at| {
        let user = at.unit.user().filter(|user| !matches!(user.value.as_str(), "root" | "0" | ""))?;
        let execs = at.unit.exec_start();
        let names = execs
            .iter()
            .find(|exec| !exec.prefix.contains(['+', '!']) && exec.args.iter().any(|arg| is_it(arg)));
        Some(Reader {
            account: Value::with_variables(&user.value),
            says: format!("{} names it, and runs as `{}`", at.name, user.value),
            span: names?.span,
            sure: Confidence::High,
        })
    })
}

/// A later step of an account that reads the file.
fn of_steps(script: &Deployment<'_>, file: &Held<'_>) -> Option<Reader> {
    script.iter().filter(|(id, _)| *id > file.by).find_map(|(_, step)| {
        let User::Named(account) = &step.user else { return None };
        let reads = inputs(&step.argv).iter().any(|(path, _)| path == file.path);
        (reads && step.entry == 0).then(|| Reader {
            account: account.clone(),
            says: format!("this reads it as `{account}`"),
            span: step.span,
            sure: Confidence::High,
        })
    })
}

/// An app that reads the settings beside it, and that the account runs there.
fn of_settings(context: &World<'_, '_>, script: &Deployment<'_>, file: &Held<'_>) -> Option<Reader> {
    if !is_env_file(&file.path.basename().to_string()) || is_read_by_root(context, script, file) {
        return None;
    }
    let directory = file.path.dirname();
    script.iter().filter(|(id, _)| *id > file.by).find_map(|(_, step)| {
        let User::Named(account) = &step.user else { return None };
        let runs = step.deed.roles.iter().any(|role| {
            matches!(role, Role::Migrate | Role::StaticFiles | Role::Cache | Role::Serve | Role::Seed)
        });
        let started = processes::start(&step.argv).map(|start| step.argv.path(start.target).dirname());
        let is_there = runs && step.argv.cwd == directory || started.as_ref() == Some(&directory);
        (is_there && step.entry == 0).then(|| Reader {
            account: account.clone(),
            says: format!("this runs the app as `{account}`"),
            span: step.span,
            sure: Confidence::Medium,
        })
    })
}

/// The group of the file, if it is called like an account of the deploy and the mode gives it nothing.
fn of_group(context: &World<'_, '_>, script: &Deployment<'_>, file: &Held<'_>) -> Option<Reader> {
    let Who::Named(group) = file.group else { return None };
    let is_account = context.app_user.as_ref().is_some_and(|app| app.name == *group)
        || script.steps.iter().any(|step| {
            matches!(&step.user, User::Named(name) if name == group)
                || step.deed.effects.iter().any(|effect| match (&effect.change, &effect.resource) {
                    (Change::Create(_), Resource::User(name)) => name == group,
                    _ => false,
                })
        });
    if !is_account || is_read_by_root(context, script, file) {
        return None;
    }
    Some(Reader {
        account: group.clone(),
        says: format!("its group is `{group}`, and the mode gives the group nothing"),
        span: script.step(file.made).span,
        sure: Confidence::Medium,
    })
}

/// True if systemd, Compose or a shell of root reads the file for the app.
fn is_read_by_root(context: &World<'_, '_>, script: &Deployment<'_>, file: &Held<'_>) -> bool {
    let shown = file.path.to_string();
    let units = context.units.iter().flat_map(|at| at.unit.environment_files());
    let by_step = |step: &Step| {
        step.deed.roles.contains(&Role::ComposeUp)
            || is_roots(step)
                && (inputs(&step.argv).iter().any(|(path, _)| path == file.path)
                    || step.deed.roles.contains(&Role::ReadOnly)
                        && step.argv.args.iter().any(|arg| step.argv.path(arg) == *file.path))
    };
    units.into_iter().any(|own| own.path == shown) || script.after(file.by).any(|(_, step)| by_step(step))
}
