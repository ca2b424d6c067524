//! Which patterns are tried on a command. Most are about words that hold for few commands, so a pattern is found by one of
//! them.

use super::features::{Features, ones};
use super::words::{OnFailure, Place, RunsAs};
use hashbrown::HashMap;

/// Where a pattern stands: the number of its file, and its own number in the file.
pub(super) type At = (u32, u32);

/// The patterns by what their commands must have.
#[derive(Debug, Default)]
pub(super) struct Index {
    by_name: HashMap<String, Vec<At>>,
    /// The patterns that name no command.
    of_any: Vec<At>,
    /// For each word, those of `of_any` that are found by it, as bits.
    by_word: Vec<Vec<u64>>,
    /// Those that are found by no word.
    always: Vec<u64>,
}

impl Index {
    /// Adds a pattern that is tried only on commands of these names.
    pub(super) fn add_named(&mut self, at: At, names: &[String]) {
        for name in names {
            let patterns = self.by_name.entry(name.clone()).or_default();
            if patterns.last() != Some(&at) {
                patterns.push(at);
            }
        }
    }

    /// Adds a pattern whose command needs a word of each list.
    pub(super) fn add(&mut self, at: At, lists: &[Features]) {
        let number = self.of_any.len();
        self.of_any.push(at);
        // Every command has a user, a place and something that follows its failure.
        let everywhere = [Features::all::<RunsAs>(), Features::all::<Place>(), Features::all::<OnFailure>()];
        let rare = lists.iter().filter(|list| !everywhere.iter().any(|all| all.meets(**list)));
        match rare.min_by_key(|list| list.words().count()) {
            None => set(&mut self.always, number),
            Some(list) => {
                self.by_word.resize(Features::BITS as usize, Vec::new());
                list.words().for_each(|word| set(&mut self.by_word[word as usize], number));
            }
        }
    }

    /// The patterns that are tried only on commands of this name.
    pub(super) fn named(&self, name: &str) -> &[At] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// The patterns that name no command, for one for which these words hold, in the order in which they were added. The
    /// command may lack what else they need.
    pub(super) fn of_any(&self, features: Features) -> impl Iterator<Item = At> {
        let rows = features.words().filter_map(|word| self.by_word.get(word as usize));
        let mut found = vec![0u64; self.of_any.len().div_ceil(64)];
        for row in rows.chain([&self.always]) {
            found.iter_mut().zip(row).for_each(|(all, some)| *all |= some);
        }
        found
            .into_iter()
            .enumerate()
            .flat_map(move |(part, bits)| ones(bits).map(move |bit| self.of_any[part * 64 + bit as usize]))
    }
}

fn set(bits: &mut Vec<u64>, number: usize) {
    let part = number / 64;
    if bits.len() <= part {
        bits.resize(part + 1, 0);
    }
    bits[part] |= 1 << (number % 64);
}
