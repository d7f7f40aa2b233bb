//! What the census says of a window.

use serde::Serialize;

use super::{
    coverage::Gap,
    open_error::OpenErrorKind,
    record::{CallerState, REGRESSED, Record},
    tally::ResponseCounts,
};

/// Who depended on the legacy shape in one window, by what the census saw.
///
/// A number of zero says something only where [`Report::coverage`] is near one and [`Report::estimate`] is `None`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The window's length as text, such as `24h`.
    pub window: String,
    /// The window's length in milliseconds.
    pub window_ms: u64,
    /// When the report was made, and the window ends; milliseconds since the Unix epoch.
    pub at_unix_ms: u64,
    /// All kinds together.
    pub all: Counts,
    /// Each kind, in the order of the configuration, `other` first.
    pub kinds: Vec<KindCounts>,
    /// From when on answers are counted in [`Counts::answers`]: the window's start rounded back to whole buckets of
    /// ten seconds (windows up to an hour), a minute (up to a day) or a quarter of an hour, so never less than there was.
    pub responses_since_unix_ms: u64,
    /// How much of the window was watched.
    pub coverage: CoverageReport,
    /// Set if callers were seen in the window for whom there was no place: the numbers then contain an estimate.
    pub estimate: Option<OverflowEstimate>,
    /// When a caller was last seen for whom there was no place; milliseconds since the Unix epoch.
    pub last_overflow_unix_ms: Option<u64>,
    /// Snapshots that could not be read and were given up, newest last.
    pub losses: Vec<SnapshotLoss>,
}

/// Callers and answers of one kind, or of all.
///
/// Each known caller is in exactly one of `independent`, `dependent`, `unsettled`, `migrated` and `silent`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Counts {
    /// All callers seen and not forgotten, in the window or before it.
    pub known: u64,
    /// Those that never got a dependent answer.
    pub never_dependent: u64,
    /// Those whose last dependent answer lies in the window, not seen status-driven since.
    pub dependent: u64,
    /// Of the dependent ones those with a stranded answer in the window.
    pub stranded: u64,
    /// Of the dependent ones those that had migrated before.
    pub regressed: u64,
    /// Depended once, seen in the window, but without a dependent answer in it and not migrated.
    pub inconclusive: u64,
    /// Depended once, seen status-driven since and not dependent again, whenever that was.
    pub migrated: u64,
    /// Depended once, not migrated, not seen at all in the window.
    pub inactive: u64,
    /// Callers forgotten because they were not seen for the retention, ever.
    pub forgotten: u64,
    /// Of the forgotten ones those that had depended and not migrated.
    pub forgotten_dependents: u64,
    /// Answers in the window, whoever got them.
    pub responses: ResponseCounts,
}

/// The counts of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct KindCounts {
    /// The kind's name.
    pub kind: String,
    /// Its callers and answers.
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
    /// The newest of these gaps, at most [`CoverageReport::MAX_GAPS`], oldest first, cut to the window.
    pub gaps: Vec<Gap>,
}

/// How far the numbers of a report are estimated.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct OverflowEstimate {
    /// About how many of the `known` callers had no place. They are counted among the known, dependent and stranded
    /// ones; a caller without a place counts as dependent as long as a dependent answer of it lies in the window,
    /// even if it migrated since. Their window is rounded back to whole minutes, hours (windows above an hour) or
    /// days (above a day).
    pub callers: u64,
    /// About how many of these are dependent.
    pub dependent: u64,
    /// The error of both, relative to them: the truth lies within it in 95 of 100 cases.
    pub relative_error: f64,
}

/// A snapshot that was given up on opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SnapshotLoss {
    /// When; milliseconds since the Unix epoch.
    pub at_unix_ms: u64,
    /// What was wrong with it.
    pub reason: OpenErrorKind,
}

impl CoverageReport {
    /// So many gaps are listed.
    pub const MAX_GAPS: usize = 100;
}

impl Report {
    /// Whether some numbers are estimates.
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
        let Self {
            known,
            never_dependent,
            dependent,
            stranded,
            regressed,
            inconclusive,
            migrated,
            inactive,
            forgotten,
            forgotten_dependents,
            responses,
        } = more;
        self.known += known;
        self.never_dependent += never_dependent;
        self.dependent += dependent;
        self.stranded += stranded;
        self.regressed += regressed;
        self.inconclusive += inconclusive;
        self.migrated += migrated;
        self.inactive += inactive;
        self.forgotten = self.forgotten.saturating_add(*forgotten);
        self.forgotten_dependents = self
            .forgotten_dependents
            .saturating_add(*forgotten_dependents);
        self.responses.add(responses);
    }
}
