//! Metric families: name, kind, number type, unit, labels and help.

use crate::words::words;

/// The series of one name: what they measure, and the labels that distinguish them.
///
/// The families of this crate are constants; [`Family::ALL`] lists them.
///
/// ```
/// use legacy_http_compat::metrics::{Family, FamilyKind};
///
/// assert_eq!(Family::FLAG_ON.name, "legacy_http_compat_flag_on");
/// assert_eq!(Family::FLAG_ON.kind, FamilyKind::Gauge);
/// assert_eq!(Family::FLAG_ON.labels, ["flag"]);
///
/// const WAITED: Family = Family::counter("app_waited_seconds_total", &[], "Time spent waiting.").unit("s").float();
/// assert_eq!((WAITED.unit, WAITED.number.as_str()), ("s", "float"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Family {
    /// The name; that of a counter ends in `_total`.
    pub name: &'static str,
    /// How its values behave.
    pub kind: FamilyKind,
    /// The type of its values.
    pub number: NumberType,
    /// The unit of its values in UCUM, as OpenTelemetry takes it: `s`, `{caller}`; `1` for ratios and for no or yes.
    pub unit: &'static str,
    /// The names of the labels, in the order of the values of a sample.
    pub labels: &'static [&'static str],
    /// One sentence of description.
    pub help: &'static str,
}

/// How the values of a family behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "an adapter must be able to handle every kind"
)]
pub enum FamilyKind {
    /// Only rises. Equal counters that start with the process, from several sources, are parts of one sum.
    Counter(CounterStart),
    /// The present value.
    Gauge,
}

words! {
    /// Since when a counter counts.
    #[expect(
        clippy::exhaustive_enums,
        reason = "an adapter must be able to handle every start"
    )]
    pub enum CounterStart {
        /// From zero, since the start of the process.
        Process = "process",
        /// Since the beginning of a journal, over all processes that ever wrote it. Such a count is not an increase since
        /// the process started.
        Journal = "journal",
    }
}

words! {
    /// The type of the values of a family.
    #[expect(
        clippy::exhaustive_enums,
        reason = "an adapter must be able to handle every type"
    )]
    pub enum NumberType {
        /// [`Value::Count`](super::Value::Count).
        Integer = "integer",
        /// [`Value::Ratio`](super::Value::Ratio).
        Float = "float",
    }
}

impl FamilyKind {
    /// `counter` or `gauge`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter(_) => "counter",
            Self::Gauge => "gauge",
        }
    }
}

impl Family {
    /// Responses on endpoints of the contract. Source: [`Metrics`](super::Metrics).
    pub const RESPONSES: Self = Self::counter(
        "legacy_http_compat_responses_total",
        &["endpoint", "outcome", "client_kind", "shape"],
        "Responses on endpoints of the contract.",
    )
    .unit("{response}");
    /// Responses to dependent callers that were not rewritten. Source: [`Metrics`](super::Metrics).
    pub const SKIPPED: Self = Self::counter(
        "legacy_http_compat_skipped_total",
        &["endpoint", "reason"],
        "Responses to dependent callers that were not rewritten while the flag was on.",
    )
    .unit("{response}");
    /// Responses whose outcome could not be determined. Source: [`Metrics`](super::Metrics).
    pub const UNDETERMINED: Self = Self::counter(
        "legacy_http_compat_undetermined_total",
        &["endpoint", "reason"],
        "Responses whose outcome could not be determined, whatever the flag and the caller.",
    )
    .unit("{response}");
    /// Rehearsed legacy responses. Source: [`Metrics`](super::Metrics).
    pub const REHEARSED: Self = Self::counter(
        "legacy_http_compat_rehearsed_total",
        &["endpoint", "outcome", "result"],
        "Legacy responses that were rendered and dropped while the flag was off.",
    )
    .unit("{response}");
    /// Distinct callers. Source: [`Census`](crate::census::Census).
    pub const CALLERS: Self = Self::gauge(
        "legacy_http_compat_callers",
        &["flag", "client_kind", "state", "window"],
        "Distinct callers by state.",
    )
    .unit("{caller}");
    /// Whether the flag is on. Source: [`FlagReader`](crate::flag::FlagReader).
    pub const FLAG_ON: Self = Self::gauge(
        "legacy_http_compat_flag_on",
        &["flag"],
        "Whether the flag is on and responses are rewritten.",
    );
    /// The coverage of the census. Source: [`Census`](crate::census::Census).
    pub const CENSUS_COVERAGE_RATIO: Self = Self::gauge(
        "legacy_http_compat_census_coverage_ratio",
        &["flag", "window"],
        "Share of the window in which the census watched.",
    )
    .float();
    /// Whether the census had more callers than capacity. Source: [`Census`](crate::census::Census).
    pub const CENSUS_OVERFLOWED: Self = Self::gauge(
        "legacy_http_compat_census_overflowed",
        &["flag"],
        "Whether the numbers of callers contain an estimate.",
    );

