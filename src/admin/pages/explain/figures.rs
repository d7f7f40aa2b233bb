//! Reading evidence.

use serde_json::{Map, Value};

/// The members of some evidence. One that is missing, as in a report that another version wrote, reads as nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Figures<'a>(pub(super) &'a Map<String, Value>);

impl<'a> Figures<'a> {
    pub(super) fn number(self, name: &str) -> u64 {
        self.value(name).and_then(Value::as_u64).unwrap_or_default()
    }

    pub(super) fn share(self, name: &str) -> f64 {
        self.value(name).and_then(Value::as_f64).unwrap_or_default()
    }

    pub(super) fn is(self, name: &str) -> bool {
        self.value(name).and_then(Value::as_bool) == Some(true)
    }

    pub(super) fn text(self, name: &str) -> &'a str {
        self.value(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn items(self, name: &str) -> &'a [Value] {
        let items = self.value(name).and_then(Value::as_array);
        items.map_or(&[], Vec::as_slice)
    }

    /// The members of an inner object.
    pub(super) fn inner(self, name: &str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let inner = self.value(name).and_then(Value::as_object);
        let inner = inner.into_iter().flatten();
        inner.map(|(name, value)| (name.as_str(), value))
    }

    /// A number within an inner object.
    pub(super) fn inner_number(self, name: &str, inner: &str) -> u64 {
        let inner = self.value(name).and_then(|value| value.get(inner));
        inner.and_then(Value::as_u64).unwrap_or_default()
    }

    fn value(self, name: &str) -> Option<&'a Value> {
        self.0.get(name)
    }
}
