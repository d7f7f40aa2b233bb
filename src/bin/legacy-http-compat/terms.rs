//! What the command reads out of a policy.

use std::time::Duration;

use legacy_http_compat::rollout::{Policy, PolicyDocument};
use legacy_http_compat::time::Timestamp;

/// How long a rollback may last.
pub(crate) fn rollback_limit(policy: &PolicyDocument) -> Duration {
    understood(policy).rollback_limit()
}

/// When flag and code should be gone.
pub(crate) fn retire_by(policy: &PolicyDocument) -> Option<Timestamp> {
    understood(policy).retire_by()
}

/// The policy, or the usual one in place of one that another version wrote.
fn understood(policy: &PolicyDocument) -> Policy {
    Policy::from_document(policy).unwrap_or_default()
}

/// A duration as people say it, to the second, and finer only where it is shorter.
pub(crate) fn spoken(duration: Duration) -> String {
    let whole = Duration::from_secs(duration.as_secs());
    let shown = if whole.is_zero() { duration } else { whole };
    humantime::format_duration(shown).to_string()
}
