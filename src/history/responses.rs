//! What was answered, over time.

use std::collections::HashMap;

use super::{
    curves::AnswerCurve,
    pair::{Pair, Served},
    ring::Ring,
    ring_bytes::{SavedRing, put_rings, read_rings},
    span::Span,
};
use crate::storage::codec::{Malformed, Put, Read, Reader};

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

/// The answers as they were saved.
#[derive(Debug)]
pub(super) struct SavedAnswers {
    pairs: Vec<Pair>,
    rings: [SavedRing; 3],
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
            self.add(pair);
        }
    }

    /// The place of a pair; that of a new one is behind all others.
    fn add(&mut self, pair: Pair) -> usize {
        let next = self.pairs.len();
        let place = *self.places.entry(pair.clone()).or_insert(next);
        if place == next {
            self.pairs.push(pair);
        }
        place
    }

    /// Takes in what was saved. A pair that had no answers for 30 days gives its place back.
    pub(super) fn restore(&mut self, saved: SavedAnswers) {
        let used = |number| {
            !saved
                .rings
                .iter()
                .all(|ring| ring.is_empty(target(number)) && ring.is_empty(legacy(number)))
        };
        let places = (0..)
            .zip(saved.pairs)
            .map(|(number, pair)| used(number).then(|| self.add(pair)));
        let places: Vec<_> = places.collect();
        for (ring, saved) in self.rings.iter_mut().zip(&saved.rings) {
            saved.pour(ring, |column| {
                places[column / 2].map(|place| 2 * place + column % 2)
            });
        }
    }

    pub(super) fn put(&self, out: &mut Vec<u8>, time: u64) {
        out.list(self.pairs.iter(), |out, pair| {
            out.block(pair.endpoint.as_bytes());
            out.block(pair.outcome.as_bytes());
        });
        put_rings(out, &self.rings, time);
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

impl SavedAnswers {
    pub(super) fn read(reader: &mut Reader<'_>, time: u64) -> Read<Self> {
        let pairs = reader.list(|reader| {
            let (endpoint, outcome) = (reader.text()?.into(), reader.text()?.into());
            Ok(Pair { endpoint, outcome })
        })?;
        if pairs.len() > MAX_PAIRS || pairs.first() != Some(&Pair::excess()) {
            return Err(Malformed);
        }
        Ok(Self {
            rings: read_rings(reader, time, 2 * pairs.len())?,
            pairs,
        })
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
