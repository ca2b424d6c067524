//! `user/roots-home`: another user needs a path in root's home, which is closed to all others.

use crate::facts::owners::{is_account_name, lies_under};
use crate::facts::world::{Origin, UnitAt, World};
use crate::finding::{Confidence, Finding};
use crate::model::{Caller, Deployment, Step, User};
use crate::project::unit::Unit;
use crate::rules::id;
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::Place;
use crate::source::Span;
use crate::tools::effect::{Change, Mode, Resource};
use crate::tools::plain::opens_no_path;

/// `user/roots-home`.
pub(in crate::rules) fn roots_home(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    if context.steps().any(|(_, _, step)| opens(step)) {
        return;
    }
    for at in &context.units {
        found.extend(of_unit(context, at));
    }
    for script in context.scripts {
        let mut told: Vec<Span> = Vec::new();
        for (id, step) in script.iter().filter(|(_, s)| s.place == Place::Here) {
            let User::Named(name) = &step.user else { continue };
            let Some(path) = path_of(script, step).filter(|_| !told.contains(&step.span)) else { continue };
            told.push(step.span);
            let message = format!(
                "`{}` fails as `{name}`, because only root can reach `{}` in its home: permission denied",
                context.words(step.span),
                shown(&path)
            );
            found.push(
                context
                    .finding(id::USER_ROOTS_HOME, step.span, message)
                    .at_most(context.confidence(script, id, Some(&path)))
                    .help(format!(
                        "put it where `{name}` can read it; the shell expands `~` and `$HOME` before sudo changes the user"
                    ))
                    .done(),
            );
        }
    }
}

/// Root's home, as a script that root runs writes it.
fn is_roots(script: &Deployment<'_>, path: &Value) -> bool {
    let by_name = path.is_under(&Value::literal("/root"));
    let by_home = matches!(script.caller, Caller::Root(_))
        && path.is_under(&Value::hole("HOME", 0, Knowledge::Symbolic));
    by_name || by_home
}

/// The first operand of another user's command that is in root's home.
fn path_of(script: &Deployment<'_>, step: &Step) -> Option<Value> {
    let User::Named(name) = &step.user else { return None };
    if name.as_literal() == Some("root") || opens_no_path(&step.argv) {
        return None;
    }
    let operands = step.argv.args.iter().map(|arg| &arg.value);
    let mut all = std::iter::once(&step.argv.program.value).chain(operands);
    all.find(|value| is_roots(script, value)).cloned()
}

/// The directory is opened: `chmod 755 /root`, an ACL.
fn opens(step: &Step) -> bool {
    step.deed.effects.iter().any(|effect| match (&effect.change, &effect.resource) {
        (Change::Mode { mode, .. }, Resource::Path(path)) => {
            let enter = match mode {
                Mode::Octal(bits) => bits & 0o001 != 0,
                Mode::Symbolic(text) => text.contains('x'),
                Mode::Unknown => true,
            };
            enter && matches!(shown(path).as_str(), "/root" | "~" | "$HOME")
        }
        _ => false,
    })
}

fn shown(path: &Value) -> String {
    path.to_string()
}

/// Another user's service in root's home.
fn of_unit(context: &World<'_, '_>, at: &UnitAt) -> Option<Finding> {
    let (Origin::Written(index, id) | Origin::Installed(index, id)) = at.origin else { return None };
    let script = context.scripts.get(index)?;
    let user = at.unit.user()?;
    if !is_account_name(&user.value) || user.value == "root" || script.step(id).place != Place::Here {
        return None;
    }
    let (path, span, status) = place(&at.unit, matches!(script.caller, Caller::Root(_)))?;
    let message = format!(
        "systemd fails to start {} ({status}), because `{}` can't reach `{path}` in root's home",
        at.name, user.value
    );
    Some(
        context
            .finding(id::USER_ROOTS_HOME, span, message)
            .at_most(context.confidence(script, id, None))
            .at_most(Confidence::High)
            .related(user.span, format!("it runs as `{}`", user.value))
            .help("put the app into a directory of its own that its user can enter, such as /opt/NAME")
            .done(),
    )
}

/// The first path of a service that is in root's home, and the name of its failure: systemd.exec(5).
fn place(unit: &Unit, by_root: bool) -> Option<(String, Span, &'static str)> {
    let is_it = |path: &str| lies_under(path, "/root") || by_root && lies_under(path, "$HOME");
    let directory = unit.working_directory().filter(|d| is_it(&d.value));
    if let Some(directory) = directory {
        return Some((directory.value.clone(), directory.span, "status=200/CHDIR"));
    }
    let exec = unit.exec_start().into_iter().find(|exec| is_it(&exec.program))?;
    Some((exec.program, exec.span, "status=203/EXEC"))
}
