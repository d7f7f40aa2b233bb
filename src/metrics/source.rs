//! Sources of metrics.

use std::sync::Arc;

use super::family::Family;
use crate::flag::FlagReader;

/// A source of metrics, which adapters read when they are scraped.
///
/// What an adapter must know of a family, it says in [`Source::families`]: number type, unit, and whether a counter starts
/// with the process or with a journal. [`Sources`](super::Sources) reads several as one.
///
/// Sources are read outside the request path, but as often as they are scraped: an implementation returns what it has
/// counted or cached, at most five seconds old, and computes nothing expensive.
///
/// Label values come from finite sets that the operator controls, never from a client.
///
/// ```
/// use legacy_http_compat::metrics::{Family, Sample, Source};
///
/// const JOURNALED: Family = Family::counter("app_journaled_total", &["event"], "Records in the journal.");
///
/// struct Journal {
///     flips: u64,
/// }
///
/// impl Source for Journal {
///     fn families(&self) -> &'static [Family] {
///         &[JOURNALED]
///     }
///
///     fn samples(&self, family: &Family, sample: &mut Sample<'_>) {
///         if *family == JOURNALED {
///             sample(&["flip"], self.flips.into());
///         }
///     }
/// }
/// ```
pub trait Source: Send + Sync {
    /// Its families, which never change.
    fn families(&self) -> &'static [Family];

    /// Passes each sample of one of its families to `sample`. A series that is not passed any more has vanished:
    /// [`SeriesReader`](super::SeriesReader) announces it.
    fn samples(&self, family: &Family, sample: &mut Sample<'_>);
}

/// Receives one sample: the label values in the order of [`Family::labels`], and the value.
pub type Sample<'a> = dyn FnMut(&[&str], Value) + 'a;

/// The value of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "an adapter must be able to handle every value"
)]
pub enum Value {
    /// A count; 0 or 1 for no or yes.
    Count(u64),
    /// A ratio between 0 and 1, or a time in seconds.
    Ratio(f64),
}

impl Value {
    /// The sum of both, an integer if both are.
    #[expect(clippy::cast_precision_loss, reason = "a sum with a float is a float")]
    pub(super) fn plus(self, more: Self) -> Self {
        let float = |value| match value {
            Self::Count(count) => count as f64,
            Self::Ratio(ratio) => ratio,
        };
        match (self, more) {
            (Self::Count(a), Self::Count(b)) => Self::Count(a.saturating_add(b)),
            (a, b) => Self::Ratio(float(a) + float(b)),
        }
    }
}

impl From<u64> for Value {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<f64> for Value {
    fn from(ratio: f64) -> Self {
        Self::Ratio(ratio)
    }
}

impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Self::Count(yes.into())
    }
}

impl<T: Source + ?Sized> Source for Arc<T> {
    fn families(&self) -> &'static [Family] {
        (**self).families()
    }

    fn samples(&self, family: &Family, sample: &mut Sample<'_>) {
        (**self).samples(family, sample);
    }
}

/// [`Family::FLAG_ON`] of its flag; also 0 once it is retired.
impl Source for FlagReader {
    fn families(&self) -> &'static [Family] {
        &[Family::FLAG_ON]
    }

    fn samples(&self, family: &Family, sample: &mut Sample<'_>) {
        if *family == Family::FLAG_ON {
            sample(&[self.name()], self.is_on().into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flag::CompatFlag;

    fn shown(reader: &FlagReader) -> Vec<(String, Value)> {
        let mut shown = Vec::new();
        reader.samples(&Family::FLAG_ON, &mut |labels, value| {
            shown.push((labels.join(","), value));
        });
        shown
    }

    #[test]
    fn a_flag_shows_whether_it_is_on_and_is_zero_when_retired() {
        let flag = CompatFlag::new("f", true);
        assert_eq!(shown(&flag.reader()), [("f".to_owned(), Value::Count(1))]);
        flag.set(false);
        assert_eq!(shown(&flag.reader())[0].1, Value::Count(0));
        flag.set(true);
        flag.retire();
        assert_eq!(shown(&flag.reader())[0].1, Value::Count(0));
    }

    #[test]
    fn a_flag_has_no_samples_of_other_families() {
        let reader = CompatFlag::new("f", true).reader();
        reader.samples(&Family::CALLERS, &mut |_, _| {
            panic!("no sample was expected")
        });
    }
}
