//! A condition of a transition, what it is evaluated on, and the evaluation.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use crate::{
    census::{Census, Window},
    metrics::Metrics,
    rollout::{
        evidence::{Evidence, GateReport, UnknownReason},
        names::Identifier,
        phase::Transition,
        policy::Policy,
        state::RolloutState,
    },
    time::Timestamp,
};

/// How many callers, incidents or rollbacks the evidence of a built-in gate lists.
pub(super) const MAX_LISTED: usize = 10;

/// Whether a built-in gate passes and its evidence, or why it could not be evaluated.
pub(super) type Verdict = Result<(bool, Evidence), UnknownReason>;

/// A condition of a transition.
///
/// The policy names the built-in gates of each transition. Custom gates are added to the rollout, and decide themselves
/// which transitions they apply to.
///
/// A gate is evaluated before a transition, for a dry run, and when status or metrics are read. It must
/// return at once and never wait for a network. A gate that panics fails.
///
/// ```
/// use legacy_http_compat::rollout::{gate::{Gate, GateContext, GateReport}, names::Identifier};
/// use serde_json::json;
///
/// /// No cutover on a Friday or at a weekend.
/// #[derive(Debug)]
/// struct Weekday(Identifier);
///
/// impl Gate for Weekday {
///     fn name(&self) -> Identifier {
///         self.0.clone()
///     }
///
///     fn report(&self, context: &GateContext<'_>) -> GateReport {
///         // 1970-01-01 was a Thursday; 0 is Monday.
///         let day = (context.now.unix_ms() / 86_400_000 + 3) % 7;
///         GateReport::new(self.name(), day < 4, json!({ "day": day }))
///     }
/// }
///
/// let gate: Box<dyn Gate> = Box::new(Weekday(Identifier::new("weekday")?));
/// assert_eq!(gate.name().as_str(), "weekday");
/// # Ok::<(), legacy_http_compat::rollout::names::InvalidText>(())
/// ```
pub trait Gate: fmt::Debug + Send + Sync {
    /// Its name, always the same.
    fn name(&self) -> Identifier;

    /// Whether it applies to a transition: by default to cutover and retirement. A rollback has none.
    fn applies_to(&self, step: Transition) -> bool {
        matches!(step, Transition::Cutover | Transition::Retire)
    }

    /// Evaluates the gate.
    fn report(&self, context: &GateContext<'_>) -> GateReport;
}

/// What a gate is evaluated on: state, policy, census and metrics.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct GateContext<'a> {
    /// The transition.
    pub step: Transition,
    /// The state of the rollout.
    pub state: &'a RolloutState,
    /// The policy in force.
    pub policy: &'a Policy,
    /// The census, if the rollout has one and it can be read.
    pub census: Option<&'a Census>,
    /// Why the census cannot be read.
    pub(crate) census_unknown: Option<UnknownReason>,
    /// Whether the census shows the callers of all processes that serve.
    pub census_is_shared: bool,
    /// The metrics, if the rollout has them.
    pub metrics: Option<&'a Metrics>,
    /// The time by the wall clock.
    pub now: Timestamp,
}

impl<'a> GateContext<'a> {
    /// The census, or why it is not known.
    pub(super) fn census(&self) -> Result<&'a Census, UnknownReason> {
        let unknown = self.census_unknown.unwrap_or(UnknownReason::NoCensus);
        self.census.ok_or(unknown)
    }

    /// The quiet window of this transition.
    #[must_use]
    pub const fn window(&self) -> Window {
        self.policy.quiet_window(self.step)
    }
}

/// Reports of all gates of a transition: the built-in ones that the policy names, then custom ones. A rollback
/// has none.
pub(in crate::rollout) fn evaluate(
    context: &GateContext<'_>,
    custom: &[Arc<dyn Gate>],
) -> Vec<GateReport> {
    if !context.step.is_gated() {
        return Vec::new();
    }
    let built_in = context.policy.gates.of(context.step);
    let built_in = built_in.map(|gate| report(&gate, context));
    let custom = custom.iter().filter(|gate| gate.applies_to(context.step));
    built_in
        .chain(custom.map(|gate| report(&**gate, context)))
        .collect()
}

/// A report always has the name under which its gate was added: a cutover overrides gates by this name.
fn report(gate: &dyn Gate, context: &GateContext<'_>) -> GateReport {
    let name = gate.name();
    match catch_unwind(AssertUnwindSafe(|| gate.report(context))) {
        Ok(report) if report.name == name => report,
        Ok(report) => GateReport::new(name, report.passed, report.evidence.clone()),
        Err(_) => GateReport::new(name, false, UnknownReason::Panicked),
    }
}
