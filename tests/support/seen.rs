//! What the operator sees of the fleet.

use serde::Deserialize;
use serde_json::Value;

use super::{http_client::HttpClient, operator::Operator, server::OPERATOR_TOKEN};

/// Callers of a kind or of all, by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Seen {
    pub(crate) known: u64,
    pub(crate) never_dependent: u64,
    pub(crate) dependent: u64,
    pub(crate) stranded: u64,
    pub(crate) regressed: u64,
    pub(crate) inconclusive: u64,
    pub(crate) migrated: u64,
    pub(crate) inactive: u64,
}

/// All callers in the last 24 hours.
pub(crate) async fn seen(core: &HttpClient) -> Seen {
    counts(&census(core, "24h").await["all"])
}

/// The whole of what an operator sees of a window.
pub(crate) async fn census(core: &HttpClient, window: &str) -> Value {
    let operator = Operator::new(core.clone(), OPERATOR_TOKEN);
    operator.report(window).await
}

/// The counts of one kind in a report.
pub(crate) fn of_kind(report: &Value, kind: &str) -> Seen {
    let kinds = report["kinds"].as_array().expect("a list");
    let found = kinds.iter().find(|counts| counts["kind"] == kind);
    counts(found.expect(kind))
}

fn counts(counts: &Value) -> Seen {
    Seen::deserialize(counts).expect("all counts are there")
}
