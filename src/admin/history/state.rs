//! The mutable state of a history, and the callers in it.

use std::{sync::Arc, time::Duration};

use super::{
    codec::{SavedCallers, SavedHistory, SavedRings},
    responses::{ResponseHistory, Totals},
    series_ring::SeriesRing,
    skips::SkipHistory,
    time_series::{CallerSeries, HistoryRange, TimeSeries},
};
use crate::{
    census::{Report, Window},
    rollout::{Evaluation, Stranded},
    time::{
        Timestamp,
        timeline::{Due, Moment, Timeline},
    },
};

/// What a history records. Only ticks and queries lock it.
#[derive(Debug)]
pub(super) struct HistoryState {
    /// The last sample.
    last: Moment,
    /// The moment by which times are shown: the latest at which the wall clock had jumped. Between jumps all buckets keep
    /// their shown times.
    shown_by: Moment,
    sample_due: Due,
    save_due: Due,
    /// The latest reports, and the time they were first seen.
    reports: (Arc<[Report]>, u64),
    /// The last evaluation of the rollout, and when it was asked for.
    evaluation: Option<(Arc<Evaluation>, u64)>,
    callers: CallerHistory,
    responses: ResponseHistory,
    pub(super) skips: SkipHistory,
}

/// How often a sample is taken, in milliseconds.
const SAMPLE_EVERY: u64 = 1_000;

/// The census makes new reports every few seconds. When they are older than this, in milliseconds, it does not tick.
const STALE: u64 = 30_000;

/// How long one evaluation of the rollout is recorded, in milliseconds.
const RENEW: u64 = 5_000;

/// Shown times are kept while they are right within this, in milliseconds.
pub(super) const TOLERANCE: u64 = 2_000;

impl HistoryState {
    /// A state whose time `shown.0` is shown as the wall time `shown.1`. A sample is due at once, the first save after the
    /// interval.
    pub(super) fn new(
        now: Moment,
        shown: (u64, u64),
        save_every: u64,
        (callers, responses): (CallerHistory, ResponseHistory),
    ) -> Self {
        let mut shown_by = now;
        (shown_by.time, shown_by.wall) = shown;
        Self {
            last: now,
            shown_by,
            sample_due: Due::at(now.time),
            save_due: Due::at(now.time.saturating_add(save_every)),
            reports: (Arc::new([]), now.time),
            evaluation: None,
            callers,
            responses,
            skips: SkipHistory::default(),
        }
    }

    /// Moves the time past any jump of the clock.
    pub(super) fn advance(&mut self, timeline: &Timeline, now: Moment) -> Moment {
        let step = self.last.step_to(&now, u64::MAX);
        timeline.forward(step.forward);
        let now = now.forwarded(step.forward);
        self.last = now;
        if now.unix_ms(self.shown_by.time).abs_diff(self.shown_by.wall) > TOLERANCE {
            self.shown_by = now;
        }
        now
    }

    pub(super) fn take_sample_due(&mut self) -> bool {
        self.sample_due.take(self.last.time, SAMPLE_EVERY)
    }

    pub(super) fn take_save_due(&mut self, every: u64) -> bool {
        self.save_due.take(self.last.time, every)
    }

    /// The last evaluation, while it may be recorded again.
    pub(super) fn recent_evaluation(&self, now: &Moment) -> Option<Arc<Evaluation>> {
        let (evaluation, at) = self.evaluation.as_ref()?;
        (now.time.saturating_sub(*at) < RENEW).then(|| Arc::clone(evaluation))
    }

    pub(super) fn keep_evaluation(&mut self, now: &Moment, evaluation: Arc<Evaluation>) {
        self.evaluation = Some((evaluation, now.time));
    }

    /// Records the report of one window, unless the reports are stale.
    pub(super) fn sample_callers(
        &mut self,
        now: &Moment,
        reports: Arc<[Report]>,
        window: usize,
        evaluation: Option<&Evaluation>,
    ) {
        if !Arc::ptr_eq(&self.reports.0, &reports) {
            self.reports = (reports, now.time);
        }
        let (reports, since) = &self.reports;
        if now.time.saturating_sub(*since) <= STALE
            && let Some(report) = reports.get(window)
        {
            let stranded = evaluation.and_then(|made| made.stranded.as_ref());
            self.callers.sample(now.time, report, stranded);
        }
    }

