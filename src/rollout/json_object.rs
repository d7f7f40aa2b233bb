//! A JSON object of a bounded size.

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Map, Value, json};

/// A JSON object of at most so many bytes, written without white space, and at most 32 levels deep.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct JsonObject<const MAX_BYTES: usize>(Map<String, Value>);

/// A policy as a JSON object of at most 32 KiB, written without white space.
pub type PolicyDocument = JsonObject<{ 32 * 1024 }>;

/// Why a JSON value is not a bounded object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidObject {
    /// It is not an object.
    #[error("is not a JSON object")]
    NotAnObject,
    /// It is too large.
    #[error("has {bytes} bytes of JSON, the limit is {most}")]
    TooLarge {
        /// Its size in bytes.
        bytes: usize,
        /// The most it may have.
        most: usize,
    },
    /// It is nested more than 32 levels deep.
    #[error("is nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
}

/// Far below the depth at which `serde_json` refuses to read what it has written.
const MAX_DEPTH: usize = 32;

impl<const MAX_BYTES: usize> JsonObject<MAX_BYTES> {
    /// Checks a value.
    ///
    /// # Errors
    ///
    /// When the value is not an object, larger than `MAX_BYTES` or too deep.
    pub fn new(value: Value) -> Result<Self, InvalidObject> {
        let bytes = size(&value);
        let most = MAX_BYTES;
        match value {
            Value::Object(_) if bytes > most => Err(InvalidObject::TooLarge { bytes, most }),
            Value::Object(_) if !within(&value, MAX_DEPTH) => Err(InvalidObject::TooDeep),
            Value::Object(members) => Ok(Self(members)),
            _ => Err(InvalidObject::NotAnObject),
        }
    }

    /// An object whatever the value is: what is not one becomes the member `value`, and what is too large is left out
    /// with its size as `left_out_bytes`.
    #[must_use]
    pub fn fitted(value: Value) -> Self {
        let value = match value {
            object @ Value::Object(_) => object,
            other => json!({ "value": other }),
        };
        let bytes = size(&value);
        Self::new(value).unwrap_or_else(|_| {
            let mut members = Map::new();
            members.insert("left_out_bytes".to_owned(), bytes.into());
            Self(members)
        })
    }

    /// The members of an object that is bounded already, by the line that it was read from.
    pub(super) const fn unbounded(members: Map<String, Value>) -> Self {
        Self(members)
    }

    /// Its members.
    #[must_use]
    pub const fn members(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl<'de, const MAX_BYTES: usize> Deserialize<'de> for JsonObject<MAX_BYTES> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Value::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Whether a value is nested no deeper than this.
fn within(value: &Value, depth: usize) -> bool {
    let Some(inner) = depth.checked_sub(1) else {
        return !matches!(value, Value::Object(_) | Value::Array(_));
    };
    match value {
        Value::Object(members) => members.values().all(|value| within(value, inner)),
        Value::Array(items) => items.iter().all(|value| within(value, inner)),
        _ => true,
    }
}

fn size(value: &Value) -> usize {
    value.to_string().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Object = JsonObject<4096>;

    #[test]
    fn only_objects_up_to_the_size_are_taken() {
        let fits = json!({ "a": "x".repeat(4096 - 8) });
        assert!(Object::new(fits).is_ok());
        let large = json!({ "a": "x".repeat(4096 - 7) });
        let error = Object::new(large).unwrap_err();
        assert_eq!(
            error.to_string(),
            "has 4097 bytes of JSON, the limit is 4096"
        );
        let error = Object::new(json!([])).unwrap_err();
        assert_eq!(error, InvalidObject::NotAnObject);
    }

    #[test]
    fn an_object_too_deep_to_be_read_again_is_refused() {
        let nested = |depth| (1..depth).fold(json!({}), |inner, _| json!({ "in": inner }));
        assert!(Object::new(nested(MAX_DEPTH)).is_ok());
        let error = Object::new(nested(MAX_DEPTH + 1)).unwrap_err();
        assert_eq!(error, InvalidObject::TooDeep);
    }

    #[test]
    fn an_object_that_does_not_fit_is_left_out_with_its_size() {
        let large = Object::fitted(json!({ "a": "x".repeat(5_000) }));
        assert_eq!(Value::from(large.0), json!({ "left_out_bytes": 5_008 }));
        assert_eq!(
            Value::from(Object::fitted(json!(3)).0),
            json!({ "value": 3 })
        );
        let fits = Object::fitted(json!({ "seen": 0 }));
        assert_eq!(Value::from(fits.0), json!({ "seen": 0 }));
    }
}
