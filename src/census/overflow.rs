//! Callers without a place in the table, estimated by `HyperLogLog` sketches.
//!
//! An estimate of none is exactly 0, and up to some hundreds are counted exactly. Beyond, a difference from the truth is the
//! sketches' error: with 2,000 or 8,000 identities beyond a table of 4,096, reports were 22 to 62 off, of 66 and 261 that they
//! allow for. No restart and no order of the responses changes it, since a sketch depends on the set of fingerprints alone.
//!
//! A sketch cannot forget, so each covers one bucket of time, and a window merges those that it touches. A caller seen
//! without a place and known later is counted twice in a window that holds both: too many rather than too few.

use datasketches::hll::{Coupon, HllUnion};
use serde::{Deserialize, Serialize};

use crate::time::timeline::TICKS;

use super::{
    event::Dependence,
    record::NEVER,
    sketches::{LG_K, SETS, Sketches},
    striped_counters::Uncounted,
};

/// Two standard errors (1.04/√4096 each), which covers the true number in 95 of 100 cases. Up to some hundred callers
/// the sketches are practically exact.
pub(super) const RELATIVE_ERROR: f64 = 2.0 * 1.04 / 64.0;

/// Width in seconds and number of the buckets: minutes for an hour, hours for a day, days for 30 days, each with two more
/// that a window touches at its ends.
const LEVELS: [(u32, u32); 3] = [(60, 62), (3_600, 26), (86_400, 32)];

#[derive(Debug)]
pub(super) struct Overflow {
    pub(super) buckets: Vec<Bucket>,
    kinds: usize,
    /// The tick in which a caller last had no place, [`NEVER`] if all had one.
    pub(super) last: u32,
    /// Grows with each change.
    pub(super) changes: u64,
}

/// The callers of one bucket of time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Bucket {
    pub(crate) width: u32,
    /// The start divided by the width.
    pub(crate) number: u32,
    pub(crate) kind: u8,
    pub(in crate::census) sketches: Sketches,
}

/// About how many callers without a place there were; 0 only for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Estimate {
    pub(crate) seen: u64,
    pub(crate) dependent: u64,
    pub(crate) stranded: u64,
    /// Those among the others.
    pub(crate) latent: u64,
    /// All latent ones that are identified, whether or not they depended as well.
    pub(crate) latent_identified: u64,
}

impl Estimate {
    pub(super) fn add(&mut self, more: &Self) {
        self.seen += more.seen;
        self.dependent += more.dependent;
        self.stranded += more.stranded;
        self.latent += more.latent;
        self.latent_identified += more.latent_identified;
    }
}

impl Overflow {
    pub(super) fn new(kinds: usize) -> Self {
        Self {
            buckets: Vec::new(),
            kinds,
            last: NEVER,
            changes: 0,
        }
    }

    pub(super) fn add(&mut self, callers: &[Uncounted]) {
        self.changes += 1;
        for (width, _) in LEVELS {
            for caller in callers {
                self.last = self.last.max(caller.at);
                self.bucket(width, second(caller.at) / width, caller.kind)
                    .add(caller);
            }
        }
        self.expire(self.last);
    }

    /// The estimates per kind for the buckets that touch the time from tick `since` to `now`; `None` if every caller had a
    /// place in it.
    pub(super) fn estimate(&self, since: u32, now: u32) -> Option<Vec<Estimate>> {
        if self.last == NEVER || self.last < since {
            return None;
        }
        let (since, now) = (second(since), second(now));
        let width = level(since, now);
        let touched = |bucket: &&Bucket| bucket.width == width && bucket.number >= since / width;
        let of_kind = |kind: usize| {
            let touched = self.buckets.iter().filter(touched);
            estimate(touched.filter(|bucket| usize::from(bucket.kind) == kind))
        };
        Some((0..self.kinds).map(of_kind).collect())
    }

    /// Drops the buckets that no window can touch any more.
    pub(super) fn expire(&mut self, now: u32) {
        let now = second(now);
        self.buckets.retain(|bucket| {
            let level = LEVELS.iter().find(|(width, _)| *width == bucket.width);
            level.is_some_and(|(width, keep)| (now / width).saturating_sub(bucket.number) < *keep)
        });
    }

    fn bucket(&mut self, width: u32, number: u32, kind: u8) -> &mut Bucket {
        let wanted = (width, number, kind);
        let known = self
            .buckets
            .iter()
            .rposition(|bucket| (bucket.width, bucket.number, bucket.kind) == wanted);
        let index = known.unwrap_or_else(|| {
            self.buckets.push(Bucket {
                width,
                number,
                kind,
                sketches: Sketches::default(),
            });
            self.buckets.len() - 1
        });
        &mut self.buckets[index]
    }
}

impl Bucket {
    /// Whether there is a level with buckets of this width.
    pub(super) fn is_width(width: u32) -> bool {
        LEVELS.iter().any(|level| level.0 == width)
    }

    /// The last tick.
    pub(super) const fn last_tick(&self) -> u32 {
        (self.number + 1)
            .saturating_mul(self.width)
            .saturating_mul(TICKS)
            - 1
    }

    fn add(&mut self, caller: &Uncounted) {
        let coupon = Coupon::from_value(caller.fingerprint);
        let (dependence, latent) = (caller.dependence, caller.dependence == Dependence::Latent);
        let is_in = [
            true,
            dependence.is_dependent(),
            dependence == Dependence::Stranded,
            latent,
            latent && caller.identified,
        ];
        for (sketch, _) in self
            .sketches
            .0
            .iter_mut()
            .zip(is_in)
            .filter(|(_, is_in)| *is_in)
        {
            sketch.update_with_coupon(coupon);
        }
    }
}

