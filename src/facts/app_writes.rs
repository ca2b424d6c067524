//! The evidence that the app writes to a path.

use crate::facts::ground::Ground;
use crate::facts::owners::account_of;
use crate::facts::parts::AppUser;
use crate::facts::root_logs::root_writes_in;
use crate::facts::writes_said::Need;
use crate::finding::Confidence;
use crate::shell::value::Value;
use crate::tools::effect::PathKind;

/// Names of directories that an app writes to: its users' files, its logs, its state.
const WRITTEN: [&str; 23] = [
    "uploads", "upload", "media", "logs", "log", "data", "db", "database", "storage", "cache", "tmp", "temp",
    "run", "instance", "sessions", "staticfiles", "downloads", "attachments", "outputs", "output", "state",
    "queue", "var",
];

/// The account that needs the path, and why. `user` is the account that runs what lies there.
pub(crate) fn need(
    world: &Ground<'_, '_>,
    path: &Value,
    kind: PathKind,
    user: impl FnOnce() -> Option<AppUser>,
) -> Option<(AppUser, Need)> {
    let shown = path.to_string();
    let said = world.app_writes();
    if said.is_given(path, &shown) {
        return None;
    }
    if let Some(needed) = said.of_services(&shown) {
        return Some(needed);
    }
    if let Some(app) = of_state(world, &shown) {
        return Some(app);
    }
    let app = user()?;
    if let Some(need) = said.of_settings(&shown) {
        return Some((app, need));
    }
    let name = path.basename().to_string();
    let inside = !world.app_trees.contains(path);
    let medium = |says: String| Need { says, sure: Confidence::Medium, span: None };
    match kind {
        PathKind::Directory if inside && WRITTEN.contains(&name.as_str()) => {
            Some((app, medium(format!("the app can't write its {name} there"))))
        }
        PathKind::File if name.ends_with(".log") || name.ends_with(".sqlite3") || name.ends_with(".db") => {
            Some((app, medium("the app can't write to it".to_owned())))
        }
        _ => None,
    }
}

/// The account of `/var/log/shop` for a unit `shop.service`, or the account `shop` itself.
fn of_state(world: &Ground<'_, '_>, path: &str) -> Option<(AppUser, Need)> {
    let name = ["/var/log/", "/var/lib/", "/var/cache/", "/run/", "/var/run/"]
        .iter()
        .find_map(|parent| path.strip_prefix(parent))?
        .split('/')
        .next()?;
    let of_unit = world.units.iter().find(|u| {
        let stem = u.name.trim_end_matches(".service");
        u.name.ends_with(".service") && (stem == name || stem.split(['-', '@', '_']).next() == Some(name))
    });
    let app = match of_unit {
        Some(at) => account_of(world.app_user.as_ref(), at)?,
        None => {
            let app = world.app_user.as_ref().filter(|app| !app.is_root() && !world.root_serves())?;
            (app.name.is_shown_as(name)).then(|| app.clone())?
        }
    };
    if root_writes_in(world, path) {
        return None;
    }
    let says = "the app can't write there".to_owned();
    Some((app, Need { says, sure: Confidence::Medium, span: None }))
}
