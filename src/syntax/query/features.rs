//! The features of a command: one bit for each word that holds.

use super::words::Word;

/// The words that hold for one command, as bits. A pattern names those that it needs, so one comparison rules out most
/// commands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Features([u64; Features::BITS as usize / 64]);

impl Features {
    /// Notes that a word holds.
    pub(crate) fn add(&mut self, word: impl Word) {
        let bit = word.bit();
        self.0[(bit / 64) as usize] |= 1 << (bit % 64);
    }

    /// True if one of these words holds.
    pub(crate) fn has_any<W: Word>(self, words: &[W]) -> bool {
        self.meets(Features::any_of(words))
    }

    /// The features of a list of words.
    pub(super) fn any_of<W: Word>(words: &[W]) -> Features {
        let mut features = Features::default();
        words.iter().for_each(|word| features.add(*word));
        features
    }

    /// How many words there may be.
    pub(super) const BITS: u32 = 320;

    /// The features of all words of a list.
    pub(super) fn all<W: Word>() -> Features {
        let mut features = Features::default();
        W::ALL.iter().for_each(|(_, word)| features.add(*word));
        features
    }

    /// The words, by their numbers.
    pub(super) fn words(self) -> impl Iterator<Item = u32> {
        (0..).step_by(64).zip(self.0).flat_map(|(first, bits)| ones(bits).map(move |bit| first + bit))
    }

    /// True if the two have a word in common.
    pub(super) fn meets(self, other: Features) -> bool {
        self.0.iter().zip(other.0).any(|(a, b)| a & b != 0)
    }
}

/// The numbers of the bits that are set.
pub(super) fn ones(mut bits: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let next = (bits != 0).then(|| bits.trailing_zeros());
        bits &= bits.wrapping_sub(1);
        next
    })
}
