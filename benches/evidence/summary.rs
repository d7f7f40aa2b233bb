//! All outcomes together, and the bars that they must meet.

use std::collections::BTreeMap;

use crate::{outcome::Outcome, rotation::Rotation};

/// The most windows that a pass may come late in 95 of 100 cases.
const DELAY: f64 = 1.5;
const DELAY_AFTER_FAULTS: f64 = 2.5;

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
        print_causes("false zeros", &self.false_zeros());
        for (faultless, label) in [(true, "without faults"), (false, "with faults")] {
            let delays = self.delays(faultless);
            let [p50, p95, max] = [0.5, 0.95, 1.0].map(|share| quantile(&delays, share));
            println!(
                "delay {label}, in windows, of {}: p50 {p50:.2}, p95 {p95:.2}, max {max:.2}",
                delays.len()
            );
        }
        print_causes("stuck", &self.stuck());
        self.print_latest();
        let comparisons: u64 = self
            .outcomes
            .iter()
            .map(|(_, outcome)| outcome.comparisons)
            .sum();
        println!("{comparisons} reports compared with the truth");
        print_causes("wrong counts", &self.wrong_counts());
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
            && quantile(&self.delays(true), 0.95) <= DELAY
            && quantile(&self.delays(false), 0.95) <= DELAY_AFTER_FAULTS
    }

    fn false_zeros(&self) -> Causes {
        self.causes(|outcome| outcome.false_zero.clone().into_iter().collect())
    }

    fn stuck(&self) -> Causes {
        let stuck = |outcome: &Outcome| outcome.is_stuck.then(|| outcome.failing.gates.clone());
        self.causes(|outcome| stuck(outcome).into_iter().collect())
    }

    fn wrong_counts(&self) -> Causes {
        self.causes(|outcome| outcome.wrong_counts.keys().cloned().collect())
    }

    /// What stood in the way of those that passed last, or never did.
    fn print_latest(&self) {
        let lateness = |outcome: &Outcome| {
            if outcome.is_stuck {
                f64::INFINITY
            } else {
                outcome.delay.unwrap_or(0.0)
            }
        };
        let mut late: Vec<_> = self
            .outcomes
            .iter()
            .filter(|(_, outcome)| lateness(outcome) > DELAY)
            .collect();
        late.sort_by(|(_, one), (_, other)| lateness(other).total_cmp(&lateness(one)));
        for (seed, outcome) in late.into_iter().take(LISTED) {
            let (late, failing) = (lateness(outcome), &outcome.failing);
            println!(
                "  seed {seed}, {late:.2} windows late: {} {}",
                failing.gates, failing.evidence
            );
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

    fn delays(&self, faultless: bool) -> Vec<f64> {
        let outcomes = self
            .outcomes
            .iter()
            .filter(|(_, outcome)| outcome.faultless == faultless);
        let mut delays: Vec<f64> = outcomes.filter_map(|(_, outcome)| outcome.delay).collect();
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