    /// The phase of the rollout. Source: the rollout.
    pub const PHASE: Self = Self::gauge(
        "legacy_http_compat_phase",
        &["flag", "phase"],
        "Whether the rollout is in this phase.",
    );
    /// The transitions of the rollout. Source: the rollout.
    pub const TRANSITIONS: Self = Self::counter(
        "legacy_http_compat_transitions_total",
        &["flag", "from", "to"],
        "Transitions between phases of the rollout, since its journal began.",
    )
    .since_journal()
    .unit("{transition}");
    /// The gates of the next transition. Source: the rollout.
    pub const GATE_PASSED: Self = Self::gauge(
        "legacy_http_compat_gate_passed",
        &["flag", "gate"],
        "Whether the gate passes for the next transition of the rollout.",
    );
    /// The overdue obligations. Source: the rollout.
    pub const OVERDUE: Self = Self::gauge(
        "legacy_http_compat_overdue",
        &["flag", "obligation"],
        "Whether an obligation of the rollout is overdue.",
    );
    /// The missing post-analyses. Source: the rollout.
    pub const POST_ANALYSES_OPEN: Self = Self::gauge(
        "legacy_http_compat_post_analyses_open",
        &["flag"],
        "Rollbacks whose post-analysis is missing.",
    )
    .unit("{rollback}");

    /// The brownouts by how far they have come. Source: the rollout.
    pub const BROWNOUTS: Self = Self::gauge(
        "legacy_http_compat_brownouts",
        &["flag", "stage"],
        "Brownouts of the journal by how far they have come.",
    )
    .unit("{brownout}");
    /// When the running brownout started, or else the next one will; without a sample if there is none. Source: the rollout.
    pub const BROWNOUT_START_SECONDS: Self = Self::gauge(
        "legacy_http_compat_brownout_start_seconds",
        &["flag"],
        "Start of the running brownout, or else of the next one, in seconds since 1970.",
    )
    .unit("s")
    .float();
    /// When that ends. Source: the rollout.
    pub const BROWNOUT_END_SECONDS: Self = Self::gauge(
        "legacy_http_compat_brownout_end_seconds",
        &["flag"],
        "End of the running brownout, or else of the next one, in seconds since 1970.",
    )
    .unit("s")
    .float();
    /// The share of the last day for which the flag was off for brownouts. Source: the rollout.
    pub const BROWNOUT_RATIO: Self = Self::gauge(
        "legacy_http_compat_brownout_ratio",
        &["flag"],
        "Share of the last 24 hours in which the flag was off for brownouts.",
    )
    .unit("1")
    .float();

