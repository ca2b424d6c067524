//! Scripts that run in turn are judged as one deployment: what one of them leaves is what the next one finds.

use super::isolate::Script;
use super::models::Models;
use crate::facts::deploys::Deploys;
use crate::model::Deployment;
use crate::project::sequences::Sequence;
use crate::source::{FileId, Sources};
use std::collections::HashSet;

/// The most scripts that are put together.
const SCRIPTS: usize = 40;

/// Puts each run of scripts together at the place of its first one, and notes it in `taken`. A script belongs to the first
/// sequence that has it, from the strongest.
pub(super) fn join<'a>(
    models: &Models<'_, 'a>,
    scripts: &[Script<'a>],
    sequences: &[Sequence],
    mut deployments: Vec<Deployment<'a>>,
    taken: &mut [(String, String)],
    sources: &mut Sources,
) -> Vec<Deployment<'a>> {
    for (run, from) in runs(&deployments, sequences, sources) {
        let of_run: Vec<&Script<'a>> =
            run.iter().filter_map(|file| scripts.iter().find(|script| script.file == *file)).collect();
        let [first, others @ ..] = of_run.as_slice() else { continue };
        // Without the order, each is judged by itself.
        let Some(joined) = models.in_turn(first, others, sources) else { continue };
        deployments.retain(|one| !others.iter().any(|other| other.file == one.file));
        if let Some(place) = deployments.iter_mut().find(|one| one.file == first.file) {
            *place = joined;
        }
        for (before, script) in of_run.iter().zip(others) {
            if let Some((_, why)) = taken.iter_mut().find(|(path, _)| *path == script.path) {
                let said =
                    if from.is_empty() { "as their names say".to_owned() } else { format!("as {from} says") };
                *why = format!("{why}; runs after {}, {said}", before.path);
            }
        }
    }
    deployments
}

/// The scripts of one deploy that run in turn, each at most once, with the file that says so.
fn runs<'s>(
    deployments: &[Deployment<'_>],
    sequences: &'s [Sequence],
    sources: &Sources,
) -> Vec<(Vec<FileId>, &'s str)> {
    if sequences.is_empty() || deployments.len() < 2 {
        return Vec::new();
    }
    let deploys = Deploys::of(sources, deployments);
    let mut strongest: Vec<&Sequence> = sequences.iter().collect();
    strongest.sort_by_key(|sequence| (sequence.by, std::cmp::Reverse(sequence.scripts.len())));
    let mut seen: HashSet<FileId> = HashSet::new();
    let mut runs = Vec::new();
    for sequence in strongest {
        let files: Vec<FileId> = sequence
            .scripts
            .iter()
            .filter_map(|path| sources.find(path))
            .filter(|f| !seen.contains(f))
            .collect();
        for group in deploys.groups() {
            let of_group = |file: &FileId| group.iter().any(|at| deployments[*at].file == *file);
            let run: Vec<FileId> = files.iter().copied().filter(of_group).take(SCRIPTS).collect();
            if run.len() > 1 {
                seen.extend(&run);
                runs.push((run, sequence.from.as_str()));
            }
        }
    }
    runs
}
