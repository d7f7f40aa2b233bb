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
    /// The gates that failed, and what they said, if they never passed.
    pub(crate) stuck: Option<Stuck>,
    /// The largest difference by state.
    pub(crate) wrong_counts: BTreeMap<&'static str, u64>,
    /// How often the counts were compared.
    pub(crate) comparisons: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Stuck {
    pub(crate) gates: String,
    pub(crate) evidence: String,
}
