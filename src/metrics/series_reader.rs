//! Reading sources for a system that keeps and adds up what it was passed.

use std::collections::HashMap;

use super::{
    family::{CounterStart, Family, FamilyKind},
    source::Value,
    sources::{Labels, Sources},
};

/// Reads sources again and again for systems that keep or add up values.
///
/// Such a system needs more than a scrape, where each value stands for itself:
///
/// - **A counter is the increase since the reader was made**, or since the process started if it [starts with the
///   process](CounterStart::Process). A system that adds up the increases of several processes would add the whole count of
///   a journal with each restart. A counter that falls, because one of several summed sources is gone, stays where it is and rises from there.
/// - **A series that vanishes is announced**, once. A system that keeps the last value of a gauge would show for ever that the
///   gate of a transition passes.
/// - **The series beyond a [maximum](Self::with_max_series) are one sum.** A system with such a limit may keep only one of them.
///
/// Prometheus needs none of this: it reads [`Sources`].
///
/// ```
/// use legacy_http_compat::{CompatFlag, metrics::{Family, SeriesReader, Sources}};
///
/// let flag = CompatFlag::on("f");
/// let mut reader = SeriesReader::new(Sources::new().source(flag.reader()));
/// reader.read(&Family::FLAG_ON, &mut |labels, value| {
///     assert_eq!(labels, ["f"]);
///     assert!(value.is_some(), "`None` announces that the series has vanished");
/// });
/// ```
#[derive(Debug)]
pub struct SeriesReader {
    sources: Sources,
    max_series: usize,
    families: HashMap<&'static str, FamilySeries>,
}

/// The series of a family that were read.
#[derive(Debug, Default)]
struct FamilySeries {
    known: HashMap<Labels, Known>,
    /// How many of the series are passed by themselves.
    own: usize,
    /// The increase of the other counters.
    rest: Value,
    reads: u64,
}

#[derive(Debug)]
struct Known {
    /// Whether it is passed by itself, once that is decided.
    own: Option<bool>,
    last: Value,
    increase: Value,
    /// The number of the read that last saw it.
    read: u64,
}

impl SeriesReader {
    /// A reader of all series.
    #[must_use]
    pub fn new(sources: Sources) -> Self {
        Self::with_max_series(sources, usize::MAX)
    }

    /// A reader that passes at most `max_series` series of each family, at least one.
    ///
    /// The last one is the sum of all others, and has no labels. A counter that was passed by itself once always is.
    #[must_use]
    pub fn with_max_series(sources: Sources, max_series: usize) -> Self {
        let families = sources
            .families()
            .filter(|family| family.kind == FamilyKind::Counter(CounterStart::Journal))
            .map(|family| (family.name, FamilySeries::starting_at(&sources, family)))
            .collect();
        Self {
            sources,
            max_series,
            families,
        }
    }

    /// The sources.
    pub const fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Passes each series of a family to `each`: with its value, or once with `None` if it was there at the last read of
    /// the family and is not now.
    pub fn read(&mut self, family: &Family, each: &mut dyn FnMut(&[&str], Option<Value>)) {
        let max_own = self.max_series.saturating_sub(1);
        let series = self.families.entry(family.name).or_default();
        series.reads += 1;
        let (is_counter, mut rest) = (family.kind != FamilyKind::Gauge, None);
        self.sources.read(family, &mut |labels, value| {
            let passed = series.update(labels, value, is_counter, max_own);
            match passed {
                Some(value) => each(labels, Some(value)),
                None if is_counter => rest = Some(Value::default()),
                None => rest = Some(rest.unwrap_or_default().plus(value)),
            }
        });
        if let Some(sum) = rest {
            each(&[], Some(if is_counter { series.rest } else { sum }));
        }
        series.announce_vanished(is_counter, each);
    }
}

impl FamilySeries {
    /// What is there now is no increase.
    fn starting_at(sources: &Sources, family: &Family) -> Self {
        let mut series = Self::default();
        sources.read(family, &mut |labels, value| {
            let known = Known {
                last: value,
                ..Known::new()
            };
            series.known.insert(boxed(labels), known);
        });
        series
    }

    /// The value to pass for a series, or `None` if it is part of the rest.
    fn update(
        &mut self,
        labels: &[&str],
        value: Value,
        is_counter: bool,
        max_own: usize,
    ) -> Option<Value> {
        let known = self.known.entry(boxed(labels)).or_insert_with(Known::new);
        let own = *known.own.get_or_insert_with(|| {
            let own = self.own < max_own;
            self.own += usize::from(own);
            own
        });
        known.read = self.reads;
        let rise = value.rise_since(known.last);
        known.increase = known.increase.plus(rise);
        known.last = value;
        if !own {
            self.rest = self.rest.plus(rise);
            return None;
        }
        Some(if is_counter { known.increase } else { value })
    }

    /// Forgets gauges that are gone; a counter that comes back goes on.
    fn announce_vanished(
        &mut self,
        is_counter: bool,
        each: &mut dyn FnMut(&[&str], Option<Value>),
    ) {
        let (reads, own) = (self.reads, &mut self.own);
        self.known.retain(|labels, known| {
            let (gone, passed) = (known.read < reads, known.own == Some(true));
            if passed && known.read + 1 == reads {
                let labels: Vec<&str> = labels.iter().map(AsRef::as_ref).collect();
                each(&labels, None);
            }
            let forgotten = gone && !is_counter;
            *own -= usize::from(forgotten && passed);
            !forgotten
        });
    }
}

