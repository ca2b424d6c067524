//! What the documents add to the rows of the matrix: their names, and the services that only they state.

use crate::facts::services::documents::Sure;
use crate::facts::services::named::is_named;
use crate::facts::services::rows::{Builder, Documented, Kind, Row, Side, State};
use crate::project::architecture::Strength as Stated;
use crate::project::services::Doer;
use std::collections::HashSet;

impl Builder<'_, '_, '_> {
    /// The documents' name for something that is either a service or the unit that does its work.
    pub(crate) fn documented(&self, doers: &[Doer]) -> Option<Documented> {
        let documents = &self.world.project.architectures;
        let found = doers.iter().filter_map(|doer| self.compared.documents.of(doer, documents));
        // If two candidates are equally likely, the first one wins.
        let mut best: Option<(Sure, (usize, usize))> = None;
        for one in found {
            if best.is_none_or(|(sure, _)| one.0 > sure) {
                best = Some(one);
            }
        }
        let (_, (document, service)) = best?;
        let stated = &documents[document].services[service];
        Some(Documented { name: stated.name.clone(), span: Some(stated.span) })
    }

    /// Rows for what the documents state but neither Compose nor a unit of the project is, and a note on rows
    /// that no document states.
    pub(crate) fn only_documented(&self, rows: &mut Vec<Row>) {
        let documents = &self.world.project.architectures;
        let lists = documents.iter().find(|d| !d.aside && d.lists_services);
        if let Some(document) = lists {
            let path = self.world.sources.file(document.file).path();
            for row in rows.iter_mut().filter(|row| row.runs.is_some() && row.architecture.is_none()) {
                let note = format!("{path} does not state it");
                row.note = Some(match row.note.take() {
                    Some(known) => format!("{known}; {note}"),
                    None => note,
                });
            }
        }
        let deployment = self.world.words_of_the_deployment();
        let mut told: HashSet<String> =
            rows.iter().filter_map(|row| Some(key(&row.architecture.as_ref()?.name))).collect();
        for (document, links) in
            documents.iter().zip(&self.compared.documents.links).filter(|(d, _)| !d.aside)
        {
            let path = self.world.sources.file(document.file).path();
            for (stated, links) in document.services.iter().zip(links) {
                let surely = stated.strength == Stated::Strong
                    || stated.strength == Stated::Medium && stated.product.is_some();
                if !stated.required || !surely || told.contains(&key(&stated.name)) {
                    continue;
                }
                let system = links.iter().find_map(|link| match &link.by {
                    Doer::System(name) => Some((name, link)),
                    _ => None,
                });
                let row = Row {
                    state: State::Missing,
                    service: None,
                    compose: None,
                    runs: None,
                    architecture: Some(Documented { name: stated.name.clone(), span: Some(stated.span) }),
                    strength: None,
                    reasons: Vec::new(),
                    stated: Vec::new(),
                    note: Some(format!("{path} states it, but nothing was found that runs it")),
                };
                rows.push(match system {
                    Some((name, link)) => Row {
                        state: State::Agrees,
                        runs: Some((
                            Kind::Package,
                            Side { name: format!("{name}.service"), ..Side::default() },
                        )),
                        reasons: link.reasons.clone(),
                        note: Some("no Compose file has it".to_owned()),
                        ..row
                    },
                    // It is something in a Compose file for developers, or a part of what another name means.
                    None if !links.is_empty() => continue,
                    None if is_named(stated, &self.compared.documents.names, deployment) => Row {
                        state: State::Exempt,
                        note: Some(format!(
                            "{path} states it and the deployment names it, but nothing was found that runs it"
                        )),
                        ..row
                    },
                    None => row,
                });
                told.insert(key(&stated.name));
            }
        }
    }
}

fn key(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
