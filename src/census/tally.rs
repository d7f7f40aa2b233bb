//! Counts of answers, and the rings that keep them over time.

use serde::Serialize;

/// Counts of answers, whoever got them. Each stops at its maximum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ResponseCounts {
    /// All answers on contract endpoints.
    pub all: u64,
    /// Of these the dependent ones, of known, uncounted and anonymous callers.
    pub dependent: u64,
    /// Of the dependent ones those of anonymous callers.
    pub dependent_anonymous: u64,
    /// Of the dependent ones those that were stranded.
    pub stranded: u64,
}

impl ResponseCounts {
    pub(super) const NONE: Self = Self {
        all: 0,
        dependent: 0,
        dependent_anonymous: 0,
        stranded: 0,
    };

    pub(super) fn add(&mut self, more: &Self) {
        self.all = self.all.saturating_add(more.all);
        self.dependent = self.dependent.saturating_add(more.dependent);
        self.dependent_anonymous = self
            .dependent_anonymous
            .saturating_add(more.dependent_anonymous);
        self.stranded = self.stranded.saturating_add(more.stranded);
    }

    pub(super) fn is_none(&self) -> bool {
        *self == Self::NONE
    }
}

/// One level of the history: the last `length` buckets of `width` seconds each.
#[derive(Debug)]
pub(super) struct Ring {
    width: u32,
    kinds: usize,
    /// The number of the bucket (its start divided by the width) that each place holds.
    numbers: Box<[u32]>,
    /// `kinds` counts for each place.
    counts: Box<[ResponseCounts]>,
}

impl Ring {
    pub(super) fn new(width: u32, length: usize, kinds: usize) -> Self {
        Self {
            width,
            kinds,
            numbers: vec![0; length].into(),
            counts: vec![ResponseCounts::NONE; length * kinds].into(),
        }
    }

    /// Adds to the bucket of this second. What comes for a bucket that was overwritten already is put into the newer
    /// one: never less than there was.
    pub(super) fn add(&mut self, second: u32, kind: usize, responses: &ResponseCounts) {
        let number = second / self.width;
        let place = number as usize % self.numbers.len();
        let first = place * self.kinds;
        if self.numbers[place] < number {
            self.numbers[place] = number;
            self.counts[first..first + self.kinds].fill(ResponseCounts::NONE);
        }
        self.counts[first + kind].add(responses);
    }

    /// Whether the ring reaches back from `now` to this second, the whole bucket of that second included.
    pub(super) fn reaches(&self, since: u32, now: u32) -> bool {
        let buckets = (now / self.width - since.min(now) / self.width) as usize;
        buckets < self.numbers.len()
    }

    /// The start of the bucket that holds this second.
    pub(super) fn rounded(&self, since: u32) -> u32 {
        since - since % self.width
    }

    /// The counts per kind of all buckets that end after this second.
    pub(super) fn sum(&self, since: u32) -> Vec<ResponseCounts> {
        let oldest = since / self.width;
        let mut sum = vec![ResponseCounts::NONE; self.kinds];
        for (number, counts) in self.buckets() {
            if number >= oldest {
                for (sum, counts) in sum.iter_mut().zip(counts) {
                    sum.add(counts);
                }
            }
        }
        sum
    }

    /// Each bucket's number with its counts per kind, in no order.
    pub(super) fn buckets(&self) -> impl Iterator<Item = (u32, &[ResponseCounts])> {
        let counts = self.counts.chunks_exact(self.kinds);
        self.numbers.iter().copied().zip(counts)
    }

    pub(super) fn width(&self) -> u32 {
        self.width
    }
}

/// The history of answers at several levels of detail; every answer is in all of them.
#[derive(Debug)]
pub(super) struct History {
    levels: [Ring; 3],
}

impl History {
    /// Ten-second buckets for an hour, minutes for a day, quarters of an hour for 30 days, each with room for the two
    /// buckets that a window touches at its ends.
    pub(super) fn new(kinds: usize) -> Self {
        Self {
            levels: [
                Ring::new(10, 362, kinds),
                Ring::new(60, 1_442, kinds),
                Ring::new(900, 2_882, kinds),
            ],
        }
    }

    pub(super) fn add(&mut self, second: u32, kind: usize, responses: &ResponseCounts) {
        if !responses.is_none() {
            self.levels
                .iter_mut()
                .for_each(|level| level.add(second, kind, responses));
        }
    }

    /// The finest level that reaches back that far.
    pub(super) fn level(&self, since: u32, now: u32) -> &Ring {
        let [fine, middle, coarse] = &self.levels;
        [fine, middle]
            .into_iter()
            .find(|level| level.reaches(since, now))
            .unwrap_or(coarse)
    }

    pub(super) fn levels(&self) -> &[Ring] {
        &self.levels
    }

    /// Puts back the answers of one bucket; those of a width that is no longer in use are left out.
    pub(super) fn restore(
        &mut self,
        width: u32,
        number: u32,
        kind: usize,
        responses: &ResponseCounts,
    ) {
        let level = self.levels.iter_mut().find(|level| level.width == width);
        if let Some(level) = level {
            level.add(number.saturating_mul(width), kind, responses);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one() -> ResponseCounts {
        ResponseCounts {
            all: 1,
            ..ResponseCounts::NONE
        }
    }

    #[test]
    fn a_window_is_rounded_outward_to_whole_buckets() {
        let mut ring = Ring::new(10, 5, 1);
        ring.add(100, 0, &one());
        assert_eq!(ring.sum(109)[0].all, 1);
        assert_eq!(ring.sum(110)[0].all, 0);
        assert_eq!(ring.rounded(109), 100);
    }

    #[test]
    fn a_ring_forgets_what_it_has_gone_round() {
        let mut ring = Ring::new(10, 5, 1);
        ring.add(100, 0, &one());
        ring.add(150, 0, &one());
        assert_eq!(ring.sum(0)[0].all, 1);
        assert!(ring.reaches(110, 150) && !ring.reaches(109, 150));
    }

    #[test]
    fn what_comes_too_late_counts_as_newer() {
        let mut ring = Ring::new(10, 5, 1);
        ring.add(150, 0, &one());
        ring.add(100, 0, &one());
        assert_eq!(ring.sum(150)[0].all, 2);
    }

    #[test]
    fn every_window_up_to_thirty_days_has_a_level_that_reaches_it() {
        let history = History::new(1);
        for (length, width) in [
            (300, 10),
            (3_600, 10),
            (3_700, 60),
            (86_400, 60),
            (2_592_000, 900),
        ] {
            for now in [3_000_000, 3_000_899, 3_000_901] {
                let level = history.level(now - length, now);
                assert!(level.reaches(now - length, now));
                assert_eq!(level.width(), width, "{length} at {now}");
            }
        }
    }
}
