//! What a gate is.

use std::fmt;

use super::context::GateContext;
use crate::rollout::{evidence::GateReport, phase::Transition, texts::Identifier};

/// Evidence that must hold before a step.
///
/// The built-in ones are named by the policy. One's own are added to the rollout, and say by themselves at which steps
/// they are asked.
///
/// A gate is asked before a step, for a dry run, and about every five seconds for the metrics: it must answer at once
/// from what it knows, and never wait for a network. One that panics has failed.
///
/// ```
/// use legacy_http_compat::rollout::{Gate, GateContext, GateReport, Identifier};
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
///         let day = (context.now().unix_ms() / 86_400_000 + 3) % 7;
///         GateReport::new(self.name(), day < 4, json!({ "day": day }))
///     }
/// }
///
/// let gate: Box<dyn Gate> = Box::new(Weekday(Identifier::new("weekday")?));
/// assert_eq!(gate.name().as_str(), "weekday");
/// # Ok::<(), legacy_http_compat::rollout::InvalidText>(())
/// ```
pub trait Gate: fmt::Debug + Send + Sync {
    /// Its name, always the same.
    fn name(&self) -> Identifier;

    /// Whether it is asked before this step. By default before cutover and retirement; the ways back ask no gate.
    fn applies_to(&self, step: Transition) -> bool {
        matches!(step, Transition::Cutover | Transition::Retire)
    }

    /// What it says.
    fn report(&self, context: &GateContext<'_>) -> GateReport;
}
