//! What the census reports about a window.

use serde::Serialize;

use crate::{
    caller::Kinds,
    time::{
        Timestamp,
        timeline::{Moment, TICKS, ticks, ticks_as_ms},
    },
};

use super::{
    bucket::Callers,
    open_error::OpenCensusErrorKind,
    overflow::{Estimate, Overflow, RELATIVE_ERROR},
    record::{CallerState, Judge, NEVER, REGRESSED, Record, SHARED},
    response_counts::ResponseCounts,
    watch::{Gap, Watch},
    window::Window,
};

/// The callers and responses of one window.
///
/// A zero is evidence only where [`Report::coverage`] is near one and [`Report::estimate`] is `None`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The length of the window as text, such as `24h`.
    pub window: String,
    /// The length of the window in milliseconds.
    pub window_ms: u64,
    /// When the report was made: the end of the window.
    pub at: Timestamp,
    /// All kinds together.
    pub all: Counts,
    /// Each kind, in the order of the configuration, `other` first.
    pub kinds: Vec<KindCounts>,
    /// The start of the time that [`Counts::responses`] covers: the start of the window, rounded back to whole buckets
    /// of ten seconds (windows up to an hour), a minute (up to a day) or a quarter of an hour, so never too few.
    pub responses_since: Timestamp,
    /// How much of the window was watched.
    pub coverage: CoverageReport,
    /// Set if callers without a place in the table were seen in the window: the numbers then contain an estimate.
    pub estimate: Option<OverflowEstimate>,
    /// When a caller without a place in the table was last seen.
    pub last_overflow: Option<Timestamp>,
    /// Snapshots that could not be read and were given up, newest last.
    pub losses: Vec<SnapshotLoss>,
}

/// Callers and responses of one kind, or of all.
///
/// Each known caller is in exactly one of `never_dependent`, `dependent`, `latent`, `inconclusive`, `migrated` and
/// `inactive`. One fingerprint under two kinds is a caller of each; in the counts of all kinds together it is one, in the
/// state that stands most in the way of a cutover.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Counts {
    /// All callers seen and not forgotten, in the window or before it.
    pub known: u64,
    /// Those that never got a dependent response, and are not latent.
    pub never_dependent: u64,
    /// Those whose last dependent response is in the window, and that have not migrated since.
    pub dependent: u64,
    /// Of the dependent ones those with a stranded response in the window.
    pub stranded: u64,
    /// Of the dependent ones those that had been target callers before.
    pub regressed: u64,
    /// Legacy callers seen in the window that never got a dependent response, and could have.
    pub latent: u64,
    /// Of the latent ones those that a version or a rule showed to be legacy callers.
    pub latent_identified: u64,
    /// Depended before, seen in the window, but without a dependent response in it and not migrated.
    pub inconclusive: u64,
    /// Depended before, seen as target callers since and not as legacy callers again.
    pub migrated: u64,
    /// Depended before or latent, not migrated, not seen as legacy callers in the window.
    pub inactive: u64,
    /// Of all callers those whose fingerprint was seen under another kind, too.
    pub shared_identity: u64,
    /// Callers ever forgotten because they were not seen for the retention.
    pub forgotten: u64,
    /// Of the forgotten ones those that had depended and not migrated.
    pub forgotten_dependents: u64,
    /// Target callers ever dropped from a full table.
    pub dropped: u64,
    /// Of the callers those without a place, by estimate.
    #[serde(skip)]
    pub(crate) unplaced: Estimate,
    /// Responses in the window, to all callers.
    pub responses: ResponseCounts,
}

/// The counts of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct KindCounts {
    /// The kind's name.
    pub kind: String,
    /// Its callers and responses.
    #[serde(flatten)]
    pub counts: Counts,
}

/// How much of a window was watched.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CoverageReport {
    /// The share of the window between 0 and 1 that lies between heartbeats of a running census.
    pub ratio: f64,
    /// The same in milliseconds.
    pub watched_ms: u64,
    /// How many gaps reach into the window.
    pub gap_count: usize,
    /// The newest of these gaps, at most [`CoverageReport::MAX_GAPS`], oldest first, clipped to the window.
    pub gaps: Vec<Gap>,
}

/// How far the numbers of a report are estimated.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct OverflowEstimate {
    /// About how many of the `known` callers had no place in the table. They are included in the known, dependent and
    /// stranded ones; such a caller counts as dependent as long as a dependent response to it is in the window, even if it
    /// migrated since. Their window is rounded back to whole minutes, hours (windows above an hour) or
    /// days (above a day).
    pub callers: u64,
    /// About how many of these are dependent; 0 only if none is.
    pub dependent: u64,
    /// About how many of these are latent, and did not depend; 0 only if none is.
    pub latent: u64,
    /// The relative error of all three, which covers the true number in 95 of 100 cases.
    pub relative_error: f64,
}

