//! `steps/no-password`: a role is created in PostgreSQL without a password, and the app connects with one.

use crate::facts::deploy::is_here;
use crate::facts::environment::table::Writer;
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::rules::id;
use crate::shell::value::Value;
use crate::source::{FileId, Span};
use crate::tools::effect::{Change, Resource};
use crate::tools::postgres::{
    connects_with_password, is_local, is_of_postgres, may_give_password, names_host, names_role,
    opens_server, speaks_of_passwords,
};

/// `steps/no-password`.
pub(super) fn no_password(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    let deploy = world.deploy();
    let creates = || {
        let clients = deploy.steps().filter(|step| is_here(step) && is_of_postgres(&step.argv));
        clients.filter_map(|step| {
            step.deed.effects.iter().find_map(|effect| match (&effect.change, &effect.resource) {
                (Change::Create(_), Resource::Role(name)) => Some((step, name)),
                _ => None,
            })
        })
    };
    if creates().next().is_none() || deploy.may_do_anything() || is_told_elsewhere(world) {
        return;
    }
    for (step, role) in creates() {
        if deploy.steps().any(|step| may_give_password(&step.argv, &step.deed, role)) {
            continue;
        }
        let Some(login) = logins(world).into_iter().find(|login| login.is_of(role)) else { continue };
        let message =
            format!("the role `{role}` has no password, but the app connects with one (`{}`)", login.name);
        let draft = world.finding(id::STEPS_NO_PASSWORD, step.span, message);
        let draft = draft.related(login.span, "the app's password is set here");
        let draft = if login.is_sure { draft } else { draft.at_most(Confidence::Medium) };
        found.push(draft.help(format!("set it: `ALTER ROLE {role} PASSWORD '…'`")).done());
    }
}

/// True if a text that is no script of the deploy gives a role its password, or if a script changes who may connect.
fn is_told_elsewhere(world: &World<'_, '_>) -> bool {
    let text = |file| world.sources.file(file).text();
    let own: Vec<FileId> = world.deploy().deploying().map(|(_, script)| script.file).collect();
    let others = world.project.texts.iter().chain(&world.project.guides).map(|(_, file)| *file);
    others.filter(|file| !own.contains(file)).any(|file| speaks_of_passwords(text(file)))
        || world.scripts().iter().any(|script| opens_server(text(script.file)))
}

/// How the app connects.
struct Login {
    /// The variable with the password.
    name: String,
    span: Span,
    /// The role, if it is known.
    role: Option<String>,
    /// True if the server is known to be this machine's.
    is_sure: bool,
}

/// The logins with a password for this machine's server. There are none if the app may use another server.
fn logins(world: &World<'_, '_>) -> Vec<Login> {
    let (mut logins, mut role, mut is_here): (Vec<Login>, Option<&str>, bool) = (Vec::new(), None, false);
    for (name, variable) in world.environment().iter() {
        let for_server = [Writer::Sample, Writer::File, Writer::Written, Writer::Export, Writer::Unit];
        for write in variable.writes.iter().filter(|write| for_server.contains(&write.by)) {
            let value = write.value.as_deref().unwrap_or_default();
            if names_host(name) {
                // Another machine, or the service of a compose file.
                if !is_local(value) {
                    return Vec::new();
                }
                is_here = true;
            } else if names_role(name) {
                role = Some(value);
            } else if let Some(own) = connects_with_password(name, value) {
                let is_sure = own.is_some();
                logins.push(Login { name: name.to_owned(), span: write.span, role: own, is_sure });
            }
        }
    }
    for login in logins.iter_mut().filter(|login| !login.is_sure) {
        (login.role, login.is_sure) = (role.map(str::to_owned), is_here);
    }
    logins
}

impl Login {
    /// True if a role is the one as which the app connects, as far as both are known.
    fn is_of(&self, role: &Value) -> bool {
        match (role.as_literal(), &self.role) {
            (Some(role), Some(own)) => role == own || own.contains('$'),
            _ => true,
        }
    }
}
