//! `user/service-as-root`: a unit that runs the app has no `User=`, so systemd runs it as root.

use crate::facts::installed::is_of_a_user;
use crate::facts::owners::{lies_under, owner_of};
use crate::facts::world::{Origin, UnitAt, World};
use crate::finding::{Confidence, Finding, Severity};
use crate::model::{Deployment, Step, User};
use crate::project::managers::Manager;
use crate::project::unit::{Exec, Unit, UnitKind, is_true};
use crate::repo::names::base;
use crate::rules::id;
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::source::Span;
use crate::tools::effect::{Change, Prints, Resource};
use crate::tools::known_units::keeps_the_machine;
use crate::tools::processes::{Keeping, keeping};
use crate::tools::serves::{gives_root_up, line_serves};

/// Directories in which apps are installed.
const HOMES_OF_APPS: [&str; 6] = ["/opt", "/srv", "/home", "/var/www", "/app", "/root"];

/// `user/service-as-root`.
pub(in crate::rules) fn service_as_root(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let services = context.units.iter().filter(|at| UnitKind::of(&at.name) == UnitKind::Service);
    for at in services {
        found.extend(judge(context, at));
    }
    processes(context, found);
}

fn judge(context: &World<'_, '_>, at: &UnitAt) -> Option<Finding> {
    let (Origin::Written(index, id) | Origin::Installed(index, id)) = at.origin else { return None };
    let script = context.scripts().get(index)?;
    let step = script.step(id);
    let unit = &at.unit;
    let user = unit.user();
    let named = user.map(|d| d.value.as_str());
    let dynamic = unit.get("Service", "DynamicUser").is_some_and(|d| is_true(&d.value));
    if !matches!(named, None | Some("root" | "0"))
        || dynamic
        || matches!(step.place, Place::Container(_))
        || is_of_a_user(step)
        || is_edited(context, at, step)
    {
        return None;
    }
    let is_job = unit.is_oneshot() || is_timed(context, at);
    let execs = unit.exec_start();
    let Some(exec) = execs.iter().find(|exec| !is_job && runs_app(exec, unit)) else {
        return not_as_its_account(context, at, script, is_job);
    };
    let (_, section) = unit.sections.iter().find(|(name, _)| name == "Service")?;
    let program = exec.program.rsplit('/').next().unwrap_or(&exec.program);
    let app = context.app_user_of(script).filter(|app| !app.is_root());
    let message = match user {
        Some(_) => {
            format!("{} runs `{program}` as root, so whoever breaks into the app owns the server", at.name)
        }
        None => format!(
            "{} has no `User=`, so `{program}` runs as root and a break-in gives full control",
            at.name
        ),
    };
    let draft = context
        .finding(id::USER_SERVICE_AS_ROOT, user.map_or(*section, |d| d.span), message)
        .at_most(context.confidence(script, id, None));
    // An explicit `User=root` is intended, and so is a service in root's home.
    let roots_home = unit.working_directory().is_some_and(|d| lies_under(&d.value, "/root"));
    let draft = match user {
        Some(_) => draft.severity(Severity::Info),
        None if roots_home => draft.at_most(Confidence::Medium),
        None => draft,
    };
    let help = match app {
        Some(app) => format!("write `User={}` into `[Service]`, and give it the paths that the app writes to", app.name),
        None => "create an account for the app, write `User=` into `[Service]`, and give it the paths that the app writes to"
            .to_owned(),
    };
    Some(draft.help(help).done())
}

