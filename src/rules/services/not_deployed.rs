//! `services/not-deployed`: an architecture document says that something runs, and the deploy does not bring it.

use super::documents::Judge;
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::project::architecture::{Architecture, Strength};
use crate::project::services::StatedMatch;
use crate::rules::id;
use crate::tools::web::PROXIES;

/// `services/not-deployed`.
pub(super) fn not_deployed(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    let Some(judge) = Judge::of(world) else { return };
    for (document, links) in judge.of_this() {
        judge_document(&judge, document, links, found);
    }
}

fn judge_document(
    judge: &Judge<'_, '_, '_>,
    document: &Architecture,
    links: &[Vec<StatedMatch>],
    found: &mut Vec<Finding>,
) {
    for (stated, links) in document.services.iter().zip(links) {
        let product = stated.product.is_some();
        let proxy = stated.product.is_some_and(|p| PROXIES.contains(&p));
        // If a script installs no software, whoever set up the server takes care of its services.
        let left = product && !judge.compared.installs && (judge.documents.contained.is_empty() || proxy);
        if !links.is_empty()
            || !stated.required
            || left
            || judge.is_given(&stated.name)
            || judge.is_named(stated)
        {
            continue;
        }
        let confidence = match stated.strength {
            Strength::Weak => continue,
            _ if judge.documents.managed && !product => Confidence::Low,
            Strength::Strong => Confidence::Medium,
            Strength::Medium if product => Confidence::Medium,
            Strength::Medium => Confidence::Low,
        };
        let message = format!(
            "{} says that `{}` runs, but the deploy has no unit, package or container for it",
            judge.path(stated.span),
            stated.name
        );
        let help = format!(
            "deploy it, or remove it from the document; if somebody else runs it, say so there or in deploylint.yaml: \
             `services: {{{}: null}}`",
            stated.name
        );
        let mut draft = judge
            .context
            .finding(id::SERVICES_NOT_DEPLOYED, stated.span, message)
            .at_most(confidence)
            .help(help);
        if let Some(near) = judge.compared.own {
            draft = draft.related(near, "the deploy installs its units here");
        }
        found.push(draft.done());
    }
}
