//! `services/not-in-architecture`: something runs on the server that the architecture document does not list.

use super::documents::{Document, Judge};
use crate::facts::services::named::{Named, Words, named};
use crate::facts::world::{Origin, World};
use crate::finding::{Confidence, Finding};
use crate::project::services::{
    self, Doer, StatedMatch, UnitInfo, of_process, of_unit, product_units, service_ports, staying,
};
use crate::rules::id;
use crate::shell::value::has_hole;
use crate::source::Span;
use crate::tools::web::names_certificates;
use std::collections::HashSet;

/// `services/not-in-architecture`.
pub(super) fn not_in_architecture(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    let Some(judge) = Judge::of(world) else { return };
    judge_documents(&judge, &judge.all(), found);
}

fn judge_documents(judge: &Judge<'_, '_, '_>, documents: &[Document<'_>], found: &mut Vec<Finding>) {
    // Only a document that lists the services of this repo can lack one.
    let lists = documents.iter().find(|(document, links)| {
        let certain =
            |links: &&Vec<StatedMatch>| links.iter().any(|m| m.strength == services::Strength::Certain);
        !document.aside && document.lists_services && links.iter().filter(certain).count() >= 2
    });
    let Some((document, _)) = lists else { return };
    let mut words = Words::default();
    for (document, _) in documents {
        words.add(judge.context.sources.file(document.file).text());
    }
    let linked = |doer: &Doer| {
        let all = documents.iter().flat_map(|(_, links)| links.iter()).flatten();
        all.into_iter().any(|m| m.by == *doer && m.strength == services::Strength::Certain)
    };
    let path = judge.context.sources.file(document.file).path();
    let units: Vec<_> = judge.compared.units.iter().map(|at| &judge.context.units[*at]).collect();
    let infos: Vec<UnitInfo<'_>> =
        units.iter().map(|at| UnitInfo { name: at.name.clone(), unit: &at.unit }).collect();
    for at in staying(&infos) {
        let unit = units[at];
        let stem = unit.name.trim_end_matches(".service").trim_end_matches('@');
        if unit.origin == Origin::InRepo || linked(&Doer::Unit(at)) {
            continue;
        }
        let ports = of_unit(&unit.unit).listens;
        let runs = Running { stem, shown: &unit.name, ports, span: unit.span };
        lacks(judge, &runs, path, &words, found);
    }
    for (at, index) in judge.compared.processes.iter().enumerate() {
        let process = &judge.context.processes[*index];
        let name = process.process.name.as_str();
        if process.origin == Origin::InRepo || !process.process.starts || linked(&Doer::Process(at)) {
            continue;
        }
        let ports = of_process(&process.process).listens;
        let runs = Running { stem: name, shown: name, ports, span: process.span };
        lacks(judge, &runs, path, &words, found);
    }
    let mut told = HashSet::new();
    for at in &judge.documents.contained {
        let service = &judge.context.project.composes[at.compose].services[at.service];
        let image = service.image_name().unwrap_or_default();
        // Certificates are the web server's business.
        if [image.as_str(), service.name.as_str()].iter().any(|name| names_certificates(name)) {
            continue;
        }
        let by_image = words.has(&image) || product_units(&image).iter().any(|unit| words.has(unit));
        if linked(&Doer::Service(*at)) || by_image && !image.is_empty() || !told.insert(service.name.as_str())
        {
            continue;
        }
        let (name, span) = (service.name.as_str(), service.name_span);
        let runs = Running { stem: name, shown: name, ports: service_ports(service), span };
        lacks(judge, &runs, path, &words, found);
    }
}

fn lacks(judge: &Judge<'_, '_, '_>, runs: &Running<'_>, path: &str, words: &Words, found: &mut Vec<Finding>) {
    let Running { stem, shown, ports, span } = runs;
    let confidence = match named(stem, &judge.documents.names, words) {
        Named::Yes => return,
        Named::Partly => Confidence::Low,
        Named::No => Confidence::Medium,
    };
    if ports.iter().any(|port| words.has(port))
        || stem.contains(['$', '%'])
        || has_hole(stem)
        || judge.is_given(stem)
    {
        return;
    }
    let message = format!("`{shown}` runs on the server, but {path} lists the services without it");
    found.push(
        judge
            .context
            .finding(id::SERVICES_NOT_IN_ARCHITECTURE, *span, message)
            .at_most(confidence)
            .help(format!("add `{shown}` to {path}, with its port and command, or remove it from the deploy"))
            .done(),
    );
}

/// Something that runs, as a unit or a container.
struct Running<'n> {
    /// Its name without its type.
    stem: &'n str,
    /// Its name as it is shown.
    shown: &'n str,
    ports: Vec<String>,
    span: Span,
}
