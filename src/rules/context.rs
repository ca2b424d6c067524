//! What a rule sees: the [`World`], and the pages that say how bad and how sure its findings are; and a finding in the
//! making.

use crate::facts::world::World;
use crate::finding::{Confidence, Finding, Fix, Related, Severity};
use crate::model::{Deployment, OnFailure, Step};
use crate::rules::pages::Pages;
use crate::source::{Sources, Span};
use std::ops::Deref;
use std::sync::Arc;

pub use crate::facts::world::{AppUser, Given, Origin, Project, UnitAt};

/// What the rules see.
pub struct Context<'r, 'a> {
    /// What is known.
    pub world: World<'r, 'a>,
    /// The pages: titles and severities.
    pub pages: &'r Pages,
}

impl<'r, 'a> Deref for Context<'r, 'a> {
    type Target = World<'r, 'a>;

    fn deref(&self) -> &World<'r, 'a> {
        &self.world
    }
}

impl<'r, 'a> Context<'r, 'a> {
    /// Works out what follows from scripts and project together.
    pub fn new(
        sources: &'r Sources,
        scripts: &'r [Deployment<'a>],
        project: &'r Project,
        pages: &'r Pages,
        given: &'r Given,
    ) -> Self {
        Context { world: World::new(sources, scripts, project, given), pages }
    }

    /// A finding of a rule at a place, with the severity of the rule's page.
    pub fn finding(&self, rule: &str, span: Span, message: impl Into<String>) -> Draft {
        let page = self.pages.get(rule);
        Draft(Finding {
            rule: page.map_or_else(|| Arc::from(rule), |p| p.id.clone()),
            severity: page.map_or(Severity::Warning, |p| p.severity),
            confidence: page.map_or(Confidence::Medium, |p| p.confidence),
            message: message.into(),
            help: None,
            span,
            related: Vec::new(),
            fix: None,
        })
    }
}

/// A finding in the making.
pub struct Draft(Finding);

impl Draft {
    /// How bad, other than the page says.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.0.severity = severity;
        self
    }

    /// How sure at most.
    pub fn at_most(mut self, confidence: Confidence) -> Self {
        self.0.confidence = self.0.confidence.min(confidence);
        self
    }

    /// What to write instead.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// Another place that explains it.
    pub fn related(mut self, span: Span, message: impl Into<String>) -> Self {
        if span != self.0.span {
            self.0.related.push(Related { message: message.into(), span });
        }
        self
    }

    /// A change that mends it.
    pub fn fix(mut self, fix: Option<Fix>) -> Self {
        self.0.fix = fix;
        self
    }

    /// The finding.
    pub fn done(self) -> Finding {
        self.0
    }
}

/// True where the failure of the step is of no consequence that anyone wants told.
pub fn is_swallowed(step: &Step) -> bool {
    step.on_failure == OnFailure::Handled
}
