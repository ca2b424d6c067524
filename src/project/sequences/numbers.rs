//! The order that the names of scripts show: `01-packages.sh`, `step2.sh`.

use super::{By, Sequence};
use crate::repo::names::{base, directory};
use std::collections::BTreeMap;

/// The most scripts of one number that are followed.
const LANES: usize = 4;

/// The scripts of each directory whose names have numbers, in their order. Scripts of one number have no order among
/// themselves: each of them is in a sequence of its own.
pub(crate) fn of_numbers<'p>(paths: impl Iterator<Item = &'p str>) -> Vec<Sequence> {
    let mut series: BTreeMap<(&str, &str), BTreeMap<u32, Vec<&str>>> = BTreeMap::new();
    for path in paths.filter(|path| !runs_in_a_container(path)) {
        if let Some((word, number)) = number_of(path) {
            series.entry((directory(path), word)).or_default().entry(number).or_default().push(path);
        }
    }
    // `phase2-demo.sh` and `phase9-check.sh` are about two phases, and not the phases of one deploy.
    let has_gap = |numbers: &BTreeMap<u32, Vec<&str>>| {
        let first = numbers.keys().next().copied().unwrap_or_default();
        first > 1 || !numbers.keys().copied().eq(first..first + numbers.len() as u32)
    };
    let series = series
        .into_iter()
        .filter(|((_, word), numbers)| numbers.len() > 1 && (word.is_empty() || !has_gap(numbers)));
    let lanes = series.flat_map(|(_, numbers)| {
        let width = numbers.values().map(Vec::len).max().unwrap_or_default().min(LANES);
        (0..width).map(move |lane| {
            let of_lane = |paths: &Vec<&str>| paths[lane.min(paths.len() - 1)].to_owned();
            Sequence {
                scripts: numbers.values().map(of_lane).collect(),
                by: By::Numbers,
                from: String::new(),
            }
        })
    });
    lanes.collect()
}

/// The number of a step in the name of a script, with the word before it: `01-user.sh`, `10_app.sh`, `2.app.sh`, `step3.sh`.
pub(crate) fn number_of(path: &str) -> Option<(&'static str, u32)> {
    const WORDS: [&str; 4] = ["step", "part", "phase", "stage"];
    let name = base(path);
    let stem = name.strip_suffix(".sh").or_else(|| name.strip_suffix(".bash")).unwrap_or(name);
    let lower = stem.to_ascii_lowercase();
    let word = WORDS.into_iter().find(|word| lower.starts_with(word)).unwrap_or_default();
    let rest = &stem[word.len()..];
    let rest = if word.is_empty() { rest } else { rest.trim_start_matches(['-', '_', ' ', '.']) };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (number, behind) = rest.split_at(digits);
    // A longer number is a date or a version.
    let is_step = (1..=3).contains(&digits)
        && (behind.is_empty() || behind.starts_with(['-', '_', '.', ' ']))
        && !behind[1.min(behind.len())..].starts_with(|c: char| c.is_ascii_digit());
    is_step.then(|| number.parse().ok()).flatten().map(|number| (word, number))
}

/// True for a directory from which an image runs its scripts: `docker-entrypoint-initdb.d`.
fn runs_in_a_container(path: &str) -> bool {
    directory(path).split('/').any(|part| part.contains("entrypoint") || part.contains("initdb"))
}
