//! Who a path is meant for, and who gets it. The rules about users and about owners share this.

use crate::facts::parts::{AppUser, UnitAt};
use crate::model::{Deployment, Step, StepId, User};
use crate::repo::names::directory;
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::tools::effect::{Change, Mode, PathKind, Resource, Role};
use crate::tools::place::is_on_every_server;
use crate::tools::processes;

/// Directories that end the app's own tree: `/opt/app/venv/bin/python` belongs to `/opt/app`.
const INNER: [&str; 5] = ["/venv/", "/.venv/", "/env/", "/node_modules/", "/bin/"];

/// True if a path, as text, is `above` or lies below it.
pub(crate) fn lies_under(path: &str, above: &str) -> bool {
    path.strip_prefix(above.trim_end_matches('/'))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A path and everything that contains it, without slashes at the end: `/opt/app`, the root (as the empty text), `/opt`.
pub(crate) fn holders(path: &str) -> impl Iterator<Item = &str> {
    let path = path.trim_end_matches('/');
    std::iter::once(path).chain(path.match_indices('/').map(|(at, _)| path[..at].trim_end_matches('/')))
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

/// True for a directory that contains many things. Two things are not neighbours only because they lie in it.
fn is_broad(path: &str) -> bool {
    path.is_empty() || is_on_every_server(path)
}

fn home(path: &str) -> Option<String> {
    let path = path.trim_end_matches('/');
    let of_the_system = ["/usr", "/bin", "/sbin", "/snap", "/etc"].iter().any(|s| lies_under(path, s));
    let is_one = !of_the_system && !is_broad(path) && !path.contains('%') && !path.ends_with("/.local");
    (is_one && path.starts_with(['/', '$'])).then(|| path.to_owned())
}

/// True if a service with these homes works with what is at the path. It lies in a home or beside it
/// (`/opt/shop/backend` and `/opt/shop/frontend`).
pub(super) fn concerns(homes: &[String], path: &str) -> bool {
    homes.iter().any(|home| {
        let around = directory(home);
        lies_under(path, home)
            || lies_under(home, path) && !is_broad(path)
            || !is_broad(around) && around.matches('/').count() > 1 && lies_under(path, around)
    })
}

/// Where a unit's service is. It is parsed once, because each path asks for it.
pub(crate) struct Lives {
    /// True if it runs a service.
    pub(super) service: bool,
    /// True if [`homes`] finds any.
    pub(super) at_home: bool,
    /// What [`all_homes`] finds.
    pub(super) homes: Vec<String>,
}

impl Lives {
    pub(crate) fn of(at: &UnitAt) -> Self {
        let service = at.name.ends_with(".service") && !at.unit.exec_start().is_empty();
        Lives { service, at_home: !homes(at).is_empty(), homes: all_homes(at) }
    }
}

/// The account that a unit runs as, if that is known and not root.
pub(crate) fn account_of(app_user: Option<&AppUser>, at: &UnitAt) -> Option<AppUser> {
    let user = at.unit.user().filter(|directive| directive.value != "root")?;
    let name = match app_user {
        Some(app) if app.name.is_shown_as(&user.value) => app.name.clone(),
        _ if !is_account_name(&user.value) => return None,
        _ => Value::literal(&user.value),
    };
    Some(AppUser { name, why: format!("`User=` of {}", at.name), span: Some(user.span) })
}

/// True if a user is the name of an account, and neither a placeholder of a template nor a number.
pub(crate) fn is_account_name(name: &str) -> bool {
    !name.is_empty()
        && !name.bytes().all(|b| b.is_ascii_digit())
        && !name.contains("your")
        && !name.contains("YOUR")
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        && !name.starts_with('_')
        && name.bytes().any(|b| b.is_ascii_lowercase())
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
    // `/opt/app/*` means the contents, not the directory itself.
    if target.is_glob() && target.basename().is_shown_as("*") {
        let parent = target.dirname();
        return path != &parent && (path.dirname() == parent || recursive && path.is_under(&parent));
    }
    target.is_glob() && target.dirname() == path.dirname()
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

/// The account that owns a path in the end, and the step that shows it: it gives the path away, or it makes the tree around it
/// as that account. `None` if that is root, or not known.
pub(crate) fn owner_of<'s>(script: &'s Deployment<'_>, path: &str) -> Option<(&'s Value, &'s Step)> {
    let covers = |target: &Value, all: bool| {
        let target = target.to_string();
        target == path || all && target.len() > 1 && lies_under(path, &target)
    };
    let owner = script.steps.iter().rev().filter(|step| step.place == Place::Here).find_map(|step| {
        step.deed.effects.iter().find_map(|effect| match (&effect.change, &effect.resource) {
            (Change::Own { user: Some(user), recursive, .. }, Resource::Path(target)) => {
                covers(target, *recursive).then_some((user, step))
            }
            (Change::Create(PathKind::Tree), Resource::Path(target)) => match &step.user {
                User::Named(user) if covers(target, true) => Some((user, step)),
                _ => None,
            },
            _ => None,
        })
    });
    owner.filter(|(user, _)| user.is_stable() && !matches!(user.as_literal(), Some("root" | "")))
}

/// True if root itself starts an app: `pm2 start` without a user. An account that the script created then does not run
/// the app.
pub(crate) fn root_serves(step: &Step) -> bool {
    is_roots(step) && (processes::start(&step.argv).is_some() || step.deed.roles.contains(&Role::Serve))
}

/// True if a step lets others enter root's home: `chmod 755 /root`, an ACL.
pub(crate) fn opens_roots_home(step: &Step) -> bool {
    step.deed.effects.iter().any(|effect| match (&effect.change, &effect.resource) {
        (Change::Mode { mode, .. }, Resource::Path(path)) => {
            let enters = *mode == Mode::Unknown || mode.others_can_enter() == Some(true);
            enters && matches!(path.to_string().as_str(), "/root" | "~" | "$HOME")
        }
        _ => false,
    })
}
