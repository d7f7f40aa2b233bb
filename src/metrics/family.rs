//! Metric families: name, kind, labels and help.

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
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Family {
    /// The name; that of a counter ends in `_total`.
    pub name: &'static str,
    /// How its values behave.
    pub kind: FamilyKind,
    /// The names of the labels, in the order of the values of a sample.
    pub labels: &'static [&'static str],
    /// One sentence of description.
    pub help: &'static str,
}

words! {
    /// How the values of a family behave.
    #[non_exhaustive]
    pub enum FamilyKind {
        /// Only rises: from zero at the start of the process, or from the state of a journal.
        Counter = "counter",
        /// The present value.
        Gauge = "gauge",
    }
}

impl Family {
    /// Responses on endpoints of the contract. Source: [`Metrics`](super::Metrics).
    pub const RESPONSES: Self = Self::counter(
        "legacy_http_compat_responses_total",
        &["endpoint", "outcome", "client_kind", "shape"],
        "Responses on endpoints of the contract.",
    );
    /// Responses to dependent callers that were not rewritten. Source: [`Metrics`](super::Metrics).
    pub const SKIPPED: Self = Self::counter(
        "legacy_http_compat_skipped_total",
        &["endpoint", "reason"],
        "Responses to dependent callers that were not rewritten while the flag was on.",
    );
    /// Responses whose outcome could not be determined. Source: [`Metrics`](super::Metrics).
    pub const UNDETERMINED: Self = Self::counter(
        "legacy_http_compat_undetermined_total",
        &["endpoint", "reason"],
        "Responses whose outcome could not be determined, whatever the flag and the caller.",
    );
    /// Distinct callers. Source: [`Census`](crate::census::Census).
    pub const CALLERS: Self = Self::gauge(
        "legacy_http_compat_callers",
        &["client_kind", "state", "window"],
        "Distinct callers by state.",
    );
    /// Whether the flag is on. Source: [`FlagReader`](crate::flag::FlagReader).
    pub const FLAG_ON: Self = Self::gauge(
        "legacy_http_compat_flag_on",
        &["flag"],
        "Whether the flag is on and responses are rewritten.",
    );
    /// The coverage of the census. Source: [`Census`](crate::census::Census).
    pub const CENSUS_COVERAGE_RATIO: Self = Self::gauge(
        "legacy_http_compat_census_coverage_ratio",
        &["window"],
        "Share of the window in which the census watched.",
    );
    /// Whether the census had more callers than capacity. Source: [`Census`](crate::census::Census).
    pub const CENSUS_OVERFLOWED: Self = Self::gauge(
        "legacy_http_compat_census_overflowed",
        &[],
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
        &["from", "to"],
        "Transitions between phases of the rollout, since its journal began.",
    );
    /// The gates of the next transition. Source: the rollout.
    pub const GATE_PASSED: Self = Self::gauge(
        "legacy_http_compat_gate_passed",
        &["gate"],
        "Whether the gate passes for the next transition of the rollout.",
    );
    /// The overdue obligations. Source: the rollout.
    pub const OVERDUE: Self = Self::gauge(
        "legacy_http_compat_overdue",
        &["obligation"],
        "Whether an obligation of the rollout is overdue.",
    );
    /// The missing post-analyses. Source: the rollout.
    pub const POST_ANALYSES_OPEN: Self = Self::gauge(
        "legacy_http_compat_post_analyses_open",
        &[],
        "Rollbacks whose post-analysis is missing.",
    );

    /// The stranded callers. Source: the rollout.
    pub const STRANDED: Self = Self::gauge(
        "legacy_http_compat_stranded_callers",
        &["client_kind"],
        "Callers stranded since the flag last changed, waived ones aside.",
    );
    /// Whether the journal fails. Source: the rollout.
    pub const JOURNAL_FAILING: Self = Self::gauge(
        "legacy_http_compat_journal_failing",
        &[],
        "Whether the last read or write of the rollout journal failed.",
    );

    /// All families of the crate.
    pub const ALL: [Self; 14] = [
        Self::RESPONSES,
        Self::SKIPPED,
        Self::UNDETERMINED,
        Self::CALLERS,
        Self::FLAG_ON,
        Self::CENSUS_COVERAGE_RATIO,
        Self::CENSUS_OVERFLOWED,
        Self::PHASE,
        Self::TRANSITIONS,
        Self::GATE_PASSED,
        Self::OVERDUE,
        Self::POST_ANALYSES_OPEN,
        Self::STRANDED,
        Self::JOURNAL_FAILING,
    ];

    /// A family of counters. The name ends in `_total`.
    #[must_use]
    pub const fn counter(
        name: &'static str,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        Self {
            kind: FamilyKind::Counter,
            ..Self::gauge(name, labels, help)
        }
    }

    /// A family of gauges.
    #[must_use]
    pub const fn gauge(
        name: &'static str,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        Self {
            name,
            kind: FamilyKind::Gauge,
            labels,
            help,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::{Shape, SkipReason};

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
            .filter(|row| row.len() == 4 && row[0].starts_with('`'))
            .map(|row| row.join(" | "))
            .collect();
        let coded = Family::ALL.map(|family| {
            let (name, kind) = (listed(&[family.name]), family.kind.as_str());
            [&name, kind, &listed(family.labels), family.help].join(" | ")
        });
        assert_eq!(documented, coded);
    }

    #[test]
    fn the_table_of_labels_has_each_label_and_its_values() {
        for label in Family::ALL.iter().flat_map(|family| family.labels) {
            assert!(!values(label).is_empty());
        }
        let shapes = [Shape::Target, Shape::Legacy].map(Shape::as_str);
        assert_eq!(values("shape"), listed(&shapes));
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
