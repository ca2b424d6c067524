//! Steps that a deployment must have.

use crate::facts::deploy::Deploy;
use crate::finding::Severity;
use crate::rules::draft::Draft;
use crate::source::Span;
use crate::tools::work::Work;

mod absent_process;
mod absent_unit;

include!(concat!(env!("OUT_DIR"), "/rules_steps.rs"));

/// Missing work is less bad if another script does it, or if it is printed by a script that starts nothing and so leaves
/// the rest to people.
fn done_elsewhere(deploy: Deploy<'_, '_, '_>, draft: Draft, work: Work, said: Option<Span>) -> Draft {
    let mut draft = draft;
    if let Some((path, another_server)) = deploy.elsewhere(work) {
        // Two servers may share a database, but never their files.
        draft = match (another_server, work) {
            (true, Work::Migrate) => {
                draft.add(&format!(" (only {path} does, on another server)")).severity(Severity::Warning)
            }
            (true, _) => draft.add(&format!(" (only {path} does, on another server)")),
            (false, _) => {
                draft.add(&format!(" (only {path} does, which is not a part of it)")).severity(Severity::Info)
            }
        };
    } else if said.is_some() && deploy.processes().is_empty() {
        draft = draft.severity(Severity::Warning);
    }
    match said {
        Some(said) => draft.related(said, "this is only printed, not run"),
        None => draft,
    }
}
