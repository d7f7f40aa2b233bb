//! Buckets of time, each with a number for every column.

use super::span::Span;

/// The last buckets of one span.
#[derive(Debug)]
pub(super) struct Ring {
    span: Span,
    /// The number of the bucket (its start divided by the step) that each place holds.
    numbers: Box<[u64]>,
    /// The values of each column by place; nothing for a column that has had only zeros.
    columns: Vec<Box<[u32]>>,
}

/// Where a value belongs that is seen now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place(usize);

/// No bucket has this number.
const UNUSED: u64 = u64::MAX;

impl Ring {
    pub(super) fn new(span: Span) -> Self {
        Self {
            span,
            numbers: vec![UNUSED; span.len()].into(),
            columns: Vec::new(),
        }
    }

    /// Notes that somebody was watching at this time, and makes its bucket the running one.
    pub(super) fn watch(&mut self, time: u64) -> Place {
        self.watch_bucket(time / self.span.step_ms())
    }

    /// The same for the bucket of this number.
    pub(super) fn watch_bucket(&mut self, number: u64) -> Place {
        let place = self.place(number);
        if self.numbers[place] != number {
            self.numbers[place] = number;
            for column in &mut self.columns {
                if let Some(value) = column.get_mut(place) {
                    *value = 0;
                }
            }
        }
        Place(place)
    }

    /// Raises a value to this one. Numbers that 32 bits do not hold are the highest that they do.
    pub(super) fn raise(&mut self, place: Place, column: usize, value: u64) {
        self.change(place, column, value, Ord::max);
    }

    /// Adds to a value, up to the highest that 32 bits hold.
    pub(super) fn add(&mut self, place: Place, column: usize, value: u64) {
        self.change(place, column, value, u32::saturating_add);
    }

    /// The values of a column up to this time, oldest first.
    pub(super) fn values(&self, time: u64, column: usize) -> Vec<Option<u64>> {
        let column: &[u32] = self.columns.get(column).map_or(&[], |column| column);
        let value = |number| {
            let place = self.place(number);
            let value = column.get(place).copied().unwrap_or_default();
            (self.numbers[place] == number).then_some(value.into())
        };
        self.buckets(time).map(value).collect()
    }

    /// The numbers of all buckets that are shown at this time; the last is the running one.
    fn buckets(&self, time: u64) -> impl Iterator<Item = u64> + use<> {
        let running = time / self.span.step_ms();
        let first = (running + 1).saturating_sub(self.span.len() as u64);
        first..=running
    }

    /// The buckets shown at this time in which somebody was watching, oldest first.
    pub(super) fn watched(&self, time: u64) -> Vec<u64> {
        let watched = |number: &u64| self.numbers[self.place(*number)] == *number;
        self.buckets(time).filter(watched).collect()
    }

    /// How many columns there are.
    pub(super) fn columns(&self) -> usize {
        self.columns.len()
    }

    /// The values of a column in these buckets; nothing if it has had only zeros.
    pub(super) fn column(&self, column: usize, buckets: &[u64]) -> Vec<u32> {
        let column = &self.columns[column];
        let value = |number: &u64| column.get(self.place(*number)).copied();
        buckets.iter().filter_map(value).collect()
    }

    fn change(&mut self, place: Place, column: usize, value: u64, how: fn(u32, u32) -> u32) {
        if value == 0 {
            return;
        }
        if self.columns.len() <= column {
            self.columns.resize_with(column + 1, Box::default);
        }
        let values = &mut self.columns[column];
        if values.is_empty() {
            *values = vec![0; self.numbers.len()].into();
        }
        let old = &mut values[place.0];
        *old = how(*old, u32::try_from(value).unwrap_or(u32::MAX));
    }

    fn place(&self, number: u64) -> usize {
        let place = number % self.numbers.len() as u64;
        usize::try_from(place).expect("a place in memory")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(ring: &Ring, time: u64) -> Vec<Option<u64>> {
        let values = ring.values(time, 0);
        assert_eq!(values.len(), 360);
        values[355..].to_vec()
    }

    #[test]
    fn a_bucket_nobody_watched_is_none_and_one_in_which_nothing_came_is_zero() {
        let mut ring = Ring::new(Span::Hour);
        let place = ring.watch(40_000_000);
        ring.add(place, 0, 3);
        ring.add(place, 0, 4);
        ring.watch(40_020_000);
        let expected = [None, None, Some(7), None, Some(0)];
        assert_eq!(shown(&ring, 40_029_999), expected);
        assert_eq!(ring.values(40_029_999, 9).last(), Some(&Some(0)));
    }

    #[test]
    fn a_ring_forgets_what_it_has_gone_round() {
        let mut ring = Ring::new(Span::Hour);
        let place = ring.watch(40_000_000);
        ring.raise(place, 0, 5);
        assert_eq!(ring.values(43_590_000, 0)[0], Some(5));
        assert!(ring.values(43_600_000, 0).iter().all(Option::is_none));
        ring.watch(43_600_000);
        assert_eq!(shown(&ring, 43_600_000)[4], Some(0));
    }

    #[test]
    fn a_number_that_is_too_high_stays_at_the_highest() {
        let mut ring = Ring::new(Span::Hour);
        let place = ring.watch(40_000_000);
        ring.raise(place, 0, u64::MAX);
        ring.add(place, 0, 1);
        assert_eq!(shown(&ring, 40_000_000)[4], Some(u32::MAX.into()));
    }
}
