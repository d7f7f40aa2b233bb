//! Who depended, over time.

use super::{
    curves::CallerCurve,
    ring::Ring,
    ring_bytes::{SavedRing, put_rings, read_rings},
    span::Span,
};
use crate::{
    census::Report,
    storage::codec::{Put, Read, Reader},
};

/// The callers of each kind: two columns for a kind, the dependent and the stranded ones.
#[derive(Debug)]
pub(super) struct Callers {
    kinds: Vec<String>,
    rings: [Ring; 3],
}

/// The callers as they were saved.
#[derive(Debug)]
pub(super) struct SavedCallers<'a> {
    kinds: Vec<&'a str>,
    rings: [SavedRing; 3],
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

    /// Takes in what was saved. A kind that the census no longer knows is `other`, as it is there.
    pub(super) fn restore(&mut self, saved: &SavedCallers<'_>) {
        let kind = |name: &&str| self.kinds.iter().position(|kind| kind == name);
        let kinds: Vec<_> = saved
            .kinds
            .iter()
            .map(|name| kind(name).unwrap_or(0))
            .collect();
        for (ring, saved) in self.rings.iter_mut().zip(&saved.rings) {
            saved.pour(ring, |column| Some(2 * kinds[column / 2] + column % 2));
        }
    }

    pub(super) fn put(&self, out: &mut Vec<u8>, time: u64) {
        out.list(self.kinds.iter(), |out, name| out.block(name.as_bytes()));
        put_rings(out, &self.rings, time);
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

impl<'a> SavedCallers<'a> {
    pub(super) fn read(reader: &mut Reader<'a>, time: u64) -> Read<Self> {
        let kinds = reader.list(Reader::text)?;
        Ok(Self {
            rings: read_rings(reader, time, 2 * kinds.len())?,
            kinds,
        })
    }
}

const fn dependent(kind: usize) -> usize {
    2 * kind
}

const fn stranded(kind: usize) -> usize {
    2 * kind + 1
}