/// A snapshot that was given up when the census was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SnapshotLoss {
    /// When it was given up.
    pub at: Timestamp,
    /// What was wrong with it.
    pub reason: OpenCensusErrorKind,
}

impl CoverageReport {
    /// The most gaps that are listed.
    pub const MAX_GAPS: usize = 100;
}

impl Report {
    /// Whether some numbers are estimated.
    #[must_use]
    pub const fn overflowed(&self) -> bool {
        self.estimate.is_some()
    }

    /// The counts of the kind with this name.
    #[must_use]
    pub fn kind(&self, name: &str) -> Option<&Counts> {
        let kind = self.kinds.iter().find(|counts| counts.kind == name)?;
        Some(&kind.counts)
    }
}

impl Counts {
    fn count(&mut self, record: &Record, judge: Judge<'_>) {
        self.known += 1;
        self.shared_identity += u64::from(record.has(SHARED));
        match record.state(judge) {
            CallerState::NeverDependent => self.never_dependent += 1,
            CallerState::Dependent => {
                self.dependent += 1;
                self.stranded += u64::from(record.is_stranded(judge.since));
                self.regressed += u64::from(record.has(REGRESSED));
            }
            CallerState::Latent => {
                self.latent += 1;
                self.latent_identified += u64::from(record.is_identified(judge));
            }
            CallerState::Inconclusive => self.inconclusive += 1,
            CallerState::Migrated => self.migrated += 1,
            CallerState::Inactive => self.inactive += 1,
        }
    }

    /// Adds those of another kind.
    fn add(&mut self, more: &Self) {
        for (count, more) in self.callers_mut().into_iter().zip(more.callers()) {
            *count = count.saturating_add(more);
        }
        self.forgotten = self.forgotten.saturating_add(more.forgotten);
        let dependents = self.forgotten_dependents;
        self.forgotten_dependents = dependents.saturating_add(more.forgotten_dependents);
        self.dropped = self.dropped.saturating_add(more.dropped);
        self.unplaced.add(&more.unplaced);
        self.responses.add(&more.responses);
    }

    /// Takes away callers that were counted twice.
    fn subtract(&mut self, twice: &Self) {
        for (count, twice) in self.callers_mut().into_iter().zip(twice.callers()) {
            *count = count.saturating_sub(twice);
        }
    }

    fn callers(mut self) -> [u64; 11] {
        self.callers_mut().map(|count| *count)
    }

    fn callers_mut(&mut self) -> [&mut u64; 11] {
        [
            &mut self.known,
            &mut self.never_dependent,
            &mut self.dependent,
            &mut self.stranded,
            &mut self.regressed,
            &mut self.latent,
            &mut self.latent_identified,
            &mut self.inconclusive,
            &mut self.migrated,
            &mut self.inactive,
            &mut self.shared_identity,
        ]
    }
}

/// The callers of the table, counted for one window.
pub(super) struct Tally {
    /// The window, and the length in milliseconds of the time that it takes.
    window: (Window, u64),
    since: u32,
    kinds: Vec<Counts>,
    /// Callers that are counted under more than one kind, but for the one that counts.
    twice: Counts,
}

impl Tally {
    /// For a window, the length in milliseconds of the time that it takes, and its first tick.
    pub(super) fn new(window: (Window, u64), since: u32, kinds: usize) -> Self {
        Self {
            window,
            since,
            kinds: vec![Counts::default(); kinds],
            twice: Counts::default(),
        }
    }

    /// Counts the callers of a bucket into their kinds.
    pub(super) fn count(&mut self, records: &Callers, in_force: &[u32]) {
        let judge = Judge {
            since: self.since,
            in_force,
        };
        for record in records.iter() {
            self.kinds[usize::from(record.kind)].count(record, judge);
            if record.has(SHARED) && !counts_for_all(record, records, judge) {
                self.twice.count(record, judge);
            }
        }
    }

