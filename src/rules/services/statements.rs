//! Where a service differs from what does its work. The rules about commands and ports share this.

use crate::facts::services::differences::{About, Statement, facts, statements};
use crate::facts::world::World;
use crate::finding::Finding;
use crate::project::services::{Counterpart, Match, Strength};
use crate::rules::id;
use crate::source::Span;

/// Reports where the two differ in what is asked for.
pub(super) fn tell(context: &World<'_, '_>, about: About, found: &mut Vec<Finding>) {
    if context.project.composes.is_empty() || context.units.is_empty() && context.processes.is_empty() {
        return;
    }
    let compared = context.compared();
    if compared.own.is_none() || compared.in_containers {
        return;
    }
    let stated = |one: &Match| {
        let (service, other) = facts(context, compared, one);
        let all = other.map(|other| statements(compared, &service, &other)).unwrap_or_default();
        all.into_iter().find(|statement| statement.about == about)
    };
    // Two apps of one kind are matched by what they run with, so their names have to match too.
    let sure = |one: &&Match| one.strength == Strength::Certain && one.named;
    for one in compared.links.matches.iter().filter(sure) {
        let Some(differs) = stated(one).filter(|statement| !statement.agrees) else { continue };
        // A second unit does a part of the work beside the one that agrees: a canary, another queue.
        let same_service = compared.links.matches.iter().filter(|other| other.service == one.service);
        let agrees = |other: &Match| stated(other).is_some_and(|statement| statement.agrees);
        if !same_service.into_iter().any(agrees) {
            found.extend(finding(context, one, &differs));
        }
    }
}

fn finding(context: &World<'_, '_>, one: &Match, differs: &Statement) -> Option<Finding> {
    let compared = context.compared();
    let compose = &context.project.composes[one.service.compose];
    let service = &compose.services[one.service.service];
    let path = context.sources.file(compose.file).path();
    let (name, span): (String, Span) = match &one.by {
        Counterpart::Unit(at) => {
            let at = &context.units[compared.units[*at]];
            let exec = at.unit.exec_start().last().map(|exec| exec.span);
            (at.name.clone(), exec.unwrap_or(at.span))
        }
        Counterpart::Process(at) => {
            let at = &context.processes[compared.processes[*at]];
            (format!("`{}` of {}", at.process.name, at.process.manager.name()), at.process.span)
        }
        _ => return None,
    };
    let (rule, message, place) = match differs.about {
        About::Command => (
            id::SERVICES_OTHER_COMMAND,
            format!(
                "{name} runs `{}`, but its service `{}` of {path} runs `{}`",
                differs.server, service.name, differs.service
            ),
            service.runs().map(|c| c.span),
        ),
        About::Port => (
            id::SERVICES_OTHER_PORT,
            format!(
                "{name} listens on port {}, but {path} publishes its service `{}` on {}",
                differs.server, service.name, differs.service
            ),
            service.ports.first().map(|p| p.span),
        ),
    };
    let why = one.reasons.join(", and ");
    Some(
        context
            .finding(rule, span, message)
            .help(format!(
                "make the two agree; if they are different services, name the right unit in deploylint.yaml: `services: {{{}: OTHER}}`",
                service.name
            ))
            .related(place.unwrap_or(service.name_span), "the service says this")
            .related(service.name_span, format!("they were matched because {why}"))
            .done(),
    )
}
