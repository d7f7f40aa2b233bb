//! Counts of responses, in total and over time.

use serde::{Deserialize, Serialize};

use crate::time::ring::Ring;

/// Counts of the responses to all callers. Each stops at its maximum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ResponseCounts {
    /// All responses on contract endpoints.
    pub all: u64,
    /// Of these the dependent ones, to known, uncounted and anonymous callers.
    pub dependent: u64,
    /// Of the dependent ones those to anonymous callers.
    pub dependent_anonymous: u64,
    /// Of the dependent ones those to callers that had no place in the table.
    pub dependent_unplaced: u64,
    /// Of the dependent ones those that were stranded.
    pub stranded: u64,
    /// Of the stranded ones those to anonymous callers.
    pub stranded_anonymous: u64,
    /// Responses that make an anonymous caller latent.
    pub latent_anonymous: u64,
}

impl ResponseCounts {
    pub(super) fn add(&mut self, more: &Self) {
        for (count, more) in [
            (&mut self.all, more.all),
            (&mut self.dependent, more.dependent),
            (&mut self.dependent_anonymous, more.dependent_anonymous),
            (&mut self.dependent_unplaced, more.dependent_unplaced),
            (&mut self.stranded, more.stranded),
            (&mut self.stranded_anonymous, more.stranded_anonymous),
            (&mut self.latent_anonymous, more.latent_anonymous),
        ] {
            *count = count.saturating_add(more);
        }
    }

    /// The counts in the order of the fields.
    #[cfg(feature = "postgres")]
    pub(crate) const fn to_array(self) -> [u64; 7] {
        [
            self.all,
            self.dependent,
            self.dependent_anonymous,
            self.dependent_unplaced,
            self.stranded,
            self.stranded_anonymous,
            self.latent_anonymous,
        ]
    }

    pub(super) fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// One level of the history: the last buckets of one width, in seconds.
#[derive(Debug)]
pub(super) struct Level {
    ring: Ring,
    kinds: usize,
    /// `kinds` counts for each slot of the ring.
    counts: Box<[ResponseCounts]>,
}

/// The counts of one kind in one bucket, as in a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BucketCounts {
    pub(crate) width: u32,
    pub(crate) number: u32,
    pub(crate) kind: u8,
    pub(crate) responses: ResponseCounts,
}

impl Level {
    fn new(width: u32, length: usize, kinds: usize) -> Self {
        Self {
            ring: Ring::new(width.into(), length),
            kinds,
            counts: vec![ResponseCounts::default(); length * kinds].into(),
        }
    }

    /// Adds to the bucket of this second. What comes for a bucket that was replaced already counts in the newer one:
    /// never less than there was.
    fn add(&mut self, second: u32, kind: usize, responses: &ResponseCounts) {
        let slot = self.ring.slot(u64::from(second) / self.ring.width());
        let first = slot.index * self.kinds;
        if slot.is_new {
            self.counts[first..first + self.kinds].fill(ResponseCounts::default());
        }
        self.counts[first + kind].add(responses);
    }

    fn reaches(&self, since: u32, now: u32) -> bool {
        self.ring.reaches(since.into(), now.into())
    }

    /// The start of the bucket that holds this second.
    pub(super) fn rounded(&self, since: u32) -> u64 {
        let since = u64::from(since);
        since - since % self.ring.width()
    }

    /// The counts per kind of all buckets that end after this second.
    pub(super) fn sum(&self, since: u32) -> Vec<ResponseCounts> {
        let oldest = u64::from(since) / self.ring.width();
        let mut sum = vec![ResponseCounts::default(); self.kinds];
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
    fn buckets(&self) -> impl Iterator<Item = (u64, &[ResponseCounts])> {
        let counts = self.counts.chunks_exact(self.kinds);
        self.ring.numbers().zip(counts)
    }

    /// All counts that are not zero.
    fn saved(&self) -> impl Iterator<Item = BucketCounts> {
        let buckets = self.buckets().flat_map(|(number, counts)| {
            let counts = (0..).zip(counts).filter(|(_, counts)| !counts.is_none());
            counts.map(move |(kind, responses)| (number, kind, *responses))
        });
        buckets.map(|(number, kind, responses)| BucketCounts {
            width: narrow(self.ring.width()),
            number: narrow(number),
            kind,
            responses,
        })
    }
}

/// Seconds of the timeline fit into 32 bits, and so do the numbers of their buckets.
fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The responses over time at several levels of detail; every response is in all of them.
#[derive(Debug)]
pub(super) struct ResponseHistory {
    levels: [Level; 3],
}

impl ResponseHistory {
    /// Ten-second buckets for an hour, minutes for a day, quarters of an hour for 30 days, each with two more buckets
    /// that a window touches at its ends.
    pub(super) fn new(kinds: usize) -> Self {
        Self {
            levels: [
                Level::new(10, 362, kinds),
                Level::new(60, 1_442, kinds),
                Level::new(900, 2_882, kinds),
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
    pub(super) fn level(&self, since: u32, now: u32) -> &Level {
        let [fine, middle, coarse] = &self.levels;
        [fine, middle]
            .into_iter()
            .find(|level| level.reaches(since, now))
            .unwrap_or(coarse)
    }

    /// The times without a response between these seconds, to the accuracy of the coarsest level; oldest first.
    #[cfg(feature = "rollout")]
    pub(super) fn pauses(&self, from: u64, to: u64) -> Vec<(u64, u64)> {
        let [.., coarse] = &self.levels;
        let width = coarse.ring.width();
        let used = coarse
            .buckets()
            .filter(|(_, counts)| counts.iter().any(|counts| counts.all > 0));
        let used = used.map(|(number, _)| (number * width, (number + 1) * width));
        let mut used: Vec<_> = used.filter(|(_, end)| *end > from).collect();
        used.sort_unstable();
        let ends = std::iter::once(from).chain(used.iter().map(|(_, end)| *end));
        let starts = used.iter().map(|(start, _)| *start).chain([to]);
        ends.zip(starts)
            .filter(|(end, start)| end < start)
            .collect()
    }

    /// All that a snapshot holds.
    pub(super) fn saved(&self) -> Vec<BucketCounts> {
        self.levels.iter().flat_map(Level::saved).collect()
    }

    /// Restores the counts of one bucket; those of a width that is no longer in use are ignored.
    pub(super) fn restore(&mut self, saved: &BucketCounts) {
        let width = u64::from(saved.width);
        let mut levels = self.levels.iter_mut();
        if let Some(level) = levels.find(|level| level.ring.width() == width) {
            let second = saved.number.saturating_mul(saved.width);
            level.add(second, saved.kind.into(), &saved.responses);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one() -> ResponseCounts {
        ResponseCounts {
            all: 1,
            ..ResponseCounts::default()
        }
    }

    #[test]
    fn a_window_is_rounded_outward_to_whole_buckets() {
        let mut level = Level::new(10, 5, 1);
        level.add(100, 0, &one());
        assert_eq!(level.sum(109)[0].all, 1);
        assert_eq!(level.sum(110)[0].all, 0);
        assert_eq!(level.rounded(109), 100);
    }

    #[test]
    fn what_comes_too_late_counts_as_newer() {
        let mut level = Level::new(10, 5, 1);
        level.add(150, 0, &one());
        level.add(100, 0, &one());
        assert_eq!(level.sum(150)[0].all, 2);
    }

    #[test]
    fn every_window_up_to_thirty_days_has_a_level_that_reaches_it() {
        let history = ResponseHistory::new(1);
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
                assert_eq!(level.ring.width(), width, "{length} at {now}");
            }
        }
    }
}
