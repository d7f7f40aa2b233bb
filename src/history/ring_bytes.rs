//! Rings in the [format](super::format).

use super::{ring::Ring, span::Span};
use crate::storage::codec::{Malformed, Put, Read, Reader};

/// A ring as it was saved.
#[derive(Debug)]
pub(super) struct SavedRing {
    stretches: Vec<Run<u64>>,
    columns: Vec<Vec<Run<u32>>>,
}

/// The first of so many consecutive numbers, or a value that so many buckets have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run<T> {
    of: T,
    count: u32,
}

pub(super) fn put_rings(out: &mut Vec<u8>, rings: &[Ring; 3], time: u64) {
    for ring in rings {
        let watched = ring.watched(time);
        let stretches = runs(watched.iter().copied(), |stretch, number| {
            stretch.of + u64::from(stretch.count) == number
        });
        out.list(stretches.into_iter(), |out, stretch| {
            out.u64(stretch.of);
            out.u32(stretch.count);
        });
        out.list(0..ring.columns(), |out, column| {
            put_column(out, &ring.column(column, &watched));
        });
    }
}

fn put_column(out: &mut Vec<u8>, values: &[u32]) {
    let mut runs = runs(values.iter().copied(), |run, value| run.of == value);
    runs.pop_if(|last| last.of == 0);
    out.list(runs.into_iter(), |out, run| {
        out.u32(run.of);
        out.u32(run.count);
    });
}

fn runs<T>(values: impl Iterator<Item = T>, continues: impl Fn(&Run<T>, T) -> bool) -> Vec<Run<T>>
where
    T: Copy,
{
    let mut runs: Vec<Run<T>> = Vec::new();
    for value in values {
        match runs.last_mut() {
            Some(run) if continues(run, value) => run.count += 1,
            _ => runs.push(Run {
                of: value,
                count: 1,
            }),
        }
    }
    runs
}

/// Reads the rings of all spans, saved at `time`, with at most so many columns.
pub(super) fn read_rings(
    reader: &mut Reader<'_>,
    time: u64,
    columns: usize,
) -> Read<[SavedRing; 3]> {
    let [hour, day, month] = Span::ALL;
    Ok([
        SavedRing::read(reader, hour, time, columns)?,
        SavedRing::read(reader, day, time, columns)?,
        SavedRing::read(reader, month, time, columns)?,
    ])
}

impl SavedRing {
    fn read(reader: &mut Reader<'_>, span: Span, time: u64, columns: usize) -> Read<Self> {
        let running = time / span.step_ms();
        let mut next = (running + 1).saturating_sub(span.len() as u64);
        let stretches = reader.list(|reader| {
            let (of, count) = (reader.u64()?, reader.u32()?);
            let fits = count > 0 && of >= next && of <= running;
            let end = of.checked_add(count.into()).ok_or(Malformed)?;
            next = end;
            (fits && end <= running + 1)
                .then_some(Run { of, count })
                .ok_or(Malformed)
        })?;
        let watched = stretches
            .iter()
            .map(|stretch| u64::from(stretch.count))
            .sum();
        let saved = Self {
            stretches,
            columns: reader.list(|reader| read_column(reader, watched))?,
        };
        (saved.columns.len() <= columns)
            .then_some(saved)
            .ok_or(Malformed)
    }

    /// Puts what was saved into a ring, adding up what comes into the same column.
    pub(super) fn pour(&self, ring: &mut Ring, column: impl Fn(usize) -> Option<usize>) {
        let numbers = self.stretches.iter();
        let numbers = numbers.flat_map(|stretch| (stretch.of..).take(stretch.count as usize));
        let places: Vec<_> = numbers.map(|number| ring.watch_bucket(number)).collect();
        for (runs, column) in self.columns.iter().zip((0..).map(column)) {
            let Some(column) = column else { continue };
            let values = runs.iter();
            let values = values.flat_map(|run| std::iter::repeat_n(run.of, run.count as usize));
            for (place, value) in places.iter().zip(values) {
                ring.add(*place, column, value.into());
            }
        }
    }

    /// Whether a column has nothing but zeros.
    pub(super) fn is_empty(&self, column: usize) -> bool {
        let mut runs = self.columns.get(column).into_iter().flatten();
        runs.all(|run| run.of == 0)
    }
}

fn read_column(reader: &mut Reader<'_>, watched: u64) -> Read<Vec<Run<u32>>> {
    let mut left = watched;
    reader.list(|reader| {
        let (of, count) = (reader.u32()?, reader.u32()?);
        left = left.checked_sub(count.into()).ok_or(Malformed)?;
        (count > 0).then_some(Run { of, count }).ok_or(Malformed)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: u64 = 40_000_000;

    fn saved(ring: impl FnOnce(&mut Ring)) -> Vec<u8> {
        let mut rings = Span::ALL.map(Ring::new);
        ring(&mut rings[0]);
        let mut bytes = Vec::new();
        put_rings(&mut bytes, &rings, NOW);
        bytes
    }

    fn restored(bytes: &[u8], columns: usize) -> Read<Ring> {
        let mut reader = Reader::new(bytes);
        let [hour, ..] = read_rings(&mut reader, NOW, columns)?;
        let mut ring = Ring::new(Span::Hour);
        hour.pour(&mut ring, Some);
        Ok(ring)
    }

    proptest! {
        #[test]
        fn what_was_saved_comes_back(
            values in prop::collection::vec((0..400_u64, 0..3_usize, 0..4_u64), 0..200),
        ) {
            let mut values = values;
            values.sort_unstable();
            let fill = |ring: &mut Ring| for (bucket, column, value) in &values {
                let place = ring.watch(NOW - (400 - bucket) * 10_000);
                ring.add(place, *column, *value);
            };
            let ring = restored(&saved(fill), 3).unwrap();
            let mut before = Ring::new(Span::Hour);
            fill(&mut before);
            for column in 0..3 {
                prop_assert_eq!(ring.values(NOW, column), before.values(NOW, column));
            }
        }
    }

    #[test]
    fn a_steady_value_takes_one_run() {
        let steady = saved(|ring| {
            for bucket in 0..360 {
                let place = ring.watch(NOW - 3_590_000 + bucket * 10_000);
                ring.raise(place, 0, 7);
            }
        });
        assert!(steady.len() < 64, "{} bytes", steady.len());
    }

    #[test]
    fn more_columns_than_names_are_malformed() {
        let bytes = saved(|ring| {
            let place = ring.watch(NOW);
            ring.add(place, 2, 1);
        });
        assert!(restored(&bytes, 3).is_ok());
        assert_eq!(restored(&bytes, 2).unwrap_err(), Malformed);
    }

    #[test]
    fn a_bucket_of_the_future_is_malformed() {
        let mut bytes = Vec::new();
        bytes.list([4_001_u64].into_iter(), |out, number| {
            out.u64(number);
            out.u32(1);
        });
        assert_eq!(restored(&bytes, 0).unwrap_err(), Malformed);
    }
}
