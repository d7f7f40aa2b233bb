//! JSON objects that others fill, held to a size.

use std::{error::Error, fmt};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Map, Value, json};

/// A policy as a JSON object of at most 32 KiB, written without white space.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PolicyDocument(Map<String, Value>);

/// What a gate has seen, as a JSON object of at most 4 KiB, written without white space.
///
/// It goes into the journal: figures and names, never a secret, an address or a raw user agent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Evidence(Map<String, Value>);

/// A JSON value that is no object, or too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidObject {
    kind: InvalidObjectKind,
}

/// What is wrong with a JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidObjectKind {
    /// It is no object.
    NotAnObject,
    /// It is larger than it may be.
    TooLarge {
        /// Its size in bytes.
        bytes: usize,
        /// The most it may have.
        most: usize,
    },
    /// Objects and arrays stand in one another more than 32 deep.
    TooDeep,
}

/// Far below the depth at which `serde_json` refuses to read what it has written.
const MAX_DEPTH: usize = 32;

impl PolicyDocument {
    /// The most bytes it may have.
    pub const MAX_BYTES: usize = 32 * 1024;

    /// Takes a policy.
    ///
    /// # Errors
    ///
    /// When the value is no object or larger than [`PolicyDocument::MAX_BYTES`].
    pub fn new(value: Value) -> Result<Self, InvalidObject> {
        object(value, Self::MAX_BYTES).map(Self)
    }

    /// Its members.
    #[must_use]
    pub const fn members(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The policy as a value, to be read as what it means.
    #[must_use]
    pub fn to_value(&self) -> Value {
        Value::Object(self.0.clone())
    }
}

impl Evidence {
    /// The most bytes it may have.
    pub const MAX_BYTES: usize = 4 * 1024;

    /// Takes evidence.
    ///
    /// # Errors
    ///
    /// When the value is no object or larger than [`Evidence::MAX_BYTES`].
    pub fn new(value: Value) -> Result<Self, InvalidObject> {
        object(value, Self::MAX_BYTES).map(Self)
    }

    /// Takes evidence whatever it is: what is no object becomes the member `value`, and what is too large is left out
    /// with its size, so that a gate cannot fail to report.
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

    /// Its members.
    #[must_use]
    pub const fn members(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl<'de> Deserialize<'de> for PolicyDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Value::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Evidence {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Value::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl InvalidObject {
    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> InvalidObjectKind {
        self.kind
    }
}

impl fmt::Display for InvalidObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            InvalidObjectKind::NotAnObject => f.write_str("is no JSON object"),
            InvalidObjectKind::TooLarge { bytes, most } => {
                write!(f, "has {bytes} bytes of JSON, {most} are the most")
            }
            InvalidObjectKind::TooDeep => {
                write!(f, "has objects and arrays more than {MAX_DEPTH} deep")
            }
        }
    }
}

impl Error for InvalidObject {}

fn object(value: Value, most: usize) -> Result<Map<String, Value>, InvalidObject> {
    let bytes = size(&value);
    let kind = match value {
        Value::Object(_) if bytes > most => InvalidObjectKind::TooLarge { bytes, most },
        Value::Object(_) if !within(&value, MAX_DEPTH) => InvalidObjectKind::TooDeep,
        Value::Object(members) => return Ok(members),
        _ => InvalidObjectKind::NotAnObject,
    };
    Err(InvalidObject { kind })
}

/// Whether no more than so many objects and arrays stand in one another.
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

    #[test]
    fn only_objects_up_to_the_size_are_taken() {
        let fits = json!({ "a": "x".repeat(Evidence::MAX_BYTES - 8) });
        assert!(Evidence::new(fits).is_ok());
        let large = json!({ "a": "x".repeat(Evidence::MAX_BYTES - 7) });
        let error = Evidence::new(large).unwrap_err();
        assert_eq!(
            error.to_string(),
            "has 4097 bytes of JSON, 4096 are the most"
        );
        let error = PolicyDocument::new(json!([])).unwrap_err();
        assert_eq!(error.kind(), InvalidObjectKind::NotAnObject);
    }

    #[test]
    fn what_could_not_be_read_again_for_its_depth_is_not_taken() {
        let nested = |depth| (1..depth).fold(json!({}), |inner, _| json!({ "in": inner }));
        assert!(Evidence::new(nested(MAX_DEPTH)).is_ok());
        let error = Evidence::new(nested(MAX_DEPTH + 1)).unwrap_err();
        assert_eq!(error.kind(), InvalidObjectKind::TooDeep);
    }

    #[test]
    fn evidence_that_does_not_fit_says_that_it_was_left_out() {
        let large = Evidence::fitted(json!({ "a": "x".repeat(5_000) }));
        assert_eq!(Value::from(large.0), json!({ "left_out_bytes": 5_008 }));
        assert_eq!(
            Value::from(Evidence::fitted(json!(3)).0),
            json!({ "value": 3 })
        );
        let fits = Evidence::fitted(json!({ "seen": 0 }));
        assert_eq!(Value::from(fits.0), json!({ "seen": 0 }));
    }
}
