//! How one policy differs from another, and where it is looser.

use std::{collections::BTreeSet, fmt, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    brownouts::BrownoutLimits,
    policy::{AutoRollback, Policy, RequiredGates},
};
use crate::{census::Window, rollout::phase::Transition, time::duration_text};

/// One difference between two policies.
///
/// It loosens where a gate or check is removed, a window is shortened, a ratio is lowered, or a limit is raised.
///
/// ```
/// use legacy_http_compat::rollout::policy::Policy;
///
/// let looser = Policy { min_responses: 1, ..Policy::default() };
/// let differences = Policy::default().differences(&looser);
/// assert_eq!(differences[0].to_string(), "/min_responses: 100 to 1 (looser)");
/// assert!(!looser.differences(&Policy::default())[0].loosens);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PolicyDifference {
    /// Its place in the policy as a JSON pointer (RFC 6901); of a list, with the item at its end: `/required_checks/openapi`.
    pub member: String,
    /// The value before; of an item of a list, whether it was there.
    pub from: Value,
    /// The value after.
    pub to: Value,
    /// Whether less is required than before.
    pub loosens: bool,
}

impl Policy {
    /// How another policy differs from this one, in the order of the members.
    #[must_use]
    pub fn differences(&self, to: &Self) -> Vec<PolicyDifference> {
        // All members by name: one that is added must be compared.
        let Self {
            opening_phase,
            required_checks,
            check_max_age,
            cutover_quiet_window,
            retirement_quiet_window,
            inactive_after,
            accept_unwatched,
            latent,
            max_silence,
            coverage_ratio,
            min_responses,
            processes,
            rollback_limit,
            auto_rollback,
            brownouts,
            retire_by,
            gates,
        } = self;
        let mut found = Differences::default();
        found.add(
            "/opening_phase",
            [json!(opening_phase), json!(to.opening_phase)],
            false,
        );
        found.items("/required_checks", required_checks, &to.required_checks);
        found.limit("/check_max_age", *check_max_age, to.check_max_age);
        found.window(
            "/cutover_quiet_window",
            *cutover_quiet_window,
            to.cutover_quiet_window,
        );
        found.window(
            "/retirement_quiet_window",
            *retirement_quiet_window,
            to.retirement_quiet_window,
        );
        found.window("/inactive_after", *inactive_after, to.inactive_after);
        found.add(
            "/accept_unwatched",
            [json!(accept_unwatched), json!(to.accept_unwatched)],
            to.accept_unwatched,
        );
        let looser = to.latent.blocks_less_than(*latent);
        found.add("/latent", [json!(latent), json!(to.latent)], looser);
        found.limit("/max_silence", *max_silence, to.max_silence);
        let looser = to.coverage_ratio < *coverage_ratio;
        found.add(
            "/coverage_ratio",
            [json!(coverage_ratio), json!(to.coverage_ratio)],
            looser,
        );
        let looser = to.min_responses < *min_responses;
        found.add(
            "/min_responses",
            [json!(min_responses), json!(to.min_responses)],
            looser,
        );
        let looser = to.processes < *processes;
        found.add(
            "/processes",
            [json!(processes), json!(to.processes)],
            looser,
        );
        found.limit("/rollback_limit", *rollback_limit, to.rollback_limit);
        found.auto_rollback(auto_rollback.as_ref(), to.auto_rollback.as_ref());
        found.brownouts(brownouts, &to.brownouts);
        let looser = later(*retire_by, to.retire_by);
        found.add(
            "/retire_by",
            [json!(retire_by), json!(to.retire_by)],
            looser,
        );
        found.gates(gates, &to.gates);
        found.0
    }

    /// Where this policy is looser than the default one.
    #[must_use]
    pub fn looser_than_default(&self) -> Vec<PolicyDifference> {
        let differences = Self::default().differences(self).into_iter();
        differences.filter(|found| found.loosens).collect()
    }
}

#[derive(Default)]
struct Differences(Vec<PolicyDifference>);

impl Differences {
    fn add(&mut self, member: impl Into<String>, [from, to]: [Value; 2], loosens: bool) {
        if from != to {
            self.0.push(PolicyDifference {
                member: member.into(),
                from,
                to,
                loosens,
            });
        }
    }

    fn limit(&mut self, member: &str, from: Duration, to: Duration) {
        let texts = [from, to].map(|length| json!(duration_text::write(length)));
        self.add(member, texts, to > from);
    }

    fn window(&mut self, member: &str, from: Window, to: Window) {
        let (from, to) = (from.length(), to.length());
        let texts = [from, to].map(|length| json!(duration_text::write(length)));
        self.add(member, texts, to < from);
    }

    fn items<T: fmt::Display + Ord>(&mut self, list: &str, from: &[T], to: &[T]) {
        let [before, after]: [BTreeSet<&T>; 2] = [from, to].map(|list| list.iter().collect());
        for item in before.symmetric_difference(&after) {
            let removed = before.contains(*item);
            self.add(
                format!("{list}/{item}"),
                [json!(removed), json!(!removed)],
                removed,
            );
        }
    }

