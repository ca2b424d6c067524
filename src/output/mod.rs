//! How a report looks. This is the only floor that derives `Serialize`. Everything is written to a writer
//! from the caller.

pub mod clean;
pub mod diff;
mod excerpt;
pub mod json;
pub mod review;
pub mod rules;
pub mod scan;
pub mod services;
pub mod text;

use crate::finding::{Confidence, Severity};

/// The name of a severity, as in pages, configuration and JSON.
pub fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

/// The name of a confidence, as in pages and JSON.
pub fn confidence_name(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "high",
        Confidence::Medium => "medium",
        Confidence::Low => "low",
    }
}