    /// The dependent callers without a waiver. Source: the rollout.
    pub const DEPENDENT_CALLERS: Self = Self::gauge(
        "legacy_http_compat_dependent_callers",
        &["flag", "client_kind"],
        "Distinct callers without a waiver that depended in the last 24 hours.",
    )
    .unit("{caller}");
    /// The stranded callers without a waiver. Source: the rollout.
    pub const STRANDED_CALLERS: Self = Self::gauge(
        "legacy_http_compat_stranded_callers",
        &["flag", "client_kind"],
        "Distinct callers without a waiver that were stranded since the flag last changed.",
    )
    .unit("{caller}");
    /// The stranded responses to anonymous callers without a waiver. Source: the rollout.
    pub const STRANDED_ANONYMOUS_RESPONSES: Self = Self::gauge(
        "legacy_http_compat_stranded_anonymous_responses",
        &["flag", "client_kind"],
        "Stranded responses to anonymous callers without a waiver since the flag last changed.",
    )
    .unit("{response}");
    /// Whether the journal fails. Source: the rollout.
    pub const JOURNAL_FAILING: Self = Self::gauge(
        "legacy_http_compat_journal_failing",
        &["flag"],
        "Whether the last read or write of the rollout journal failed.",
    );
    /// Whether the journal is stale. Source: the rollout, where several instances share its journal.
    pub const JOURNAL_STALE: Self = Self::gauge(
        "legacy_http_compat_journal_stale",
        &["flag"],
        "Whether the store of the journal cannot be reached, so that the last state may be old.",
    );
    /// Whether the journal has forked. Source: the rollout, where several instances share its journal.
    pub const JOURNAL_FORKED: Self = Self::gauge(
        "legacy_http_compat_journal_forked",
        &["flag"],
        "Whether the journal does not have an event that was read from it.",
    );
    /// The instances by state: `waiting` are those of the live ones that have not applied the last change of the flag, as far as
    /// is known. Source: the rollout, where several instances share its journal.
    pub const INSTANCES: Self = Self::gauge(
        "legacy_http_compat_instances",
        &["flag", "state"],
        "Instances that share the journal: live, lost, or live without the last change of the flag.",
    )
    .unit("{instance}");
    /// How long the last change of the flag took to get here. Source: the rollout, where several instances share its journal.
    pub const APPLIED_LAG_SECONDS: Self = Self::gauge(
        "legacy_http_compat_applied_lag_seconds",
        &["flag"],
        "Time from when the last change of the flag was journaled to when it was applied here.",
    )
    .unit("s")
    .float();

    /// How old the exchange with the other instances is. Source: the rollout, where several instances share its census.
    pub const EXCHANGE_AGE_SECONDS: Self = Self::gauge(
        "legacy_http_compat_exchange_age_seconds",
        &["flag"],
        "Time since this instance handed over what it counts, or read what the others count, whichever is longer.",
    )
    .unit("s")
    .float();
    /// Whether the store can be reached. Source: the rollout, where several instances share its journal or census.
    pub const STORE_UP: Self = Self::gauge(
        "legacy_http_compat_store_up",
        &["flag"],
        "Whether the store of journal and census could be reached the last time.",
    );
    /// How far the clock is off. Source: the rollout, where several instances share its journal.
    pub const CLOCK_OFFSET_SECONDS: Self = Self::gauge(
        "legacy_http_compat_clock_offset_seconds",
        &["flag"],
        "Time that the clock of this instance is ahead of the clock of the store; negative if it is behind.",
    )
    .unit("s")
    .float();

    /// The accepted losses of recorded events. Source: the rollout.
    pub const JOURNAL_LOSSES: Self = Self::gauge(
        "legacy_http_compat_journal_losses",
        &["flag"],
        "Losses of recorded events that were accepted, since the rollout journal began.",
    )
    .unit("{loss}");

    /// All families of the crate.
    pub const ALL: [Self; 29] = [
        Self::RESPONSES,
        Self::SKIPPED,
        Self::UNDETERMINED,
        Self::REHEARSED,
        Self::CALLERS,
        Self::FLAG_ON,
        Self::CENSUS_COVERAGE_RATIO,
        Self::CENSUS_OVERFLOWED,
        Self::PHASE,
        Self::TRANSITIONS,
        Self::GATE_PASSED,
        Self::OVERDUE,
        Self::POST_ANALYSES_OPEN,
        Self::BROWNOUTS,
        Self::BROWNOUT_START_SECONDS,
        Self::BROWNOUT_END_SECONDS,
        Self::BROWNOUT_RATIO,
        Self::DEPENDENT_CALLERS,
        Self::STRANDED_CALLERS,
        Self::STRANDED_ANONYMOUS_RESPONSES,
        Self::JOURNAL_FAILING,
        Self::JOURNAL_LOSSES,
        Self::JOURNAL_STALE,
        Self::JOURNAL_FORKED,
        Self::INSTANCES,
        Self::APPLIED_LAG_SECONDS,
        Self::EXCHANGE_AGE_SECONDS,
        Self::STORE_UP,
        Self::CLOCK_OFFSET_SECONDS,
    ];

