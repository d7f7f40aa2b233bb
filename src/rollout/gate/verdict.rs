//! What a built-in gate finds.

use serde_json::{Value, json};

/// Whether a gate lets pass, and what that rests on.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) passed: bool,
    pub(super) evidence: Value,
}

impl Verdict {
    pub(super) fn new(passed: bool, evidence: Value) -> Self {
        Self { passed, evidence }
    }

    /// A gate that cannot know does not let pass.
    pub(super) fn unknown(why: &str) -> Self {
        Self::new(false, json!({ "unknown": why }))
    }
}
