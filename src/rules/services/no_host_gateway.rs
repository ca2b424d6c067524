//! `services/no-host-gateway`: a container is to reach the host by a name that Docker does not know on Linux.

use crate::facts::containers::{at_most, elsewhere, is_kept_running, judged};
use crate::facts::world::World;
use crate::finding::Finding;
use crate::project::compose::{Service, with_defaults};
use crate::rules::id;
use std::collections::HashSet;

const NAME: &str = "host.docker.internal";

/// `services/no-host-gateway`.
pub(super) fn no_host_gateway(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for compose in judged(context) {
        let mut told = HashSet::new();
        for service in &compose.services {
            let knows =
                |service: &Service| service.extra_hosts.iter().any(|host| host.text.starts_with(NAME));
            if service.network_mode.is_some() || knows(service) {
                continue;
            }
            let names = |value: &String| value.contains(NAME) && with_defaults(value).contains(NAME);
            let Some(variable) = service.environment.iter().find(|v| v.value.as_ref().is_some_and(names))
            else {
                continue;
            };
            if elsewhere(context, compose, &service.name).any(knows)
                || !is_kept_running(service) && !context.deploy().in_containers()
                // An anchor that several services share is one place.
                || !told.insert(variable.span)
            {
                continue;
            }
            let message = format!(
                "`{}` reaches the host as `{NAME}`, a name that containers on Linux do not know",
                service.name
            );
            let draft = context
                .finding(id::SERVICES_NO_HOST_GATEWAY, variable.span, message)
                .help(format!("add `extra_hosts: [\"{NAME}:host-gateway\"]` to `{}`", service.name));
            found.push(draft.at_most(at_most(compose)).done());
        }
    }
}