impl Known {
    fn new() -> Self {
        Self {
            own: None,
            last: Value::default(),
            increase: Value::default(),
            read: 0,
        }
    }
}

fn boxed(labels: &[&str]) -> Labels {
    labels.iter().map(|label| Box::from(*label)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::made_up::{BARE, COUNTED, EMPTY, JOURNALED, MadeUp, SHARED, WEIGHED, of};

    fn read(reader: &mut SeriesReader, family: &Family) -> Vec<(String, Option<Value>)> {
        let mut read = Vec::new();
        reader.read(family, &mut |labels, value| {
            read.push((labels.join(","), value));
        });
        read
    }

    fn values<const N: usize>(values: [(&str, u64); N]) -> [(String, Option<Value>); N] {
        values.map(|(by, value)| (by.to_owned(), Some(Value::Count(value))))
    }

    fn reader(source: &MadeUp) -> SeriesReader {
        SeriesReader::new(Sources::new().source(source.clone()))
    }

    #[test]
    fn a_series_that_vanishes_is_announced_once() {
        let series = of(&[("a", 1), ("b", 2)]);
        let mut reader = reader(&series);
        assert_eq!(read(&mut reader, &WEIGHED).len(), 2);
        series.remove("a");
        let gone = ("a".to_owned(), None);
        let [b] = values([("b", 2)]);
        assert_eq!(read(&mut reader, &WEIGHED), [b.clone(), gone.clone()]);
        assert_eq!(read(&mut reader, &WEIGHED), [b]);
        series.remove("b");
        series.set("a", 1);
        read(&mut reader, &WEIGHED);
        series.remove("a");
        assert_eq!(read(&mut reader, &WEIGHED), [gone], "each time it vanishes");
    }

    #[test]
    fn the_count_of_a_journal_is_its_increase_since_the_reader_was_made() {
        let series = of(&[("a", 7)]);
        let mut reader = reader(&series);
        series.set("a", 9);
        series.set("new", 2);
        let [all_of_a] = values([("a", 9)]);
        assert_eq!(read(&mut reader, &COUNTED)[0], all_of_a);
        for _ in 0..2 {
            let increases = values([("a", 2), ("new", 2)]);
            assert_eq!(read(&mut reader, &JOURNALED), increases);
        }
    }

    #[test]
    fn a_counter_never_falls_also_when_one_of_two_sources_is_gone() {
        let (kept, gone) = (of(&[("a", 4)]), of(&[("a", 6)]));
        let mut reader =
            SeriesReader::new(Sources::new().source(kept.clone()).source(gone.clone()));
        assert_eq!(read(&mut reader, &COUNTED), values([("a", 10)]));
        gone.remove("a");
        assert_eq!(read(&mut reader, &COUNTED), values([("a", 10)]));
        kept.set("a", 5);
        assert_eq!(read(&mut reader, &COUNTED), values([("a", 11)]));
    }

    #[test]
    fn the_counters_beyond_the_maximum_are_one_sum_that_never_falls() {
        let series = of(&[("a", 1), ("b", 2), ("c", 3), ("d", 4)]);
        let mut reader = SeriesReader::with_max_series(Sources::new().source(series.clone()), 3);
        let sums = values([("a", 1), ("b", 2), ("", 7)]);
        assert_eq!(read(&mut reader, &COUNTED), sums);
        series.remove("b");
        series.remove("c");
        series.set("d", 5);
        let mut expected = values([("a", 1), ("", 8), ("b", 0)]);
        expected[2].1 = None;
        assert_eq!(read(&mut reader, &COUNTED), expected);
        series.set("b", 3);
        let sums = values([("a", 1), ("b", 3), ("", 8)]);
        assert_eq!(read(&mut reader, &COUNTED), sums);
    }

    #[test]
    fn the_gauges_beyond_the_maximum_are_the_sum_of_what_is_there() {
        let series = of(&[("a", 1), ("b", 2), ("c", 3)]);
        let mut reader = SeriesReader::with_max_series(Sources::new().source(series.clone()), 2);
        assert_eq!(read(&mut reader, &WEIGHED), values([("a", 1), ("", 5)]));
        series.remove("a");
        read(&mut reader, &WEIGHED);
        assert_eq!(
            read(&mut reader, &WEIGHED),
            values([("", 5)]),
            "a series stays where it is"
        );
        series.remove("b");
        series.remove("c");
        assert_eq!(read(&mut reader, &WEIGHED), []);
        series.set("c", 3);
        assert_eq!(read(&mut reader, &WEIGHED), values([("c", 3)]));
    }

    #[test]
    fn families_without_samples_or_labels_and_with_floats_are_read_as_they_are() {
        let mut reader = reader(&of(&[("a", 500)]));
        assert_eq!(read(&mut reader, &EMPTY), []);
        assert_eq!(read(&mut reader, &BARE), values([("", 1)]));
        let half = ("a".to_owned(), Some(Value::Ratio(0.5)));
        assert_eq!(read(&mut reader, &SHARED), [half]);
    }
}
