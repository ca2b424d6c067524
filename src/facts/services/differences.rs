//! Differences between a service and its counterpart on the server. It is conservative: a directory that differs in the
//! container, a port that a proxy hides, and a program that can replace another are not differences.

use crate::facts::ground::Ground;
use crate::facts::services::compared::Compared;
use crate::project::services::{Counterpart, Facts, Match, of_process, of_service, of_unit};
use crate::shell::value::has_hole;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// What is served or run.
    Command,
    /// Where it is reached.
    Port,
}

/// A fact that both sides state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    /// Which fact.
    pub(crate) about: About,
    /// What the service says.
    pub(crate) service: String,
    /// What the server's side says.
    pub(crate) server: String,
    /// True if they say the same.
    pub(crate) agrees: bool,
}

/// The facts of both sides of a match; `None` for a side that does not belong to the project.
pub(crate) fn facts(world: &Ground<'_, '_>, compared: &Compared, one: &Match) -> (Facts, Option<Facts>) {
    let service = &world.project.composes[one.service.compose].services[one.service.service];
    let other = match &one.by {
        Counterpart::Unit(at) => Some(of_unit(&world.units[compared.units[*at]].unit)),
        Counterpart::Process(at) => Some(of_process(&world.processes[compared.processes[*at]].process)),
        Counterpart::System(_) | Counterpart::Container | Counterpart::Manager(_) => None,
    };
    (of_service(service), other)
}

/// What both sides of a match state.
pub(crate) fn statements(compared: &Compared, service: &Facts, other: &Facts) -> Vec<Statement> {
    let mut found = Vec::new();
    if let (Some(a), Some(b)) = (&service.module, &other.module)
        && service.family == other.family
        && is_known(a)
        && is_known(b)
    {
        found.push(Statement {
            about: About::Command,
            service: a.clone(),
            server: b.clone(),
            agrees: same_module(a, b),
        });
    }
    let shared = |port: &String| {
        service.listens.contains(port)
            || service.published.iter().any(|(host, to)| host == port || to == port)
    };
    if let Some(port) = other.listens.iter().find(|port| shared(port)) {
        found.push(Statement {
            about: About::Port,
            service: port.clone(),
            server: port.clone(),
            agrees: true,
        });
    } else if let ([(host, _)], [port]) = (service.published.as_slice(), other.listens.as_slice())
        // A proxy hides the port, and a range or a variable may include it.
        && other.open
        && !compared.is_proxied(port)
        && is_number(host)
        && is_number(port)
    {
        let (service, server) = (host.clone(), port.clone());
        found.push(Statement { about: About::Port, service, server, agrees: false });
    }
    found
}

fn is_number(port: &str) -> bool {
    !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit())
}

fn is_known(module: &str) -> bool {
    !has_hole(module) && !module.contains(['$', '{', '<', '@', '%'])
}

/// True if both name the same thing: `backend.main:app` is `main:app` in another directory, `config.wsgi` serves
/// `application` (gunicorn's default), and wsgi and asgi are two entry points of one project.
fn same_module(one: &str, other: &str) -> bool {
    let parts = |text: &str| {
        let text = text.trim_end_matches("()").replace('/', ".");
        let (module, name) = text.split_once(':').unwrap_or((&text, ""));
        let module = module.strip_suffix(".py").unwrap_or(module).to_owned();
        (module.replace(".asgi", ".wsgi"), name.to_owned())
    };
    let ((a, of_a), (b, of_b)) = (parts(one), parts(other));
    let ends = |long: &str, short: &str| {
        long.strip_suffix(short).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    let same_name = of_a == of_b || of_a.is_empty() || of_b.is_empty();
    same_name && (ends(&a, &b) || ends(&b, &a))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_the_same_from_another_directory() {
        for (a, b, same) in [
            ("app.main:app", "app.main:app", true),
            ("backend.app.main:app", "app.main:app", true),
            ("config.wsgi", "config.wsgi:application", true),
            ("config.asgi:application", "config.wsgi:application", true),
            ("app.main:app", "main:application", false),
            ("shop.main:app", "shop.admin:app", false),
            ("workshop.main:app", "shop.main:app", false),
        ] {
            assert_eq!(same_module(a, b), same, "{a} {b}");
            assert_eq!(same_module(b, a), same, "{b} {a}");
        }
    }
}
