//! `services/not-deployed`, `services/not-in-architecture`, `services/other-documented-port`: the
//! architecture document compared with what the deploy runs.

use crate::facts::services::compared::Compared;
use crate::facts::services::documents::Documents;
use crate::facts::services::named::words_of_the_deployment;
use crate::facts::services::named::{Named, Words, is_named, named};
use crate::facts::world::{Origin, World};
use crate::finding::{Confidence, Finding};
use crate::project::architecture::{Architecture, Evidence, Stated, Strength};
use crate::project::services::{
    self, Doer, StatedMatch, UnitInfo, of_process, of_unit, product_units, service_ports, staying,
};
use crate::rules::id;
use crate::shell::value::has_hole;
use crate::source::Span;
use std::collections::HashSet;

/// The three rules: all need the same comparison.
pub(super) fn architecture(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    if context.project.architectures.is_empty() {
        return;
    }
    let compared = context.compared();
    let documents = &compared.documents;
    if documents.elsewhere || compared.own.is_none() && documents.contained.is_empty() {
        return;
    }
    let judge = Judge { context, compared, documents, deployment: words_of_the_deployment(context) };
    judge.all(found);
}

/// A document, and what does the work of each of its services.
type Document<'d> = (&'d Architecture, &'d Vec<Vec<StatedMatch>>);

struct Judge<'c, 'r, 'a> {
    context: &'c World<'r, 'a>,
    compared: &'c Compared,
    documents: &'c Documents,
    deployment: Words,
}