    /// When the callers that were sampled last were counted.
    pub(super) fn callers_at(&self) -> Option<Timestamp> {
        self.reports.0.first().map(|report| report.at)
    }

    /// Records the counts of the metrics.
    pub(super) fn sample_responses(&mut self, now: &Moment, totals: Totals) {
        self.responses.sample(now.time, totals);
    }

    pub(super) fn saved(&self, window: Window) -> SavedHistory {
        let time = self.last.time;
        SavedHistory {
            time,
            // Not the wall clock's reading: between jumps it may differ a little, and buckets would move at every restart.
            wall: self.shown_by.unix_ms(time),
            window_ms: window.as_millis(),
            callers: self.callers.saved(time),
            responses: self.responses.saved(time),
        }
    }

    /// How long ago the first bucket was recorded: exact to a minute, beyond a day to a quarter of an hour.
    pub(super) fn recorded_for(&self, time: u64) -> Duration {
        let age = |range: HistoryRange| {
            let ring = &self.callers.rings[range as usize];
            let first = ring.recorded(time).first().copied();
            let age = first.map_or(0, |first| time.saturating_sub(first * range.step_ms()));
            Duration::from_millis(age)
        };
        let all = age(HistoryRange::Month);
        if all < HistoryRange::Day.length() {
            age(HistoryRange::Day)
        } else {
            all
        }
    }

    pub(super) fn time_series(&self, range: HistoryRange, time: u64, window: String) -> TimeSeries {
        // A tick may have put the time forward meanwhile.
        let time = time.max(self.last.time);
        let (step_ms, len) = (range.step_ms(), range.len());
        let running = time - time % step_ms;
        let first = running - step_ms * (len as u64 - 1);
        TimeSeries {
            range: range.as_str(),
            from: self.shown_by.timestamp(first),
            step_ms,
            len,
            window,
            callers: self.callers.series(range, time),
            responses: self.responses.series(range, time),
        }
    }
}

/// The callers of each kind, in two columns: dependent and stranded.
#[derive(Debug)]
pub(super) struct CallerHistory {
    kinds: Vec<String>,
    rings: [SeriesRing; 3],
}

impl CallerHistory {
    pub(super) fn new(kinds: Vec<String>) -> Self {
        Self {
            kinds,
            rings: SeriesRing::all(),
        }
    }

    /// Records what the census reports now.
    pub(super) fn sample(&mut self, time: u64, report: &Report, by_rollout: Option<&Stranded>) {
        for ring in &mut self.rings {
            let slot = ring.record(time);
            for (number, kind) in report.kinds.iter().enumerate() {
                let callers = by_rollout.map_or(kind.counts.stranded, |found| {
                    let found = found.kinds.iter().find(|found| found.kind == kind.kind);
                    found.map_or(0, |found| found.stranded)
                });
                ring.raise(slot, dependent(number), kind.counts.dependent);
                ring.raise(slot, stranded(number), callers);
            }
        }
    }

    /// Merges what was saved. A kind that the census no longer has is `other`, as in the census.
    pub(super) fn restore(&mut self, saved: &SavedCallers) {
        let kind = |name| self.kinds.iter().position(|kind| kind == name);
        let kinds = saved.kinds.iter().map(|name| kind(name).unwrap_or(0));
        let kinds: Vec<_> = kinds.collect();
        let column = |column| Some(2 * kinds[column / 2] + column % 2);
        saved.rings.merge_into(&mut self.rings, column);
    }

    pub(super) fn saved(&self, time: u64) -> SavedCallers {
        SavedCallers {
            kinds: self.kinds.clone(),
            rings: SavedRings::new(&self.rings, time),
        }
    }

    pub(super) fn series(&self, range: HistoryRange, time: u64) -> Vec<CallerSeries> {
        let ring = &self.rings[range as usize];
        let series = |(kind, name): (usize, &String)| CallerSeries {
            kind: name.clone(),
            dependent: ring.values(time, dependent(kind)),
            stranded: ring.values(time, stranded(kind)),
        };
        self.kinds.iter().enumerate().map(series).collect()
    }
}

const fn dependent(kind: usize) -> usize {
    2 * kind
}

const fn stranded(kind: usize) -> usize {
    2 * kind + 1
}