/// A unit without `User=` for which the deploy has an account: another unit runs the same program as that account, the account
/// owns what the unit runs, or the script makes an account of the unit's name. A job counts only with one of the first two.
fn not_as_its_account(
    context: &World<'_, '_>,
    at: &UnitAt,
    script: &Deployment<'_>,
    is_job: bool,
) -> Option<Finding> {
    let unit = &at.unit;
    let execs = unit.exec_start();
    let exec = execs.first()?;
    if unit.user().is_some()
        || exec.prefix.contains(['+', '!'])
        || is_kept(exec, unit)
        || gives_root_up(&exec.words())
    {
        return None;
    }
    let (account, because, span) = with_same_program(context, at, exec)
        .or_else(|| owner_of_code(context, script, exec))
        .or_else(|| of_same_name(context, at, exec).filter(|_| !is_job))?;
    // The project's own program may have such an option.
    let gives_up = |word: &String| word == &account || word.ends_with(&format!("={account}"));
    if exec.args.iter().any(gives_up) {
        return None;
    }
    let (_, section) = unit.sections.iter().find(|(name, _)| name == "Service")?;
    let program = base(&exec.program);
    let message = format!("{} has no `User=`, so `{program}` runs as root and not as `{account}`", at.name);
    let (Origin::Written(_, id) | Origin::Installed(_, id)) = at.origin else { return None };
    let draft = context
        .finding(id::USER_SERVICE_AS_ROOT, *section, message)
        .at_most(Confidence::Medium)
        .at_most(context.confidence(script, id, None))
        .help(format!("write `User={account}` into `[Service]`"))
        .related(span, because);
    Some(draft.done())
}

/// An account, what speaks for it, and where.
type Account = (String, String, Span);

fn with_same_program(context: &World<'_, '_>, at: &UnitAt, exec: &Exec) -> Option<Account> {
    // An interpreter runs anything.
    let is_own = !lies_under(&exec.program, "/usr/bin") && !lies_under(&exec.program, "/bin");
    let others = context.units.iter().filter(|other| is_own && other.name != at.name);
    others.into_iter().find_map(|other| {
        let user = other.unit.user().filter(|user| !matches!(user.value.as_str(), "root" | "0" | ""))?;
        let is_same = other.unit.exec_start().iter().any(|own| own.program == exec.program);
        let because = format!("{} runs the same program as `{}`", other.name, user.value);
        (is_same && other.origin.script().is_some()).then(|| (user.value.clone(), because, user.span))
    })
}

fn owner_of_code(context: &World<'_, '_>, script: &Deployment<'_>, exec: &Exec) -> Option<Account> {
    let words = std::iter::once(&exec.program).chain(&exec.args);
    let mut paths = words.filter(|word| word.starts_with(['/', '$'])).take(2);
    let (account, step) = paths.find_map(|path| owner_of(script, path))?;
    let because = format!("`{}` makes `{account}` the owner of what it runs", context.words(step.span));
    Some((account.to_string(), because, step.span))
}

fn of_same_name(context: &World<'_, '_>, at: &UnitAt, exec: &Exec) -> Option<Account> {
    // Daemons of the system change to their account themselves.
    if ["/usr/bin", "/usr/sbin", "/bin", "/sbin"].iter().any(|place| lies_under(&exec.program, place)) {
        return None;
    }
    let is_its = |name: &str| {
        let rest = at.name.strip_prefix(name);
        name.len() > 2 && rest.is_some_and(|rest| rest.starts_with(['.', '-', '_', '@']))
    };
    context.steps().find_map(|(_, _, step)| {
        let made = step.deed.effects.iter().find_map(|effect| match (&effect.change, &effect.resource) {
            (Change::Create(_), Resource::User(name)) => name.as_literal().filter(|name| is_its(name)),
            _ => None,
        })?;
        Some((made.to_owned(), "the account is made here".to_owned(), step.span))
    })
}

