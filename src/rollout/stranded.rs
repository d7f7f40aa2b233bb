//! The one definition of how many callers are stranded: for the view, the automatic rollback, metrics and pages.

use std::time::Duration;

use serde::Serialize;

#[cfg(feature = "cli")]
use super::state::RolloutState;
use super::{evidence::StrandedKind, state::WaiverCover};
use crate::{
    census::{Census, Select, Window},
    time::Timestamp,
};

/// The callers that are stranded since the flag last changed, waived ones aside.
///
/// A response of the same instant as the change, by the precision of the census, counts as one before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Stranded {
    /// When the flag last changed.
    pub since: Timestamp,
    /// Callers that got a target response since then though they depend on a legacy one, and have not migrated.
    pub callers: u64,
    /// Callers that depend: since then, or in the last 24 hours if that is longer.
    pub dependents: u64,
    /// Stranded callers that are waived; in no other figure.
    pub waived: u64,
    /// Callers that were stranded before the change, by at most 30 days, and not since.
    pub before: u64,
    /// Of these, the callers that got a legacy response since.
    pub served_again: u64,
    /// The kinds with stranded callers.
    pub kinds: Vec<StrandedKind>,
}

impl Stranded {
    /// The figures at a moment, for a flag that changed so long ago, and before that so much earlier.
    pub(super) fn new(
        census: &Census,
        waivers: &WaiverCover,
        now: Timestamp,
        (lasted, lasted_before): (Duration, Duration),
    ) -> Self {
        let since = earlier(now, lasted);
        let lasted_before = lasted_before.min(Window::MONTH.length());
        let before = earlier(since, lasted_before);
        let mut found = Self {
            since,
            callers: 0,
            dependents: dependents(census, waivers, lasted),
            waived: 0,
            before: 0,
            served_again: 0,
            kinds: Vec::new(),
        };
        // A second more than that: times are exact to a part of one.
        let reach = lasted.saturating_add(lasted_before) + Duration::from_secs(1);
        census.each_caller_in(reach, Select::Stranded, |row| {
            match (waivers.covers(&row), row.last_stranded) {
                (true, at) if found.is_later(at) => found.waived += 1,
                (false, at) if found.is_later(at) => found.add(&row.kind),
                (false, Some(at)) if at >= before => {
                    found.before += 1;
                    found.served_again += u64::from(found.is_later(row.last_dependent));
                }
                _ => {}
            }
        });
        if found.callers > 0 {
            found.know(census, lasted);
        }
        found
    }

    /// The figures at a moment by the journal; `None` if the flag has changed since.
    #[cfg(feature = "cli")]
    pub(crate) fn of_journal(
        census: &Census,
        state: &RolloutState,
        now: Timestamp,
    ) -> Option<Self> {
        let since = state.flag_changed.at;
        let waivers = WaiverCover::new(state, now);
        let lasted = (now.since(since), state.flag_lasted_before());
        (since <= now).then(|| Self::new(census, &waivers, now, lasted))
    }

    /// Whether a response came later than the change.
    pub(crate) fn is_later(&self, at: Option<Timestamp>) -> bool {
        at > Some(self.since)
    }

    /// The stranded callers of one kind.
    #[must_use]
    pub fn of_kind(&self, kind: &str) -> u64 {
        let found = self.kinds.iter().find(|found| found.kind == kind);
        found.map_or(0, |found| found.stranded)
    }

    fn add(&mut self, kind: &str) {
        self.callers += 1;
        match self.kinds.iter_mut().find(|found| found.kind == kind) {
            Some(found) => found.stranded += 1,
            None => self.kinds.push(StrandedKind {
                kind: kind.to_owned(),
                stranded: 1,
                known: 0,
            }),
        }
    }

    /// Adds how many callers of each kind are known.
    fn know(&mut self, census: &Census, lasted: Duration) {
        let report = census.report_in(lasted);
        for kind in &mut self.kinds {
            kind.known = report.kind(&kind.kind).map_or(0, |counts| counts.known);
        }
        self.kinds.sort_by(|one, other| one.kind.cmp(&other.kind));
    }
}

/// The callers that depend, waived ones aside: counted one by one, since a difference of totals is wrong while others count.
fn dependents(census: &Census, waivers: &WaiverCover, lasted: Duration) -> u64 {
    let length = lasted.max(Window::DAY.length());
    let mut known = 0;
    census.each_caller_in(length, Select::Dependent, |row| {
        known += u64::from(!waivers.covers(&row));
    });
    let report = census.report_in(length);
    let kinds = report.kinds.iter();
    let kinds = kinds.filter(|kind| !waivers.covers_kind(&kind.kind));
    let unplaced: u64 = kinds.map(|kind| kind.counts.unplaced.dependent).sum();
    known + unplaced
}

/// The longest window that the census has, or a shorter one of this length.
pub(super) fn window(length: Duration) -> Window {
    Window::new(length.max(Duration::from_millis(1))).unwrap_or(Window::MONTH)
}

fn earlier(at: Timestamp, by: Duration) -> Timestamp {
    let ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
    Timestamp::from_unix_ms(at.unix_ms().saturating_sub(ms))
}
