//! `services/other-database`: a service connects to the database of the same Compose file as a role, or to a database, that its
//! image does not create, or it is told only a part of what it needs for that.
//!
//! Facts: the pages of the images, <https://github.com/docker-library/docs>, under "Environment Variables".

use crate::facts::containers::{at_most, judged, pulled, starts_server};
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::project::compose::{Compose, Service, Variable, with_defaults};
use crate::rules::id;
use crate::source::Span;
use crate::tools::databases::runs_client_at;
use crate::tools::images::{self, Setup};

/// `services/other-database`.
pub(super) fn other_database(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for compose in judged(context) {
        for server in &compose.services {
            let Some(database) = pulled(server).and_then(|image| images::database(&image)) else { continue };
            let Some(setup) = images::setup(database).filter(|_| starts_server(server, database)) else {
                continue;
            };
            if is_filled_later(context, compose, server) {
                continue;
            }
            if let Some(made) = Made::of(server, setup) {
                for client in compose.services.iter().filter(|client| client.name != server.name) {
                    let fault = judge(&made, client);
                    found.extend(fault.map(|fault| tell(context, compose, &made, client, fault)));
                }
            }
        }
    }
}

/// True if a step or another service runs a client that may make more roles and databases.
fn is_filled_later(context: &World<'_, '_>, compose: &Compose, server: &Service) -> bool {
    let fills = |line: &str| runs_client_at(line, &server.name);
    context.steps().any(|(.., step)| fills(context.sources.text(step.span)))
        || compose.services.iter().any(|other| {
            other.name != server.name && other.command.as_ref().is_some_and(|command| fills(&command.text))
        })
}

/// What the image creates when it sets up its first data.
struct Made<'c> {
    server: &'c Service,
    setup: &'static Setup,
    role: Option<&'c Variable>,
    database: Option<&'c Variable>,
}

impl<'c> Made<'c> {
    /// `None` if scripts or a file of variables may create more.
    fn of(server: &'c Service, setup: &'static Setup) -> Option<Self> {
        let adds = |target: &str| target.starts_with("/docker-entrypoint-initdb.d");
        if !server.env_file.is_empty()
            || !server.configs.is_empty()
            || server.volumes.iter().any(|volume| adds(&volume.target.text))
        {
            return None;
        }
        let given = |names: &[&str]| {
            server.environment.iter().find(|variable| {
                names.contains(&variable.name.strip_suffix("_FILE").unwrap_or(&variable.name))
            })
        };
        Some(Made { server, setup, role: given(setup.role), database: given(setup.database) })
    }

    /// The role that it creates, or its first one.
    fn role(&self) -> Option<String> {
        match self.role {
            Some(variable) => known(variable),
            None => self.setup.first_role.map(str::to_owned),
        }
    }

    /// The database that it creates.
    fn database(&self) -> Option<String> {
        match self.database {
            Some(variable) => known(variable),
            None if self.setup.is_named_after_role => self.role(),
            None => None,
        }
    }
}

/// The value of a variable, if it is written there or has a default.
fn known(variable: &Variable) -> Option<String> {
    let value = with_defaults(variable.value.as_ref()?);
    (!value.is_empty() && !value.contains('$') && !variable.name.ends_with("_FILE")).then_some(value)
}

struct Fault {
    span: Span,
    message: String,
    help: String,
}

/// The names of the parts of a connection, after the prefix that they share: `DB_` of `DB_HOST`.
const USERS: [&str; 4] = ["USER", "USERNAME", "USER_NAME", "LOGIN"];
const NAMES: [&str; 5] = ["NAME", "DATABASE", "DB", "DBNAME", "DATABASE_NAME"];
const PASSWORDS: [&str; 4] = ["PASS", "PASSWORD", "PASSWD", "PWD"];

