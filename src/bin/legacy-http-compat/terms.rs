//! What the command reads out of a policy.

use std::time::Duration;

use legacy_http_compat::rollout::{PolicyDocument, Timestamp};

/// How long a rollback may last where the policy does not say.
const ROLLBACK_LIMIT: Duration = Duration::from_secs(72 * 60 * 60);

/// How long a rollback may last.
pub(crate) fn rollback_limit(policy: &PolicyDocument) -> Duration {
    let limit = policy.members().get("rollback_limit");
    limit
        .and_then(|limit| limit.as_str())
        .and_then(|limit| humantime::parse_duration(limit).ok())
        .unwrap_or(ROLLBACK_LIMIT)
}

/// When flag and code should be gone: the end of that day, or the moment.
pub(crate) fn retire_by(policy: &PolicyDocument) -> Option<Timestamp> {
    let date = policy.members().get("retire_by")?.as_str()?;
    let end_of_day = || format!("{date}T23:59:59.999Z").parse();
    date.parse().or_else(|_| end_of_day()).ok()
}

/// A duration as people say it, to the second, and finer only where it is shorter.
pub(crate) fn spoken(duration: Duration) -> String {
    let whole = Duration::from_secs(duration.as_secs());
    let shown = if whole.is_zero() { duration } else { whole };
    humantime::format_duration(shown).to_string()
}
