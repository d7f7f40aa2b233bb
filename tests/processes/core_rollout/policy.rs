//! The policy of the plan: every gate is on.

use legacy_http_compat::rollout::policy::Policy;

pub(crate) const TEXT: &str = include_str!("policy.json");

pub(crate) fn policy() -> Policy {
    Policy::from_json(TEXT).expect("the policy has no fault")
}