/// Processes that supervisor or root's pm2 runs as root.
fn processes(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for at in &context.processes {
        let (Origin::Written(index, id) | Origin::Installed(index, id)) = at.origin else { continue };
        let Some(script) = context.scripts().get(index) else { continue };
        let step = script.step(id);
        let process = &at.process;
        let is_roots = matches!(process.user.as_deref(), None | Some("root"));
        let runs_app = || {
            let of_root = process.command.iter().any(|word| keeps_the_machine(&word.to_ascii_lowercase()));
            let program = process.command.first();
            let own = program.is_some_and(|p| HOMES_OF_APPS.iter().any(|home| lies_under(p, home)));
            !of_root
                && !gives_root_up(&process.command)
                && (own || line_serves(&process.command).is_some_and(|serves| serves.runs_app))
        };
        if !is_roots || !matches!(step.place, Place::Here) || !runs_app() {
            continue;
        }
        let owner = process.directory.as_deref().and_then(|directory| owner_of(script, directory));
        let (name, app) = (&process.name, context.app_user_of(script).filter(|app| !app.is_root()));
        let draft = match process.manager {
            Manager::Supervisor => {
                let says = match process.user {
                    Some(_) => format!("supervisor runs `{name}` as root, so a break-in gives full control"),
                    None => format!("`{name}` has no `user`, so supervisor runs it as root"),
                };
                let draft = context.finding(id::USER_SERVICE_AS_ROOT, process.span, says);
                let account = owner.map(|(name, _)| name.to_string());
                let account = account.or_else(|| app.map(|app| app.name.to_string()));
                let account = account.unwrap_or_else(|| "ACCOUNT".to_owned());
                let draft = draft.help(format!("write `user={account}` into its section"));
                if process.user.is_some() { draft.severity(Severity::Info) } else { draft }
            }
            Manager::Pm2 => {
                let Some((account, given)) = owner.filter(|_| step.user == User::Root) else { continue };
                let manager = process.manager;
                let says = format!("{} runs `{name}` as root in the tree of `{account}`", manager.name());
                let draft = context
                    .finding(id::USER_SERVICE_AS_ROOT, step.span, says)
                    .help(format!(
                        "start it as its account: `sudo -iu {account} {} start …`",
                        manager.control()
                    ))
                    .related(given.span, format!("this makes `{account}` the owner"));
                let boot = script.steps.iter().find(|step| keeping(&step.argv) == Some(Keeping::AtBoot));
                match boot {
                    Some(boot) if boot.user == User::Root => {
                        draft.related(boot.span, "and so does each reboot")
                    }
                    _ => draft,
                }
            }
        };
        found.push(draft.at_most(Confidence::Medium).at_most(context.confidence(script, id, None)).done());
    }
}

/// True for a command that runs an app's own code.
fn runs_app(exec: &Exec, unit: &Unit) -> bool {
    let runner = exec.serves().is_some_and(|serves| serves.runs_app);
    let own = HOMES_OF_APPS.iter().any(|home| lies_under(&exec.program, home));
    (runner || own) && !is_kept(exec, unit) && !gives_root_up(&exec.words())
}

/// True for work that has to be done as root, by its words or its description.
fn is_kept(exec: &Exec, unit: &Unit) -> bool {
    let mut words = std::iter::once(&exec.program).chain(&exec.args);
    let description = unit.get("Unit", "Description").map(|d| d.value.to_ascii_lowercase());
    words.any(|word| keeps_the_machine(&word.to_ascii_lowercase()))
        || description.is_some_and(|d| keeps_the_machine(&d))
}

/// True for work that a timer or a path starts, because it maintains the machine.
fn is_timed(context: &World<'_, '_>, at: &UnitAt) -> bool {
    context.units.iter().any(|other| {
        matches!(UnitKind::of(&other.name), UnitKind::Timer | UnitKind::Path)
            && other.unit.triggers(&other.name).as_deref() == Some(at.name.as_str())
    })
}

/// True if a file of the repo names an account, or is not known.
fn may_name_account(context: &World<'_, '_>, from: &Value) -> bool {
    let name = from.basename().to_string();
    let mut same = context.project.texts.iter().filter(|(path, _)| base(path) == name).peekable();
    same.peek().is_none() || same.any(|(_, file)| context.sources.file(*file).text().contains("User="))
}

/// True if a drop-in, a `sed` or a filter during installation may insert `User=`.
fn is_edited(context: &World<'_, '_>, at: &UnitAt, install: &Step) -> bool {
    let drop_ins = format!("/{}.d/", at.name);
    let edited = context.steps().any(|(_, _, step)| {
        let written = step
            .written
            .iter()
            .any(|w| w.path.to_string().contains(&drop_ins) && w.content.text.contains("User="));
        let edits = step.deed.effects.iter().any(|e| {
            matches!(e.change, Change::Edit | Change::Append)
                && e.resource.name().basename().is_shown_as(&at.name)
        });
        let brings = step.deed.puts().any(|(effect, content)| {
            content.how.is_copy()
                && effect.resource.name().to_string().contains(&drop_ins)
                && content.from.as_ref().is_none_or(|from| may_name_account(context, from))
        });
        written || brings || edits && step.argv.args.iter().any(|a| a.value.to_string().contains("User"))
    });
    let plain = install.deed.copies()
        || matches!(install.deed.prints, Prints::Words | Prints::Same | Prints::Through);
    edited || matches!(at.origin, Origin::Installed(..)) && !plain
}
