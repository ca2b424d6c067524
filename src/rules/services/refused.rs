//! `services/refused`: Compose does not start a service, because of what the service itself or two services together say.

use crate::facts::containers::{at_most, elsewhere, judged};
use crate::facts::world::World;
use crate::finding::{Finding, Severity};
use crate::project::compose::{Compose, Port, Service, with_defaults};
use crate::repo::names::directory;
use crate::rules::id;
use crate::rules::services::together::{Fault, together};
use crate::source::Span;
use crate::tools::effect::Role;
use crate::tools::images::PLATFORM_MANIFESTS;
use crate::tools::serves::Language;

/// `services/refused`.
pub(super) fn refused(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for compose in judged(context) {
        let mut faults = Vec::new();
        faults.extend(without_services(context, compose));
        for service in &compose.services {
            without_image(context, compose, service, &mut faults);
            conditions(service, &mut faults);
            itself(context, service, &mut faults);
        }
        together(context, compose, &mut faults);
        faults.sort_by_key(|fault| fault.span);
        // An anchor that several services share is one place.
        faults.dedup_by_key(|fault| fault.span);
        for fault in faults {
            let mut draft = context.finding(id::SERVICES_REFUSED, fault.span, fault.message).help(fault.help);
            if let Some((span, message)) = fault.related {
                draft = draft.related(span, message);
            }
            if !context.deploy().in_containers() {
                draft = draft.severity(Severity::Warning);
            }
            if fault.depends {
                draft = draft.at_most(crate::finding::Confidence::Medium);
            }
            found.push(draft.at_most(at_most(compose)).done());
        }
    }
}

/// A file that Compose reads by itself and that has no services.
fn without_services(context: &World<'_, '_>, compose: &Compose) -> Option<Fault> {
    let is_alone = compose.variant.is_none() && compose.directories.len() == 1;
    let starts = || context.steps().any(|(.., step)| step.deed.roles.contains(&Role::ComposeUp));
    let by_unit = || {
        let lines = context.units.iter().flat_map(|at| at.unit.exec_start());
        lines
            .into_iter()
            .filter_map(|exec| exec.serves())
            .any(|serves| serves.language == Language::Container)
    };
    if !compose.services.is_empty() || !is_alone || !(starts() || by_unit()) {
        return None;
    }
    let message = "the file has no services, so Compose starts nothing: \"no service selected\"".to_owned();
    Some(Fault::new(Span::file_start(compose.file), message, "write what is to run under `services:`"))
}

/// A service that has nothing to run. Another file may complete it.
fn without_image(context: &World<'_, '_>, compose: &Compose, service: &Service, faults: &mut Vec<Fault>) {
    let runs = |service: &Service| service.image.is_some() || service.build.is_some() || service.provided;
    if runs(service)
        || elsewhere(context, compose, &service.name).any(runs)
        || is_completed_by_platform(context, compose)
    {
        return;
    }
    let message =
        format!("`{}` has neither `image` nor `build`, so Compose refuses the whole file", service.name);
    faults.push(Fault::new(
        service.name_span,
        message,
        "name the image that it runs, or say how it is built",
    ));
}

/// True if a manifest beside the file says that a platform starts it, which puts a service of its own into it.
fn is_completed_by_platform(context: &World<'_, '_>, compose: &Compose) -> bool {
    let directory = directory(context.sources.file(compose.file).path());
    let inventory = &context.project.inventory;
    PLATFORM_MANIFESTS.iter().any(|name| inventory.holds(&format!("{directory}/{name}")) == Some(true))
}

/// Conditions that do not exist, <https://github.com/compose-spec/compose-spec/blob/main/schema/compose-spec.json>.
fn conditions(service: &Service, faults: &mut Vec<Fault>) {
    const KNOWN: [&str; 3] = ["service_started", "service_healthy", "service_completed_successfully"];
    for on in &service.depends_on {
        let help = format!("write `condition: {}`, `{}` or `{}`", KNOWN[0], KNOWN[1], KNOWN[2]);
        let message = match &on.condition {
            Some(condition) if !condition.contains('$') && !KNOWN.contains(&condition.as_str()) => {
                format!(
                    "`{}` waits until `{}` is `{condition}`, a condition that Compose does not know",
                    service.name, on.service
                )
            }
            None if !on.is_whole => format!(
                "`{}` depends on `{}:` with nothing below it, so Compose refuses the whole file",
                service.name, on.service
            ),
            _ => continue,
        };
        faults.push(Fault::new(on.span, message, help));
    }
}

/// Fields of one service that Compose refuses: `checkConsistency` and `ParsePortConfig` of compose-go.
fn itself(context: &World<'_, '_>, service: &Service, faults: &mut Vec<Fault>) {
    if let Some(mode) = &service.network_mode
        && let Some(network) = service.networks.first()
    {
        let message = format!(
            "`{}` has `network_mode: {}` and `networks`, so Compose refuses the whole file",
            service.name, mode.text
        );
        faults.push(Fault::new(network.span, message, "keep one of the two"));
    }
    if let Some(check) = &service.healthcheck
        && let Some(test) = check.test.as_ref().filter(|_| check.is_list)
    {
        // An empty list is no test, and Compose takes it.
        let first = test.text.split_whitespace().next().unwrap_or("NONE");
        if !["CMD", "CMD-SHELL", "NONE"].contains(&first) && !first.contains('$') {
            let message = format!(
                "the health check of `{}` is a list that starts with `{first}`, which Compose refuses",
                service.name
            );
            let help = "start the list with `CMD` or `CMD-SHELL`, or write one line instead of a list";
            faults.push(Fault::new(test.span, message, help));
        }
    }
    for key in &service.empty {
        let message = format!(
            "`{}` of `{}` has nothing below it, so Compose refuses the whole file",
            key.text, service.name
        );
        faults.push(Fault::new(key.span, message, "write its entries below it, or delete it"));
    }
    for port in service.ports.iter().filter(|port| !is_port(port)) {
        let message = format!(
            "`{}` publishes `{}`, which is no port, so Compose refuses the whole file",
            service.name,
            context.words(port.span)
        );
        faults.push(Fault::new(port.span, message, "write `HOST:CONTAINER` with two numbers"));
    }
}

/// True if both sides are ports or ranges of them, or may be.
fn is_port(port: &Port) -> bool {
    let number = |text: &str| {
        let text = with_defaults(text);
        let range = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        text.contains('$') || text.split('-').count() <= 2 && text.split('-').all(range)
    };
    number(&port.target) && port.published.as_deref().is_none_or(number)
}
