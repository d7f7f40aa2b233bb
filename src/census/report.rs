//! What the census reports about a window.

use serde::Serialize;

use crate::{
    caller::Kinds,
    time::{
        Timestamp,
        timeline::{Moment, seconds},
    },
};

use super::{
    open_error::OpenCensusErrorKind,
    overflow::{Overflow, RELATIVE_ERROR},
    record::{CallerState, NEVER, REGRESSED, Record},
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
/// Each known caller is in exactly one of `never_dependent`, `dependent`, `inconclusive`, `migrated` and `inactive`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Counts {
    /// All callers seen and not forgotten, in the window or before it.
    pub known: u64,
    /// Those that never got a dependent response.
    pub never_dependent: u64,
    /// Those whose last dependent response is in the window, not seen as target callers since.
    pub dependent: u64,
    /// Of the dependent ones those with a stranded response in the window.
    pub stranded: u64,
    /// Of the dependent ones those that had migrated before.
    pub regressed: u64,
    /// Depended before, seen in the window, but without a dependent response in it and not migrated.
    pub inconclusive: u64,
    /// Depended before, seen as target callers since and not dependent again, whenever that was.
    pub migrated: u64,
    /// Depended before, not migrated, not seen in the window.
    pub inactive: u64,
    /// Callers ever forgotten because they were not seen for the retention.
    pub forgotten: u64,
    /// Of the forgotten ones those that had depended and not migrated.
    pub forgotten_dependents: u64,
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
    /// About how many of these are dependent.
    pub dependent: u64,
    /// The relative error of both, which covers the true number in 95 of 100 cases.
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
    pub(super) fn count(&mut self, record: &Record, since: u32) {
        self.known += 1;
        match record.state(since) {
            CallerState::NeverDependent => self.never_dependent += 1,
            CallerState::Dependent => {
                self.dependent += 1;
                self.stranded += u64::from(record.is_stranded(since));
                self.regressed += u64::from(record.has(REGRESSED));
            }
            CallerState::Inconclusive => self.inconclusive += 1,
            CallerState::Migrated => self.migrated += 1,
            CallerState::Inactive => self.inactive += 1,
        }
    }

    /// Adds those of another kind.
    pub(super) fn add(&mut self, more: &Self) {
        self.known += more.known;
        self.never_dependent += more.never_dependent;
        self.dependent += more.dependent;
        self.stranded += more.stranded;
        self.regressed += more.regressed;
        self.inconclusive += more.inconclusive;
        self.migrated += more.migrated;
        self.inactive += more.inactive;
        self.forgotten = self.forgotten.saturating_add(more.forgotten);
        let dependents = self.forgotten_dependents;
        self.forgotten_dependents = dependents.saturating_add(more.forgotten_dependents);
        self.responses.add(&more.responses);
    }
}

/// A report under construction.
pub(super) struct ReportBuilder {
    since: u32,
    report: Report,
}

impl ReportBuilder {
    /// A report with everything but the callers of the table.
    pub(super) fn new(
        window: Window,
        kinds: &Kinds,
        now: &Moment,
        (watch, overflow): (&Watch, &Overflow),
    ) -> Self {
        let overflowed = (overflow.last != NEVER).then_some(overflow.last);
        let mut builder = Self {
            since: start(window, now),
            report: Report {
                window: window.label(),
                window_ms: window.as_millis(),
                at: Timestamp::from_unix_ms(now.wall),
                all: Counts::default(),
                kinds: kinds.names().map(no_counts).collect(),
                responses_since: Timestamp::from_unix_ms(now.wall),
                coverage: coverage_report(watch, window, now),
                estimate: None,
                last_overflow: overflowed.map(|second| now.timestamp(u64::from(second) * 1_000)),
                losses: losses(watch, now),
            },
        };
        builder.add_watched(now, watch);
        builder.add_estimate(now, overflow);
        builder
    }

    /// Counts callers into their kinds.
    pub(super) fn count(&mut self, records: &[Record]) {
        for record in records {
            let kind = &mut self.report.kinds[usize::from(record.kind)];
            kind.counts.count(record, self.since);
        }
    }

    /// Sums up the kinds.
    pub(super) fn finish(mut self) -> Report {
        for kind in &self.report.kinds {
            self.report.all.add(&kind.counts);
        }
        self.report
    }

    fn add_watched(&mut self, now: &Moment, watch: &Watch) {
        let level = watch.history.level(self.since, seconds(now.time));
        let counted = level.sum(self.since).into_iter().zip(&watch.forgotten);
        for (kind, (responses, forgotten)) in self.report.kinds.iter_mut().zip(counted) {
            kind.counts.responses = responses;
            kind.counts.forgotten = forgotten.callers;
            kind.counts.forgotten_dependents = forgotten.dependents;
        }
        self.report.responses_since = now.timestamp(level.rounded(self.since) * 1_000);
    }

    fn add_estimate(&mut self, now: &Moment, overflow: &Overflow) {
        let Some(estimates) = overflow.estimate(self.since, seconds(now.time)) else {
            return;
        };
        let mut whole = OverflowEstimate {
            callers: 0,
            dependent: 0,
            relative_error: RELATIVE_ERROR,
        };
        for (kind, estimate) in self.report.kinds.iter_mut().zip(estimates) {
            kind.counts.known += estimate.seen;
            kind.counts.never_dependent += estimate.seen - estimate.dependent;
            kind.counts.dependent += estimate.dependent;
            kind.counts.stranded += estimate.stranded;
            whole.callers += estimate.seen;
            whole.dependent += estimate.dependent;
        }
        self.report.estimate = Some(whole);
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "30 days in milliseconds are exact in 64-bit floats"
)]
fn coverage_report(watch: &Watch, window: Window, now: &Moment) -> CoverageReport {
    let from = now.time.saturating_sub(window.as_millis());
    let watched_ms = watch.coverage.watched_between(from, now.time);
    let gaps = watch.coverage.gaps_between(from, now.time);
    let newest = gaps.len().saturating_sub(CoverageReport::MAX_GAPS);
    let shown = gaps[newest..].iter().map(|(from, to, cause)| Gap {
        from: now.timestamp(*from),
        to: now.timestamp(*to),
        cause: *cause,
    });
    CoverageReport {
        ratio: watched_ms as f64 / window.as_millis() as f64,
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

/// The first second of a window that ends now, rounded outward.
pub(super) fn start(window: Window, now: &Moment) -> u32 {
    seconds(now.time.saturating_sub(window.as_millis()))
}

fn no_counts(kind: &str) -> KindCounts {
    KindCounts {
        kind: kind.to_owned(),
        counts: Counts::default(),
    }
}
