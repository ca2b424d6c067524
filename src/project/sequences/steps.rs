//! Scripts that the steps of a script call in turn.

use super::{By, Called, Names, Sequence};
use crate::model::Deployment;
use crate::shell::wrappers::Place;
use crate::source::Sources;
use crate::tools::calls::{Call, call};
use std::collections::BTreeMap;

/// The calls of one script: those that each run makes, and those of each arm of a choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StepCalls(Vec<Vec<Called>>);

/// The calls that the steps of a script make. Files that it runs are followed by the model, so their first steps stand for
/// the calls.
pub(crate) fn of_steps(script: &Deployment<'_>, sources: &Sources) -> StepCalls {
    let mut arms: BTreeMap<Option<(u32, u32)>, Vec<Called>> = BTreeMap::new();
    for (id, step) in script.iter().filter(|(_, step)| step.entry == 0) {
        let host = match &step.place {
            Place::Here => None,
            Place::Remote(host) => {
                let host = host.to_string();
                Some(host.rsplit('@').next().unwrap_or(&host).to_owned())
            }
            Place::Container(_) => continue,
        };
        let path = if script.ran.contains(&step.span.file) {
            sources.file(step.span.file).path().to_owned()
        } else if let Call::Script(path) = call(&step.argv) {
            path
        } else {
            continue;
        };
        let arm = script.guards_of(id).find_map(|(_, guard)| guard.choice);
        let calls = arms.entry(arm).or_default();
        let called = Called { path, host };
        if calls.last() != Some(&called) {
            calls.push(called);
        }
    }
    StepCalls(arms.into_values().filter(|calls| calls.len() > 1).collect())
}

impl StepCalls {
    /// The sequences of the script at a path.
    pub(crate) fn sequences(&self, names: &Names<'_>, from: &str) -> Vec<Sequence> {
        self.0.iter().flat_map(|calls| names.sequences(calls, from, By::Calls)).collect()
    }
}
