//! Buckets of time in a fixed number of slots.

/// The numbers of the last buckets of one width; a newer bucket takes the slot of the oldest.
///
/// It holds no values: what is counted per bucket stands in arrays indexed by slot. Time is in whatever unit the width is
/// in. Bucket 0 means "none", so times must be at least one width.
#[derive(Debug)]
pub(crate) struct Ring {
    width: u64,
    numbers: Box<[u64]>,
}

/// Where a bucket's values stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) index: usize,
    /// The slot held an older bucket, whose values must be cleared.
    pub(crate) is_new: bool,
}

impl Ring {
    pub(crate) fn new(width: u64, len: usize) -> Self {
        Self {
            width,
            numbers: vec![0; len].into(),
        }
    }

    pub(crate) const fn width(&self) -> u64 {
        self.width
    }

    /// The slot of a bucket. A bucket that was replaced already shares the slot of the newer one.
    pub(crate) fn slot(&mut self, number: u64) -> Slot {
        let index = self.index(number);
        let is_new = self.numbers[index] < number;
        if is_new {
            self.numbers[index] = number;
        }
        Slot { index, is_new }
    }

    /// Whether the whole bucket that holds `since` is within a full ring at `now`.
    pub(crate) fn reaches(&self, since: u64, now: u64) -> bool {
        now / self.width - since.min(now) / self.width < self.numbers.len() as u64
    }

    /// The number of the bucket in each slot, 0 in an empty one.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u64> {
        self.numbers.iter().copied()
    }

    fn index(&self, number: u64) -> usize {
        let index = number % self.numbers.len() as u64;
        usize::try_from(index).expect("an index in memory")
    }
}

/// What the history of the admin service needs.
#[cfg(any(test, feature = "admin"))]
impl Ring {
    pub(crate) const fn len(&self) -> usize {
        self.numbers.len()
    }

    /// The index of a bucket that the ring holds.
    pub(crate) fn find(&self, number: u64) -> Option<usize> {
        let index = self.index(number);
        (self.numbers[index] == number && number > 0).then_some(index)
    }

    /// The numbers of the buckets that a full ring holds at this time, oldest first; the last one is the current.
    pub(crate) fn window(&self, time: u64) -> impl Iterator<Item = u64> + use<> {
        let current = time / self.width;
        (current + 1).saturating_sub(self.numbers.len() as u64)..=current
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_bucket_takes_the_slot_of_the_oldest() {
        let mut ring = Ring::new(10, 5);
        let first = ring.slot(10);
        assert!(first.is_new && !ring.slot(10).is_new);
        assert_eq!(ring.find(10), Some(first.index));
        let newer = ring.slot(15);
        assert_eq!((newer.index, newer.is_new), (first.index, true));
        assert_eq!(ring.find(10), None);
        let late = Slot {
            is_new: false,
            ..newer
        };
        assert_eq!(ring.slot(10), late, "a late bucket counts as the newer one");
        assert!(ring.reaches(110, 150) && !ring.reaches(109, 150));
        assert!(ring.window(150).eq(11..=15));
    }
}