    /// A family of integer counters that start with the process, of unit `1`. The name ends in `_total`.
    #[must_use]
    pub const fn counter(
        name: &'static str,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        Self {
            kind: FamilyKind::Counter(CounterStart::Process),
            ..Self::gauge(name, labels, help)
        }
    }

    /// A family of integer gauges, of unit `1`.
    #[must_use]
    pub const fn gauge(
        name: &'static str,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        Self {
            name,
            kind: FamilyKind::Gauge,
            number: NumberType::Integer,
            unit: "1",
            labels,
            help,
        }
    }

    /// The same of another unit.
    #[must_use]
    pub const fn unit(self, unit: &'static str) -> Self {
        Self { unit, ..self }
    }

    /// The same with values that are floats.
    #[must_use]
    pub const fn float(self) -> Self {
        Self {
            number: NumberType::Float,
            ..self
        }
    }

    /// The same as counters that start with a journal.
    #[must_use]
    pub const fn since_journal(self) -> Self {
        Self {
            kind: FamilyKind::Counter(CounterStart::Journal),
            ..self
        }
    }

    /// Whether equal series of several sources are parts of one sum: counters that start with the process are. A gauge
    /// and the count of a journal are facts, which do not double because two sources know them.
    #[must_use]
    pub const fn is_summed(&self) -> bool {
        matches!(self.kind, FamilyKind::Counter(CounterStart::Process))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::{RehearsalResult, Shape, SkipReason};

    /// The rows of all tables in the documentation of the module.
    fn rows() -> Vec<Vec<&'static str>> {
        let lines = include_str!("mod.rs").lines();
        let rows = lines.filter_map(|line| line.strip_prefix("//! |")?.strip_suffix('|'));
        rows.map(|row| row.split('|').map(str::trim).collect())
            .collect()
    }

    fn listed(names: &[&str]) -> String {
        let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        quoted.join(", ")
    }

    fn values(label: &str) -> &'static str {
        let name = format!("`{label}`");
        let mut rows = rows().into_iter();
        let row = rows.find(|row| row.len() == 2 && row[0] == name);
        row.unwrap_or_else(|| panic!("no values are documented for {label}"))[1]
    }

    #[test]
    fn the_table_of_names_has_each_family_as_the_code_has_it_and_no_other() {
        let documented: Vec<String> = rows()
            .iter()
            .filter(|row| row.len() == 6 && row[0].starts_with('`'))
            .map(|row| row.join(" | "))
            .collect();
        let coded = Family::ALL.map(|family| {
            let start = match family.kind {
                FamilyKind::Counter(start) => format!(", since {}", start.as_str()),
                FamilyKind::Gauge => String::new(),
            };
            [
                &listed(&[family.name]),
                &format!("{}{start}", family.kind.as_str()),
                family.number.as_str(),
                &listed(&[family.unit]),
                &listed(family.labels),
                family.help,
            ]
            .join(" | ")
        });
        assert_eq!(documented, coded);
    }

    #[test]
    fn each_family_of_a_rollout_or_a_census_says_which_flag_it_is_of() {
        let of_metrics = [
            Family::RESPONSES,
            Family::SKIPPED,
            Family::UNDETERMINED,
            Family::REHEARSED,
        ];
        for family in Family::ALL
            .iter()
            .filter(|family| !of_metrics.contains(family))
        {
            assert_eq!(family.labels.first(), Some(&"flag"), "{}", family.name);
        }
    }

    #[test]
    fn the_table_of_labels_has_each_label_and_its_values() {
        for label in Family::ALL.iter().flat_map(|family| family.labels) {
            assert!(!values(label).is_empty());
        }
        let shapes = [Shape::Target, Shape::Legacy].map(Shape::as_str);
        assert_eq!(values("shape"), listed(&shapes));
        let results = RehearsalResult::ALL.iter().map(|result| result.as_str());
        assert_eq!(values("result"), listed(&results.collect::<Vec<_>>()));
        #[cfg(feature = "rollout")]
        {
            use crate::rollout::{ObligationKind, Phase};
            let obligations = ObligationKind::ALL.iter().map(|kind| kind.as_str());
            assert_eq!(
                values("obligation"),
                listed(&obligations.collect::<Vec<_>>())
            );
            let phases = Phase::ALL.iter().map(|phase| phase.as_str());
            assert_eq!(values("phase"), listed(&phases.collect::<Vec<_>>()));
        }
        assert_eq!(
            values("reason"),
            listed(
                &SkipReason::ALL
                    .iter()
                    .map(|reason| reason.as_str())
                    .collect::<Vec<_>>()
            )
        );
    }
}