/// The second of a tick.
const fn second(tick: u32) -> u32 {
    tick / TICKS
}

fn estimate<'a>(buckets: impl Iterator<Item = &'a Bucket>) -> Estimate {
    let empty = |_| HllUnion::new(LG_K).expect("4 to 21 is allowed");
    let mut unions: [HllUnion; SETS] = std::array::from_fn(empty);
    for bucket in buckets {
        for (union, sketch) in unions.iter_mut().zip(&bucket.sketches.0) {
            union.update(sketch);
        }
    }
    let [seen, dependent, stranded, latent, latent_identified] =
        unions.map(|union| rounded(&union));
    let dependent = dependent.min(seen);
    Estimate {
        seen,
        dependent,
        stranded: stranded.min(dependent),
        latent: latent.min(seen - dependent),
        latent_identified,
    }
}

/// The finest width that reaches back that far.
fn level(since: u32, now: u32) -> u32 {
    let reaches = |(width, keep): &&(u32, u32)| now / width - since.min(now) / width < *keep;
    let [.., coarsest] = &LEVELS;
    LEVELS.iter().find(reaches).unwrap_or(coarsest).0
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates, and an estimate is not negative"
)]
fn rounded(union: &HllUnion) -> u64 {
    union.estimate().round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Callers at a second.
    fn callers(
        at: u32,
        range: std::ops::Range<u128>,
        kind: u8,
        dependence: Dependence,
    ) -> Vec<Uncounted> {
        range
            .map(|fingerprint| Uncounted {
                at: at * TICKS,
                fingerprint,
                kind,
                dependence,
                identified: false,
            })
            .collect()
    }

    #[test]
    fn an_estimate_is_within_the_error_it_names() {
        let mut overflow = Overflow::new(2);
        overflow.add(&callers(100_000, 0..50_000, 0, Dependence::Stranded));
        overflow.add(&callers(100_100, 25_000..75_000, 1, Dependence::None));
        let kinds = overflow.estimate(99_000 * TICKS, 100_100 * TICKS).unwrap();
        for (estimate, truth) in [
            (kinds[0].seen, 50_000_u32),
            (kinds[0].stranded, 50_000),
            (kinds[1].seen, 50_000),
        ] {
            let estimate = f64::from(u32::try_from(estimate).unwrap());
            let error = (estimate - f64::from(truth)).abs() / f64::from(truth);
            assert!(error < RELATIVE_ERROR, "{estimate} for {truth}");
        }
        assert_eq!(kinds[1].dependent, 0);
    }

    #[test]
    fn identities_that_rotate_beyond_the_table_are_off_by_the_named_error_at_most() {
        for beyond in [1, 10, 100, 500, 2_000, 8_000] {
            let mut overflow = Overflow::new(2);
            // Spread over all bits, as a keyed hash is; seen twice, in two orders.
            let mut callers = callers(100_000, 1..beyond + 1, 0, Dependence::Stranded);
            for caller in &mut callers {
                caller.fingerprint = caller
                    .fingerprint
                    .wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
            }
            overflow.add(&callers);
            let once = overflow.estimate(99_000 * TICKS, 100_100 * TICKS).unwrap();
            callers.reverse();
            overflow.add(&callers);
            let kinds = overflow.estimate(99_000 * TICKS, 100_100 * TICKS).unwrap();
            assert_eq!(once, kinds, "the set alone counts");
            let truth = u64::try_from(beyond).unwrap();
            let off = kinds[0].stranded.abs_diff(truth);
            let allowed = if beyond <= 100 {
                0
            } else {
                truth * 325 / 10_000
            };
            assert!(off <= allowed, "{off} off of {beyond}, {allowed} allowed");
            assert_eq!(kinds[0].seen, kinds[0].stranded);
            assert_eq!((kinds[0].latent, kinds[1]), (0, Estimate::default()));
        }
    }

    #[test]
    fn few_callers_are_counted_exactly() {
        let mut overflow = Overflow::new(1);
        overflow.add(&callers(100_000, 0..100, 0, Dependence::Served));
        overflow.add(&callers(100_000, 0..100, 0, Dependence::Served));
        let estimate = overflow.estimate(99_000 * TICKS, 100_100 * TICKS).unwrap()[0];
        assert_eq!(
            (estimate.seen, estimate.dependent, estimate.stranded),
            (100, 100, 0)
        );
    }

    #[test]
    fn a_window_wholly_after_the_overflow_is_clean() {
        let mut overflow = Overflow::new(1);
        overflow.add(&callers(100_000, 0..10, 0, Dependence::Served));
        assert!(
            overflow
                .estimate(100_000 * TICKS, 100_001 * TICKS)
                .is_some()
        );
        assert!(
            overflow
                .estimate(100_001 * TICKS, 100_002 * TICKS)
                .is_none()
        );
    }

    #[test]
    fn permanent_overflow_keeps_a_bounded_number_of_buckets() {
        let mut overflow = Overflow::new(1);
        for minute in 0..60 * 24 * 40 {
            overflow.add(&callers(100_000 + minute * 60, 0..2, 0, Dependence::Served));
        }
        assert!(overflow.buckets.len() <= 62 + 26 + 32);
        let now = 100_000 + 60 * 60 * 24 * 40;
        let estimate = overflow
            .estimate((now - 30 * 86_400) * TICKS, (now) * TICKS)
            .unwrap()[0];
        assert_eq!(estimate.seen, 2);
    }
}
