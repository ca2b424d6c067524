//! Scripts that run in turn are one deploy in several files, so they are weighed together.

use crate::project::discover::acts::weight;
use crate::project::discover::{Candidate, THRESHOLD, listed};
use crate::project::sequences::{By, Sequence};
use crate::tools::acts::Act;
use std::collections::{BTreeSet, HashMap};

/// Takes scripts that do too little by themselves, and that run in turn with others. `acts` holds what each candidate does.
pub(super) fn weigh_together(candidates: &mut [Candidate], acts: &[BTreeSet<Act>], sequences: &[Sequence]) {
    let places: HashMap<String, usize> =
        candidates.iter().enumerate().map(|(at, candidate)| (candidate.path.clone(), at)).collect();
    let of_calls = sequences.iter().filter(|sequence| matches!(sequence.by, By::Calls | By::Numbers));
    for sequence in of_calls {
        let members = sequence.scripts.iter().filter_map(|path| places.get(path).copied());
        let members: Vec<usize> = members.filter(|at| candidates[*at].verdict.by_acts).collect();
        let known: BTreeSet<Act> = members.iter().flat_map(|at| &acts[*at]).copied().collect();
        let deploying = members.iter().find(|at| candidates[**at].verdict.deploys).copied();
        let together: u32 = known.iter().map(|act| weight(*act)).sum();
        if members.len() < 2 || deploying.is_none() && together < THRESHOLD {
            continue;
        }
        for &at in &members {
            // What is called beside a deploy may also build or test on the machine of a developer.
            let is_step = sequence.by == By::Numbers || acts[at].iter().any(|act| is_of_a_server(*act));
            if candidates[at].verdict.deploys || !is_step {
                continue;
            }
            let Some(&other) = members.iter().find(|other| **other != at) else { continue };
            let with = &candidates[deploying.filter(|other| *other != at).unwrap_or(other)].path;
            let does = match listed(&acts[at]) {
                does if does.is_empty() => "does nothing that deploys".to_owned(),
                does => does.join(", "),
            };
            let summary = format!("{does}; runs in turn with {with}");
            let verdict = &mut candidates[at].verdict;
            (verdict.deploys, verdict.summary) = (true, summary);
        }
    }
}

/// True for what is done to a server, and on no machine that only builds.
fn is_of_a_server(act: Act) -> bool {
    matches!(
        act,
        Act::WritesUnits
            | Act::InstallsPackages
            | Act::CreatesUsers
            | Act::ControlsServices
            | Act::ConfiguresProxy
            | Act::CreatesDatabase
            | Act::PreparesDirectories
            | Act::ConfiguresHost
    )
}
