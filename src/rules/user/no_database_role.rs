//! `user/no-database-role`: a client of PostgreSQL connects as a role that is called like its account, and no such role
//! exists.

use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::model::{Deployment, Environment, OnFailure, Step, StepId, User};
use crate::rules::id;
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::tools::effect::{Change, Resource};
use crate::tools::postgres::{address_of_its_account, connects_as_its_account, may_choose_role};
use std::collections::HashSet;

/// `user/no-database-role`.
pub(in crate::rules) fn no_database_role(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    // A variable that the script exports for all is not meant for a program of root.
    let by_address = |step: &Step| {
        step.user == User::Root
            && address_of_its_account(&step.argv)
                .is_some_and(|name| world.sources.text(step.span).contains(&format!("{name}=")))
    };
    let asks = |step: &Step| connects_as_its_account(&step.argv) || by_address(step);
    if !world.steps().any(|(.., step)| asks(step)) {
        return;
    }
    let dotenvs = &world.project.dotenvs;
    let by_variables = dotenvs.iter().any(|(_, file)| file.mentions("PGUSER") || file.mentions("PGHOST"));
    let text = |script: &Deployment<'_>| world.sources.file(script.file).text();
    if by_variables || world.scripts().iter().any(|script| may_choose_role(text(script))) {
        return;
    }
    let roles = roles(world);
    let mut told = HashSet::new();
    for (script, id, step) in world.steps() {
        if matches!(step.place, Place::Container(_)) || !asks(step) || is_tried(script, id) {
            continue;
        }
        // The file that is sourced may choose the server and the role: `set -a; . /etc/shop.env`.
        if step.environment == Environment::Unknown && exports_all(text(script)) {
            continue;
        }
        let Some((account, confidence)) = without_role(&step.user, &roles) else { continue };
        // A function may be called several times.
        if told.insert(step.span) {
            let message = format!(
                "`{}` connects as `{account}`, and PostgreSQL has no role of that name",
                world.words(step.span)
            );
            let draft = world.finding(id::USER_NO_DATABASE_ROLE, step.span, message).at_most(confidence);
            let help = match connects_as_its_account(&step.argv) {
                true => format!("run it as PostgreSQL's own account: `sudo -u postgres {}`", step.argv.name),
                false => "run it as the account that has a role: `sudo -u APP`".to_owned(),
            };
            found.push(draft.help(help).done());
        }
    }
}

/// True if a script exports every name that it comes to know, or whatever a command prints.
fn exports_all(text: &str) -> bool {
    ["set -a", "allexport", "export $("].iter().any(|words| text.contains(words))
}

/// The roles that the scripts create.
fn roles<'r>(world: &World<'r, '_>) -> Vec<&'r Value> {
    let created = world.steps().flat_map(|(.., step)| &step.deed.effects);
    created
        .filter_map(|effect| match (&effect.change, &effect.resource) {
            (Change::Create(_), Resource::Role(name)) => Some(name),
            _ => None,
        })
        .collect()
}

/// The account that runs a step, if surely no role is called like it.
fn without_role(user: &User, roles: &[&Value]) -> Option<(String, Confidence)> {
    let name = match user {
        User::Root => "root",
        User::Named(name) => name.as_literal().filter(|name| *name != "postgres")?,
        User::Caller | User::Unknown => return None,
    };
    if roles.iter().any(|role| role.as_literal() == Some(name)) {
        return None;
    }
    if *user == User::Root {
        return Some((name.to_owned(), Confidence::High));
    }
    // The roles of another account may have been made by hand, unless the scripts make others.
    let made = !roles.is_empty() && roles.iter().all(|role| role.as_literal().is_some());
    made.then(|| (name.to_owned(), Confidence::Medium))
}

/// True if the script only tries whether the client can connect, or has another way if it cannot.
fn is_tried(script: &Deployment<'_>, id: StepId) -> bool {
    let step = script.step(id);
    if step.on_failure != OnFailure::Handled {
        return false;
    }
    let again = |other: &Step| {
        other.argv.name == step.argv.name
            && other.user != step.user
            && other.argv.args.len() == step.argv.args.len()
            && other.argv.args.iter().zip(&step.argv.args).all(|(one, two)| one.value == two.value)
    };
    if script.after(id).any(|(_, step)| again(step)) {
        return true;
    }
    let asks_for = |resource: &Resource| {
        matches!(resource, Resource::Role(_) | Resource::Database(_) | Resource::Table(_))
    };
    let asks = script.guards.iter().any(|guard| {
        guard.span.file == step.span.file
            && guard.span.start <= step.span.start
            && step.span.end <= guard.span.end
            && guard.cond.facts().iter().any(|fact| asks_for(&fact.resource))
    });
    step.deed.effects.is_empty() && !asks
}