    fn auto_rollback(&mut self, from: Option<&AutoRollback>, to: Option<&AutoRollback>) {
        let (Some(before), Some(after)) = (from, to) else {
            let loosens = from.is_some();
            return self.add("/auto_rollback", [json!(from), json!(to)], loosens);
        };
        let texts = [before, after].map(|limits| json!(duration_text::write(limits.window)));
        self.add("/auto_rollback/window", texts, after.window < before.window);
        let [from, to] = [before.stranded_callers, after.stranded_callers];
        self.add(
            "/auto_rollback/stranded_callers",
            [json!(from), json!(to)],
            later(from, to),
        );
        let [from, to] = [before.stranded_percent, after.stranded_percent];
        self.add(
            "/auto_rollback/stranded_percent",
            [json!(from), json!(to)],
            later(from, to),
        );
    }

    fn brownouts(&mut self, from: &BrownoutLimits, to: &BrownoutLimits) {
        self.add(
            "/brownouts/share_of_day",
            [json!(from.share_of_day), json!(to.share_of_day)],
            to.share_of_day > from.share_of_day,
        );
        let texts = [from, to].map(|limits| json!(duration_text::write(limits.notice)));
        self.add("/brownouts/notice", texts, to.notice < from.notice);
        self.add(
            "/brownouts/weekends",
            [json!(from.weekends), json!(to.weekends)],
            to.weekends,
        );
    }

    fn gates(&mut self, from: &RequiredGates, to: &RequiredGates) {
        for step in Transition::ALL.iter().copied() {
            let [before, after]: [Vec<_>; 2] = [from, to].map(|gates| gates.of(step).collect());
            self.items(&format!("/gates/{step}"), &before, &after);
        }
    }
}

/// Whether a limit was removed or raised.
fn later<T: PartialOrd>(from: Option<T>, to: Option<T>) -> bool {
    match (from, to) {
        (Some(from), Some(to)) => to > from,
        (from, _) => from.is_some(),
    }
}

impl fmt::Display for PolicyDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let looser = if self.loosens { " (looser)" } else { "" };
        write!(f, "{}: {} to {}{looser}", self.member, self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollout::gate::BuiltInGate;

    fn strict() -> Policy {
        Policy {
            required_checks: vec!["openapi".parse().unwrap()],
            auto_rollback: Some(AutoRollback {
                window: Duration::from_secs(1_800),
                stranded_callers: Some(5),
                stranded_percent: None,
            }),
            retire_by: Some("2027-01-01T00:00:00Z".parse().unwrap()),
            ..Policy::default()
        }
    }

    fn loosened(to: &Policy) -> Vec<String> {
        let differences = strict().differences(to).into_iter();
        let looser = differences.filter(|found| found.loosens);
        looser.map(|found| found.member).collect()
    }

    fn guard(policy: &mut Policy) -> &mut AutoRollback {
        policy.auto_rollback.as_mut().unwrap()
    }

    #[test]
    fn whatever_requires_less_loosens() {
        type Change = fn(&mut Policy);
        let changes: [(&str, Change); 16] = [
            ("/required_checks/openapi", |policy| {
                policy.required_checks.clear();
            }),
            ("/check_max_age", |policy| policy.check_max_age *= 2),
            ("/cutover_quiet_window", |policy| {
                policy.cutover_quiet_window = Window::HOUR;
            }),
            ("/retirement_quiet_window", |policy| {
                policy.retirement_quiet_window = Window::DAY;
            }),
            ("/inactive_after", |policy| {
                policy.inactive_after = Window::DAY;
            }),
            ("/coverage_ratio", |policy| policy.coverage_ratio = 0.5),
            ("/min_responses", |policy| policy.min_responses = 1),
            ("/rollback_limit", |policy| policy.rollback_limit *= 2),
            ("/auto_rollback", |policy| policy.auto_rollback = None),
            ("/auto_rollback/window", |policy| guard(policy).window /= 2),
            ("/auto_rollback/stranded_callers", |policy| {
                guard(policy).stranded_callers = Some(6);
            }),
            ("/brownouts/share_of_day", |policy| {
                policy.brownouts.share_of_day = 0.06;
            }),
            ("/brownouts/notice", |policy| policy.brownouts.notice /= 2),
            ("/brownouts/weekends", |policy| {
                policy.brownouts.weekends = true;
            }),
            ("/retire_by", |policy| policy.retire_by = None),
            ("/gates/cutover/coverage", |policy| {
                policy.gates.cutover.remove(&BuiltInGate::Coverage);
            }),
        ];
        for (member, change) in changes {
            let mut to = strict();
            change(&mut to);
            assert_eq!(loosened(&to), [member]);
            let back = to.differences(&strict());
            assert!(back.len() == 1 && !back[0].loosens, "{back:?}");
        }
        assert_eq!(loosened(&strict()), [""; 0]);
    }

    #[test]
    fn a_looser_opening_policy_is_compared_with_the_default() {
        assert!(strict().looser_than_default().is_empty());
        let looser = Policy::permissive().looser_than_default();
        assert_eq!(looser[0].member, "/gates/enable/instrumentation");
    }
}
