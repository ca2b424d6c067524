//! What an architecture document states, next to what the deploy runs. The rules that compare the two share it.

use crate::facts::services::compared::Compared;
use crate::facts::services::documents::Documents;
use crate::facts::services::named::{Words, is_named};
use crate::facts::world::World;
use crate::project::architecture::{Architecture, Stated, Strength};
use crate::project::services::{self, StatedMatch};
use crate::source::Span;

/// A document, and what does the work of each of its services.
pub(super) type Document<'d> = (&'d Architecture, &'d Vec<Vec<StatedMatch>>);

/// The documents of a repo and what its deploy runs, for the rules that compare the two.
pub(super) struct Judge<'c, 'r, 'a> {
    pub(super) context: &'c World<'r, 'a>,
    pub(super) compared: &'c Compared,
    pub(super) documents: &'c Documents,
    pub(super) deployment: &'c Words,
}

impl<'c, 'r, 'a> Judge<'c, 'r, 'a> {
    /// `None` where there is nothing to compare.
    pub(super) fn of(context: &'c World<'r, 'a>) -> Option<Self> {
        if context.project.architectures.is_empty() {
            return None;
        }
        let compared = context.compared();
        let documents = &compared.documents;
        if documents.elsewhere || compared.own.is_none() && documents.contained.is_empty() {
            return None;
        }
        Some(Judge { context, compared, documents, deployment: context.words_of_the_deployment() })
    }

    /// Every document.
    pub(super) fn all(&self) -> Vec<Document<'c>> {
        self.context.project.architectures.iter().zip(&self.documents.links).collect()
    }

    /// The documents that are about what this repo deploys.
    pub(super) fn of_this(&self) -> Vec<Document<'c>> {
        let mut documents = self.all();
        documents.retain(|(document, links)| !document.aside && self.is_about_this(document, links));
        documents
    }

    /// False if most of a document cannot be found here: then it describes another system, or a wish.
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

    pub(super) fn is_named(&self, stated: &Stated) -> bool {
        is_named(stated, &self.documents.names, self.deployment)
    }

    /// True if the configuration says that it needs nothing, or which unit it is.
    pub(super) fn is_given(&self, name: &str) -> bool {
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

    pub(super) fn path(&self, span: Span) -> &str {
        self.context.sources.file(span.file).path()
    }
}