    /// The report of the window, which ends now.
    pub(super) fn report(
        self,
        kinds: &Kinds,
        now: &Moment,
        (watch, overflow): (&Watch, &Overflow),
    ) -> Report {
        let (window, length) = self.window;
        let counted = kinds.names().zip(self.kinds);
        let counted = counted.map(|(kind, counts)| KindCounts {
            kind: kind.to_owned(),
            counts,
        });
        let overflowed = (overflow.last != NEVER).then_some(overflow.last);
        let mut report = Report {
            window: window.label(),
            window_ms: length,
            at: Timestamp::from_unix_ms(now.wall),
            all: Counts::default(),
            kinds: counted.collect(),
            responses_since: Timestamp::from_unix_ms(now.wall),
            coverage: coverage_report(watch, length, now),
            estimate: None,
            last_overflow: overflowed.map(|tick| now.timestamp(ticks_as_ms(tick))),
            losses: losses(watch, now),
        };
        report.add_watched(self.since, now, watch);
        report.add_estimate(self.since, now, overflow);
        for kind in &report.kinds {
            report.all.add(&kind.counts);
        }
        report.all.subtract(&self.twice);
        report
    }
}

/// Whether it is, of the records of its fingerprint, the one by which the caller counts among all.
fn counts_for_all(record: &Record, bucket: &Callers, judge: Judge<'_>) -> bool {
    let same = bucket.own(record.fingerprint);
    let most = same.max_by_key(|other| (weight(other, judge), other.kind));
    most.is_none_or(|most| most.kind == record.kind)
}

/// How much a record stands in the way of a cutover.
fn weight(record: &Record, judge: Judge<'_>) -> (u8, bool, bool) {
    let state = match record.state(judge) {
        CallerState::NeverDependent => 0,
        CallerState::Migrated => 1,
        CallerState::Inactive => 2,
        CallerState::Inconclusive => 3,
        CallerState::Latent => 4,
        CallerState::Dependent => 5,
    };
    let (stranded, regressed) = (record.is_stranded(judge.since), record.has(REGRESSED));
    (state, stranded, regressed)
}

impl Report {
    fn add_watched(&mut self, since: u32, now: &Moment, watch: &Watch) {
        let since = since / TICKS;
        let level = watch.history.level(since, ticks(now.time) / TICKS);
        let counted = level.sum(since).into_iter().zip(&watch.forgotten);
        for (kind, (responses, forgotten)) in self.kinds.iter_mut().zip(counted) {
            kind.counts.responses = responses;
            kind.counts.forgotten = forgotten.callers;
            kind.counts.forgotten_dependents = forgotten.dependents;
            kind.counts.dropped = forgotten.dropped;
        }
        self.responses_since = now.timestamp(level.rounded(since) * 1_000);
    }

    fn add_estimate(&mut self, since: u32, now: &Moment, overflow: &Overflow) {
        let Some(estimates) = overflow.estimate(since, ticks(now.time)) else {
            return;
        };
        let mut whole = Estimate::default();
        for (kind, estimate) in self.kinds.iter_mut().zip(estimates) {
            kind.counts.known += estimate.seen;
            kind.counts.never_dependent += estimate.seen - estimate.dependent - estimate.latent;
            kind.counts.dependent += estimate.dependent;
            kind.counts.stranded += estimate.stranded;
            kind.counts.latent += estimate.latent;
            kind.counts.latent_identified += estimate.latent_identified.min(estimate.latent);
            kind.counts.unplaced = estimate;
            whole.add(&estimate);
        }
        self.estimate = Some(OverflowEstimate {
            callers: whole.seen,
            dependent: whole.dependent,
            latent: whole.latent,
            relative_error: RELATIVE_ERROR,
        });
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "30 days in milliseconds are exact in 64-bit floats"
)]
fn coverage_report(watch: &Watch, length: u64, now: &Moment) -> CoverageReport {
    let from = now.time.saturating_sub(length);
    let watched_ms = watch.coverage.watched_between(from, now.time);
    let gaps = watch.coverage.gaps_between(from, now.time);
    let newest = gaps.len().saturating_sub(CoverageReport::MAX_GAPS);
    let shown = gaps[newest..].iter().map(|(from, to, cause)| Gap {
        from: now.timestamp(*from),
        to: now.timestamp(*to),
        cause: *cause,
    });
    CoverageReport {
        ratio: watched_ms as f64 / length.max(1) as f64,
        watched_ms,
        gap_count: gaps.len(),
        gaps: shown.collect(),
    }
}

fn losses(watch: &Watch, now: &Moment) -> Vec<SnapshotLoss> {
    let loss = |(at, reason): &(u64, OpenCensusErrorKind)| SnapshotLoss {
        at: now.timestamp(*at),
        reason: *reason,
    };
    watch.losses.iter().map(loss).collect()
}

/// The first tick of a time of so many milliseconds that ends now, rounded outward.
pub(super) fn start(length: u64, now: &Moment) -> u32 {
    ticks(now.time.saturating_sub(length))
}
