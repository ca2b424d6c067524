//! `services/other-documented-port`: an architecture document states another port than the one that is listened on.

use super::documents::{Document, Judge};
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::project::architecture::{Architecture, Evidence, Stated, Strength};
use crate::project::services::{Doer, StatedMatch, of_process, of_unit, service_ports};
use crate::rules::id;
use crate::source::Span;

/// `services/other-documented-port`.
pub(super) fn other_documented_port(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    let Some(judge) = Judge::of(world) else { return };
    let documents = judge.all();
    for (document, links) in judge.of_this() {
        judge_document(&judge, document, links, &documents, found);
    }
}

fn judge_document(
    judge: &Judge<'_, '_, '_>,
    document: &Architecture,
    links: &[Vec<StatedMatch>],
    documents: &[Document<'_>],
    found: &mut Vec<Finding>,
) {
    for (stated, links) in document.services.iter().zip(links) {
        let sure = stated.required && stated.strength > Strength::Weak && !stated.ports.is_empty();
        let said =
            stated.ports.iter().all(|p| p.evidence != Evidence::Prose && p.evidence != Evidence::Fence);
        // A port of the whole site belongs to the web server, whatever is behind it.
        let public = stated.ports.iter().any(|p| matches!(p.number, 80 | 443));
        if !sure || !said || public || judge.is_given(&stated.name) {
            continue;
        }
        let mut binds: Vec<(String, Span, String)> = Vec::new();
        for link in links.iter().filter(|m| m.named) {
            match &link.by {
                Doer::Unit(at) => {
                    let unit = &judge.context.units[judge.compared.units[*at]];
                    let span = unit.unit.exec_start().last().map_or(unit.span, |exec| exec.span);
                    let ports = of_unit(&unit.unit).listens;
                    binds.extend(ports.into_iter().map(|p| (p, span, unit.name.clone())));
                }
                Doer::Process(at) => {
                    let process = &judge.context.processes[judge.compared.processes[*at]];
                    let ports = of_process(&process.process).listens;
                    let name = &process.process.name;
                    binds.extend(ports.into_iter().map(|p| (p, process.span, name.clone())));
                }
                Doer::Service(at) if judge.documents.contained.contains(at) => {
                    let service = &judge.context.project.composes[at.compose].services[at.service];
                    let ports = service_ports(service);
                    binds.extend(ports.into_iter().map(|p| (p, service.name_span, service.name.clone())));
                }
                _ => {}
            }
        }
        let Some((bound, place, name)) = binds.first() else { continue };
        let states = |s: &Stated, port: &str| s.ports.iter().any(|p| p.number.to_string() == port);
        let agrees = binds.iter().any(|(port, ..)| states(stated, port));
        // It is also stated for another service, or a web server in between may use it.
        let elsewhere = stated.ports.iter().any(|p| judge.deployment.has(&p.number.to_string()));
        if agrees || elsewhere {
            continue;
        }
        let other =
            documents.iter().flat_map(|(d, _)| d.services.iter().filter(|s| s.span.file != document.file));
        let contradicted = other
            .filter(|s| s.name.eq_ignore_ascii_case(&stated.name))
            .find(|s| binds.iter().any(|(port, ..)| states(s, port)));
        let port = stated.ports[0];
        let message = format!(
            "{} says that `{}` listens on port {}, but in {name} it listens on {bound}",
            judge.path(port.span),
            stated.name,
            port.number
        );
        let mut draft = judge
            .context
            .finding(id::SERVICES_OTHER_DOCUMENTED_PORT, port.span, message)
            .help("document the port that it has, or give it the documented port")
            .related(*place, format!("it listens on {bound}"));
        if let Some(other) = contradicted {
            let there = format!("{} says so too", judge.path(other.span));
            draft = draft.at_most(Confidence::Low).related(other.span, there);
        }
        found.push(draft.done());
    }
}
