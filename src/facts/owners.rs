//! Who a path is meant for, and who gets it: what the rules about users and about owners share.

use crate::facts::givers::Given;
use crate::facts::world::{AppUser, UnitAt, World};
use crate::model::{Deployment, Step, StepId, User};
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::tools::effect::Role;
use crate::tools::processes;

/// Directories that contain many things: two things in one of them are not neighbours for that reason.
const BROAD: [&str; 15] = [
    "", "/", "/opt", "/srv", "/home", "/var", "/var/www", "/var/lib", "/var/log", "/tmp", "/etc", "/usr",
    "/root", "/usr/local", "/mnt",
];

/// Directories below which the app's own tree ends: `/opt/app/venv/bin/python` belongs to `/opt/app`.
const INNER: [&str; 5] = ["/venv/", "/.venv/", "/env/", "/node_modules/", "/bin/"];

/// True if a path, as text, is `above` or below it.
pub(crate) fn lies_under(path: &str, above: &str) -> bool {
    path.strip_prefix(above.trim_end_matches('/'))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Places where nothing belongs to the app.
pub(crate) const OF_THE_SYSTEM: [&str; 11] =
    ["/etc", "/usr", "/bin", "/sbin", "/lib", "/root", "/dev", "/proc", "/sys", "/boot", "/tmp"];

/// The directories of a unit's service, as text (`$APP_DIR` stays as written): its working directory and the
/// directory that contains its virtual environment.
pub(crate) fn homes(at: &UnitAt) -> Vec<String> {
    let mut homes: Vec<String> = Vec::new();
    if let Some(directory) = at.unit.working_directory() {
        homes.extend(home(directory.value.trim_start_matches(['-', '~'])));
    }
    for exec in at.unit.exec_start() {
        if let Some(end) = INNER.iter().filter_map(|inner| exec.program.find(inner)).min() {
            homes.extend(home(&exec.program[..end]));
        }
    }
    homes
}

/// Like [`homes`], but if there is none, the directory of the first file that does not belong to the system:
/// `/opt/shop/server`, `/usr/bin/node /opt/shop/server.js`.
fn all_homes(at: &UnitAt) -> Vec<String> {
    let mut all = homes(at);
    if all.is_empty() {
        for exec in at.unit.exec_start() {
            let words = std::iter::once(&exec.program).chain(&exec.args);
            let file = words.filter(|word| word.starts_with(['/', '$'])).find_map(|word| {
                let (directory, _) = word.rsplit_once('/')?;
                home(directory)
            });
            all.extend(file);
        }
    }
    all
}

fn home(path: &str) -> Option<String> {
    let path = path.trim_end_matches('/');
    let of_the_system = ["/usr", "/bin", "/sbin", "/snap", "/etc"].iter().any(|s| lies_under(path, s));
    let is_one =
        !of_the_system && !BROAD.contains(&path) && !path.contains('%') && !path.ends_with("/.local");
    (is_one && path.starts_with(['/', '$'])).then(|| path.to_owned())
}

/// True if a service of the unit works with what is at the path: in its directory, or beside it
/// (`/opt/shop/backend` and `/opt/shop/frontend`).
fn concerns(homes: &[String], path: &str) -> bool {
    homes.iter().any(|home| {
        let around = home.rsplit_once('/').map_or("", |(around, _)| around);
        lies_under(path, home)
            || lies_under(home, path) && !BROAD.contains(&path)
            || !BROAD.contains(&around) && around.matches('/').count() > 1 && lies_under(path, around)
    })
}

/// Where a unit's service is; it is parsed once and needed for each path.
pub(crate) struct Lives {
    /// True if it runs a service.
    service: bool,
    /// [`homes`] has any.
    at_home: bool,
    /// [`all_homes`].
    homes: Vec<String>,
}

impl Lives {
    pub(crate) fn of(at: &UnitAt) -> Self {
        let service = at.name.ends_with(".service") && !at.unit.exec_start().is_empty();
        Lives { service, at_home: !homes(at).is_empty(), homes: all_homes(at) }
    }
}

/// A user that is an account's name: not a placeholder of a template, and not a number.
pub(crate) fn is_account_name(name: &str) -> bool {
    !name.is_empty()
        && !name.bytes().all(|b| b.is_ascii_digit())
        && !name.contains("your")
        && !name.contains("YOUR")
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        && !name.starts_with('_')
        && name.bytes().any(|b| b.is_ascii_lowercase())
}

/// The account that runs what is at a path, if that is not root: that of the units there, else that of the
/// whole app.
pub(crate) fn user_of(world: &World<'_, '_>, path: &Value) -> Option<AppUser> {
    let app = world.app_user.as_ref().filter(|app| !app.is_root());
    if world.given.user.is_some() {
        return app.filter(|_| world.in_app_tree(path)).cloned();
    }
    let shown = path.to_string();
    let units = || world.units.iter().zip(world.lives());
    let here: Vec<(&UnitAt, &Lives)> =
        units().filter(|(_, lives)| lives.service && concerns(&lives.homes, &shown)).collect();
    if !here.is_empty() {
        // If the services of the place run as root, it is not news that root works there; one of several is
        // an exception. A backup job is not a service.
        let users: Vec<_> =
            here.iter().map(|(u, _)| u.unit.user().map_or("root", |d| d.value.as_str())).collect();
        let serves = |(u, lives): &(&UnitAt, &Lives)| lives.at_home && !u.unit.is_oneshot();
        let as_root = here.iter().zip(&users).filter(|(u, user)| **user == "root" && serves(u)).count();
        let as_others = here.iter().zip(&users).filter(|(u, user)| **user != "root" && serves(u)).count();
        if as_root > 0 && as_root >= as_others {
            return None;
        }
        let ((unit, _), name) = here
            .iter()
            .zip(users)
            .find(|(_, name)| *name != "root" && (is_account_name(name) || name.starts_with('$')))?;
        let name = match app {
            Some(app) if app.name.is_shown_as(name) => app.name.clone(),
            _ if name.starts_with('$') => return None,
            _ => Value::literal(name),
        };
        let span = unit.unit.user().map(|d| d.span);
        return Some(AppUser { name, why: format!("`User=` of {}", unit.name), span });
    }
    let app = app.filter(|app| app.why.starts_with("`User=`") || !world.root_serves())?;
    // Units elsewhere say nothing about this place.
    let elsewhere = units().any(|(u, lives)| !lives.homes.is_empty() && u.unit.user().is_some());
    (!elsewhere && world.in_app_tree(path)).then(|| app.clone())
}

/// Where a step works, and the account that runs what lives there; `None` where that is root.
pub(crate) fn works_for(world: &World<'_, '_>, step: &Step) -> Option<(Value, AppUser)> {
    let tree = place_of(step);
    let user = user_of(world, &tree)?;
    Some((tree, user))
}

/// Where a step works: around its program (`/opt/app/venv/bin/pip`), at the directory or file that an
/// argument names, else in its working directory.
fn place_of(step: &Step) -> Value {
    let argv = &step.argv;
    let program = argv.program.value.resolve(&argv.cwd);
    let own = argv.program.value.key().contains('/');
    // An environment shows best whose packages they are, wherever the list of them is.
    let inner = ["/venv/bin/", "/.venv/bin/", "/env/bin/"].iter().find_map(|inner| program.key().find(inner));
    if let Some(end) = inner.filter(|_| own) {
        return Value::from_key(&program.key()[..end], &program);
    }
    let named = argv.args.iter().map(|arg| &arg.value).find(|value| {
        let key = value.key();
        let project = [".txt", ".toml", ".py"].iter().any(|ending| key.ends_with(ending));
        value.is_absolute() && key.contains('/') && project
    });
    if let Some(file) = named {
        return file.dirname();
    }
    let system = ["/usr", "/bin", "/snap", "/root", "/home"];
    if own && !system.iter().any(|s| program.is_under(&Value::literal(*s))) {
        return program.dirname();
    }
    crate::tools::place::works_in(argv)
}

/// True for a step that root runs on the machine itself.
pub(crate) fn is_roots(step: &Step) -> bool {
    step.user == User::Root && step.place == Place::Here
}

/// True if a step runs as this account.
pub(crate) fn runs_as(step: &Step, name: &Value) -> bool {
    matches!(&step.user, User::Named(user) if user == name || user.looks_like(name))
}

/// True if a change of `target` (and, if `recursive`, of everything below) affects `path`.
pub(crate) fn reaches(target: &Value, recursive: bool, path: &Value) -> bool {
    if target == path || recursive && path.is_under(target) {
        return true;
    }
    // `/opt/app/*`: its contents, not the directory itself.
    if target.is_glob() && target.basename().is_shown_as("*") {
        let parent = target.dirname();
        return path != &parent && (path.dirname() == parent || recursive && path.is_under(&parent));
    }
    target.is_glob() && target.dirname() == path.dirname()
}

/// The first of a script's steps, from one on, that matches and gives the path to someone other than root:
/// its owner, its group with the right to write, or everybody.
pub(crate) fn given_away<'s>(
    world: &World<'_, '_>,
    script: &'s Deployment<'_>,
    from: usize,
    path: &Value,
    passes: impl Fn(&Step) -> bool,
) -> Option<(usize, Given<'s>)> {
    world.givers(script)?.first(script, from, path, passes)
}

/// The steps after one, starting with itself.
pub(crate) fn from<'s>(script: &'s Deployment<'_>, id: StepId) -> impl Iterator<Item = &'s Step> {
    script.steps[id.0 as usize..].iter()
}

/// The steps before one.
pub(crate) fn before<'s>(
    script: &'s Deployment<'_>,
    id: StepId,
) -> impl DoubleEndedIterator<Item = &'s Step> {
    script.steps[..id.0 as usize].iter()
}

/// True if root itself starts an app: `pm2 start` without a user. An account that was created is then not the
/// app's.
pub(crate) fn root_serves(world: &World<'_, '_>) -> bool {
    world.steps().any(|(_, _, step)| {
        is_roots(step) && (processes::start(&step.argv).is_some() || step.deed.roles.contains(&Role::Serve))
    })
}
