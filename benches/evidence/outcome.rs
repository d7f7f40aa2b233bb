//! What became of one simulated rollout.

use std::collections::BTreeMap;

/// What became of one simulated rollout.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) faultless: bool,
    pub(crate) calls: u64,
    /// The cause, if the gates passed while one lived that depended.
    pub(crate) false_zero: Option<String>,
    /// From the true zero, or the last due time, until the gates passed, in windows.
    pub(crate) delay: Option<f64>,
    /// Whether the gates never passed.
    pub(crate) is_stuck: bool,
    /// The gates that failed last while none depended.
    pub(crate) failing: Failing,
    /// The largest difference by state, and after which faults.
    pub(crate) wrong_counts: BTreeMap<String, u64>,
    /// How often the counts were compared.
    pub(crate) comparisons: u64,
}

/// Gates that fail, and what they say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Failing {
    pub(crate) gates: String,
    /// Whether they say that callers had no place in the census.
    pub(crate) lacks_places: bool,
    pub(crate) evidence: String,
}
