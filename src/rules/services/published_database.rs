//! `services/published-database`: a port of a database is open on every address of the server.

use crate::facts::containers::{elsewhere, family, starts_server};
use crate::facts::stacks::Stack;
use crate::facts::world::World;
use crate::finding::{Confidence, Finding, Severity};
use crate::model::Step;
use crate::project::compose::{Port, Service, with_defaults};
use crate::rules::id;
use crate::source::Span;
use crate::tools::images::{self, Access};
use crate::tools::ssh_access;
use std::collections::HashSet;

/// `services/published-database`.
pub(super) fn published_database(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let mut told = HashSet::new();
    let mut closes = None;
    for stack in context.stacks() {
        for service in &stack.services {
            let Some(family) = family(service) else { continue };
            let Some(inside) = images::port(family) else { continue };
            let is_open = |port: &&Port| {
                port.target == inside
                    && port.published.is_some()
                    && port.protocol == "tcp"
                    && is_everywhere(port)
            };
            let Some(port) = service.ports.iter().find(is_open) else { continue };
            if !is_server(service)
                || !stack.reads(context, port.span.file)
                || elsewhere(context, stack.compose, &service.name).any(|other| is_bound(other, inside))
                || !told.insert(port.span)
            {
                continue;
            }
            let closes = *closes.get_or_insert_with(|| closing(context));
            found.push(finding(context, stack, (service, port), (family, closes)));
        }
    }
}

fn finding(
    context: &World<'_, '_>,
    stack: &Stack<'_, '_>,
    (service, port): (&Service, &Port),
    (family, closes): (&str, Option<Span>),
) -> Finding {
    let (access, is_default) = access(service, family);
    let published = with_defaults(port.published.as_deref().unwrap_or_default());
    let why = match access {
        Access::Everybody => ", and it asks for no password",
        Access::Readers if is_default => ", and its default password is in this file",
        Access::Readers => ", and its password is in this file",
        Access::Unknown => "",
    };
    let past = if closes.is_some() { ", past the firewall" } else { "" };
    let message =
        format!("port {published} of `{}` is open on every address of the server{past}{why}", service.name);
    let help = format!(
        "write `127.0.0.1:{published}:{}`, or no port: the other services reach `{}` without it",
        port.target, service.name
    );
    let mut draft = context
        .finding(id::SERVICES_PUBLISHED_DATABASE, port.span, message)
        .help(help)
        .related(stack.step.span, "this starts it")
        .at_most(context.confidence(stack.script, stack.id, None).min(stack.sure));
    match closes {
        Some(closes) => draft = draft.related(closes, "Docker's own rules come before this one"),
        // Another firewall may stand before the server.
        None => draft = draft.at_most(Confidence::Medium),
    }
    if access != Access::Unknown && !is_default && closes.is_some() {
        draft = draft.severity(Severity::Error);
    }
    draft.done()
}

/// The step that closes the ports of the server.
fn closing(context: &World<'_, '_>) -> Option<Span> {
    let closes =
        |step: &&Step| ssh_access::access(&step.argv, &step.deed) == Some(ssh_access::Access::Closes);
    let deploy = context.deploy();
    let closes = deploy.steps().find(closes);
    closes.map(|step| step.span)
}

/// Who may use the service, as far as its own settings show, and whether that holds only if no variable says otherwise.
fn access(service: &Service, family: &str) -> (Access, bool) {
    let of = |shown: &dyn Fn(&str) -> String| {
        let values: Vec<(&str, String)> = service
            .environment
            .iter()
            .map(|variable| (variable.name.as_str(), variable.value.as_deref().map_or("$".to_owned(), shown)))
            .collect();
        let value = |name: &str| values.iter().find(|(own, _)| *own == name).map(|(_, value)| value.as_str());
        let command = [&service.entrypoint, &service.command].into_iter().flatten();
        let command: Vec<String> = command.map(|command| shown(&command.text)).collect();
        images::access(family, &command.join(" "), &value)
    };
    let is_open_to_more =
        || !service.env_file.is_empty() || service.build.is_some() || service.entrypoint.is_some();
    match (of(&str::to_owned), of(&with_defaults)) {
        (Access::Unknown, access) if access == Access::Readers => (access, true),
        (Access::Everybody, _) if is_open_to_more() => (Access::Unknown, false),
        (access, _) => (access, false),
    }
}

/// True if the service runs the server, and not a client or a job.
fn is_server(service: &Service) -> bool {
    let image = service.image.as_ref().map(|image| with_defaults(&image.text));
    image.and_then(|image| images::database(&image)).is_none_or(|database| starts_server(service, database))
}

/// True if the service of another file says on which address the port is open.
fn is_bound(service: &Service, inside: &str) -> bool {
    service.ports.iter().any(|port| port.target == inside && !is_everywhere(port))
}

/// True if the port is open on each address.
fn is_everywhere(port: &Port) -> bool {
    port.address.as_deref().is_none_or(|address| matches!(address, "" | "0.0.0.0" | "[::]" | "::"))
}
