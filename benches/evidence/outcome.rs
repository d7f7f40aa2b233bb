//! What became of one simulated rollout.

use std::collections::BTreeMap;

use legacy_http_compat::rollout::Phase;

/// What became of one simulated rollout.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) faultless: bool,
    pub(crate) calls: u64,
    /// The cause, if the gates passed while one lived that depended.
    pub(crate) false_zero: Option<String>,
    /// The same where no census could know that it lives.
    pub(crate) unknowable: Option<String>,
    /// Of each pass: where it led to, and how long it took from the true zero, or the last due time, in windows.
    pub(crate) delays: Vec<(Phase, f64)>,
    /// How often a cutover was rolled back: by an operator, and automatically.
    pub(crate) rollbacks: [u32; 2],
    /// Whether it was retired.
    pub(crate) is_retired: bool,
    /// The phase in which the gates never passed.
    pub(crate) stuck: Option<Phase>,
    /// A gate that failed without saying why.
    pub(crate) unexplained: Option<String>,
    /// The gates that failed last while none depended.
    pub(crate) failing: String,
    /// The largest difference by state, and after which faults.
    pub(crate) wrong_counts: BTreeMap<String, u64>,
    /// The same of several instances, whose clocks leave in doubt which of two sightings came first.
    pub(crate) doubts: BTreeMap<String, u64>,
    /// How often the counts were compared.
    pub(crate) comparisons: u64,
}
