//! `services/job-restarted`: others wait until a service has ended, and Docker starts it again whenever it ends.

use crate::facts::containers::{at_most, is_kept_running, judged};
use crate::facts::world::World;
use crate::finding::Finding;
use crate::project::compose::Dependency;
use crate::rules::id;
use std::collections::HashMap;

/// `services/job-restarted`.
pub(super) fn job_restarted(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for compose in judged(context) {
        // The first service that waits for the end of each job.
        let mut waits = HashMap::new();
        for other in &compose.services {
            let ends = |on: &&Dependency| on.condition.as_deref() == Some("service_completed_successfully");
            for on in other.depends_on.iter().filter(ends) {
                waits.entry(on.service.as_str()).or_insert((other, on.span));
            }
        }
        for job in &compose.services {
            let Some((other, place)) = waits.get(job.name.as_str()) else { continue };
            let Some(restart) = job.restart.as_ref().filter(|_| is_kept_running(job)) else { continue };
            let message = format!(
                "`{}` waits until `{}` has ended, but `restart: {}` starts that again each time it ends",
                other.name, job.name, restart.text
            );
            let draft = context
                .finding(id::SERVICES_JOB_RESTARTED, job.name_span, message)
                .help(format!("write `restart: \"no\"` or `restart: on-failure` for `{}`", job.name))
                .related(*place, "it waits here")
                .related(restart.span, "the policy");
            found.push(draft.at_most(at_most(compose)).done());
        }
    }
}
