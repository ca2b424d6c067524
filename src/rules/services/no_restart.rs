//! `services/no-restart`: a service of a Compose file stays down, while the others of the file are started again.
//!
//! Facts: <https://docs.docker.com/reference/compose-file/services/#restart>: the default is `no`.

use crate::facts::containers::{at_most, elsewhere, is_kept_running, judged, pulled};
use crate::facts::world::World;
use crate::finding::Finding;
use crate::project::compose::{Compose, Service, Text};
use crate::rules::id;
use crate::shell::line::commands_of_code;
use crate::tools::acts::watches_code;
use crate::tools::containers::runs_service_once;

/// `services/no-restart`.
pub(super) fn no_restart(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for compose in judged(context).filter(|compose| !serves_developers(compose)) {
        // If no service has a policy, something else may start them.
        let Some(kept) = compose.services.iter().find(|service| is_kept_running(service)) else { continue };
        for service in compose.services.iter().filter(|service| may_stay_down(compose, service)) {
            if elsewhere(context, compose, &service.name).any(has_policy)
                || is_run_once(context, &service.name)
            {
                continue;
            }
            let message = format!(
                "`{}` stays down after a crash: it has no `restart`, as `{}` has",
                service.name, kept.name
            );
            let policy = kept.restart.as_ref().map_or("unless-stopped", |restart| restart.text.as_str());
            let draft = context.finding(id::SERVICES_NO_RESTART, service.name_span, message);
            let mut draft = draft.at_most(at_most(compose)).help(format!("write `restart: {policy}`"));
            if let Some(restart) = &kept.restart {
                draft = draft.related(restart.span, "this one is started again");
            }
            found.push(draft.done());
        }
    }
}

/// True if a service that is built here watches its code for changes, so that the file is for developers.
fn serves_developers(compose: &Compose) -> bool {
    let watches =
        |command: &Text| commands_of_code(&command.text).iter().any(|command| watches_code(command.argv()));
    let built = compose.services.iter().filter(|service| service.build.is_some());
    built.filter_map(|service| service.command.as_ref()).any(watches)
}

/// True if a step runs it as a job.
fn is_run_once(context: &World<'_, '_>, name: &str) -> bool {
    context.steps().any(|(.., step)| runs_service_once(context.sources.text(step.span), name))
}

/// True if it says when it is started again, or if it is not started at all.
fn has_policy(service: &Service) -> bool {
    let none = |count: &Option<Text>| count.as_ref().is_some_and(|count| count.text == "0");
    service.restart.is_some()
        || none(&service.scale)
        || service
            .deploy
            .as_ref()
            .is_some_and(|deploy| deploy.restart_condition.is_some() || none(&deploy.replicas))
}

/// True for a service that lasts and that nothing starts again. A service that is built may be a job of which only its image
/// knows; but not one that another service needs, or that publishes a port.
fn may_stay_down(compose: &Compose, service: &Service) -> bool {
    let is_needed = compose.services.iter().flat_map(|other| &other.depends_on).any(|on| {
        on.service == service.name && on.condition.as_deref() != Some("service_completed_successfully")
    });
    let lasts =
        is_needed || !service.ports.is_empty() || pulled(service).is_some() && service.command.is_none();
    lasts
        && !has_policy(service)
        && !service.provided
        && !service.is_interactive
        && service.entrypoint.is_none()
        && !service.is_dev_only()
        && !compose.is_one_shot(service)
}
