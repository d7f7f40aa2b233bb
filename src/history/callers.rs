//! Who depended, over time.

use super::{curves::CallerCurve, ring::Ring, span::Span};
use crate::census::Report;

/// The callers of each kind: two columns for a kind, the dependent and the stranded ones.
#[derive(Debug)]
pub(super) struct Callers {
    kinds: Vec<String>,
    rings: [Ring; 3],
}

impl Callers {
    pub(super) fn new(kinds: &[String]) -> Self {
        Self {
            kinds: kinds.to_vec(),
            rings: Span::ALL.map(Ring::new),
        }
    }

    /// Takes in what the census says now.
    pub(super) fn sample(&mut self, time: u64, report: &Report) {
        for ring in &mut self.rings {
            let place = ring.watch(time);
            for (kind, counts) in report.kinds.iter().map(|kind| kind.counts).enumerate() {
                ring.raise(place, dependent(kind), counts.dependent);
                ring.raise(place, stranded(kind), counts.stranded);
            }
        }
    }

    pub(super) fn curves(&self, span: Span, time: u64) -> Vec<CallerCurve> {
        let ring = &self.rings[span as usize];
        let curve = |(kind, name): (usize, &String)| CallerCurve {
            kind: name.clone(),
            dependent: ring.values(time, dependent(kind)),
            stranded: ring.values(time, stranded(kind)),
        };
        self.kinds.iter().enumerate().map(curve).collect()
    }
}

const fn dependent(kind: usize) -> usize {
    2 * kind
}

const fn stranded(kind: usize) -> usize {
    2 * kind + 1
}
