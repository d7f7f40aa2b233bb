//! Sources of metrics.

use std::sync::{Arc, Weak};

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
    /// As a float.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "that of a count beyond 2^53 is what a float has"
    )]
    pub const fn as_f64(self) -> f64 {
        match self {
            Self::Count(count) => count as f64,
            Self::Ratio(ratio) => ratio,
        }
    }

    /// As an integer: a ratio is rounded down, and is 0 where it is negative or no number.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is rounded down, and saturates"
    )]
    pub const fn as_u64(self) -> u64 {
        match self {
            Self::Count(count) => count,
            Self::Ratio(ratio) => ratio as u64,
        }
    }

    /// The sum of both, an integer if both are.
    pub(super) fn plus(self, more: Self) -> Self {
        match (self, more) {
            (Self::Count(a), Self::Count(b)) => Self::Count(a.saturating_add(b)),
            (a, b) => Self::Ratio(a.as_f64() + b.as_f64()),
        }
    }

    /// By how much it is larger than before, or 0; an integer if both are.
    pub(super) fn rise_since(self, before: Self) -> Self {
        match (self, before) {
            (Self::Count(now), Self::Count(before)) => Self::Count(now.saturating_sub(before)),
            (now, before) => Self::Ratio((now.as_f64() - before.as_f64()).max(0.0)),
        }
    }
}

impl Default for Value {
    fn default() -> Self {
        Self::Count(0)
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

/// A source that may be dropped while an adapter reads it: it then has no families and no samples, and the adapter does not
/// keep it alive. For a rollout, say, whose files are free once it is dropped.
impl<T: Source> Source for Weak<T> {
    fn families(&self) -> &'static [Family] {
        self.upgrade().map_or(&[], |source| source.families())
    }

    fn samples(&self, family: &Family, sample: &mut Sample<'_>) {
        if let Some(source) = self.upgrade() {
            source.samples(family, sample);
        }
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