impl Judge<'_, '_, '_> {
    fn all(&self, found: &mut Vec<Finding>) {
        let documents: Vec<Document<'_>> =
            self.context.project.architectures.iter().zip(&self.documents.links).collect();
        for (document, links) in documents.iter().filter(|(d, _)| !d.aside) {
            if self.is_about_this(document, links) {
                self.not_deployed(document, links, found);
                self.other_ports(document, links, &documents, found);
            }
        }
        self.not_in_architecture(&documents, found);
    }

    /// If most of a document cannot be found, it describes another system, or a wish.
    fn is_about_this(&self, document: &Architecture, links: &[Vec<StatedMatch>]) -> bool {
        let required =
            document.services.iter().zip(links).filter(|(s, _)| s.required && s.strength > Strength::Weak);
        let (mut certain, mut there, mut missing) = (0, 0, 0);
        for (stated, links) in required {
            certain += usize::from(links.iter().any(|m| m.strength == services::Strength::Certain));
            match links.is_empty() && !self.is_named(stated) {
                true => missing += 1,
                false => there += 1,
            }
        }
        certain > 0 && there >= missing
    }

    fn is_named(&self, stated: &Stated) -> bool {
        is_named(stated, &self.documents.names, &self.deployment)
    }

    /// The configuration says that it needs nothing, or which unit it is.
    fn is_given(&self, name: &str) -> bool {
        self.context.given.services.iter().any(|(service, unit)| {
            service.eq_ignore_ascii_case(name) && unit.as_deref().is_none_or(|u| self.has_unit(u))
        })
    }

    fn has_unit(&self, name: &str) -> bool {
        let stem = name.trim_end_matches(".service");
        let units = self.compared.units.iter().map(|at| &self.context.units[*at].name);
        let processes = self.compared.processes.iter().map(|at| &self.context.processes[*at].process.name);
        let mut all = units.chain(processes).chain(&self.documents.started);
        all.any(|known| known.trim_end_matches(".service") == stem)
    }

    fn path(&self, span: Span) -> &str {
        self.context.sources.file(span.file).path()
    }

    fn not_deployed(&self, document: &Architecture, links: &[Vec<StatedMatch>], found: &mut Vec<Finding>) {
        for (stated, links) in document.services.iter().zip(links) {
            let product = stated.product.is_some();
            let proxy = stated
                .product
                .is_some_and(|p| ["nginx", "caddy", "traefik", "haproxy", "apache2"].contains(&p));
            // If a script installs no software, whoever set up the server takes care of its services.
            let left = product && !self.compared.installs && (self.documents.contained.is_empty() || proxy);
            if !links.is_empty()
                || !stated.required
                || left
                || self.is_given(&stated.name)
                || self.is_named(stated)
            {
                continue;
            }
            let confidence = match stated.strength {
                Strength::Weak => continue,
                _ if self.documents.managed && !product => Confidence::Low,
                Strength::Strong => Confidence::Medium,
                Strength::Medium if product => Confidence::Medium,
                Strength::Medium => Confidence::Low,
            };
            let message = format!(
                "{} says that `{}` runs, but the deploy has no unit, package or container for it",
                self.path(stated.span),
                stated.name
            );
            let help = format!(
                "deploy it, or remove it from the document; if somebody else runs it, say so there or in deploylint.yaml: \
                 `services: {{{}: null}}`",
                stated.name
            );
            let mut draft = self
                .context
                .finding(id::SERVICES_NOT_DEPLOYED, stated.span, message)
                .at_most(confidence)
                .help(help);
            if let Some(near) = self.compared.own {
                draft = draft.related(near, "the deploy installs its units here");
            }
            found.push(draft.done());
        }
    }

    fn other_ports(
        &self,
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
            if !sure || !said || public || self.is_given(&stated.name) {
                continue;
            }
            let mut binds: Vec<(String, Span, String)> = Vec::new();
            for link in links.iter().filter(|m| m.named) {
                match &link.by {
                    Doer::Unit(at) => {
                        let unit = &self.context.units[self.compared.units[*at]];
                        let span = unit.unit.exec_start().last().map_or(unit.span, |exec| exec.span);
                        let ports = of_unit(&unit.unit).listens;
                        binds.extend(ports.into_iter().map(|p| (p, span, unit.name.clone())));
                    }
                    Doer::Process(at) => {
                        let process = &self.context.processes[self.compared.processes[*at]];
                        let ports = of_process(&process.process).listens;
                        let name = &process.process.name;
                        binds.extend(ports.into_iter().map(|p| (p, process.span, name.clone())));
                    }
                    Doer::Service(at) if self.documents.contained.contains(at) => {
                        let service = &self.context.project.composes[at.compose].services[at.service];
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
            let elsewhere = stated.ports.iter().any(|p| self.deployment.has(&p.number.to_string()));
            if agrees || elsewhere {
                continue;
            }
            let other = documents
                .iter()
                .flat_map(|(d, _)| d.services.iter().filter(|s| s.span.file != document.file));
            let contradicted = other
                .filter(|s| s.name.eq_ignore_ascii_case(&stated.name))
                .find(|s| binds.iter().any(|(port, ..)| states(s, port)));
            let port = stated.ports[0];
            let message = format!(
                "{} says that `{}` listens on port {}, but in {name} it listens on {bound}",
                self.path(port.span),
                stated.name,
                port.number
            );
            let mut draft = self
                .context
                .finding(id::SERVICES_OTHER_DOCUMENTED_PORT, port.span, message)
                .help("document the port that it has, or give it the documented port")
                .related(*place, format!("it listens on {bound}"));
            if let Some(other) = contradicted {
                let there = format!("{} says so too", self.path(other.span));
                draft = draft.at_most(Confidence::Low).related(other.span, there);
            }
            found.push(draft.done());
        }
    }

    fn not_in_architecture(&self, documents: &[Document<'_>], found: &mut Vec<Finding>) {
        // Only a document that lists services, and these ones, can lack one.
        let lists = documents.iter().find(|(document, links)| {
            let certain =
                |links: &&Vec<StatedMatch>| links.iter().any(|m| m.strength == services::Strength::Certain);
            !document.aside && document.lists_services && links.iter().filter(certain).count() >= 2
        });
        let Some((document, _)) = lists else { return };
        let mut words = Words::default();
        for (document, _) in documents {
            words.add(self.context.sources.file(document.file).text());
        }
        let linked = |doer: &Doer| {
            let all = documents.iter().flat_map(|(_, links)| links.iter()).flatten();
            all.into_iter().any(|m| m.by == *doer && m.strength == services::Strength::Certain)
        };
        let path = self.context.sources.file(document.file).path();
        let units: Vec<_> = self.compared.units.iter().map(|at| &self.context.units[*at]).collect();
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
            self.lacks(&runs, path, &words, found);
        }
        for (at, index) in self.compared.processes.iter().enumerate() {
            let process = &self.context.processes[*index];
            let name = process.process.name.as_str();
            if process.origin == Origin::InRepo || !process.process.starts || linked(&Doer::Process(at)) {
                continue;
            }
            let ports = of_process(&process.process).listens;
            let runs = Running { stem: name, shown: name, ports, span: process.span };
            self.lacks(&runs, path, &words, found);
        }
        let mut told = HashSet::new();
        for at in &self.documents.contained {
            let service = &self.context.project.composes[at.compose].services[at.service];
            let image = service.image_name().unwrap_or_default();
            // Certificates are the web server's business.
            if [image.as_str(), service.name.as_str()]
                .iter()
                .any(|n| n.contains("certbot") || n.contains("acme"))
            {
                continue;
            }
            let by_image = words.has(&image) || product_units(&image).iter().any(|unit| words.has(unit));
            if linked(&Doer::Service(*at))
                || by_image && !image.is_empty()
                || !told.insert(service.name.as_str())
            {
                continue;
            }
            let (name, span) = (service.name.as_str(), service.name_span);
            let runs = Running { stem: name, shown: name, ports: service_ports(service), span };
            self.lacks(&runs, path, &words, found);
        }
    }

    fn lacks(&self, runs: &Running<'_>, path: &str, words: &Words, found: &mut Vec<Finding>) {
        let Running { stem, shown, ports, span } = runs;
        let confidence = match named(stem, &self.documents.names, words) {
            Named::Yes => return,
            Named::Partly => Confidence::Low,
            Named::No => Confidence::Medium,
        };
        if ports.iter().any(|port| words.has(port))
            || stem.contains(['$', '%'])
            || has_hole(stem)
            || self.is_given(stem)
        {
            return;
        }
        let message = format!("`{shown}` runs on the server, but {path} lists the services without it");
        found.push(
            self.context
                .finding(id::SERVICES_NOT_IN_ARCHITECTURE, *span, message)
                .at_most(confidence)
                .help(format!(
                    "add `{shown}` to {path}, with its port and command, or remove it from the deploy"
                ))
                .done(),
        );
    }
}

/// Something that runs, as a unit or a container.
struct Running<'n> {
    /// Its name without its type.
    stem: &'n str,
    /// Its name.
    shown: &'n str,
    ports: Vec<String>,
    span: Span,
}
