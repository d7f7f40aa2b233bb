//! What a group of series is called and what it says.

/// Series of one name: what they count or measure, and the labels that tell them apart.
///
/// The crate's own are constants here; [`Family::ALL`] has them in one list.
///
/// ```
/// use legacy_http_compat::metrics::{Family, FamilyKind};
///
/// assert_eq!(Family::FLAG_ON.name(), "legacy_http_compat_flag_on");
/// assert_eq!(Family::FLAG_ON.kind(), FamilyKind::Gauge);
/// assert_eq!(Family::FLAG_ON.labels(), ["flag"]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    name: &'static str,
    kind: FamilyKind,
    labels: &'static [&'static str],
    help: &'static str,
}

/// How the numbers of a family behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FamilyKind {
    /// Only ever rises: from zero at the start of the process, or from where a journal says.
    Counter,
    /// What holds now.
    Gauge,
}

impl Family {
    /// Answers on endpoints of the contract, told by [`Metrics`](super::Metrics).
    pub const RESPONSES: Self = Self::counter(
        "legacy_http_compat_responses_total",
        &["endpoint", "outcome", "client_kind", "shape"],
        "Answers on endpoints of the contract.",
    );
    /// Answers that could not be rewritten or decided, told by [`Metrics`](super::Metrics).
    pub const SKIPPED: Self = Self::counter(
        "legacy_http_compat_skipped_total",
        &["endpoint", "reason"],
        "Answers that could not be rewritten, or whose outcome could not be told.",
    );
    /// Distinct callers, told by the census.
    pub const CALLERS: Self = Self::gauge(
        "legacy_http_compat_callers",
        &["client_kind", "state", "window"],
        "Distinct callers by what they need of the legacy shapes.",
    );
    /// The switch, told by a [`FlagReader`](crate::flag::FlagReader).
    pub const FLAG_ON: Self = Self::gauge(
        "legacy_http_compat_flag_on",
        &["flag"],
        "Whether answers are being rewritten.",
    );
    /// How long the census watched, told by the census.
    pub const CENSUS_COVERAGE_RATIO: Self = Self::gauge(
        "legacy_http_compat_census_coverage_ratio",
        &["window"],
        "Share of the window in which callers were being watched.",
    );
    /// Whether the census had more callers than places, told by the census.
    pub const CENSUS_OVERFLOWED: Self = Self::gauge(
        "legacy_http_compat_census_overflowed",
        &[],
        "Whether numbers of callers contain an estimate.",
    );

    /// Where the rollout stands, told by the rollout.
    pub const PHASE: Self = Self::gauge(
        "legacy_http_compat_phase",
        &["flag", "phase"],
        "Whether the rollout is in this phase.",
    );
    /// The steps taken, told by the rollout.
    pub const TRANSITIONS: Self = Self::counter(
        "legacy_http_compat_transitions_total",
        &["from", "to"],
        "Steps from one phase of the rollout to another, since its journal began.",
    );
    /// The gates of the next step, told by the rollout.
    pub const GATE_PASSED: Self = Self::gauge(
        "legacy_http_compat_gate_passed",
        &["gate"],
        "Whether the gate would let the next step of the rollout pass.",
    );
    /// What is late, told by the rollout.
    pub const OVERDUE: Self = Self::gauge(
        "legacy_http_compat_overdue",
        &["obligation"],
        "Whether something in the rollout is past its time.",
    );
    /// What rollbacks have left to be done, told by the rollout.
    pub const POST_ANALYSES_OPEN: Self = Self::gauge(
        "legacy_http_compat_post_analyses_open",
        &[],
        "Rollbacks whose post-analysis is missing.",
    );

    /// Whether the rollout's journal takes events.
    pub const JOURNAL_FAILING: Self = Self::gauge(
        "legacy_http_compat_journal_failing",
        &[],
        "Whether the journal of the rollout could not be read or written the last time.",
    );

    /// All families of the crate.
    pub const ALL: [Self; 12] = [
        Self::RESPONSES,
        Self::SKIPPED,
        Self::CALLERS,
        Self::FLAG_ON,
        Self::CENSUS_COVERAGE_RATIO,
        Self::CENSUS_OVERFLOWED,
        Self::PHASE,
        Self::TRANSITIONS,
        Self::GATE_PASSED,
        Self::OVERDUE,
        Self::POST_ANALYSES_OPEN,
        Self::JOURNAL_FAILING,
    ];

    /// A family of counters. The name ends in `_total`.
    #[must_use]
    pub const fn counter(
        name: &'static str,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        let kind = FamilyKind::Counter;
        Self {
            name,
            kind,
            labels,
            help,
        }
    }

    /// A family of gauges.
    #[must_use]
    pub const fn gauge(
        name: &'static str,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        let kind = FamilyKind::Gauge;
        Self {
            name,
            kind,
            labels,
            help,
        }
    }

    /// The name, with its `_total` where it counts.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// How its numbers behave.
    #[must_use]
    pub const fn kind(&self) -> FamilyKind {
        self.kind
    }

    /// The names of the labels, in the order in which a sample gives their values.
    #[must_use]
    pub const fn labels(&self) -> &'static [&'static str] {
        self.labels
    }

    /// One sentence on what it says.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        self.help
    }
}

impl FamilyKind {
    /// `counter` or `gauge`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
        }
    }
}
