//! A source for tests, whose series are set by hand.

use std::sync::{Arc, Mutex};

use super::{
    family::Family,
    source::{Sample, Source, Value},
};

pub(crate) const COUNTED: Family =
    Family::counter("counted_total", &["by"], "Counted.").unit("{event}");
pub(crate) const JOURNALED: Family =
    Family::counter("journaled_total", &["by"], "Journaled.").since_journal();
pub(crate) const WEIGHED: Family = Family::gauge("weighed", &["by"], "Weighed.");
pub(crate) const SHARED: Family = Family::gauge("shared", &["by"], "Shared.").float();
pub(crate) const BARE: Family = Family::gauge("bare", &[], "Bare.");
pub(crate) const EMPTY: Family = Family::gauge("empty", &["by"], "Empty.");

/// The same series in all families: `SHARED` has them as shares of a thousand, `BARE` has their number, `EMPTY` none.
#[derive(Clone, Default)]
pub(crate) struct MadeUp(pub(crate) Arc<Mutex<Vec<(String, u64)>>>);

pub(crate) fn of(series: &[(&str, u64)]) -> MadeUp {
    let series = series.iter().map(|(by, value)| ((*by).to_owned(), *value));
    MadeUp(Arc::new(Mutex::new(series.collect())))
}

impl MadeUp {
    /// Sets a series, or adds it at the end.
    pub(crate) fn set(&self, by: &str, value: u64) {
        let mut series = self.0.lock().unwrap();
        match series.iter_mut().find(|(known, _)| known == by) {
            Some((_, known)) => *known = value,
            None => series.push((by.to_owned(), value)),
        }
    }

    pub(crate) fn remove(&self, by: &str) {
        self.0.lock().unwrap().retain(|(known, _)| known != by);
    }
}

impl Source for MadeUp {
    fn families(&self) -> &'static [Family] {
        &[COUNTED, JOURNALED, WEIGHED, SHARED, BARE, EMPTY]
    }

    #[expect(clippy::cast_precision_loss, reason = "tests use small numbers")]
    fn samples(&self, family: &Family, sample: &mut Sample<'_>) {
        let series = self.0.lock().unwrap();
        match *family {
            BARE => sample(&[], (series.len() as u64).into()),
            EMPTY => {}
            SHARED => series
                .iter()
                .for_each(|(by, value)| sample(&[by], Value::Ratio(*value as f64 / 1_000.0))),
            _ => series
                .iter()
                .for_each(|(by, value)| sample(&[by], (*value).into())),
        }
    }
}
