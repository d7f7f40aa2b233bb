//! Sets of outcomes.

/// A set of outcomes by number: their index in the endpoint, or their position among those of a status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct OutcomeSet([u64; OutcomeSet::WORDS]);

impl OutcomeSet {
    const WORDS: usize = 4;
    pub(super) const MAX: usize = 64 * Self::WORDS;

    /// The first `count` positions.
    pub(super) fn first_of(count: usize) -> Self {
        Self(std::array::from_fn(|word| {
            match count.saturating_sub(64 * word) {
                some @ ..64 => (1 << some) - 1,
                _ => u64::MAX,
            }
        }))
    }

    #[inline]
    pub(super) fn first(self) -> Option<usize> {
        // Few endpoints have more outcomes than the first word holds.
        if self.0[0] != 0 {
            return Some(self.0[0].trailing_zeros() as usize);
        }
        let word = self.0.iter().position(|word| *word != 0)?;
        Some(64 * word + self.0[word].trailing_zeros() as usize)
    }

    /// By reference, since a copy would be made only to be indexed.
    pub(super) fn contains(&self, position: usize) -> bool {
        self.0[position / 64] & 1 << (position % 64) != 0
    }

    pub(super) fn insert(&mut self, position: usize) {
        self.0[position / 64] |= 1 << (position % 64);
    }

    pub(super) fn remove(&mut self, position: usize) {
        self.0[position / 64] &= !(1 << (position % 64));
    }

    /// Removes all behind the last one, if there is one.
    pub(super) fn end_with(&mut self, last: Option<usize>) {
        if let Some(last) = last {
            *self = self.and(Self::first_of(last + 1));
        }
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] & other.0[word]))
    }

    pub(super) fn without(self, other: Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] & !other.0[word]))
    }
}
