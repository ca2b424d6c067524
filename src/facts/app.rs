//! The app, as scripts and units show it: who runs it, and where it is. Nothing about it is assumed.

use crate::facts::parts::{AppUser, Origin, UnitAt};
use crate::facts::surroundings::Given;
use crate::model::{Deployment, Step, User};
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::Place;
use crate::source::{Sources, Span};
use crate::tools::effect::{Change, PathKind, Resource, Role};

/// Accounts that run parts of the system, never the app.
const SYSTEM_ACCOUNTS: [&str; 10] = [
    "root", "postgres", "redis", "mysql", "nobody", "mongodb", "rabbitmq", "systemd-network", "daemon",
    "syslog",
];

/// The user that most of the services run as. If two users run equally many, the first one wins. Services without
/// `User=` do not count.
pub(crate) fn user_of_units<'u>(units: impl Iterator<Item = &'u UnitAt>) -> Option<AppUser> {
    let mut counts: Vec<(&str, u32, &UnitAt, Span)> = Vec::new();
    for at in units.filter(|u| u.name.ends_with(".service")) {
        // A unit that is only in the repo says less than one that a script installs.
        let weight = if at.origin == Origin::InRepo { 1 } else { 100 };
        let Some(user) = at.unit.user() else { continue };
        match counts.iter_mut().find(|(name, ..)| *name == user.value) {
            Some(entry) => entry.1 += weight,
            None => counts.push((user.value.as_str(), weight, at, user.span)),
        }
    }
    let (name, _, at, span) =
        counts.iter().rev().max_by_key(|(name, count, ..)| (*name != "root", *count))?;
    Some(AppUser { name: named(name), why: format!("`User=` of {}", at.name), span: Some(*span) })
}

/// The user that runs the app of the whole deployment.
pub(crate) fn app_user(
    sources: &Sources,
    scripts: &[&Deployment<'_>],
    units: &[UnitAt],
    given: &Given,
) -> Option<AppUser> {
    if let Some(name) = &given.user {
        return Some(AppUser { name: Value::literal(name), why: "the configuration".to_owned(), span: None });
    }
    if let Some(user) = user_of_units(units.iter()) {
        return Some(user);
    }
    // Units without `User=` run as root, so the app does too.
    let own: Vec<&UnitAt> = units
        .iter()
        .filter(|u| {
            u.name.ends_with(".service") && u.origin != Origin::InRepo && !u.unit.exec_start().is_empty()
        })
        .collect();
    let created = scripts.iter().flat_map(|s| s.iter()).find_map(|(_, step)| {
        step.deed.effects.iter().find_map(|e| match (&e.change, &e.resource) {
            (Change::Create(_), Resource::User(name)) if !is_system_account(name) => Some(AppUser {
                name: name.clone(),
                why: "the account that the script creates".to_owned(),
                span: Some(step.span),
            }),
            _ => None,
        })
    });
    if created.is_some() {
        return created;
    }
    let owner = owner_of_tree(scripts);
    if owner.is_some() {
        return owner;
    }
    let through_sudo = scripts.iter().flat_map(|s| s.iter()).find_map(|(_, step)| match &step.user {
        User::Named(name) if !is_system_account(name) && step.place == Place::Here => Some(AppUser {
            name: name.clone(),
            why: "the account that runs commands of the script".to_owned(),
            span: Some(step.span),
        }),
        _ => None,
    });
    if through_sudo.is_some() {
        return through_sudo;
    }
    if !own.is_empty() {
        return Some(AppUser {
            name: Value::literal("root"),
            why: format!("{} has no `User=`", own[0].name),
            span: None,
        });
    }
    let mentioned = scripts.iter().find(|s| sources.file(s.file).text().contains("appuser"));
    mentioned.map(|s| AppUser {
        name: Value::literal("appuser"),
        why: "the name `appuser` in the script".to_owned(),
        span: Some(Span::file_start(s.file)),
    })
}

/// The account that owns the directory in which a script installs, builds or migrates: `chown -R www-data /srv/web`.
fn owner_of_tree(scripts: &[&Deployment<'_>]) -> Option<AppUser> {
    let works = |step: &&Step| step.deed.roles.iter().any(|role| role.prepares());
    scripts.iter().find_map(|script| {
        script.steps.iter().filter(|s| s.place == Place::Here).find_map(|step| {
            step.deed.effects.iter().find_map(|effect| {
                let (Change::Own { user: Some(user), recursive: true, .. }, Resource::Path(tree)) =
                    (&effect.change, &effect.resource)
                else {
                    return None;
                };
                let known = user.knowledge() == Knowledge::Literal && !is_system_account(user);
                let app = known && script.steps.iter().filter(works).any(|s| s.argv.cwd.is_under(tree));
                app.then(|| AppUser {
                    name: user.clone(),
                    why: "the account that the script gives the tree to".to_owned(),
                    span: Some(step.span),
                })
            })
        })
    })
}

/// A name as a unit's text shows it. `$APP_USER` becomes a hole again.
fn named(shown: &str) -> Value {
    match shown.strip_prefix('$') {
        Some(name) => Value::hole(name, 0, Knowledge::Symbolic),
        None => Value::literal(shown),
    }
}

/// True for accounts that the system has for its own services.
fn is_system_account(name: &Value) -> bool {
    name.as_literal().is_some_and(|n| SYSTEM_ACCOUNTS.contains(&n))
}

/// The app's directories: from the configuration, the units, clones and installs.
pub(crate) fn app_trees(scripts: &[&Deployment<'_>], units: &[UnitAt], given: &Given) -> Vec<Value> {
    let mut trees: Vec<Value> = Vec::new();
    let mut add = |path: Value| {
        let text = path.key();
        let broad = [
            "/", "/opt", "/srv", "/home", "/var", "/var/www", "/tmp", "/etc", "/usr", "/root", "/usr/bin",
            "/usr/local", "/usr/local/bin", "",
        ]
        .contains(&text);
        if !broad && path.is_absolute() && !trees.contains(&path) {
            trees.push(path);
        }
    };
    if let Some(directory) = &given.directory {
        add(Value::literal(directory));
        return trees;
    }
    for at in units {
        if let Some(directory) = at.unit.working_directory() {
            let value = directory.value.trim_start_matches(['-', '~']);
            if !value.contains('$') {
                add(Value::literal(value).normalized());
            }
        }
        for exec in at.unit.exec_start() {
            // /opt/app/venv/bin/python: the app's directory contains its venv.
            for venv in ["/venv/bin/", "/.venv/bin/", "/env/bin/", "/node_modules/.bin/"] {
                if let Some(at) = exec.program.find(venv)
                    && !exec.program.contains('$')
                {
                    add(Value::literal(&exec.program[..at]));
                }
            }
        }
    }
    for step in scripts.iter().flat_map(|script| &script.steps).filter(|step| step.place == Place::Here) {
        for effect in &step.deed.effects {
            if let (Change::Create(PathKind::Tree), Resource::Path(path)) = (&effect.change, &effect.resource)
                && step.deed.roles.contains(&Role::Source)
            {
                add(path.clone());
            }
        }
        let installs = step.deed.roles.iter().any(|r| matches!(r, Role::Dependencies(_) | Role::Build(_)));
        if installs && step.argv.cwd.known_prefix().starts_with('/') {
            add(step.argv.cwd.clone());
        }
    }
    trees
}
