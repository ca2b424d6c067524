//! A finding in the making. A rule names a place and what happens there. How bad and how sure that is comes from the
//! rule's page.

use crate::facts::ground::Ground;
use crate::finding::{Confidence, Finding, Fix, Related, RuleId, Severity};
use crate::source::Span;

#[derive(Clone)]
pub(crate) struct Draft(Finding);

impl Ground<'_, '_> {
    /// Begins a finding of a rule at a place, as bad and as sure as the rule's page says.
    pub(crate) fn finding(&self, rule: RuleId, span: Span, message: impl Into<String>) -> Draft {
        let about = rule.about();
        let run = rule.run();
        Draft(Finding {
            severity: about.severity,
            confidence: about.confidence,
            rule,
            message: message.into(),
            help: None,
            span,
            related: Vec::new(),
            fix: None,
            run,
        })
    }
}

impl Draft {
    /// Sets another severity than the page's.
    pub(crate) fn severity(mut self, severity: Severity) -> Self {
        self.0.severity = severity;
        self
    }

    /// Says that the fault shows only in the second run.
    pub(crate) fn only_again(mut self) -> Self {
        self.0.run = Some("second");
        self
    }

    /// Points at another place than the command.
    pub(crate) fn at(mut self, span: Span) -> Self {
        self.0.span = span;
        self
    }

    /// Replaces what it says.
    pub(crate) fn message(mut self, message: impl Into<String>) -> Self {
        self.0.message = message.into();
        self
    }

    /// Adds to what it says.
    pub(crate) fn add(mut self, message: &str) -> Self {
        self.0.message.push_str(message);
        self
    }

    /// Lowers the confidence to this, if it is higher.
    pub(crate) fn at_most(mut self, confidence: Confidence) -> Self {
        self.0.confidence = self.0.confidence.min(confidence);
        self
    }

    /// Says what to write instead.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// Adds another place that explains it.
    pub(crate) fn related(mut self, span: Span, message: impl Into<String>) -> Self {
        if span != self.0.span {
            self.0.related.push(Related { message: message.into(), span });
        }
        self
    }

    /// Sets the change that removes the fault.
    pub(crate) fn fix(mut self, fix: Option<Fix>) -> Self {
        self.0.fix = fix;
        self
    }

    pub(crate) fn done(self) -> Finding {
        self.0
    }
}
