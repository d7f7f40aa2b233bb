//! Random numbers that a seed determines on every machine and with every version of every crate.

use std::ops::RangeInclusive;

/// `SplitMix64` (Steele, Lea and Flood, OOPSLA 2014).
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number of the range, each as likely.
    pub(crate) fn within(&mut self, range: RangeInclusive<u64>) -> u64 {
        let (low, high) = range.into_inner();
        low + self.next() % (high - low + 1)
    }

    /// A number of the range, each order of magnitude as likely.
    pub(crate) fn magnitude(&mut self, range: RangeInclusive<u64>) -> u64 {
        let (low, high) = range.into_inner();
        let doublings = (high / low).max(1).ilog2();
        let floor = low << self.within(0..=u64::from(doublings));
        self.within(floor..=(2 * floor).min(high).max(floor))
    }

    /// `true` in so many of a hundred cases.
    pub(crate) fn percent(&mut self, chance: u64) -> bool {
        self.within(0..=99) < chance
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        let last = u64::try_from(of.len() - 1).expect("a few");
        of[usize::try_from(self.within(0..=last)).expect("an index")]
    }
}
