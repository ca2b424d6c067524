//! Pseudorandom numbers that stay the same on every machine and in every release.

/// SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014, with the constants of
/// Vigna's <https://prng.di.unimi.it/splitmix64.c>. A crate may change its sequence with a new version; a corpus must be
/// the same bytes in ten years.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// The sequence of one `stream` of a seed. The thousandth repo does not depend on those before it.
    pub(crate) fn new(seed: u64, stream: u64) -> Random {
        let first = Random(seed).draw();
        Random(first ^ Random(stream).draw())
    }

    pub(crate) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 up to, but not including, `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.draw()) * end as u128) >> 64) as usize
    }

    /// True in so many of a hundred cases.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// An index into `weights`, drawn as often as its weight says.
    pub(crate) fn weighted(&mut self, weights: &[usize]) -> usize {
        let mut left = self.below(weights.iter().sum());
        weights
            .iter()
            .position(|weight| {
                left < *weight || {
                    left -= weight;
                    false
                }
            })
            .unwrap_or_default()
    }

    /// A number from a distribution that is given by some of its quantiles: (per cent, value), ascending, from 0 to 100.
    pub(crate) fn quantile(&mut self, known: &[(usize, usize)]) -> usize {
        let at = self.below(100_000);
        let above = known.iter().position(|(percent, _)| percent * 1000 > at).unwrap_or(known.len() - 1);
        let ((p0, low), (p1, high)) = (known[above - 1], known[above]);
        low + (high - low) * (at - p0 * 1000) / ((p1 - p0) * 1000)
    }
}
