//! All outcomes together, and the bars that they must meet.

use std::collections::BTreeMap;

use legacy_http_compat::rollout::Phase;

use crate::{outcome::Outcome, rotation::Rotation};

/// The most windows that a pass may come late in 95 of 100 cases.
const DELAY: f64 = 1.5;
const DELAY_AFTER_FAULTS: f64 = 2.5;

/// The delays with a bar each: to which phase, and whether without faults.
const BARS: [(Phase, bool); 4] = [
    (Phase::Cutover, true),
    (Phase::Cutover, false),
    (Phase::Retired, true),
    (Phase::Retired, false),
];

/// How many seeds of a cause are listed.
const LISTED: usize = 5;

pub(crate) struct Summary {
    /// By seed.
    pub(crate) outcomes: Vec<(u64, Outcome)>,
    pub(crate) rotations: Vec<Rotation>,
}

impl Summary {
    pub(crate) fn print(&self) {
        let calls: u64 = self.outcomes.iter().map(|(_, outcome)| outcome.calls).sum();
        println!("{} rollouts, {calls} observed calls", self.outcomes.len());
        self.print_ends();
        print_causes("false zeros", &self.false_zeros());
        let unknowable = |outcome: &Outcome| outcome.unknowable.clone();
        print_causes(
            "passed before a dependent was observed as such",
            &self.causes(|outcome| unknowable(outcome).into_iter().collect()),
        );
        for (to, faultless) in BARS {
            let delays = self.delays(to, faultless);
            let [p50, p95, max] = [0.5, 0.95, 1.0].map(|share| quantile(&delays, share));
            let label = if faultless { "without" } else { "with" };
            println!(
                "delay to {to} {label} faults, in windows, of {}: p50 {p50:.2}, p95 {p95:.2}, max {max:.2}",
                delays.len()
            );
        }
        print_causes("stuck", &self.stuck());
        self.print_latest();
        print_causes("gates that fail and do not say why", &self.unexplained());
        let comparisons: u64 = self
            .outcomes
            .iter()
            .map(|(_, outcome)| outcome.comparisons)
            .sum();
        println!("{comparisons} reports compared with the truth");
        print_causes("wrong counts", &self.wrong_counts());
        print_causes(
            "states counted differently by several instances",
            &self.causes(|outcome| outcome.doubts.keys().cloned().collect()),
        );
        self.print_rotations();
    }

    fn print_rotations(&self) {
        for rotation in &self.rotations {
            let [known, dependent, stranded] = rotation.differences;
            println!(
                "{} identities beyond the table: {known} known, {dependent} dependent, {stranded} stranded off, of {} allowed",
                rotation.beyond, rotation.allowed
            );
        }
    }

    pub(crate) fn meets_the_bars(&self) -> bool {
        self.false_zeros().is_empty()
            && self.stuck().is_empty()
            && self.wrong_counts().is_empty()
            && self.rotations.iter().all(Rotation::is_true)
            && self.unexplained().is_empty()
            && BARS.iter().all(|(to, faultless)| {
                let most = if *faultless {
                    DELAY
                } else {
                    DELAY_AFTER_FAULTS
                };
                quantile(&self.delays(*to, *faultless), 0.95) <= most
            })
    }

    fn print_ends(&self) {
        let retired = self
            .outcomes
            .iter()
            .filter(|(_, outcome)| outcome.is_retired);
        let rollbacks = self.outcomes.iter().map(|(_, outcome)| outcome.rollbacks);
        let rollbacks = rollbacks.fold([0, 0], |sum, more| [sum[0] + more[0], sum[1] + more[1]]);
        println!(
            "{} retired; cutovers rolled back: {} by the operator, {} automatically",
            retired.count(),
            rollbacks[0],
            rollbacks[1]
        );
    }

    fn unexplained(&self) -> Causes {
        self.causes(|outcome| outcome.unexplained.clone().into_iter().collect())
    }

    fn false_zeros(&self) -> Causes {
        self.causes(|outcome| outcome.false_zero.clone().into_iter().collect())
    }

    fn stuck(&self) -> Causes {
        let stuck = |outcome: &Outcome| outcome.stuck.map(|phase| phase.to_string());
        self.causes(|outcome| stuck(outcome).into_iter().collect())
    }

    fn wrong_counts(&self) -> Causes {
        self.causes(|outcome| outcome.wrong_counts.keys().cloned().collect())
    }

    /// What stood in the way of those that passed last, or never did.
    fn print_latest(&self) {
        let lateness = |outcome: &Outcome| {
            if outcome.stuck.is_some() {
                return f64::INFINITY;
            }
            let delays = outcome.delays.iter().map(|(_, delay)| *delay);
            delays.fold(0.0, f64::max)
        };
        let mut late: Vec<_> = self
            .outcomes
            .iter()
            .filter(|(_, outcome)| lateness(outcome) > DELAY)
            .collect();
        late.sort_by(|(_, one), (_, other)| lateness(other).total_cmp(&lateness(one)));
        for (seed, outcome) in late.into_iter().take(LISTED) {
            let late = lateness(outcome);
            println!("  seed {seed}, {late:.2} windows late: {}", outcome.failing);
        }
    }

    /// The seeds of each cause.
    fn causes(&self, of: impl Fn(&Outcome) -> Vec<String>) -> Causes {
        let mut causes = Causes::new();
        for (seed, outcome) in &self.outcomes {
            for cause in of(outcome) {
                causes.entry(cause).or_default().push(*seed);
            }
        }
        causes
    }

    fn delays(&self, to: Phase, faultless: bool) -> Vec<f64> {
        let outcomes = self
            .outcomes
            .iter()
            .filter(|(_, outcome)| outcome.faultless == faultless);
        let delays = outcomes.flat_map(|(_, outcome)| &outcome.delays);
        let delays = delays.filter(|(reached, _)| *reached == to);
        let mut delays: Vec<f64> = delays.map(|(_, delay)| *delay).collect();
        delays.sort_by(f64::total_cmp);
        delays
    }
}

type Causes = BTreeMap<String, Vec<u64>>;

fn print_causes(what: &str, causes: &Causes) {
    let total: usize = causes.values().map(Vec::len).sum();
    println!("{what}: {total}");
    let mut causes: Vec<_> = causes.iter().collect();
    causes.sort_by_key(|(_, seeds)| std::cmp::Reverse(seeds.len()));
    for (cause, seeds) in causes {
        let listed = &seeds[..seeds.len().min(LISTED)];
        println!("  {:5}  {cause} (seeds {listed:?})", seeds.len());
    }
}

/// 0 of nothing.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "an index of a short list"
)]
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let index = (sorted.len() as f64 * share).ceil() as usize;
    sorted
        .get(index.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}