fn judge(made: &Made<'_>, client: &Service) -> Option<Fault> {
    let server = made.server.name.as_str();
    let hosts = |variable: &&Variable| {
        let value = variable.value.as_ref().map(|value| with_defaults(value)).unwrap_or_default();
        variable.name.ends_with("HOST") && value.split(':').next() == Some(server)
    };
    let Some(host) = client.environment.iter().find(hosts) else { return without_host(made, client) };
    let prefix = host.name.trim_end_matches("HOST");
    let part = |names: &[&str]| {
        client.environment.iter().find(|variable| {
            variable.name.strip_prefix(prefix).is_some_and(|rest| {
                // What ends so names a file with the value.
                names.contains(&rest.strip_suffix("_FILE").unwrap_or(rest))
            })
        })
    };
    let (user, name, password) = (part(&USERS), part(&NAMES), part(&PASSWORDS));
    if let (Some(user), Some(role)) = (user, made.role())
        && let Some(wanted) = known(user).filter(|wanted| *wanted != role && !made.setup.is_there(wanted))
    {
        return Some(Fault {
            span: user.span,
            message: format!(
                "`{}` connects as {wanted}, a role that `{server}` does not create",
                client.name
            ),
            help: format!("set `{}: {wanted}` for `{server}`", made.setup.role[0]),
        });
    }
    // An app that is built here may create its database, or know what it is not told.
    pulled(client).filter(|_| client.env_file.is_empty())?;
    if let (Some(name), Some(database)) = (name, made.database())
        && let Some(wanted) = known(name).filter(|wanted| *wanted != database && wanted != "postgres")
    {
        return Some(Fault {
            span: name.span,
            message: format!(
                "`{}` uses the database {wanted}, which `{server}` does not create",
                client.name
            ),
            help: format!("set `{}: {wanted}` for `{server}`", made.setup.database[0]),
        });
    }
    let lacking = match (user, name, password) {
        (None, Some(_), Some(_)) => made.role.map(|of| ("user", &USERS[..], of)),
        // A tool for databases shows all of them.
        (Some(_), None, Some(_)) if !client.is_dev_only() => {
            made.database.map(|of| ("database", &NAMES[..], of))
        }
        (Some(_), Some(_), None) => password_of(made).map(|of| ("password", &PASSWORDS[..], of)),
        _ => None,
    };
    let (what, names, of) = lacking?;
    Some(Fault {
        span: host.span,
        message: format!("`{}` is told the host `{server}` and no {what} to connect with", client.name),
        help: format!("set a variable such as `{prefix}{}` to the value of `{}`", names[0], of.name),
    })
}

fn password_of<'c>(made: &Made<'c>) -> Option<&'c Variable> {
    made.server.environment.iter().find(|variable| variable.name.ends_with("PASSWORD"))
}

/// A client that depends on the database, runs an image as it is, and is told no host.
fn without_host(made: &Made<'_>, client: &Service) -> Option<Fault> {
    let server = made.server.name.as_str();
    let depends = client.depends_on.iter().any(|on| on.service == server);
    let may_know = !client.env_file.is_empty()
        || client.command.is_some()
        || client.entrypoint.is_some()
        || !client.configs.is_empty()
        || !client.secrets.is_empty()
        || client.is_dev_only()
        || client.image.as_ref().is_some_and(|image| images::is_proxy(&with_defaults(&image.text)))
        || !client.volumes.iter().all(|volume| volume.kind.as_deref() == Some("volume"));
    let names = |text: &str| {
        text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').any(|word| word == server)
    };
    let is_named =
        client.environment.iter().any(|variable| variable.value.as_ref().is_none_or(|value| names(value)));
    pulled(client).filter(|_| depends && !may_know && !is_named)?;
    let shares = |variable: &Variable| {
        made.server.environment.iter().any(|own| own.value == variable.value && own.value.is_some())
    };
    let told = client.environment.iter().filter(|variable| shares(variable)).count();
    // Without any variable it may keep its settings in a volume, which a new server does not have.
    match (client.environment.is_empty(), told) {
        (true, _) | (false, 2..) => Some(Fault {
            span: client.name_span,
            message: format!(
                "`{}` depends on `{server}`, and nothing tells it where that database is",
                client.name
            ),
            help: format!("set the variable of its image that names the host to `{server}`"),
        }),
        _ => None,
    }
}

fn tell(
    context: &World<'_, '_>,
    compose: &Compose,
    made: &Made<'_>,
    client: &Service,
    fault: Fault,
) -> Finding {
    let sure = if client.build.is_some() { Confidence::Medium } else { Confidence::High };
    let draft = context.finding(id::SERVICES_OTHER_DATABASE, fault.span, fault.message);
    let draft = draft.at_most(at_most(compose)).at_most(sure).help(fault.help);
    draft.related(made.server.name_span, "this is the database").done()
}
