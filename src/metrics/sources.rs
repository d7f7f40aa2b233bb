//! Several sources, read as one.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tracing::warn;

use super::{
    family::Family,
    source::{Sample, Source, Value},
};

/// Several sources, read as one: no series is there twice.
///
/// Where two sources have the same series, it is the sum of both if it [is summed](Family::is_summed). Otherwise that of the
/// source that was added first stands, and the other is refused with a warning, once for each family: two rollouts, say,
/// with flags of one name.
///
/// ```
/// use legacy_http_compat::{CompatFlag, metrics::{Family, Sources, Value}};
///
/// let (first, second) = (CompatFlag::on("a"), CompatFlag::off("b"));
/// let sources = Sources::new().source(first.reader()).source(second.reader()).source(first.reader());
/// let mut series = Vec::new();
/// sources.read(&Family::FLAG_ON, &mut |labels, value| series.push((labels[0].to_owned(), value)));
/// assert_eq!(series, [("a".to_owned(), Value::Count(1)), ("b".to_owned(), Value::Count(0))]);
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct Sources {
    sources: Vec<Arc<dyn Source>>,
    /// The families of all sources, without duplicates.
    families: Vec<KnownFamily>,
}

#[derive(Clone)]
struct KnownFamily {
    family: Family,
    /// Whether an equal series was refused.
    refused: Arc<AtomicBool>,
}

/// The values of the labels of a series, in the order of [`Family::labels`].
pub(super) type Labels = Box<[Box<str>]>;

impl Sources {
    /// No sources.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a source. A family whose name another source uses differently is omitted, with a warning.
    pub fn source(mut self, source: impl Source + 'static) -> Self {
        for family in source.families() {
            let known = self.families().find(|known| known.name == family.name);
            match known.copied() {
                None => self.families.push(KnownFamily {
                    family: *family,
                    refused: Arc::default(),
                }),
                Some(known) if known == *family => {}
                Some(_) => warn!(
                    name = family.name,
                    "two sources use one name for different metrics: only those of the first are exposed"
                ),
            }
        }
        self.sources.push(Arc::new(source));
        self
    }

    /// The families of all sources, each once, in the order in which they were added.
    pub fn families(&self) -> impl Iterator<Item = &Family> {
        self.families.iter().map(|known| &known.family)
    }

    /// Passes each series of a family to `sample`, once.
    pub fn read(&self, family: &Family, sample: &mut Sample<'_>) {
        let Some(known) = self.families.iter().find(|known| known.family == *family) else {
            return;
        };
        for (labels, value) in self.merged(known) {
            let labels: Vec<&str> = labels.iter().map(AsRef::as_ref).collect();
            sample(&labels, value);
        }
    }

    fn merged(&self, known: &KnownFamily) -> Vec<(Labels, Value)> {
        let family = &known.family;
        let mut merged: Vec<(Labels, Value)> = Vec::new();
        let mut positions = HashMap::<Labels, usize>::new();
        for source in &self.sources {
            if !source.families().contains(family) {
                continue;
            }
            source.samples(family, &mut |labels, value| {
                let labels: Labels = labels.iter().map(|label| Box::from(*label)).collect();
                match positions.get(&labels) {
                    Some(at) if family.is_summed() => merged[*at].1 = merged[*at].1.plus(value),
                    Some(_) => known.refuse(&labels),
                    None => {
                        positions.insert(labels.clone(), merged.len());
                        merged.push((labels, value));
                    }
                }
            });
        }
        merged
    }
}

impl KnownFamily {
    fn refuse(&self, labels: &[Box<str>]) {
        // Relaxed: nothing but the number of warnings depends on it.
        if !self.refused.swap(true, Ordering::Relaxed) {
            warn!(
                name = self.family.name,
                ?labels,
                "two sources have the same series: only that of the first is exposed"
            );
        }
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let families: Vec<&str> = self.families().map(|family| family.name).collect();
        f.debug_struct("Sources")
            .field("sources", &self.sources.len())
            .field("families", &families)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::made_up::{COUNTED, JOURNALED, WEIGHED, of};

    fn read(sources: &Sources, family: &Family) -> Vec<(String, Value)> {
        let mut read = Vec::new();
        sources.read(family, &mut |labels, value| {
            read.push((labels.join(","), value));
        });
        read
    }

    fn counts<const N: usize>(counts: [(&str, u64); N]) -> [(String, Value); N] {
        counts.map(|(label, count)| (label.to_owned(), Value::Count(count)))
    }

    #[test]
    fn equal_counters_of_a_process_are_summed_and_all_else_is_refused() {
        let sources = Sources::new().source(of(&[("a", 1), ("b", 2)]));
        let sources = sources.source(of(&[("b", 40), ("c", 3)]));
        assert_eq!(
            read(&sources, &COUNTED),
            counts([("a", 1), ("b", 42), ("c", 3)])
        );
        for family in [&JOURNALED, &WEIGHED] {
            assert_eq!(
                read(&sources, family),
                counts([("a", 1), ("b", 2), ("c", 3)])
            );
        }
    }

    #[test]
    fn a_series_that_is_refused_is_warned_of_once_for_each_family() {
        let sources = Sources::new()
            .source(of(&[("a", 1)]))
            .source(of(&[("a", 2)]));
        let warnings = crate::metrics::tests::warnings(|| {
            for family in [&COUNTED, &WEIGHED, &WEIGHED, &JOURNALED] {
                read(&sources, family);
            }
        });
        assert_eq!(
            warnings.matches("two sources have the same series").count(),
            2
        );
        assert!(warnings.contains("weighed") && warnings.contains("journaled_total"));
        assert!(!warnings.contains("counted_total"), "{warnings}");
    }
}
