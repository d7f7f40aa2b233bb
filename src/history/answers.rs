//! What was answered, over time.

use std::collections::HashMap;

use super::{
    curves::AnswerCurve,
    pair::{Pair, Served},
    ring::Ring,
    span::Span,
};

/// The answers of each pair: two columns for a pair, those in target and those in legacy shape.
#[derive(Debug)]
pub(super) struct Answers {
    /// By place; the first is that of the excess.
    pairs: Vec<Pair>,
    places: HashMap<Pair, usize>,
    /// What was counted when the last sample was taken.
    counted: HashMap<Pair, Served>,
    rings: [Ring; 3],
}

/// The most pairs, that of the excess included.
pub(super) const MAX_PAIRS: usize = 256;

/// The place of the excess.
const EXCESS: usize = 0;

impl Answers {
    /// Of what is counted already nobody knows when it came: it is the base, and shown nowhere.
    pub(super) fn new(base: Vec<(Pair, Served)>) -> Self {
        Self {
            pairs: vec![Pair::excess()],
            places: HashMap::from([(Pair::excess(), EXCESS)]),
            counted: base.into_iter().collect(),
            rings: Span::ALL.map(Ring::new),
        }
    }

    /// Takes in what the metrics count now.
    pub(super) fn sample(&mut self, time: u64, totals: Vec<(Pair, Served)>) {
        self.place(&totals);
        let places = self.rings.each_mut().map(|ring| ring.watch(time));
        for (pair, total) in totals {
            let number = self.places.get(&pair).copied().unwrap_or(EXCESS);
            let earlier = self.counted.insert(pair, total).unwrap_or_default();
            let new = total.since(earlier);
            for (ring, place) in self.rings.iter_mut().zip(places) {
                ring.add(place, target(number), new.target);
                ring.add(place, legacy(number), new.legacy);
            }
        }
    }

    /// Gives new pairs their places: all of them ahead where there is room, so that their zeros are shown; where there is
    /// not, those that have been answered. The places go to what happens, not to what stands first in the contract.
    fn place(&mut self, totals: &[(Pair, Served)]) {
        let new = totals
            .iter()
            .filter(|(pair, _)| !self.places.contains_key(pair));
        let new: Vec<_> = new.cloned().collect();
        let room = MAX_PAIRS - self.pairs.len();
        let all = new.len() <= room;
        let placed = new
            .into_iter()
            .filter(|(_, total)| all || *total != Served::NONE);
        for (pair, _) in placed.take(room) {
            self.places.insert(pair.clone(), self.pairs.len());
            self.pairs.push(pair);
        }
    }

    pub(super) fn curves(&self, span: Span, time: u64) -> Vec<AnswerCurve> {
        let ring = &self.rings[span as usize];
        let curve = |(number, pair): (usize, &Pair)| AnswerCurve {
            endpoint: (*pair.endpoint).to_owned(),
            outcome: (*pair.outcome).to_owned(),
            target: ring.values(time, target(number)),
            legacy: ring.values(time, legacy(number)),
        };
        let mut curves: Vec<_> = self.pairs.iter().enumerate().map(curve).collect();
        curves.rotate_left(1);
        curves.pop_if(|excess| is_empty(excess));
        curves
    }
}

const fn target(number: usize) -> usize {
    2 * number
}

const fn legacy(number: usize) -> usize {
    2 * number + 1
}

fn is_empty(curve: &AnswerCurve) -> bool {
    let mut values = curve.target.iter().chain(&curve.legacy).flatten();
    values.all(|value| *value == 0)
}
