//! `services/job-restarted`: others wait until a service has ended, and Docker starts it again whenever it ends.

use crate::facts::containers::{at_most, is_kept_running, judged};
use crate::facts::world::World;
use crate::finding::Finding;
use crate::rules::id;

/// `services/job-restarted`.
pub(super) fn job_restarted(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for compose in judged(context) {
        for job in compose.services.iter().filter(|service| is_kept_running(service)) {
            let waits = compose.services.iter().find_map(|other| {
                let ends = |c: &str| c == "service_completed_successfully";
                let on = other.depends_on.iter();
                on.into_iter()
                    .find(|on| on.service == job.name && on.condition.as_deref().is_some_and(ends))
                    .map(|on| (other, on.span))
            });
            let (Some((other, place)), Some(restart)) = (waits, &job.restart) else { continue };
            let message = format!(
                "`{}` waits until `{}` has ended, but `restart: {}` starts that again each time it ends",
                other.name, job.name, restart.text
            );
            let draft = context
                .finding(id::SERVICES_JOB_RESTARTED, job.name_span, message)
                .help(format!("write `restart: \"no\"` or `restart: on-failure` for `{}`", job.name))
                .related(place, "it waits here")
                .related(restart.span, "the policy");
            found.push(draft.at_most(at_most(compose)).done());
        }
    }
}
